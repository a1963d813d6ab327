"""One stated problem with its margins: by quadratic steps, or by tangents where these are missed, again and again."""

import time
from collections.abc import Callable, Iterable

import numpy as np

from optimizer.model.instance import PLAIN, Form, instance_of
from optimizer.model.program import Program
from optimizer.model.statement.structure import headroom_elements, states_predictors
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.errors import InfeasibleError, OutOfTimeError, SolverError
from optimizer.solve.highs import Session
from optimizer.solve.interruption import deadline_after, stop_asked
from optimizer.solve.margins import NEARLY, Margins, MarginState
from optimizer.solve.quadratic import MOST_COLUMNS, Optimum, Point, QuadraticSteps
from optimizer.solve.warm import Warm
from steel.heats import FloatArray

MOST_CUT_ROUNDS = 100
LIMITS = ("maximum", "minimum")
Reshape = Callable[[Program], Program]
"""Adds columns and rows to a program, or changes what is minimised."""


class CutModel:
    """One problem stated, with the tangents known already; not to be shared between threads.

    Args:
        problem: what is asked.
        warm: what is kept from like problems, and learns from this one.
        form: how to put it.
        reshape: what is added to its program.
        by_tangents: whether margins are held by tangents alone.

    Raises:
        InfeasibleError: of a material more is asked for than there is, or an element's limits cross.

    Attributes:
        where: where quadratic steps ended last; None where they never did.
        only_in_time: whether an answer after its time is none; else the last linear runs may take what they need.
    """

    def __init__(
        self,
        problem: RecipeProblem,
        warm: Warm,
        form: Form = PLAIN,
        reshape: Reshape | None = None,
        by_tangents: bool = False,
    ) -> None:
        self.problem = problem
        self.warm = warm
        if not form.elastic and problem.crossed:
            raise InfeasibleError
        self.form = form
        self.instance = instance_of(problem, form)
        self.program: Program = self.instance.program if reshape is None else reshape(self.instance.program)
        self.deadline = deadline_after(problem.options.time_limit_s)
        self.session = Session(self.program, self.deadline, problem.options.gap / 2)
        # Elastic, how many materials there are may give way.
        self._margins = Margins(problem, None if form.elastic else warm.parts)
        kept, mass_t = headroom_elements(problem), problem.order.mass_t
        self._headroom = {r.element.value: (r.maximum or 0.0) * mass_t for r in problem.rows if r.element.value in kept}
        # What neither trees nor networks bend can be judged by its size alone.
        predicted = bool(problem.energy_predictors) or any(states_predictors(row) for row in problem.rows)
        small = len(self.program.cost) <= MOST_COLUMNS
        self._curved = bool(self._margins.rows) and small and not (form.elastic or predicted or by_tangents)
        self._middle: FloatArray | None = None
        self.where: Point | None = None
        self.only_in_time = False
        self._steps: QuadraticSteps | None = None
        cuts, basis = warm.known()
        known = [(name, e, tangent) for e, of_element in cuts.items() for name, tangent in of_element]
        known = [cut for cut in known if ("margin", cut[1]) in self.program.columns]
        if known:
            names, elements, tangents = zip(*known, strict=True)
            self.session.cut(list(names), np.array(tangents), [self.program.columns["margin", e] for e in elements])
        if basis is not None and self.is_plain:
            self.session.start_at(basis)

    @property
    def is_plain(self) -> bool:
        """Whether what is solved is the order itself: what is seen of it is worth keeping."""
        return self.form == PLAIN and self.program is self.instance.program

    @property
    def columns_t(self) -> FloatArray:
        """(n + m,) masses of the solution just found, t."""
        return np.maximum(self.session.values[: len(self.problem.items)], 0.0)

    def remember(self) -> None:
        """Keep where the optimum just found lies, for like problems."""
        if self.where is not None:
            self.warm.keep_optimum(self.program, self.where)
        elif self.session.has_run:
            self.warm.keep_basis(self.session.basis())

    def stopped(self) -> bool:
        """Whether time is up."""
        return time.perf_counter() > self.deadline

    def restart(self) -> None:
        """Forget where the solutions of the last question lay."""
        self._middle = None

    def lay_alone(self) -> None:
        """Solve again at the decisions held, for prices of each material by itself.

        Where there may be no more of them, tangents make those not used dearer than one alone is beside the recipe.
        """
        if self._margins.for_few:
            self._margins = Margins(self.problem)
            self._steps = None
            self.restart()
            self.session.forget_cuts()
            self._add(self._margin_state([self.columns_t]).planes, range(len(self._margins.rows)))
            self.cut_until_tight()

    def cut_until_tight(self) -> tuple[float, float]:
        """Solve until every margin is the cone's, by steps or else by tangents; returns objective and bound."""
        self.restart()
        found = self.by_steps()
        if found is not None:
            self.session.take_over(found.point.values, found.row_duals, found.reduced)
            self._add(found.slopes[:, None], range(len(self._margins.rows)))
            return found.cost, found.bound
        for _ in range(MOST_CUT_ROUNDS):
            if self.only_in_time and self.stopped():
                raise OutOfTimeError
            objective, bound = self.session.run()
            if not self.cut():
                return objective, bound if self.session.integral else self.session.undercut(objective)
        if self.stopped():
            raise OutOfTimeError
        raise SolverError(f"confidence margins did not converge in {MOST_CUT_ROUNDS} rounds of cuts")

    def by_steps(self, cutoff: float = np.inf, start: Point | None = None) -> Optimum | None:
        """The optimum by quadratic steps, or that it costs no less than a cutoff; None where they do not tell.

        Args:
            cutoff: what is too dear, €.
            start: where to start; None for where they ended last.
        """
        if not self._curved or self.session.integral or stop_asked():
            return None
        masses, mass_t = len(self.problem.items), self.problem.order.mass_t
        if self._steps is None:
            columns = [self.program.columns.get(("margin", row.element.value), -1) for row in self._margins.rows]
            room = self._margins.room(self.problem.mass_band_t[0])
            self._steps = QuadraticSteps(self.program, self._margins.scatter, columns, room, mass_t, masses)
        start = start or self.where or self.warm.start(self.program)
        if start is None:
            evenly = np.where(np.arange(len(self.program.cost)) < masses, mass_t / masses, 0.0)
            start = Point(evenly, np.zeros(len(self._margins.rows)))
        found = self._steps.optimum(self.session.numbers, start, cutoff)
        if found is not None:
            self.where = found.point
        return found

    def cut(self) -> bool:
        """Add tangents of the margins that the solution just found misses; whether any did."""
        columns = self.columns_t
        if not self._margins.rows:
            return False
        # Solutions swing about the optimum: a tangent at their running mean is nearer to it than one at the last.
        points = [columns] if self._middle is None else [columns, (self._middle + columns) / 2]
        state = self._margin_state(points)
        if state.misses.max() <= 0.0:
            return False
        self._middle = points[-1]
        self._add(state.planes, np.flatnonzero(state.misses > -NEARLY))
        return True

    def _margin_state(self, points: list[FloatArray]) -> MarginState:
        return self._margins.at(points, self._remainders(points[0]), self._slacks())

    def _add(self, tangents: FloatArray, elements: Iterable[int]) -> None:
        """Add tangents (E, P, n + m) of some elements; at even odds an element has no margin."""
        elements = [e for e in elements if ("margin", self._margins.rows[e].element.value) in self.program.columns]
        names = [self._margins.rows[e].element.value for e in elements for _ in range(tangents.shape[1])]
        planes = tangents[elements].reshape(len(names), tangents.shape[-1])
        cuts = self.warm.learn(names, planes)
        self.session.cut(cuts, planes, [self.program.columns["margin", name] for name in names])

    def _remainders(self, columns: FloatArray) -> FloatArray:
        """(E, 2) wt% · t beyond the linear balance, at most and at least; the model's where decisions are open."""
        found = np.zeros((len(self._margins.rows), len(LIMITS)))
        for e, row in enumerate(self._margins.rows):
            name = row.element.value
            if states_predictors(row):
                found[e] = self.session.values[self.program.columns["remainder", name]]
            elif len(row.pieces):
                found[e] = row.mean(columns) - float(row.linear @ columns)
                floor = self.program.columns.get(("floor", name))
                if floor is not None:
                    found[e, 1] = self.session.values[floor]
        return found

    def _slacks(self) -> FloatArray | float:
        """(E, 2) wt% · t by which maximum and minimum may be missed."""
        if not self.form.elastic and ("headroom",) not in self.program.columns:
            return 0.0
        return np.array([[self._slack(k, row.element.value) for k in LIMITS] for row in self._margins.rows])

    def _slack(self, kind: str, name: str) -> float:
        """wt% · t by which a limit may be missed; below zero where headroom under it is kept."""
        column = self.program.columns.get(("slack", kind, name))
        slack = 0.0 if column is None else float(self.session.values[column])
        headroom = self.program.columns.get(("headroom",))
        if headroom is not None and kind == "maximum" and name in self._headroom:
            slack -= float(self.session.values[headroom]) * self._headroom[name]
        return slack
