"""The recipe model in Pyomo, symbol by symbol as `docs/formulation-recipe.md` has it.

Prices, limits, quantiles and stock are mutable parameters. Confidence margins are cones
`M_e ≥ ‖root_e · (x, a)‖`, held by tangent cuts that do not depend on price, limit or confidence and so are
valid for as long as the surrogate's description is.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimizer.problem import NO_LOWER_LIMIT, NO_UPPER_LIMIT, ElementRow, RecipeProblem
from optimizer.trees import TreeRows
from steel.heats import FloatArray

NEGLIGIBLE = 1e-9
"""Coefficients the solver would ignore, with a warning."""
MOST_PER_T = 3.0
"""t of any one furnace material per t of steel; beyond every sensible charge, slag formers included."""
MOST_ADDED_PER_T = 0.05
"""t of any one tapping addition per t of steel; more would freeze the ladle."""


def _bound_per_t(problem: RecipeProblem, column: int) -> float:
    """Most of a column per t of final steel, whatever the stock: no more than would make all of it."""
    if column >= problem.furnace_columns:
        return MOST_ADDED_PER_T
    yields = float(problem.yields[column])
    return min(1.0 / yields, MOST_PER_T) if yields > 0 else MOST_PER_T


def upper_bound_t(problem: RecipeProblem, column: int) -> float:
    """A bound on one column that no recipe exceeds, t; it also makes yes/no decisions tight."""
    return min(float(problem.most[column]), _bound_per_t(problem, column) * problem.order.mass_t)


def has_lot_decision(problem: RecipeProblem, column: int) -> bool:
    """Whether using the column at all is a decision."""
    if problem.least[column] > 0:
        return False
    counted = problem.options.max_materials is not None and bool(problem.counted[column])
    return counted or bool(problem.lots[column] > 0)


def structure_key(problem: RecipeProblem) -> tuple[object, ...]:
    """What two problems must share for one model to serve both by changing parameters.

    Objects count by identity: a pooled model keeps its problem, and so them, alive.
    """
    return (
        id(problem.description),
        tuple(id(item.material) for item in problem.items),
        tuple(bool(least > 0) for least in problem.least),
        tuple(has_lot_decision(problem, column) for column in range(len(problem.items))),
        problem.options.max_materials is not None,
        problem.options.max_energy_kwh_per_t is not None,
        tuple(row.minimum is not None and len(row.pieces) > 0 for row in problem.rows),
        tuple(states_trees(row) for row in problem.rows),
        tuple(sorted((e, k) for e, k in problem.plant.furnace.ladle_retention.items())),
        problem.plant.furnace.baskets is not None,
    )


def states_trees(row: ElementRow) -> bool:
    """Whether an element's trees are part of the model: only where a limit asks for them."""
    return len(row.trees) > 0 and (row.maximum is not None or row.minimum is not None)


def build(problem: RecipeProblem, elastic: bool = False) -> Any:
    """Build the model; an elastic one carries a slack on every requirement, fixed at zero until freed.

    Slacks are in the unit of their row: wt% · t, t, m³, materials, kWh.
    """
    model = pyo.ConcreteModel()
    columns = range(len(problem.items))
    model.columns = pyo.RangeSet(0, len(problem.items) - 1)
    model.elements = pyo.Set(initialize=[row.element.value for row in problem.rows], ordered=True)
    model.mass = pyo.Param(mutable=True, initialize=1.0)
    model.cost = pyo.Param(model.columns, mutable=True, initialize=0.0)
    model.cost_kwh = pyo.Param(mutable=True, initialize=0.0)
    model.least = pyo.Param(model.columns, mutable=True, initialize=0.0)
    model.most = pyo.Param(model.columns, mutable=True, initialize=1.0)
    model.maximum = pyo.Param(model.elements, mutable=True, initialize=NO_UPPER_LIMIT)
    model.minimum = pyo.Param(model.elements, mutable=True, initialize=0.0)
    model.upper_z = pyo.Param(model.elements, mutable=True, initialize=0.0)
    model.lower_z = pyo.Param(model.elements, mutable=True, initialize=0.0)

    model.t = pyo.Var(model.columns, bounds=(0.0, None))
    model.final = pyo.Var(bounds=(0.0, None))
    model.energy = pyo.Var(bounds=(0.0, None))
    model.margin = pyo.Var(model.elements, bounds=(0.0, None))
    model.remainder = pyo.Var(model.elements)
    model.slack = pyo.VarList(bounds=(0.0, 0.0))
    model.slack_of = {}
    model.elastic = elastic

    def slack(kind: str, name: object) -> Any:
        if not elastic:
            return 0.0
        if (kind, name) not in model.slack_of:
            model.slack_of[kind, name] = model.slack.add()
        return model.slack_of[kind, name]

    def weighted(coefficients: FloatArray, over: Iterable[int] = columns) -> Any:
        return pyo.quicksum(float(coefficients[j]) * model.t[j] for j in over if abs(coefficients[j]) > NEGLIGIBLE)

    model.tapping = pyo.Constraint(expr=model.final == weighted(problem.yields))
    model.order = pyo.Constraint(expr=model.final == model.mass)
    model.at_most = pyo.Constraint(model.columns, rule=lambda m, j: m.t[j] - slack("most", j) - m.most[j] <= 0)
    model.at_least = pyo.Constraint(
        [j for j in columns if problem.least[j] > 0], rule=lambda m, j: m.least[j] - m.t[j] - slack("least", j) <= 0
    )
    trees = TreeRows(model, problem, np.array([_bound_per_t(problem, j) for j in range(problem.furnace_columns)]))
    _add_elements(model, problem, weighted, slack, trees)
    _add_energy(model, problem, weighted, slack, trees)
    trees.order_decisions()
    _add_baskets(model, problem, slack)
    _add_decisions(model, problem, slack)
    model.margin_cuts = pyo.ConstraintList()
    model.cost_objective = pyo.Objective(
        expr=pyo.quicksum(model.cost[j] * model.t[j] for j in columns) + model.cost_kwh * model.energy
    )
    set_parameters(model, problem)
    return model


def _add_elements(model: Any, problem: RecipeProblem, weighted: Any, slack: Any, trees: TreeRows) -> None:
    rows = {row.element.value: row for row in problem.rows}
    model.convex = pyo.ConstraintList()
    for name, row in rows.items():
        if states_trees(row):
            model.convex.add(model.remainder[name] == trees.total(row.trees))
        elif not len(row.pieces):
            model.remainder[name].fix(0.0)
        for piece in row.pieces:
            model.convex.add(weighted(piece) - model.remainder[name] <= 0)
    model.max_limit = pyo.Constraint(
        model.elements,
        rule=lambda m, e: (
            weighted(rows[e].linear) + m.remainder[e] + m.upper_z[e] * m.margin[e] - m.maximum[e] * m.final
            - slack("maximum", e) <= 0
        ),
    )  # fmt: skip
    model.floor_value = pyo.VarList()
    model.floor_choice = pyo.VarList(domain=pyo.Binary)
    model.floor = pyo.ConstraintList()
    floor = {name: _remainder_below(model, row, problem, weighted) for name, row in rows.items()}
    model.min_limit = pyo.Constraint(
        model.elements,
        rule=lambda m, e: (
            m.minimum[e] * m.final + m.lower_z[e] * m.margin[e] - weighted(rows[e].linear) - floor[e]
            - slack("minimum", e) <= 0
        ),
    )  # fmt: skip


def _remainder_below(model: Any, row: ElementRow, problem: RecipeProblem, weighted: Any) -> Any:
    """A term that is at most the convex remainder and can reach it, for a lower limit.

    A greatest of several pieces is at least something exactly if one of them is: one yes/no decision a piece.
    """
    if states_trees(row):
        return model.remainder[row.element.value]
    if not len(row.pieces) or row.minimum is None:
        return 0.0
    greatest = row.pieces.max(axis=0)
    reach = [_bound_per_t(problem, j) for j in range(len(problem.items))]
    value = model.floor_value.add()
    chosen = [model.floor_choice.add() for _ in row.pieces]
    for piece, is_chosen in zip(row.pieces, chosen, strict=True):
        slack_per_t = float((greatest - piece) @ reach)
        model.floor.add(value - weighted(piece) - slack_per_t * model.mass * (1 - is_chosen) <= 0)
    model.floor.add(pyo.quicksum(chosen) == 1)
    return value


def _add_energy(model: Any, problem: RecipeProblem, weighted: Any, slack: Any, trees: TreeRows) -> None:
    n = problem.furnace_columns
    wooded = trees.total(problem.energy_trees) if len(problem.energy_trees) else 0.0
    model.energy_pieces = pyo.ConstraintList()
    for piece in problem.energy_pieces if len(problem.energy_pieces) else np.zeros((1, n)):
        model.energy_pieces.add(weighted(problem.energy_linear + piece, range(n)) + wooded - model.energy <= 0)
    if problem.options.max_energy_kwh_per_t is not None:
        model.most_energy = pyo.Param(mutable=True, initialize=1.0)
        model.energy_limit = pyo.Constraint(
            expr=model.energy - model.most_energy * weighted(problem.furnace_yields) - slack("energy", "") <= 0
        )


def _add_baskets(model: Any, problem: RecipeProblem, slack: Any) -> None:
    baskets = problem.plant.furnace.baskets
    if baskets is None:
        return
    n = range(problem.furnace_columns)
    model.volume = pyo.Param(mutable=True, initialize=1.0)
    model.weight = pyo.Param(mutable=True, initialize=1.0)
    filled = pyo.quicksum(float(problem.volume_per_t[j]) * model.t[j] for j in n)
    model.basket_volume = pyo.Constraint(expr=filled - slack("volume", "") - model.volume <= 0)
    model.basket_weight = pyo.Constraint(
        expr=pyo.quicksum(model.t[j] for j in n) - slack("weight", "") - model.weight <= 0
    )


def _add_decisions(model: Any, problem: RecipeProblem, slack: Any) -> None:
    decided = [j for j in range(len(problem.items)) if has_lot_decision(problem, j)]
    model.decided = pyo.Set(initialize=decided, ordered=True)
    model.used = pyo.Var(model.decided, domain=pyo.Binary)
    model.lot = pyo.Param(model.decided, mutable=True, initialize=0.0)
    model.bound = pyo.Param(model.decided, mutable=True, initialize=1.0)
    model.use = pyo.Constraint(model.decided, rule=lambda m, j: m.t[j] - m.bound[j] * m.used[j] <= 0)
    model.min_lot = pyo.Constraint(model.decided, rule=lambda m, j: m.lot[j] * m.used[j] - m.t[j] <= 0)
    if problem.options.max_materials is not None:
        model.most_materials = pyo.Param(mutable=True, initialize=1.0)
        counted = pyo.quicksum(model.used[j] for j in decided if problem.counted[j])
        model.count = pyo.Constraint(expr=counted - slack("count", "") - model.most_materials <= 0)


def set_parameters(model: Any, problem: RecipeProblem) -> None:
    """Give a model of the same structure this problem's prices, limits, quantiles and stock."""
    model.mass.set_value(problem.order.mass_t)
    model.cost_kwh.set_value(problem.cost.per_kwh)
    for j in range(len(problem.items)):
        model.cost[j].set_value(float(problem.cost.columns[j]))
        model.least[j].set_value(float(problem.least[j]))
        model.most[j].set_value(upper_bound_t(problem, j))
    for row in problem.rows:
        name = row.element.value
        model.maximum[name].set_value(NO_UPPER_LIMIT if row.maximum is None else row.maximum)
        model.upper_z[name].set_value(0.0 if row.maximum is None else row.upper_z)
        model.minimum[name].set_value(NO_LOWER_LIMIT if row.minimum is None else row.minimum)
        model.lower_z[name].set_value(0.0 if row.minimum is None else row.lower_z)
    baskets = problem.plant.furnace.baskets
    if baskets is not None:
        model.volume.set_value(baskets.count * baskets.volume_m3)
        model.weight.set_value(baskets.count * baskets.max_t)
    for j in model.decided:
        model.lot[j].set_value(float(problem.lots[j]))
        # Where stock may give way, a decision must not hold on to it.
        loose = _bound_per_t(problem, j) * problem.order.mass_t
        model.bound[j].set_value(loose if model.elastic else upper_bound_t(problem, j))
    if problem.options.max_materials is not None:
        must = sum(bool(problem.counted[j]) and problem.least[j] > 0 for j in range(len(problem.items)))
        model.most_materials.set_value(problem.options.max_materials - must)
    if problem.options.max_energy_kwh_per_t is not None:
        model.most_energy.set_value(problem.options.max_energy_kwh_per_t)


def add_margin_cut(model: Any, row: ElementRow, at: FloatArray) -> Any:
    """Add the tangent of `‖root · (x, a)‖` at a recipe; it never cuts off a recipe that holds the margin."""
    image = row.root @ at
    gradient = row.root.T @ image / np.linalg.norm(image)
    tangent = pyo.quicksum(float(g) * model.t[j] for j, g in enumerate(gradient) if abs(g) > NEGLIGIBLE)
    return model.margin_cuts.add(tangent - model.margin[row.element.value] <= 0)


def forget_old_cuts(model: Any, most: int) -> None:
    """Drop the oldest tangents until at most so many are left."""
    kept = list(model.margin_cuts)
    for index in kept[: max(0, len(kept) - most)]:
        del model.margin_cuts[index]
