"""Other ways to make the order: the cheapest recipe without each material that the optimal one uses."""

from dataclasses import replace

import numpy as np

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer, recipe_from
from optimizer.problem.recipe_problem import UNUSED_BELOW_T, RecipeProblem
from optimizer.solve.errors import SolverError
from optimizer.solve.interruption import within, within_share
from optimizer.solve.solver import Solution
from steel.recipes import Alternative


def alternatives(optimizer: Optimizer, problem: RecipeProblem) -> tuple[Alternative, ...]:
    """One alternative for each metal-bearing material of the optimal recipe, cheapest first.

    What must be used cannot be left out. An alternative differs from the optimum, and no two leave out the same. The
    price at which a material leaves is the one at which it would enter the recipe without it.

    Raises:
        ImpossibleOrderError: no recipe meets the order.
        SolverError: time ran out before any recipe was found.
    """
    found = []
    with within(problem.options.time_limit_s):
        with within_share(of=2):
            best = optimizer.solution(problem)
        left_out = np.flatnonzero((best.columns_t > UNUSED_BELOW_T) & (problem.counted > 0) & (problem.least == 0))
        for number, column in enumerate(left_out):
            with within_share(of=len(left_out) - number):
                found.append(_without(optimizer, problem, best, int(column)))
    return tuple(sorted(found, key=lambda one: np.inf if one.dearer_by_eur_per_t is None else one.dearer_by_eur_per_t))


def _without(optimizer: Optimizer, problem: RecipeProblem, solution: Solution, column: int) -> Alternative:
    material = problem.items[column].material.name
    none_of_it = problem.most.copy()
    none_of_it[column] = 0.0
    other = replace(problem, most=none_of_it)
    try:
        found = optimizer.solution(other, explain=False)
    except (ImpossibleOrderError, SolverError) as error:
        return Alternative(
            without=material,
            dearer_by_eur_per_t=None,
            leaves_at_eur_per_t=None,
            recipe=None,
            impossible=isinstance(error, ImpossibleOrderError),
        )
    dearer = found.objective_eur_per_t - solution.objective_eur_per_t
    return Alternative(
        without=material,
        dearer_by_eur_per_t=max(0.0, dearer),
        leaves_at_eur_per_t=problem.items[column].price_eur_per_t + float(found.prices.most[column]),
        recipe=recipe_from(other, found, outcome_of(other, found.columns_t)),
    )
