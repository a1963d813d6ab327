"""One model in one instance of HiGHS: run it, read it, hold some columns, change what is minimised."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import highspy
import numpy as np

from optimizer.model.program import IntArray, Name, Numbers, Program
from optimizer.solve.errors import InfeasibleError, OutOfTimeError, SolverError
from optimizer.solve.interruption import StoppedError, can_be_stopped, stop_asked
from steel.heats import FloatArray

FEASIBILITY = 1e-9
"""The solver's own tolerance, well below any cut tolerance, or cuts would be added for ever."""
USABLE = 1e-7
"""Infeasibility of a row, in its unit, at which a solution is still one."""
LINEAR_RUN_S = 1.0
"""What a linear run may take though time is up: it takes milliseconds, and without it the best so far has no recipe."""
MANY_CUTS = 120
NEGLIGIBLE = 1e-9
"""Coefficients that the solver would ignore."""
SLOW_HEURISTICS = (
    "mip_heuristic_run_rins",
    "mip_heuristic_run_rens",
    "mip_heuristic_run_root_reduced_cost",
    "mip_heuristic_run_feasibility_jump",
    "mip_allow_restart",
)
"""Searches that solve models within the model: for a recipe they take most of the time, and its tail, for nothing."""
_INFEASIBLE = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
_STOPPED = (
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kTimeLimit,
    highspy.HighsModelStatus.kSolutionLimit,
)


@dataclass(frozen=True)
class Basis:
    """Which columns and rows were at which bound at an optimum, by name."""

    columns: dict[Name, highspy.HighsBasisStatus]
    rows: dict[Name, highspy.HighsBasisStatus]


class Session:
    """A program being solved; not to be shared between threads. HiGHS is set up when it is first needed.

    Args:
        program: rows and columns.
        deadline: `time.perf_counter()` after which an integer run stops with the best it has.
        gap: relative gap at which an integer run stops.
        slow_heuristics: whether searches that solve models within the model are worth their time.
    """

    def __init__(self, program: Program, deadline: float, gap: float, slow_heuristics: bool = False) -> None:
        self.program = program
        now = (program.cost, program.lower, program.upper, program.row_lower, program.row_upper)
        self.numbers = Numbers(*(values.copy() for values in now))
        self.values: FloatArray = np.zeros(len(program.cost))
        self.integral = False
        self._cuts: list[Name] = []
        self._waiting: list[tuple[FloatArray, IntArray]] = []
        self._deadline, self._gap, self._slow_heuristics = deadline, gap, slow_heuristics
        self._started: highspy.Highs | None = None
        self._basis: Basis | None = None
        self._given_duals: tuple[FloatArray, FloatArray] | None = None

    @property
    def has_run(self) -> bool:
        """Whether HiGHS has found the optimum that is at hand."""
        return self._started is not None and self._given_duals is None

    @property
    def _highs(self) -> highspy.Highs:
        """The solver with the model as it is now."""
        if self._started is None:
            self._started = self._start()
            for tangents, margins in self._waiting:
                self._add(tangents, margins)
            self._waiting = []
            if self._basis is not None:
                self._set_basis(self._basis)
        return self._started

    def _start(self) -> highspy.Highs:
        highs = highspy.Highs()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("parallel", "off"),
            ("primal_feasibility_tolerance", FEASIBILITY),
            ("mip_feasibility_tolerance", FEASIBILITY),
            ("mip_rel_gap", self._gap),
            *((option, self._slow_heuristics) for option in SLOW_HEURISTICS),
        ):
            highs.setOptionValue(option, value)
        if can_be_stopped():
            highs.cbMipInterrupt.subscribe(lambda event: event.interrupt() if stop_asked() else None)
        highs.passModel(_lp(self.program, self.numbers))
        return highs

    def run(self) -> tuple[float, float]:
        """Minimise; returns the value reached and what no solution can undercut.

        Raises:
            InfeasibleError: nothing meets every row.
            SolverError: there is no answer, or none in time.
            StoppedError: nobody waits for it any longer.
        """
        if stop_asked():
            raise StoppedError
        self._given_duals = None
        status = self._run_once()
        if not self._is_conclusive(status):
            if stop_asked():
                raise StoppedError
            # A warm start can leave the simplex in doubt about a nearly infeasible problem; a cold one decides it.
            self._highs.clearSolver()
            status = self._run_once()
            if not self._is_conclusive(status):
                self._highs.clearSolver()
                self._highs.setOptionValue("solver", "ipm")
                status = self._run_once()
                self._highs.setOptionValue("solver", "choose")
                if status == highspy.HighsModelStatus.kTimeLimit:
                    raise OutOfTimeError
                if stop_asked():
                    raise StoppedError
                if not self._is_conclusive(status):
                    ending = self._highs.modelStatusToString(status)
                    raise SolverError(f"HiGHS stopped without a recipe: {ending}")
        if status in _INFEASIBLE:
            raise InfeasibleError
        if stop_asked():
            raise StoppedError
        self.values = np.array(self._highs.getSolution().col_value)
        info = self._highs.getInfo()
        reached = float(info.objective_function_value)
        bound = float(info.mip_dual_bound) if self.integral else reached
        return reached, bound if np.isfinite(bound) else reached

    def undercut(self, objective: float) -> float:
        """What no solution of the rows as asked undercuts, where a linear optimum of the tighter ones was just found.

        Relaxing a row's bound by so much saves no more than its dual says (weak duality).
        """
        if not self.program.relief:
            return objective
        duals = self.duals()[0]
        return objective - sum(abs(float(duals[row])) * relief for row, relief in self.program.relief.items())

    @contextmanager
    def as_asked(self) -> Iterator[None]:
        """Within, rows are held as asked and no tighter."""
        rows = np.array(list(self.program.relief), dtype=np.int32)
        tight = self.numbers.row_upper[rows]
        asked = tight + np.array(list(self.program.relief.values()))
        lower = self.numbers.row_lower[rows]
        if len(rows):
            self._highs.changeRowsBounds(len(rows), rows, lower, asked)
        try:
            yield
        finally:
            if len(rows):
                self._highs.changeRowsBounds(len(rows), rows, lower, tight)

    def _is_conclusive(self, status: highspy.HighsModelStatus) -> bool:
        """Whether a run told that there is no solution, or left one that can be used."""
        if status in _INFEASIBLE:
            return True
        # An optimum may miss the very tight tolerance by a little once it is scaled back.
        return status in _STOPPED and self._highs.getInfo().max_primal_infeasibility <= USABLE

    def _run_once(self) -> highspy.HighsModelStatus:
        # HiGHS counts its time limit over an instance's life.
        least = 0.001 if self.integral else LINEAR_RUN_S
        left = max(least, self._deadline - time.perf_counter())
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + left)
        self._highs.run()
        status: highspy.HighsModelStatus = self._highs.getModelStatus()
        return status

    def decide(self, integral: bool) -> None:
        """Make yes/no decisions whole, or let them be fractional."""
        columns = np.array(self.program.integer, dtype=np.int32)
        kind = highspy.HighsVarType.kInteger if integral else highspy.HighsVarType.kContinuous
        self._highs.changeColsIntegrality(len(columns), columns, np.full(len(columns), kind.value, dtype=np.uint8))
        self.integral = integral

    def start_from(self, values: FloatArray) -> None:
        """Give an integer run a solution to beat."""
        solution = highspy.HighsSolution()
        solution.col_value = values.tolist()
        self._highs.setSolution(solution)

    @contextmanager
    def holding(self, decisions: FloatArray, columns: Sequence[int] | None = None) -> Iterator[None]:
        """Within, the yes/no decisions, or some of them, are held; with all of them the model has duals."""
        self.bound(self.program.integer if columns is None else columns, decisions, decisions)
        try:
            yield
        finally:
            self.bound(self.program.integer, *self._decision_bounds())

    def free_until(self, deadline: float) -> None:
        """Free all decisions again and give the next runs a deadline of their own."""
        self._deadline = deadline
        self.bound(self.program.integer, *self._decision_bounds())

    def _decision_bounds(self) -> tuple[FloatArray, FloatArray]:
        columns = list(self.program.integer)
        return self.program.lower[columns], self.program.upper[columns]

    def limit(self, at_most: dict[Name, float]) -> None:
        """Change the upper bounds of some rows."""
        for name, value in at_most.items():
            row = self.program.rows[name]
            self.numbers.row_upper[row] = value
            if self._started is not None:
                self._started.changeRowBounds(row, -highspy.kHighsInf, value)

    def bound(self, columns: Sequence[int], lower: FloatArray, upper: FloatArray) -> None:
        """Change the bounds of some columns."""
        columns = list(columns)
        self.numbers.lower[columns], self.numbers.upper[columns] = lower, upper
        if self._started is not None:
            self._started.changeColsBounds(len(columns), np.array(columns, dtype=np.int32), lower, upper)

    def minimise(self, cost: FloatArray) -> None:
        """Change what is minimised."""
        self.numbers.cost = cost
        if self._started is not None:
            self._started.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)

    def take_over(self, values: FloatArray, row_duals: FloatArray, reduced: FloatArray) -> None:
        """Take over a linear optimum found elsewhere: (N,) values, (R,) duals of stated rows, (N,) reduced costs."""
        self.values = values
        self._given_duals = row_duals, reduced

    def cut(self, names: list[Name], tangents: FloatArray, margins: list[int]) -> None:
        """Add tangents of margins, (K, n) over the masses: `tangent · masses ≤ margin`."""
        self._cuts += names
        if self._started is None:
            self._waiting.append((tangents, np.array(margins, dtype=np.int32)))
        else:
            self._add(tangents, np.array(margins, dtype=np.int32))

    def _add(self, tangents: FloatArray, margins: IntArray) -> None:
        count, masses = tangents.shape
        columns = np.hstack([np.tile(np.arange(masses), (count, 1)), margins[:, None]]).astype(np.int32)
        values = np.hstack([tangents, np.full((count, 1), -1.0)])
        starts = np.arange(count, dtype=np.int32) * (masses + 1)
        below = np.full(count, -highspy.kHighsInf)
        self._highs.addRows(count, below, np.zeros(count), values.size, starts, columns.ravel(), values.ravel())

    def forget_cuts(self) -> None:
        """Drop all tangents."""
        stated = len(self.program.rows)
        if self._started is not None:
            self._started.deleteRows(len(self._cuts), np.arange(stated, stated + len(self._cuts), dtype=np.int32))
        self._cuts, self._waiting = [], []

    def forget_slack_cuts(self) -> None:
        """Drop tangents that do not bind at the optimum just found, once there are many; each costs every run."""
        if self._started is None or len(self._cuts) < MANY_CUTS:
            return
        basic, stated = highspy.HighsBasisStatus.kBasic, len(self.program.rows)
        binds = [status != basic for status in self._highs.getBasis().row_status[stated:]]
        slack = np.array([stated + k for k, tight in enumerate(binds) if not tight], dtype=np.int32)
        self._highs.deleteRows(len(slack), slack)
        self._cuts = [name for name, tight in zip(self._cuts, binds, strict=True) if tight]

    def lp(self) -> highspy.HighsLp:
        """The model with every cut added so far, as HiGHS holds it."""
        held: highspy.HighsLp = self._highs.getLp()
        return held

    def duals(self) -> tuple[FloatArray, FloatArray]:
        """Duals of the rows and reduced costs of the columns at the linear optimum just found."""
        if self._given_duals is not None:
            return self._given_duals
        solution = self._highs.getSolution()
        return np.array(solution.row_dual), np.array(solution.col_dual)

    def basis(self) -> Basis:
        """Where the optimum just found lies."""
        found = self._highs.getBasis()
        return Basis(
            dict(zip(self.program.columns, found.col_status, strict=True)),
            dict(zip((*self.program.rows, *self._cuts), found.row_status, strict=True)),
        )

    def start_at(self, basis: Basis) -> None:
        """Start from the optimum of a like model; HiGHS makes up for columns and rows that it did not have."""
        self._basis = basis

    def _set_basis(self, basis: Basis) -> None:
        start = highspy.HighsBasis()
        at_lower, basic = highspy.HighsBasisStatus.kLower, highspy.HighsBasisStatus.kBasic
        start.col_status = [basis.columns.get(name, at_lower) for name in self.program.columns]
        start.row_status = [basis.rows.get(name, basic) for name in (*self.program.rows, *self._cuts)]
        start.valid = True
        self._highs.setBasis(start)


def _lp(program: Program, now: Numbers) -> highspy.HighsLp:
    """A program as HiGHS takes it, its whole columns continuous."""
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(now.cost), len(now.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = now.cost, now.lower, now.upper
    lp.row_lower_, lp.row_upper_ = now.row_lower, now.row_upper
    # HiGHS would leave smaller ones out as well, with a warning.
    kept = np.abs(program.values) > NEGLIGIBLE
    row_of = np.repeat(np.arange(lp.num_row_), np.diff(program.starts))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    counts = np.bincount(row_of[kept], minlength=lp.num_row_)
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    lp.a_matrix_.index_, lp.a_matrix_.value_ = program.indices[kept], program.values[kept]
    return lp
