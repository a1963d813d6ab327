"""The k cheapest different recipes: each does without a material of every cheaper one.

A best-first tree over sets of materials left out (the hitting-set tree of Reiter 1987): leaving more out never makes an
order cheaper, so what comes up first is the next cheapest. A recipe found already that uses nothing of what is left out
is the optimum there too and need not be solved for again.
"""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer, recipe_from
from optimizer.problem.recipe_problem import UNUSED_BELOW_T, RecipeProblem
from optimizer.solve.errors import SolverError
from optimizer.solve.interruption import seconds_left, within
from optimizer.solve.solver import Solution
from steel.answers import RankedRecipe

Columns = frozenset[int]


@dataclass(frozen=True)
class Node:
    """The cheapest recipe without some materials."""

    without: Columns
    problem: RecipeProblem
    solution: Solution

    @property
    def uses(self) -> Columns:
        """Metal-bearing materials its recipe is made of."""
        return frozenset(int(j) for j in np.flatnonzero(self.problem.parts_of(self.solution.columns_t)))

    def does(self, without: Columns) -> bool:
        """Whether its recipe uses nothing of some materials."""
        return bool((self.solution.columns_t[list(without)] <= UNUSED_BELOW_T).all())


def cheapest_different(
    optimizer: Optimizer, problem: RecipeProblem, count: int = 5, dearer_by: float = 0.05
) -> tuple[RankedRecipe, ...]:
    """The cheapest recipes of an order that differ in their metal-bearing materials, cheapest first.

    Args:
        optimizer: finds each.
        problem: the order.
        count: how many at most.
        dearer_by: how much more than the cheapest any may cost, as a share.

    Raises:
        ImpossibleOrderError: no recipe meets the order.
        SolverError: time ran out before any recipe was found.
    """
    with within(problem.options.time_limit_s):
        shown = list(itertools.islice(_by_cost(optimizer, problem, dearer_by), count))
    best = shown[0][0].solution.objective_eur_per_t
    return tuple(_ranked(rank, node, best, proven) for rank, (node, proven) in enumerate(shown, start=1))


def _by_cost(optimizer: Optimizer, problem: RecipeProblem, dearer_by: float) -> Iterator[tuple[Node, bool]]:
    """Recipes that differ, cheapest first, and whether time sufficed to compare each with all others."""
    root = Node(frozenset(), problem, optimizer.solution(problem))
    best = root.solution.objective_eur_per_t
    dearest = best + dearer_by * abs(best)
    order = itertools.count()
    waiting = [(best, next(order), root)]
    seen: set[Columns] = {root.without}
    shown: list[Node] = []
    in_time = seconds_left() > 0
    while waiting:
        _, _, node = heapq.heappop(waiting)
        if all(node.uses != other.uses for other in shown):
            shown.append(node)
            yield node, in_time
        for j in sorted(node.uses):
            without = node.without | {j}
            if without in seen or problem.least[j] > 0:
                continue
            seen.add(without)
            child = next((other for other in shown if other.does(without)), None)
            found = child.solution if child else _solved(optimizer, problem, without)
            in_time = in_time and seconds_left() > 0
            if found is not None and found.objective_eur_per_t <= dearest:
                next_node = Node(without, _lacking(problem, without), found)
                heapq.heappush(waiting, (found.objective_eur_per_t, next(order), next_node))


def _lacking(problem: RecipeProblem, without: Columns) -> RecipeProblem:
    most = problem.most.copy()
    most[list(without)] = 0.0
    return replace(problem, most=most)


def _solved(optimizer: Optimizer, problem: RecipeProblem, without: Columns) -> Solution | None:
    """The optimum without some materials; None where there is none, or no time for it."""
    if seconds_left() <= 0:
        return None
    try:
        return optimizer.solution(_lacking(problem, without), explain=False)
    except (ImpossibleOrderError, SolverError):
        return None


def _ranked(rank: int, node: Node, best_eur_per_t: float, proven: bool) -> RankedRecipe:
    return RankedRecipe(
        rank=rank,
        dearer_by_eur_per_t=max(0.0, node.solution.objective_eur_per_t - best_eur_per_t),
        without=tuple(node.problem.items[j].material.name for j in sorted(node.without)),
        proven=proven,
        recipe=recipe_from(node.problem, node.solution, outcome_of(node.problem, node.solution.columns_t)),
    )
