"""What is charged and added, how much there is of it, and how much steel it makes."""

from typing import Any

import numpy as np
import pyomo.core as pyo

from optimizer.model.compiled import Filled
from optimizer.model.statement.structure import Structure
from optimizer.problem.recipe_problem import RecipeProblem
from steel.heats import FloatArray

MOST_PER_T = 3.0
"""t of any one furnace material per t of steel; beyond every sensible charge, slag formers included."""
MOST_ADDED_PER_T = 0.05
"""t of any one tapping addition per t of steel; more would freeze the ladle."""


def number(*index: pyo.Set) -> pyo.Param:
    """A number of the day, or one for each element of some sets."""
    return pyo.Param(*index, mutable=True, initialize=1.0, domain=pyo.Any)


def state_masses(model: pyo.ConcreteModel, structure: Structure) -> None:
    """State masses within what there is of each, and that they make the order."""
    model.CHARGED = pyo.Set(initialize=structure.charged)
    model.ADDED = pyo.Set(initialize=structure.added)
    model.MATERIALS = pyo.Set(initialize=(*structure.charged, *structure.added))
    model.COUNTED = pyo.Set(initialize=structure.counted)
    model.least_t, model.most_t = number(model.MATERIALS), number(model.MATERIALS)

    def between(_: pyo.Block, name: str) -> tuple[Any, Any]:
        return model.least_t[name], model.most_t[name]

    model.charged_t = pyo.Var(model.CHARGED, bounds=between)
    model.added_t = pyo.Var(model.ADDED, bounds=between)
    model.mass_t = {**dict(model.charged_t.items()), **dict(model.added_t.items())}
    model.steel_per_t = number(model.MATERIALS)
    model.tapped_t = pyo.Expression(expr=sum(model.steel_per_t[name] * model.charged_t[name] for name in model.CHARGED))
    model.steel_t = pyo.Expression(
        expr=model.tapped_t + sum(model.steel_per_t[name] * model.added_t[name] for name in model.ADDED)
    )
    model.metal_t = pyo.Expression(expr=sum(model.mass_t[name] for name in model.COUNTED))
    model.order_t, model.least_steel_t, model.most_steel_t = number(), number(), number()
    model.order = pyo.Constraint(expr=(model.least_steel_t, model.steel_t, model.most_steel_t))


def reach_t(problem: RecipeProblem) -> FloatArray:
    """(n + m,) most of each column, t, whatever the stock: no more than would make all of the order."""
    per_t = np.minimum(1.0 / np.maximum(problem.yields, 1.0 / MOST_PER_T), MOST_PER_T)
    per_t[problem.furnace_columns :] = MOST_ADDED_PER_T
    return np.maximum(per_t * problem.mass_band_t[1], problem.least)


def numbers_of_masses(problem: RecipeProblem) -> Filled:
    """Values of the numbers stated here, and of costs."""
    least_steel_t, most_steel_t = problem.mass_band_t
    return {
        "least_t": problem.least,
        "most_t": np.minimum(reach_t(problem), problem.most),
        "steel_per_t": problem.yields,
        "order_t": problem.order.mass_t,
        "least_steel_t": least_steel_t,
        "most_steel_t": most_steel_t,
        "eur_per_t": problem.cost.columns,
        "eur_per_kwh": problem.cost.per_kwh,
        "block_eur": problem.block_eur[problem.block_eur != 0],
        "steel_eur_per_t": problem.steel_eur_per_t or 0.0,
    }
