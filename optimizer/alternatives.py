"""Other ways to make the order: the cheapest recipe without each material that the optimal one uses."""

from dataclasses import replace

import numpy as np

from optimizer.conflicts import ImpossibleOrderError
from optimizer.outcome import outcome_of
from optimizer.problem import UNUSED_BELOW_T, RecipeProblem
from optimizer.recommend import Optimizer, recipe_from
from optimizer.solver import Solution
from steel.recipes import Alternative


def alternatives(optimizer: Optimizer, problem: RecipeProblem, solution: Solution) -> tuple[Alternative, ...]:
    """One alternative for each metal-bearing material of the optimal recipe, cheapest first.

    What must be used cannot be left out. An alternative differs from the optimum, and no two leave out the same. The
    price at which a material leaves is the one at which it would enter the recipe without it.
    """
    found = []
    for column, item in enumerate(problem.items):
        used = solution.columns_t[column] > UNUSED_BELOW_T and bool(problem.counted[column])
        if used and problem.least[column] == 0:
            found.append(_without(optimizer, problem, solution, column, item.material.name))
    return tuple(sorted(found, key=lambda one: np.inf if one.dearer_by_eur_per_t is None else one.dearer_by_eur_per_t))


def _without(
    optimizer: Optimizer, problem: RecipeProblem, solution: Solution, column: int, material: str
) -> Alternative:
    none_of_it = problem.most.copy()
    none_of_it[column] = 0.0
    other = replace(problem, most=none_of_it)
    try:
        found = optimizer.solution(other, explain=False)
    except ImpossibleOrderError:
        return Alternative(without=material, dearer_by_eur_per_t=None, leaves_at_eur_per_t=None, recipe=None)
    dearer = found.objective_eur_per_t - solution.objective_eur_per_t
    return Alternative(
        without=material,
        dearer_by_eur_per_t=max(0.0, dearer),
        leaves_at_eur_per_t=problem.items[column].price_eur_per_t + float(found.shadow.most[column]),
        recipe=recipe_from(other, found, outcome_of(other, found.columns_t)),
    )
