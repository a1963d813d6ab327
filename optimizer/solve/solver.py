"""Solve a recipe to proven optimality, with prices of the requirements.

Every solve states its own model; between solves of one description only what stays true or is no more than a start is
kept: tangents of margins, where the last optimum lay, what deciding each material cost. So any number of threads may
solve at once.
"""

import threading
import time
from dataclasses import dataclass

import numpy as np

from optimizer.model.instance import PLAIN, Form
from optimizer.model.program import Name
from optimizer.problem.options import Objective
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.cutting import MOST_CUT_ROUNDS, CutModel, Reshape
from optimizer.solve.errors import InfeasibleError, OutOfTimeError, SolverError
from optimizer.solve.interruption import deadline_after
from optimizer.solve.prices import Prices, prices_at
from optimizer.solve.pseudo_costs import Experience
from optimizer.solve.quadratic import Point
from optimizer.solve.rounding import suggested_decisions
from optimizer.solve.search import MaterialSearch
from optimizer.solve.warm import Warm
from steel.heats import FloatArray

MOST_WARM = 64
"""Descriptions whose tangents are kept."""


@dataclass(frozen=True)
class Solution:
    """An optimal recipe as numbers.

    Attributes:
        columns_t: (n + m,) t.
        final_t: steel it makes, t.
        objective_eur: its cost, €.
        bound_eur: what no recipe can undercut.
        prices: of the requirements.
        solve_ms: wall time.
    """

    columns_t: FloatArray
    final_t: float
    objective_eur: float
    bound_eur: float
    prices: Prices
    solve_ms: float

    @property
    def objective_eur_per_t(self) -> float:
        """Its cost, €/t."""
        return self.objective_eur / self.final_t

    @property
    def gap(self) -> float:
        """Proven relative optimality gap; 1 where time was up before anything was proven."""
        if not np.isfinite(self.bound_eur):
            return 1.0
        return max(0.0, self.objective_eur - self.bound_eur) / max(abs(self.objective_eur), 1e-9)


class RecipeSolver(CutModel):
    """One problem being solved, yes/no decisions and all."""

    def __init__(
        self,
        problem: RecipeProblem,
        warm: Warm,
        form: Form = PLAIN,
        reshape: Reshape | None = None,
        by_tangents: bool = False,
    ) -> None:
        super().__init__(problem, warm, form, reshape, by_tangents)
        self._held: list[int] = []
        self._made_before: FloatArray | None = None
        self._seen = Experience(len(problem.items))

    def solve(self) -> tuple[FloatArray, float, float]:
        """Masses of the optimum (n + m,), its cost, and what no recipe can undercut; the linear optimum is held."""
        decisions, cost, bound = self.best()
        if len(decisions):
            self._made_before = decisions
            self.session.bound(self.program.integer, decisions, decisions)
            cost, _ = self.cut_until_tight()
        return self.columns_t, cost, min(bound, cost)

    def best(self) -> tuple[FloatArray, float, float]:
        """Yes/no decisions of the optimum, its cost, and what no decisions can undercut.

        Tangents are found where they are cheap first: on the relaxation, then at the decisions that it suggests, whose
        cost is a start to beat.
        """
        cost, bound = self.cut_until_tight()
        if self.is_plain:
            self.remember()
        if not self.program.integer:
            return np.zeros(0), cost, bound
        decisions = suggested_decisions(self.problem, self.program, self.session.values)
        upper, values = self._at(decisions)
        if not np.isfinite(upper) and self._made_before is not None:
            decisions = self._made_before
            upper, values = self._at(decisions)
        names = list(self.program.columns)
        used = np.array([names[column][0] == "used" for column in self.program.integer])
        if not used.any() or self.problem.block_eur.any():
            # The search takes a decision for one that costs nothing by itself; a block that is paid whole does.
            return self._best_of_all(decisions, upper, values, bound)
        self._held = [column for column, is_use in zip(self.program.integer, used, strict=True) if is_use]
        about = np.array([self.problem.column_of[names[column][1]] for column in self._held])
        # What was seen of decisions under goals of its own is worth something to this solver alone.
        seen = self.warm.experience if self.is_plain else self._seen
        search = MaterialSearch(self.problem, about, self, seen)
        if used.all():
            found = search.run(decisions, upper)
            if not np.isfinite(found.cost_eur):
                raise _nothing(found.bound_eur)
            return found.decisions, found.cost_eur, found.bound_eur
        # With other decisions left open, a search tells good materials and the tangents that matter there.
        found = search.run(decisions[used], np.inf)
        bound = max(bound, found.bound_eur)
        if not np.isfinite(found.cost_eur):
            if np.isfinite(upper):
                return decisions, upper, min(bound, upper)
            raise _nothing(bound)
        with self.session.holding(found.decisions, self._held):
            self.cut_until_tight()
            suggested = np.where(used, 0.0, suggested_decisions(self.problem, self.program, self.session.values))
        suggested[used] = found.decisions
        cost, reached = self._at(suggested)
        if cost < upper:
            decisions, upper, values = suggested, cost, reached
        return self._best_of_all(decisions, upper, values, bound)

    def _best_of_all(
        self, best: FloatArray, upper: float, values: FloatArray, bound: float
    ) -> tuple[FloatArray, float, float]:
        """The same where decisions are about more than masses: HiGHS decides, the linear model cuts, by turns.

        Each integer solution's cost with its margins held is an upper bound; the integer model is solved again until
        its own value, a lower bound, has come up to the best of these.
        """
        for _ in range(MOST_CUT_ROUNDS):
            if np.isfinite(upper) and self.stopped():
                return best, upper, min(bound, upper)
            self.session.decide(integral=True)
            with self.session.as_asked():
                # A solution to start from is forgotten when bounds change.
                if np.isfinite(upper):
                    self.session.start_from(values)
                bound = max(bound, self.session.run()[1])
            decisions = np.round(self.session.values[self.program.integer])
            self.session.decide(integral=False)
            cost, reached = self._at(decisions)
            if cost < upper:
                best, upper, values = decisions, cost, reached
            proven = upper - bound <= self.problem.options.gap * abs(upper)
            if np.isfinite(upper) and proven:
                return best, upper, min(bound, upper)
        if self.stopped():
            raise OutOfTimeError
        raise SolverError(f"yes/no decisions did not converge in {MOST_CUT_ROUNDS} rounds")

    def aim_at(self, at_most: dict[Objective, float], dearest_eur_per_t: float = np.inf) -> None:
        """Set what the goals less one range each may come to, free the decisions and give the next solve its time."""
        self.session.forget_slack_cuts()
        targets: dict[Name, float] = {("goal", objective): value for objective, value in at_most.items()}
        self.session.limit({**targets, ("dearest",): dearest_eur_per_t})
        self.deadline = deadline_after(self.problem.options.time_limit_s)
        self.session.free_until(self.deadline)

    def hold(self, lower: FloatArray, upper: FloatArray) -> None:
        """Bound the decisions about materials."""
        self.session.forget_slack_cuts()
        self.session.bound(self._held, lower, upper)
        self.restart()

    def relaxed(self, cutoff: float, start: Point | None) -> tuple[float, FloatArray] | None:
        """Least cost with its margins held, or that it is no less than a cutoff, and masses (n + m,); None: unknown."""
        found = self.by_steps(cutoff, start)
        return None if found is None else (found.bound, found.point.values[: len(self.problem.items)])

    def reach(self) -> tuple[float, FloatArray]:
        """Cost of the linear model, infinite where it has no solution, and its masses (n + m,)."""
        try:
            return self.session.undercut(self.session.run()[0]), self.columns_t
        except InfeasibleError:
            return np.inf, self.columns_t

    def _at(self, decisions: FloatArray) -> tuple[float, FloatArray]:
        """Cost with limits as asked at given yes/no decisions, infinite where no recipe is left, and a solution."""
        with self.session.holding(decisions):
            try:
                _, cost = self.cut_until_tight()
            except InfeasibleError:
                cost = np.inf
        return cost, self.session.values.copy()


def _nothing(bound: float) -> Exception:
    """What a search without a recipe says: there is none, or no time was left to find one."""
    return InfeasibleError() if bound == np.inf else OutOfTimeError()


def solve_recipe(problem: RecipeProblem, warm: Warm | None = None, by_tangents: bool = False) -> Solution:
    """The optimal recipe of a problem.

    Args:
        problem: what is asked.
        warm: what is kept from like problems.
        by_tangents: whether margins are held by tangents alone, though quadratic steps would do.

    Raises:
        InfeasibleError: no recipe meets every requirement.
        SolverError: time ran out before any recipe was found.
    """
    started = time.perf_counter()
    solver = RecipeSolver(problem, warm or Warm(problem), by_tangents=by_tangents)
    columns, cost, bound = solver.solve()
    solver.lay_alone()
    prices = prices_at(problem, solver.instance, solver.session)
    elapsed_ms = 1000.0 * (time.perf_counter() - started)
    return Solution(columns, float(problem.yields @ columns), cost, bound, prices, elapsed_ms)


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
            problem.options.max_materials,
        )
        with self._lock:
            if key not in self._kept:
                while len(self._kept) >= MOST_WARM:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[key] = Warm(problem)
            warm = self._kept[key]
        try:
            return solve_recipe(problem, warm)
        except SolverError:
            # Whatever led it astray is not to lead the next one.
            with self._lock:
                self._kept.pop(key, None)
            raise
