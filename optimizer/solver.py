"""Solve a recipe to proven optimality: HiGHS, tangent cuts, prices of the requirements.

Every solve states its own model; between solves of one description only what stays true is kept: tangents of margins,
and the basis of the last optimum as a start. So any number of threads may solve at once.
"""

import itertools
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from optimizer.formulation import Cuts, formulate, states_trees
from optimizer.problem import UNUSED_BELOW_T, ElementRow, RecipeProblem
from optimizer.rows import Name, RowModel
from optimizer.session import Basis, InfeasibleError, Session, SolverError
from steel.heats import FloatArray

MOST_CUT_ROUNDS = 100
MOST_CUTS = 20
"""Tangents kept of one element; all are valid for ever, but the newest are nearest to today's recipes."""
NEARLY = 0.9
"""Tolerances within a limit from which a margin that holds gets a tangent too, when others need one."""
MOST_WARM = 64
"""Descriptions whose tangents are kept."""


@dataclass(frozen=True)
class Shadow:
    """What one unit of relaxing each requirement saves at the optimum, €.

    Attributes:
        limits: per wt%, by (kind, element symbol).
        most, least: (n + m,) per t of stock and of must-use.
        reduced: (n + m,) € per t by which an unused column is too dear.
        other: baskets per m³ and per t, energy per kWh, by the row's name.
    """

    limits: dict[tuple[str, str], float]
    most: FloatArray
    least: FloatArray
    reduced: FloatArray
    other: dict[str, float]


@dataclass(frozen=True)
class Solution:
    """An optimal recipe as numbers.

    Attributes:
        columns_t: (n + m,) t.
        objective_eur: its cost, €. bound_eur: what no recipe can undercut.
        shadow: prices of the requirements.
        solve_ms: wall time.
    """

    columns_t: FloatArray
    objective_eur: float
    bound_eur: float
    shadow: Shadow
    solve_ms: float

    @property
    def gap(self) -> float:
        """Proven relative optimality gap."""
        return max(0.0, self.objective_eur - self.bound_eur) / max(abs(self.objective_eur), 1e-9)


@dataclass
class Warm:
    """What is kept between solves whose margins are the same; safe to share between threads.

    Attributes:
        problem: one of them, which keeps alive what their key is made of.
    """

    problem: RecipeProblem
    _cuts: Cuts = field(default_factory=dict)
    _basis: Basis | None = None
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self) -> tuple[Cuts, Basis | None]:
        """Tangents so far, and the last optimum's basis."""
        with self._lock:
            return {name: list(cuts) for name, cuts in self._cuts.items()}, self._basis

    def learn(self, name: str, tangent: FloatArray) -> int:
        """Keep one more tangent of an element's margin; returns its number."""
        with self._lock:
            number = next(self._numbers)
            self._cuts[name] = [*self._cuts.get(name, []), (number, tangent)][-MOST_CUTS:]
            return number

    def end_at(self, basis: Basis) -> None:
        """Keep the basis of an optimum."""
        with self._lock:
            self._basis = basis


class RecipeSolver:
    """One problem being solved."""

    def __init__(self, problem: RecipeProblem, warm: Warm, elastic: bool = False, any_mass: bool = False) -> None:
        self.problem = problem
        self._warm = warm
        cuts, basis = warm.known()
        self.model: RowModel = formulate(problem, cuts, elastic, any_mass)
        deadline = time.perf_counter() + problem.options.time_limit_s
        self.session = Session(self.model, deadline, problem.options.gap / 2)
        self._deadline = deadline
        if basis is not None and not elastic:
            self.session.start_at(basis)

    @property
    def columns_t(self) -> FloatArray:
        """(n + m,) masses of the solution just found, t."""
        return np.maximum(self.session.values[: len(self.problem.items)], 0.0)

    def best(self) -> tuple[FloatArray, float, float]:
        """Yes/no decisions of the optimum, its cost, and what no decisions can undercut.

        Cuts are found where they are cheap: first on the relaxation, then on the linear model at the decisions that the
        relaxation suggests and at each integer solution, whose cost is an upper bound and a start to beat. The
        integer model is solved again until its own value, a lower bound, has come up to the best of these.
        """
        cost, bound = self.cut_until_tight()
        self._warm.end_at(self.session.basis())
        if not self.model.integer:
            return np.zeros(0), cost, bound
        best = self.suggested_decisions()
        upper, values = self._at(best)
        for _ in range(MOST_CUT_ROUNDS):
            self.session.decide(integral=True)
            if np.isfinite(upper):
                self.session.start_from(values)
            _, bound = self.session.run()
            decisions = np.round(self.session.values[self.model.integer])
            self.session.decide(integral=False)
            cost, reached = self._at(decisions)
            if cost < upper:
                best, upper, values = decisions, cost, reached
            proven = upper - bound <= self.problem.options.gap * abs(upper)
            if np.isfinite(upper) and (proven or time.perf_counter() > self._deadline):
                return best, upper, min(bound, upper)
        raise SolverError(f"yes/no decisions did not settle in {MOST_CUT_ROUNDS} rounds")

    def _at(self, decisions: FloatArray) -> tuple[float, FloatArray]:
        """Cost and solution at given yes/no decisions; infinite where they leave no recipe."""
        with self.session.holding(decisions):
            try:
                cost, _ = self.cut_until_tight()
            except InfeasibleError:
                cost = np.inf
        return cost, self.session.values.copy()

    def suggested_decisions(self) -> FloatArray:
        """Whole decisions that the masses of the solution just found suggest; they need not leave a recipe."""
        columns, problem = self.columns_t, self.problem
        tapped = float(problem.furnace_yields @ columns)
        most = problem.options.max_materials
        ranked = sorted(np.flatnonzero(problem.counted), key=lambda j: -columns[j])
        beyond = set() if most is None else {int(j) for j in ranked[most:]}
        pieces = {row.element.value: row.pieces for row in problem.rows}
        names = {column: name for name, column in self.model.columns.items()}
        suggested = []
        for kind, *rest in (names[column] for column in self.model.integer):
            if kind == "used":
                suggested.append(columns[rest[0]] > UNUSED_BELOW_T and rest[0] not in beyond)
            elif kind == "split":
                suggested.append(columns[rest[0]] <= rest[1] * tapped)
            else:
                suggested.append(int(np.argmax(pieces[rest[0]] @ columns)) == rest[1])
        return np.array(suggested, dtype=np.float64)

    def cut_until_tight(self) -> tuple[float, float]:
        """Solve and add tangent cuts until every margin is the cone's; returns objective and bound."""
        middle: FloatArray | None = None
        for _ in range(MOST_CUT_ROUNDS):
            objective, bound = self.session.run()
            columns = self.columns_t
            misses = [(row, self._miss(row, columns)) for row in self.problem.rows]
            if max((miss for _, miss in misses), default=0.0) <= 0.0:
                return objective, bound
            # Solutions swing about the optimum: a tangent at their running mean is nearer to it than one at the last.
            middle = columns if middle is None else (middle + columns) / 2
            near = [row for row, miss in misses if miss > -NEARLY]
            self._cut(near, [columns] if middle is columns else [columns, middle])
        raise SolverError(f"confidence margins did not settle in {MOST_CUT_ROUNDS} rounds of cuts")

    def _cut(self, rows: list[ElementRow], points: list[FloatArray]) -> None:
        """Add tangents of `‖root · (x, a)‖` at recipes; none ever cuts off a recipe that holds the margin."""
        names: list[Name] = []
        tangents, margins = [], []
        for row, at in itertools.product(rows, points):
            image = row.root @ at
            tangents.append(row.root.T @ image / np.linalg.norm(image))
            name = row.element.value
            names.append(("cut", name, self._warm.learn(name, tangents[-1])))
            margins.append(self.model.columns["margin", name])
        self.session.cut(names, np.array(tangents), margins)

    def _miss(self, row: ElementRow, columns: FloatArray) -> float:
        """By how many tolerances a recipe misses a limit of one element; at most 0 where it holds it."""
        if row.maximum is None and row.minimum is None:
            return -np.inf
        final = float(self.problem.yields @ columns)
        mean, sd = self._mean(row, columns), row.sd(columns)
        worst = -np.inf
        for kind, limit, over in (
            ("maximum", row.maximum, mean + row.upper_z * sd),
            ("minimum", row.minimum, -mean + row.lower_z * sd),
        ):
            if limit is not None:
                allowed = (limit if kind == "maximum" else -limit) * final + self._slack(kind, row.element.value)
                worst = max(worst, (over - allowed) / (self.problem.tolerance_wt_pct(limit) * final))
        return worst

    def _mean(self, row: ElementRow, columns: FloatArray) -> float:
        """wt% · t of one element; with trees as the model has it, whose decisions may be fractional just now."""
        if states_trees(row):
            remainder = self.model.columns["remainder", row.element.value]
            return float(row.linear @ columns) + float(self.session.values[remainder])
        return row.mean(columns)

    def _slack(self, kind: str, name: str) -> float:
        column = self.model.columns.get(("slack", kind, name))
        return 0.0 if column is None else float(self.session.values[column])

    def prices(self) -> Shadow:
        """Prices of the requirements at the linear optimum just solved."""
        problem, rows, columns = self.problem, self.model.rows, self.model.columns
        duals, reduced = self.session.duals()

        def dual(*name: str | int) -> float:
            return abs(float(duals[rows[name]])) if name in rows else 0.0

        masses = reduced[: len(problem.items)]
        too_dear = np.maximum(masses, 0.0) * (problem.least == 0)
        for j in range(len(problem.items)):
            use = columns.get(("used", j))
            if use is not None and round(self.session.values[use]) == 0:
                too_dear[j] += dual("use", j)
        kinds = itertools.product(("maximum", "minimum"), (row.element.value for row in problem.rows))
        return Shadow(
            limits={(kind, name): dual(kind, name) * problem.order.mass_t for kind, name in kinds},
            most=np.maximum(-masses, 0.0),
            least=np.maximum(masses, 0.0) * (problem.least > 0),
            reduced=too_dear,
            other={name: dual(name) for name in ("basket_volume", "basket_weight", "energy_limit")},
        )


def solve_recipe(problem: RecipeProblem, warm: Warm | None = None) -> Solution:
    """The optimal recipe of a problem.

    Raises:
        InfeasibleError: no recipe meets every requirement.
        SolverError: time ran out before any recipe was found.
    """
    started = time.perf_counter()
    solver = RecipeSolver(problem, warm or Warm(problem))
    decisions, _, bound = solver.best()
    if len(decisions):
        with solver.session.holding(decisions):
            cost, _ = solver.cut_until_tight()
            columns, prices = solver.columns_t, solver.prices()
    else:
        cost, columns, prices = bound, solver.columns_t, solver.prices()
    elapsed_ms = 1000.0 * (time.perf_counter() - started)
    return Solution(columns, cost, min(bound, cost), prices, elapsed_ms)


class WarmPool:
    """What is kept between solves, by what their margins are made of."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], Warm] = {}
        self._lock = threading.Lock()

    def solve(self, problem: RecipeProblem) -> Solution:
        """Solve, starting from what is known of like problems."""
        # Objects count by identity: what is kept holds a problem, and so them, alive.
        key = (
            id(problem.description),
            tuple(id(item.material) for item in problem.items),
            tuple(sorted((e, k) for e, k in problem.plant.furnace.ladle_retention.items())),
        )
        with self._lock:
            if key not in self._kept:
                while len(self._kept) >= MOST_WARM:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = Warm(problem)
            warm = self._kept[key]
        return solve_recipe(problem, warm)
