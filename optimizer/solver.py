"""Solve a recipe model to proven optimality: HiGHS, tangent cuts, prices of the requirements."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.contrib.appsi.base import TerminationCondition
from pyomo.contrib.appsi.solvers import Highs

from optimizer.formulation import add_margin_cut, build, forget_old_cuts, set_parameters, states_trees, structure_key
from optimizer.problem import ElementRow, RecipeProblem
from steel.heats import FloatArray

MOST_CUT_ROUNDS = 100
_SOLVING = threading.Lock()
"""Pyomo's interface to HiGHS redirects the whole process's output while it solves: one solve at a time."""
MOST_CUTS = 240
"""Tangents kept between solves; all are valid for ever, but the newest are nearest to today's recipes."""
TRACE = 1e-7
"""Weight of the cost, €, beside another objective: too little to trade against it."""
FEASIBILITY = 1e-9
"""The solver's own tolerance, well below any cut tolerance, or cuts would be added for ever."""
LEAST_LIMIT_WT_PCT = 1e-3
"""Below this a miss is measured against it, not against the limit."""


class InfeasibleError(Exception):
    """No recipe meets every requirement."""


class SolverError(RuntimeError):
    """The solver stopped without an answer for a reason that is not the order's."""


@dataclass(frozen=True)
class Shadow:
    """What one unit of relaxing each requirement saves at the optimum, €.

    Attributes:
        limits: per wt%, by (kind, element symbol).
        most, least: (n + m,) per t of stock and of must-use.
        reduced: (n + m,) € per t by which an unused column is too dear.
        other: baskets per m³ and per t, energy per kWh, by the constraint's name.
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


def _fresh_solver(method: str = "choose") -> Highs:
    solver = Highs()
    solver.config.load_solution = False
    solver.config.stream_solver = False
    solver.highs_options = {
        "primal_feasibility_tolerance": FEASIBILITY,
        "mip_feasibility_tolerance": FEASIBILITY,
        "solver": method,
    }
    return solver


@dataclass
class PersistentModel:
    """One Pyomo model kept in HiGHS between solves; one solve at a time."""

    problem: RecipeProblem
    elastic: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.model = build(self.problem, self.elastic)
        self.solver, self._spent_s = _fresh_solver(), 0.0

    def solve(self, problem: RecipeProblem) -> Solution:
        """Solve a problem of the same structure.

        Raises:
            InfeasibleError: no recipe meets every requirement.
            SolverError: time ran out before any recipe was found.
        """
        with self.lock:
            started = time.perf_counter()
            self.problem = problem
            set_parameters(self.model, problem)
            forget_old_cuts(self.model, MOST_CUTS)
            decisions, bound = self._best_decisions() if self._binaries() else ([], None)
            with self._held(decisions):
                objective, own_bound = self._cut_until_tight()
                columns, prices = self._columns(), self._prices()
            elapsed = 1000.0 * (time.perf_counter() - started)
            return Solution(columns, objective, own_bound if bound is None else min(bound, objective), prices, elapsed)

    def _best_decisions(self) -> tuple[list[int], float]:
        """The yes/no decisions of the optimum, and what no decisions can undercut.

        Cuts are found where they are cheap: first on the relaxation, then on the linear model at each integer
        solution, whose cost is an upper bound. The integer model is solved again until its own value, a lower
        bound, has come up to the best of these.
        """
        with self.relaxed():
            self._cut_until_tight()
        best: list[int] = []
        upper, deadline = float("inf"), time.perf_counter() + self.problem.options.time_limit_s
        for _ in range(MOST_CUT_ROUNDS):
            _, bound = self._run()
            decisions = [round(variable.value) for variable in self._binaries()]
            try:
                with self._held(decisions):
                    cost, _ = self._cut_until_tight()
            except InfeasibleError:
                cost = float("inf")
            if cost < upper:
                best, upper = decisions, cost
            proven = upper - bound <= self.problem.options.gap * abs(upper)
            if best and (proven or time.perf_counter() > deadline):
                return best, bound
        raise SolverError(f"yes/no decisions did not settle in {MOST_CUT_ROUNDS} rounds")

    def minimise(self, expression: Any) -> float:
        """Least value of another objective under the model's requirements; infinity if there is none."""
        self.model.cost_objective.deactivate()
        # A trace of the cost picks one recipe out of the many that are equal otherwise, or cuts settle slowly.
        self.model.other = pyo.Objective(expr=expression + TRACE * self.model.cost_objective.expr)
        try:
            self._cut_until_tight()
            value = float(pyo.value(expression))
        except InfeasibleError:
            value = float("inf")
        finally:
            self.model.del_component(self.model.other)
            self.model.cost_objective.activate()
        return value

    def _binaries(self) -> list[Any]:
        model = self.model
        return [*model.used.values(), *model.floor_choice.values(), *model.split_choice.values()]

    @contextmanager
    def relaxed(self) -> Iterator[None]:
        """Within, yes/no decisions may be fractional."""
        for variable in self._binaries():
            variable.domain = pyo.UnitInterval
        try:
            yield
        finally:
            for variable in self._binaries():
                variable.domain = pyo.Binary

    @contextmanager
    def _held(self, decisions: list[int]) -> Iterator[None]:
        """Within, the model is the linear one at the given decisions, so that it is quick and has duals."""
        with self.relaxed():
            try:
                for variable, decision in zip(self._binaries(), decisions, strict=True):
                    variable.fix(decision)
                yield
            finally:
                for variable in self._binaries():
                    variable.unfix()

    def _columns(self) -> FloatArray:
        return np.array([max(0.0, self.model.t[j].value) for j in self.model.columns])

    def _cut_until_tight(self) -> tuple[float, float]:
        """Solve and add tangent cuts until every margin is the cone's; returns objective and bound."""
        for _ in range(MOST_CUT_ROUNDS):
            objective, bound = self._run()
            columns = self._columns()
            loose = [
                row for row in self.problem.rows if self._violation(row, columns) > self.problem.options.cut_tolerance
            ]
            if not loose:
                return objective, bound
            for row in loose:
                add_margin_cut(self.model, row, columns)
        raise SolverError(f"confidence margins did not settle in {MOST_CUT_ROUNDS} rounds of cuts")

    def _violation(self, row: ElementRow, columns: FloatArray) -> float:
        """By how much of its limit a recipe misses a confidence limit of one element."""
        if row.maximum is None and row.minimum is None:
            return 0.0
        final = float(self.problem.yields @ columns)
        mean, sd = self._mean(row, columns), row.sd(columns)
        misses = []
        for kind, limit, over in (
            ("maximum", row.maximum, mean + row.upper_z * sd),
            ("minimum", row.minimum, -mean + row.lower_z * sd),
        ):
            if limit is not None:
                allowed = (limit if kind == "maximum" else -limit) * final + self._slack(kind, row.element.value)
                misses.append((over - allowed) / (max(limit, LEAST_LIMIT_WT_PCT) * final))
        return max(misses)

    def _mean(self, row: ElementRow, columns: FloatArray) -> float:
        """wt% · t of one element; with trees as the model has it, whose decisions may be fractional just now."""
        if states_trees(row):
            return float(row.linear @ columns) + float(self.model.remainder[row.element.value].value)
        return row.mean(columns)

    def _slack(self, kind: str, name: str) -> float:
        slack = self.model.slack_of.get((kind, name))
        return 0.0 if slack is None else float(slack.value)

    def _run(self) -> tuple[float, float]:
        result = self._timed_solve()
        for method in ("choose", "ipm"):
            if result.termination_condition is TerminationCondition.unknown:
                # A warm start can leave the simplex in doubt about a nearly infeasible problem; a cold one, or
                # interior points, settle it.
                self.solver, self._spent_s = _fresh_solver(method), 0.0
                result = self._timed_solve()
                self.solver.highs_options["solver"] = "choose"
        if result.termination_condition in (
            TerminationCondition.infeasible,
            TerminationCondition.infeasibleOrUnbounded,
        ):
            raise InfeasibleError
        if result.best_feasible_objective is None:
            raise SolverError(f"HiGHS stopped without a recipe: {result.termination_condition}")
        result.solution_loader.load_vars()
        bound = result.best_objective_bound
        best = float(result.best_feasible_objective)
        return best, best if bound is None or not np.isfinite(bound) else float(bound)

    def _timed_solve(self) -> Any:
        """Solve once within the time limit; HiGHS counts its time from the first solve of its life, we from this."""
        options = self.problem.options
        self.solver.config.time_limit = self._spent_s + options.time_limit_s
        self.solver.config.mip_gap = options.gap / 2
        with _SOLVING:
            started = time.perf_counter()
            result = self.solver.solve(self.model)
            self._spent_s += time.perf_counter() - started
        return result

    def _prices(self) -> "Shadow":
        """Prices of the requirements at the linear optimum just solved."""
        model, final = self.model, self.problem.order.mass_t
        duals, costs = self.solver.get_duals(), self.solver.get_reduced_costs()

        def dual(row: Any) -> float:
            return float(abs(duals.get(row, 0.0)))

        reduced = np.array([max(0.0, costs.get(model.t[j], 0.0)) for j in model.columns])
        for j in model.decided:
            if round(model.used[j].value) == 0:
                reduced[j] += dual(model.use[j])
        return Shadow(
            limits={
                (kind, e): dual(row[e]) * final
                for kind, row in (("maximum", model.max_limit), ("minimum", model.min_limit))
                for e in model.elements
            },
            most=np.array([dual(model.at_most[j]) for j in model.columns]),
            least=np.array([dual(model.at_least[j]) if j in model.at_least else 0.0 for j in model.columns]),
            reduced=reduced,
            other={
                name: dual(getattr(model, name))
                for name in ("basket_volume", "basket_weight", "energy_limit")
                if hasattr(model, name)
            },
        )


class ModelPool:
    """Persistent models by structure, so that a new price or limit re-solves instead of rebuilding."""

    def __init__(self, most: int = 32) -> None:
        self._models: dict[tuple[object, ...], PersistentModel] = {}
        self._most = most
        self._lock = threading.Lock()

    def solve(self, problem: RecipeProblem) -> Solution:
        """Solve on the model of the problem's structure, building it if there is none yet."""
        key = structure_key(problem)
        with self._lock:
            if key not in self._models:
                while len(self._models) >= self._most:
                    self._models.pop(next(iter(self._models)))
                self._models[key] = PersistentModel(problem)
            model = self._models[key]
        return model.solve(problem)
