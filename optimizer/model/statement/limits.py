"""Limits and aims of the analysis, each with its margin, on the wt% times the steel's mass: linear, and cones."""

import numpy as np
import pyomo.core as pyo

from optimizer.model.compiled import Filled
from optimizer.model.statement.masses import number, reach_t
from optimizer.model.statement.structure import ElementShape, Structure, counts_as_headroom, states_predictors
from optimizer.problem.elements import ElementRow
from optimizer.problem.options import Objective
from optimizer.problem.recipe_problem import RecipeProblem
from steel.heats import FloatArray


def state_limits(model: pyo.ConcreteModel, structure: Structure) -> None:
    """State contents, margins and limits; the cones `margin ≥ ‖root · masses‖` are what a solver adds to it."""
    shapes = structure.elements

    def those(which: "list[bool]") -> pyo.Set:
        return pyo.Set(initialize=[shape.symbol for shape, is_one in zip(shapes, which, strict=True) if is_one])

    model.ELEMENTS = those([True for _ in shapes])
    model.LIMITED_ABOVE, model.LIMITED_BELOW = those([s.maximum for s in shapes]), those([s.minimum for s in shapes])
    model.AIMED, model.MARGINS = those([s.aim for s in shapes]), those([s.margin for s in shapes])
    model.KEPT_LOW = those([s.headroom for s in shapes])
    model.wt_pct = number(model.ELEMENTS, model.MATERIALS)
    model.maximum_wt_pct, model.inside_maximum_wt_pct = number(model.LIMITED_ABOVE), number(model.LIMITED_ABOVE)
    model.minimum_wt_pct, model.inside_minimum_wt_pct = number(model.LIMITED_BELOW), number(model.LIMITED_BELOW)
    model.sds_below_maximum, model.sds_above_minimum = number(model.MARGINS), number(model.MARGINS)
    model.margin = pyo.Var(model.MARGINS, within=pyo.NonNegativeReals)
    if structure.headroom:
        model.most_headroom = number()
        model.headroom = pyo.Var(bounds=(0, model.most_headroom))
    balance = {e: sum(model.wt_pct[e, name] * model.mass_t[name] for name in model.MATERIALS) for e in model.ELEMENTS}
    above, below = _state_remainders(model, shapes)
    model.highest = pyo.Expression(model.ELEMENTS, rule=lambda _, e: balance[e] + above.get(e, 0.0))
    model.lowest = pyo.Expression(model.ELEMENTS, rule=lambda _, e: balance[e] + below.get(e, 0.0))

    def maximum(_: pyo.Block, e: str) -> object:
        margin = model.sds_below_maximum[e] * model.margin[e] if e in model.MARGINS else 0.0
        kept = model.maximum_wt_pct[e] * model.order_t * model.headroom if e in model.KEPT_LOW else 0.0
        limit = model.maximum_wt_pct[e] - model.inside_maximum_wt_pct[e]
        return model.highest[e] + margin + kept <= limit * model.steel_t

    def minimum(_: pyo.Block, e: str) -> object:
        margin = model.sds_above_minimum[e] * model.margin[e] if e in model.MARGINS else 0.0
        limit = model.minimum_wt_pct[e] + model.inside_minimum_wt_pct[e]
        return model.lowest[e] - margin >= limit * model.steel_t

    model.maximum = pyo.Constraint(model.LIMITED_ABOVE, rule=maximum)
    model.minimum = pyo.Constraint(model.LIMITED_BELOW, rule=minimum)


def state_aims(model: pyo.ConcreteModel, structure: Structure) -> None:
    """State how far the expected content is off what is aimed for."""
    model.aim_wt_pct, model.eur_per_wt_pct_t = number(model.AIMED), number(model.AIMED)
    model.off_aim = pyo.Var(model.AIMED, within=pyo.NonNegativeReals)
    model.above_aim = pyo.Constraint(
        model.AIMED, rule=lambda _, e: model.highest[e] - model.aim_wt_pct[e] * model.steel_t <= model.off_aim[e]
    )
    model.below_aim = pyo.Constraint(
        model.AIMED, rule=lambda _, e: model.aim_wt_pct[e] * model.steel_t - model.lowest[e] <= model.off_aim[e]
    )


def _state_remainders(
    model: pyo.ConcreteModel, shapes: tuple[ElementShape, ...]
) -> tuple[dict[str, pyo.Var], dict[str, pyo.Var]]:
    """Variables at least, and at most, what each element has beyond its linear balance; none where there is nothing."""
    convex = {s.symbol: s for s in shapes if s.pieces}
    model.REMAINDERS = pyo.Set(initialize=[s.symbol for s in shapes if s.predicted or (s.pieces and s.above)])
    model.FLOORS = pyo.Set(initialize=[e for e, shape in convex.items() if shape.below])
    model.PIECES = pyo.Set(initialize=[(e, k) for e, shape in convex.items() for k in range(shape.pieces)], dimen=2)
    model.remainder, model.floor = pyo.Var(model.REMAINDERS), pyo.Var(model.FLOORS)
    model.piece_wt_pct = number(model.PIECES, model.MATERIALS)
    piece = {
        (e, k): sum(model.piece_wt_pct[e, k, name] * model.mass_t[name] for name in model.MATERIALS)
        for e, k in model.PIECES
    }
    model.piece = pyo.Constraint(
        [(e, k) for e, k in model.PIECES if e in model.REMAINDERS],
        rule=lambda _, e, k: piece[e, k] <= model.remainder[e],
    )
    # A greatest of pieces reaches something exactly if one piece does: one yes/no decision a piece.
    below = [(e, k) for e, k in model.PIECES if e in model.FLOORS]
    model.piece_chosen = pyo.Var(below, within=pyo.Binary)
    model.piece_slack_t = number(pyo.Set(initialize=below, dimen=2))
    model.reaches = pyo.Constraint(
        below,
        rule=lambda _, e, k: model.floor[e] - piece[e, k] <= model.piece_slack_t[e, k] * (1 - model.piece_chosen[e, k]),
    )
    model.one_piece = pyo.Constraint(
        model.FLOORS, rule=lambda _, e: sum(model.piece_chosen[other, k] for other, k in below if other == e) == 1
    )
    above = {e: model.remainder[e] for e in model.REMAINDERS}
    predicted = {s.symbol for s in shapes if s.predicted}
    return above, {e: model.remainder[e] for e in model.REMAINDERS if e in predicted} | {
        e: model.floor[e] for e in model.FLOORS
    }


def numbers_of_limits(problem: RecipeProblem) -> Filled:
    """Values of the numbers stated here."""
    rows = [row for row in problem.rows if row.needs_above or row.needs_below]
    upper, lower = [r for r in rows if r.maximum is not None], [r for r in rows if r.minimum is not None]
    aimed = [row.aim for row in rows if row.aim is not None]
    convex = [row for row in rows if len(row.pieces) and not states_predictors(row)]
    columns, reach = len(problem.items), reach_t(problem)
    none = np.zeros((0, columns))
    worth = problem.options.preferences.get(Objective.HEADROOM, 0.0)
    return {
        "wt_pct": np.array([row.linear for row in rows]) if rows else none,
        "maximum_wt_pct": np.array([row.maximum for row in upper]),
        "inside_maximum_wt_pct": np.array([problem.inside_wt_pct(row, row.maximum or 0.0) for row in upper]),
        "minimum_wt_pct": np.array([row.minimum for row in lower]),
        "inside_minimum_wt_pct": np.array([problem.inside_wt_pct(row, row.minimum or 0.0) for row in lower]),
        "sds_below_maximum": np.array([row.upper_z for row in rows if row.has_margin]),
        "sds_above_minimum": np.array([row.lower_z for row in rows if row.has_margin]),
        "piece_wt_pct": np.concatenate([row.pieces for row in convex]) if convex else none,
        "piece_slack_t": np.concatenate([np.zeros(0), *(_slacks(row, reach) for row in convex if row.needs_below)]),
        "aim_wt_pct": np.array([aim.wt_pct for aim in aimed]),
        "eur_per_wt_pct_t": np.array([aim.eur_per_t_per_wt_pct for aim in aimed]),
        "most_headroom": float(any(counts_as_headroom(row) for row in problem.rows)),
        "eur_per_headroom": worth * problem.order.mass_t,
    }


def _slacks(row: ElementRow, reach: FloatArray) -> FloatArray:
    """(K,) by how much the greatest of the pieces can exceed each."""
    return np.asarray((row.pieces.max(axis=0) - row.pieces) @ reach)
