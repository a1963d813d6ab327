"""Which materials to use at all, by branch and bound on the linear model, its margins cut as the search goes.

One tree serves decisions and cones together (after Quesada and Grossmann 1992): a tangent found anywhere holds
everywhere, and the dual simplex goes on from wherever it stood. A decision costs nothing by itself, so a recipe is
judged by its masses: each is none or at least its lot, and not too many materials are used.
"""

import heapq
import itertools
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.recipe_problem import UNUSED_BELOW_T, RecipeProblem
from optimizer.solve.errors import SolverError
from optimizer.solve.pseudo_costs import Experience
from optimizer.solve.quadratic import Point
from steel.heats import FloatArray

EXACT = 3e-8
"""How exactly a lot is held, as a share of the order: a little less exactly than steps hold their rows."""
CUTS_AT_A_NODE = 2
"""Rounds of tangents at a node that is no recipe yet; its bound only has to be good enough to choose a branch."""
ROUNDED_EVERY = 4
"""Of how many nodes one's masses are rounded to a recipe: the sooner a good one is known, the more can be left out."""
LEAST_DISTANCE_T = 0.5
OF_GAP = 0.9
"""Share of the gap that the search may leave; the rest is for how exactly margins are held."""
GREATER = 1.0 / 6.0
"""Weight of the side whose bound rises more, when choosing what to decide."""


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
        decisions: (K,) 1 for each material used, of the best recipe.
        cost_eur: its cost; infinite where none was found.
        bound_eur: what no recipe can undercut; infinite where there is none.
    """

    decisions: FloatArray
    cost_eur: float
    bound_eur: float


@dataclass(frozen=True)
class Node:
    """Materials still to be decided lie between lower and upper, (K,) each; steps start where the parent's ended."""

    lower: FloatArray
    upper: FloatArray
    start: Point | None = None

    def decided(self, j: int, value: float, start: Point | None) -> "Node":
        """The node with one more decision made."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[j] = upper[j] = value
        return Node(lower, upper, start)


class Relaxation(Protocol):
    """What a search asks of the linear model behind it.

    Attributes:
        where: where it was solved last.
    """

    where: Point | None

    def hold(self, lower: FloatArray, upper: FloatArray) -> None:
        """Bound the decisions, (K,) each."""

    def relaxed(self, cutoff: float, start: Point | None) -> tuple[float, FloatArray] | None:
        """Least cost with its margins held, or that it is no less than a cutoff, and masses (n + m,); None: unknown."""

    def reach(self) -> tuple[float, FloatArray]:
        """Least cost, infinite where there is no recipe, and its masses (n + m,)."""

    def cut(self) -> bool:
        """Add tangents where the masses just reached miss a margin; whether any did."""

    def stopped(self) -> bool:
        """Whether the search has to end with what it has."""


class MaterialSearch:
    """A search over the yes/no decisions of one problem.

    Args:
        problem: whose lots and most materials.
        columns: (K,) the column each decision is about.
        relaxation: the linear model.
        experience: of decisions under the same objective.
    """

    def __init__(
        self, problem: RecipeProblem, columns: NDArray[np.int_], relaxation: Relaxation, experience: Experience
    ) -> None:
        self._columns = columns
        self._lots = problem.lots[columns]
        self._counted = problem.counted[columns] > 0
        must = int(np.sum((problem.counted > 0) & (problem.least > 0)))
        most = problem.options.max_materials
        self._most = len(columns) if most is None else most - must
        self._relaxation = relaxation
        self._exact_t = EXACT * problem.order.mass_t
        self._gap = OF_GAP * problem.options.gap
        self._experience = experience

    def is_recipe(self, columns_t: FloatArray) -> bool:
        """Whether masses (n + m,) hold every lot and the number of materials."""
        masses = columns_t[self._columns]
        used = masses > UNUSED_BELOW_T
        short = used & (masses < self._lots - self._exact_t)
        return not short.any() and int((used & self._counted).sum()) <= self._most

    def run(self, decisions: FloatArray, cost_eur: float) -> Found:
        """Search from a recipe to beat; infinitely dear where none is known."""
        count = len(self._columns)
        order = itertools.count()
        waiting = [(-np.inf, next(order), Node(np.zeros(count), np.ones(count)))]
        best, upper, left_out = decisions, cost_eur, np.inf
        branched = itertools.count()
        while waiting:
            bound, _, next_node = heapq.heappop(waiting)
            if bound >= self._cutoff(upper) or self._relaxation.stopped():
                return Found(best, upper, min(bound, left_out, upper))
            dive: Node | None = next_node
            while dive is not None:
                node, dive = dive, None
                cost, masses = self._solve_node(node, self._cutoff(upper))
                if cost >= self._cutoff(upper):
                    left_out = min(left_out, cost)
                    continue
                if self.is_recipe(masses):
                    best, upper = (masses[self._columns] > UNUSED_BELOW_T).astype(np.float64), cost
                    continue
                if next(branched) % ROUNDED_EVERY == 0:
                    rounded, reached = self._rounded(node, masses, self._cutoff(upper))
                    if reached < self._cutoff(upper):
                        best, upper = rounded, reached
                near, far = self._branch(node, cost, masses)
                if near[0] < self._cutoff(upper) and not self._relaxation.stopped():
                    dive = near[1]
                for reached, side in (near, far):
                    if side is not dive:
                        heapq.heappush(waiting, (reached, next(order), side))
        return Found(best, upper, min(left_out, upper))

    def _solve_node(self, node: Node, cutoff: float) -> tuple[float, FloatArray]:
        """Cost and masses of a node, cut until tight where they are a recipe, else as far as a bound needs."""
        self._relaxation.hold(node.lower, node.upper)
        found = self._relaxation.relaxed(cutoff, node.start)
        if found is not None:
            return found
        for rounds in itertools.count():
            cost, masses = self._relaxation.reach()
            enough = rounds >= CUTS_AT_A_NODE and not self.is_recipe(masses)
            if cost >= cutoff or enough or not self._relaxation.cut():
                break
        return cost, masses

    def _rounded(self, node: Node, masses_t: FloatArray, cutoff: float) -> tuple[FloatArray, float]:
        """Decisions near a node's masses (n + m,), and their cost; infinite where they leave no recipe."""
        masses = masses_t[self._columns]
        use = ((masses >= 0.5 * self._lots) & (masses > UNUSED_BELOW_T) & (node.upper > 0)) | (node.lower > 0)
        counted = np.flatnonzero(use & self._counted)
        # Those decided already come before those that weigh most.
        ranked = counted[np.lexsort((-masses[counted], -node.lower[counted]))]
        use[ranked[self._most :]] = False
        decisions = use.astype(np.float64)
        here = self._relaxation.where
        self._relaxation.hold(decisions, decisions)
        found = self._relaxation.relaxed(cutoff, here)
        self._relaxation.where = here
        return decisions, np.inf if found is None else found[0]

    def _cutoff(self, upper: float) -> float:
        return upper - self._gap * abs(upper) if np.isfinite(upper) else np.inf

    def _branch(self, node: Node, cost: float, masses_t: FloatArray) -> tuple[tuple[float, Node], tuple[float, Node]]:
        """The two sides of the decision that should raise the bound most, with their bounds, the better first."""
        masses = masses_t[self._columns]
        in_use = masses > UNUSED_BELOW_T
        to_decide = masses < self._lots - self._exact_t
        if int((in_use & self._counted).sum()) > self._most:
            to_decide |= self._counted
        tried = np.flatnonzero((node.lower < node.upper) & in_use & to_decide)
        if not len(tried):
            raise SolverError("every material in use is decided and the lots do not hold")
        here = self._relaxation.where
        sides: list[tuple[float, tuple[float, Node], tuple[float, Node]]] = []
        for j in tried:
            out = self._side(node.decided(int(j), 0.0, here), cost, int(j), float(masses[j]))
            more = max(float(self._lots[j] - masses[j]), LEAST_DISTANCE_T)
            used = self._side(node.decided(int(j), 1.0, here), cost, int(j), more)
            # The lesser gain counts most (Linderoth and Savelsbergh 1999): both sides have to be done away with.
            score = (1.0 - GREATER) * min(out[0], used[0]) + GREATER * max(out[0], used[0])
            sides.append((score, out[1:], used[1:]))
        _, first, second = max(sides, key=lambda side: side[0])
        return (first, second) if first[0] <= second[0] else (second, first)

    def _side(self, decided: Node, cost: float, j: int, distance_t: float) -> tuple[float, float, Node]:
        """By how much one side should raise the bound, €, what its cost is sure to reach, and the side.

        A side never tried at this plant is solved once (strong branching); later what was seen is enough to choose by.
        """
        side, column = int(decided.lower[j]), int(self._columns[j])
        expected = self._experience.expected(side, column, distance_t)
        if expected is not None:
            return expected, cost, decided
        self._relaxation.hold(decided.lower, decided.upper)
        reached, _ = self._relaxation.relaxed(np.inf, decided.start) or self._relaxation.reach()
        gain = max(reached - cost, 0.0)
        if np.isfinite(gain):
            self._experience.learn(side, column, gain, distance_t)
        return gain, max(reached, cost), decided
