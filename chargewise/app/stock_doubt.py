"""What a recipe takes beyond what is surely in the yard, and what doing without costs."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.recipe_problem import NEGLIGIBLE, RecipeProblem
from optimizer.solve.errors import SolverError
from steel.heats import FloatArray
from steel.recipes import DoubtfulStock, StockDoubt


def stock_doubt(
    optimizer: Optimizer, problem: RecipeProblem, columns_t: FloatArray, surely_t: Mapping[str, float],
    expected_t: Mapping[str, float],
) -> StockDoubt | None:  # fmt: skip
    """What of a recipe may not be there; None where all of it surely is.

    Args:
        optimizer: prices doing without.
        problem: of the recipe.
        columns_t: (n + m,) the recipe.
        surely_t: what is surely there, by material, where stock is booked.
        expected_t: what is probably there; a material of which an order says otherwise is left out.
    """
    doubtful, most = [], problem.most.copy()
    for column, item in enumerate(problem.items):
        name, planned_t = item.material.name, float(columns_t[column])
        surely, expected = surely_t.get(name), expected_t.get(name)
        if surely is None or expected is None or item.available_t != expected:
            continue
        if planned_t > surely + NEGLIGIBLE * problem.order.mass_t:
            doubtful.append(DoubtfulStock(material=name, planned_t=planned_t, expected_t=expected, surely_t=surely))
        most[column] = min(most[column], surely)
    if not doubtful:
        return None
    sure = replace(problem, most=np.asarray(most))
    try:
        found = outcome_of(sure, optimizer.solution(sure, explain=False).columns_t)
        dearer = found.costs_eur_per_t.total - outcome_of(problem, columns_t).costs_eur_per_t.total
    except (ImpossibleOrderError, SolverError):
        dearer = None
    return StockDoubt(materials=tuple(doubtful), dearer_by_eur_per_t=dearer)
