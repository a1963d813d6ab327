"""The oracle: recipes by who knows the true furnace and the true distribution of every lot.

The furnace is linearised about a recipe, the optimum of that is where it is linearised next. Its scatter is drawn
there, not propagated, so that the oracle's margins are the true ones.
"""

from dataclasses import dataclass, field

import numpy as np

from optimizer.explain.claims import claims_of
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.errors import SolverError
from scenarios.closed_loop.future import Future
from scenarios.closed_loop.policies import LESS_SURE, Day, Decided, decided, made_right
from scenarios.ladle import fresh_lots
from scenarios.practice import usual_process
from scenarios.virtual_plant import ANALYSIS_NOISE
from scenarios.world import ANALYSED, stable_rng
from steel.claims import LimitClaim
from steel.elements import Element
from steel.heats import FloatArray, HeatLog
from surrogate.model.description import Description, OutputPieces
from surrogate.model.quantiles import LEVELS, Quantiles

STEPS = 2
"""Times that the furnace is linearised for one recipe."""
DRAWS = 200
NUDGE_T = 0.05


@dataclass
class Oracle:
    """Recipes by the truth.

    Attributes:
        future: whose drift and cheats it knows, too.
        confidence: of each limit.
    """

    future: Future
    confidence: float = 0.95
    options: RecipeOptions = field(default_factory=RecipeOptions)
    optimizer: Optimizer = field(default_factory=Optimizer)
    _started: dict[str, FloatArray] = field(default_factory=dict)

    def decide(self, day: Day) -> Decided:
        """The cheapest recipe by the true furnace."""
        virtual = self.future.virtual
        at = self._started.get(day.order.grade.name)
        if at is None:
            at = np.array([item.most_t or 10.0 for item in virtual.plant.charge_items()])
            at = np.minimum(at, 10.0)
        problem: RecipeProblem | None = None
        columns: FloatArray | None = None
        for _ in range(STEPS):
            description = self._described(day, at)
            for confidence in (self.confidence, *(less for less in LESS_SURE if less < self.confidence)):
                options = self.options.model_copy(update={"confidence": confidence})
                problem = build_problem(day.plant, day.order, description, options)
                try:
                    columns = self.optimizer.solution(problem, explain=False).columns_t
                    break
                except (ImpossibleOrderError, SolverError):
                    columns = None
            if columns is None or problem is None:
                break
            at = np.zeros(len(virtual.material_names))
            for item, mass in zip(problem.items[: problem.furnace_columns], columns.tolist(), strict=False):
                at[virtual.material_names.index(item.material.name)] = mass
            self._started[day.order.grade.name] = at
        if problem is None or columns is None:
            return made_right(build_problem(day.plant, day.order, self._described(day, at), self.options))
        return decided(problem, columns, claims_of(problem, columns))

    def learn(self, heat: HeatLog, claims: tuple[LimitClaim, ...], final_wt_pct: dict[Element, float]) -> None:
        """It knows everything."""

    def _described(self, day: Day, at: FloatArray) -> Description:
        """The true furnace about a charge (n,), with its scatter as drawn there."""
        virtual = self.future.virtual
        rng = stable_rng("oracle", self.future.seed, virtual.plant.name, day.heat)
        lots = fresh_lots(virtual, DRAWS, rng) * self.future.factors[day.heat]
        process = usual_process(virtual.plant, DRAWS, rng)
        size = len(at)
        # All draws at the charge, and at one a little greater in each material; the same chance everywhere.
        nudged = np.vstack([at, at + NUDGE_T * np.eye(size)])
        tapped_t = np.empty((size + 1, DRAWS))
        elements_t = np.empty((size + 1, DRAWS, len(ANALYSED)))
        energy_kwh = np.empty((size + 1, DRAWS))
        for row, charge in enumerate(nudged):
            found = virtual.furnace.tap(np.broadcast_to(charge, (DRAWS, size)), lots, process)
            tapped_t[row] = found.tapped_t
            elements_t[row] = found.fresh_wt_pct * found.tapped_t[:, None]
            energy_kwh[row] = found.energy_kwh_per_t * found.tapped_t
        yields = (tapped_t[1:] - tapped_t[0]).mean(axis=1) / NUDGE_T
        steel_t = float(yields @ at)
        elements = {}
        for column, element in enumerate(ANALYSED):
            slopes = (elements_t[1:, :, column] - elements_t[0, :, column]) / NUDGE_T
            elements[element] = _pieces(slopes, elements_t[0, :, column], yields, at, steel_t, ANALYSIS_NOISE)
        energy = (energy_kwh[1:] - energy_kwh[0]).mean(axis=1) / NUDGE_T
        even = np.zeros((size, size))
        normal = Quantiles(np.zeros(len(LEVELS)))
        return Description(
            materials=virtual.materials,
            yields=yields,
            elements=elements,
            energy=OutputPieces(energy, np.zeros((0, size)), even, normal),
            heel_share=day.heel_share,
            heel_wt_pct=day.heel_wt_pct,
        )


def _pieces(
    slopes: FloatArray, drawn_t: FloatArray, yields: FloatArray, at: FloatArray, steel_t: float, sampling_cv: float
) -> OutputPieces:
    """One element about a charge: the mean's slopes (n,) and the scatter of all draws (n, D)."""
    linear = slopes.mean(axis=1)
    covariance = np.cov(slopes)
    # Materials do scatter by themselves; chance correlations of so many draws would be a hedge that is none.
    apart = np.diag(np.diag(covariance))
    wanted, own = float(np.var(drawn_t)), float(at @ apart @ at)
    rest = max(wanted - own, 0.0)
    whole = apart + rest / steel_t**2 * np.outer(yields, yields)
    residual = (drawn_t - drawn_t.mean()) / max(float(np.std(drawn_t)), 1e-12)
    values = np.quantile(residual, LEVELS)
    size = len(at)
    usual = float(linear @ at) / steel_t
    return OutputPieces(
        linear, np.zeros((0, size)), whole, Quantiles(values), sampling_cv=sampling_cv,
        usual=usual, usual_sd=float(np.sqrt(wanted)) / steel_t,
    )  # fmt: skip
