"""The recipe model, symbol by symbol as `docs/formulation-recipe.md` has it, as rows and columns.

Confidence margins are cones `M_e ≥ ‖root_e · (x, a)‖`, held by tangent cuts that do not depend on price, limit or
confidence and so are valid for as long as the surrogate's description is.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.basket_rows import add_baskets, add_lifts
from optimizer.bends import BendRows
from optimizer.element_rows import ElementRow
from optimizer.goals import Goal, add_goals
from optimizer.options import Objective
from optimizer.problem import RecipeProblem
from optimizer.rows import RowModel
from optimizer.session import InfeasibleError
from steel.elements import RESIDUALS
from steel.heats import FloatArray

MOST_PER_T = 3.0
"""t of any one furnace material per t of steel; beyond every sensible charge, slag formers included."""
MOST_ADDED_PER_T = 0.05
"""t of any one tapping addition per t of steel; more would freeze the ladle."""


def _bounds_t(problem: RecipeProblem) -> FloatArray:
    """(n + m,) most of each column, t, whatever the stock: no more than would make all of the order."""
    per_t = np.minimum(1.0 / np.maximum(problem.yields, 1.0 / MOST_PER_T), MOST_PER_T)
    per_t[problem.furnace_columns :] = MOST_ADDED_PER_T
    return np.asarray(per_t * problem.mass_band_t[1])


def has_lot_decision(problem: RecipeProblem, column: int) -> bool:
    """Whether using the column at all is a decision."""
    if problem.least[column] > 0:
        return False
    counted = problem.options.max_materials is not None and bool(problem.counted[column])
    return counted or bool(problem.lots[column] > 0)


def states_bends(row: ElementRow) -> bool:
    """Whether an element's trees and network are part of the model: only where a limit or an aim asks for them."""
    return bool(row.bends) and (row.needs_above or row.needs_below)


@dataclass(frozen=True)
class Form:
    """How a problem is stated.

    Attributes:
        elastic: whether every stated requirement has a slack column, held at zero until its bound is lifted; in the
            unit of its row: wt% · t, t, m³, materials, kWh.
        any_mass: whether the final mass is free, limits holding for whatever it is.
        goals: in place of the cost, come as near to all of these as can be.
    """

    elastic: bool = False
    any_mass: bool = False
    goals: tuple[Goal, ...] = ()


PLAIN = Form()


def formulate(problem: RecipeProblem, form: Form = PLAIN) -> RowModel:
    """State a problem, its margins without any tangent yet.

    Raises:
        InfeasibleError: of a material more is asked for than there is, or an element's limits cross.
    """
    if not form.elastic and problem.crossed:
        raise InfeasibleError
    elastic, any_mass = form.elastic, form.any_mass or problem.steel_eur_per_t is not None
    worth = problem.steel_eur_per_t or 0.0
    model = RowModel(elastic=elastic)
    bounds = np.maximum(_bounds_t(problem), problem.least)
    most = np.minimum(bounds, problem.most)
    least = np.zeros(len(bounds)) if elastic else problem.least
    costs = problem.cost.columns - worth * problem.yields
    for j in range(len(problem.items)):
        free = elastic and _asks_for_most(problem, j)
        upper = float(bounds[j] if free else most[j])
        model.column("t", j, lower=float(least[j]), upper=upper, cost=float(costs[j]))
    # No cost is below that of the linear part at nothing charged, but trees may pull electricity below zero kWh/t.
    model.column("energy", lower=-np.inf if problem.energy_bends else 0.0, cost=problem.cost.per_kwh)
    if problem.steel_eur_per_t is not None:
        # What the order's own mass is worth, so that a relative gap means what it does without a band.
        model.column("order", lower=1.0, upper=1.0, cost=worth * problem.order.mass_t)
    if not form.any_mass:
        least_t, most_t = problem.mass_band_t
        model.row("order", masses=problem.yields, lower=least_t, upper=most_t)
    if form.goals or problem.options.preferences.get(Objective.HEADROOM):
        _add_headroom(model, problem)
    bends = BendRows(model, problem, _bounds_t(problem)[: problem.furnace_columns])
    for row in problem.rows:
        _add_element(model, problem, row, bends, any_mass)
    _add_energy(model, problem, bends)
    bends.trees.order_decisions()
    if elastic:
        _add_loose_masses(model, problem)
    add_baskets(model, problem)
    _add_groups(model, problem)
    for rule in problem.balance_rules:
        model.row("balance", rule.name, masses=rule.row, others=model.slack("balance", rule.name), upper=0.0)
    _add_decisions(model, problem)
    add_goals(model, problem, form.goals)
    return model


def headroom_elements(problem: RecipeProblem) -> tuple[str, ...]:
    """Residuals that are limited above only: what the next customer's scrap must not have too much of."""
    return tuple(
        row.element.value
        for row in problem.rows
        if row.element in RESIDUALS and row.maximum is not None and row.minimum is None
    )


def _add_headroom(model: RowModel, problem: RecipeProblem) -> None:
    """The share of each residual's limit that its margin leaves free, the least over residuals."""
    worth = problem.options.preferences.get(Objective.HEADROOM, 0.0) * problem.order.mass_t
    most = 1.0 if headroom_elements(problem) else 0.0
    model.column("headroom", upper=most, cost=-worth)


def _asks_for_most(problem: RecipeProblem, column: int) -> bool:
    return problem.items[column].most_t is not None


def _add_element(model: RowModel, problem: RecipeProblem, row: ElementRow, bends: BendRows, any_mass: bool) -> None:
    if not (row.needs_above or row.needs_below):
        return
    name = row.element.value
    margin = {}
    if row.has_margin:
        margin = {model.column("margin", name): 1.0}
    upper, lower = _remainders(model, problem, row, bends)
    for kind, limit, sign, parts, z in (
        ("maximum", row.maximum, 1.0, upper, row.upper_z),
        ("minimum", row.minimum, -1.0, lower, row.lower_z),
    ):
        if limit is None:
            continue
        others = {k: sign * v for k, v in parts.items()} | dict.fromkeys(margin, z) | model.slack(kind, name)
        if kind == "maximum" and ("headroom",) in model.columns and name in headroom_elements(problem):
            others[model.columns["headroom",]] = limit * problem.order.mass_t
        # Margins are held to a tolerance; aiming that much inside the limit, the limit itself is never missed.
        inside = problem.inside_wt_pct(row, limit)
        aim = limit - sign * inside
        masses = sign * (row.linear - aim * problem.yields) if any_mass else sign * row.linear
        at_most = 0.0 if any_mass else sign * aim * problem.order.mass_t
        relief = inside * problem.mass_band_t[1]
        model.row(kind, name, masses=masses, others=others, upper=at_most, relief=relief)
    if row.aim is not None:
        off = model.column("off_aim", name, cost=row.aim.eur_per_t_per_wt_pct)
        for sign, parts in ((1.0, upper), (-1.0, lower)):
            others = {k: sign * v for k, v in parts.items()} | {off: -1.0}
            model.row("aim", name, sign, masses=sign * (row.linear - row.aim.wt_pct * problem.yields), others=others,
                      upper=0.0)  # fmt: skip


def _remainders(
    model: RowModel, problem: RecipeProblem, row: ElementRow, bends: BendRows
) -> tuple[dict[int, float], dict[int, float]]:
    """Columns at least, and at most, what an element has beyond its linear balance; none where there is nothing."""
    name = row.element.value
    upper: dict[int, float] = {}
    lower: dict[int, float] = {}
    if states_bends(row):
        remainder = model.column("remainder", name, lower=-np.inf)
        model.row("bends", name, others={**bends.total(name, row.bends), remainder: -1.0}, lower=0.0, upper=0.0)
        upper = lower = {remainder: 1.0}
    elif len(row.pieces):
        if row.needs_above:
            remainder = model.column("remainder", name, lower=-np.inf)
            model.block("piece", name, masses=row.pieces, others={remainder: -1.0}, upper=0.0)
            upper = {remainder: 1.0}
        if row.needs_below:
            lower = {_remainder_below(model, row, problem): 1.0}
    return upper, lower


def _remainder_below(model: RowModel, row: ElementRow, problem: RecipeProblem) -> int:
    """A column that is at most the convex remainder and can reach it, for a lower limit.

    A greatest of several pieces is at least something exactly if one of them is: one yes/no decision a piece.
    """
    greatest = row.pieces.max(axis=0)
    reach = _bounds_t(problem)
    name = row.element.value
    value = model.column("floor", name, lower=-np.inf)
    chosen = [model.column("piece_chosen", name, k, upper=1.0, integer=True) for k in range(len(row.pieces))]
    for k, piece in enumerate(row.pieces):
        # value ≤ piece · (x, a) unless another piece is chosen.
        loose = float((greatest - piece) @ reach)
        model.row("floor", name, k, masses=-piece, others={value: 1.0, chosen[k]: loose}, upper=loose)
    model.row("one_piece", name, others=dict.fromkeys(chosen, 1.0), lower=1.0, upper=1.0)
    return value


def _add_energy(model: RowModel, problem: RecipeProblem, bends: BendRows) -> None:
    energy = model.columns["energy",]
    bent = bends.total("energy", problem.energy_bends)
    pieces = problem.energy_pieces if len(problem.energy_pieces) else np.zeros((1, problem.furnace_columns))
    model.block("energy", masses=problem.energy_linear + pieces, others={**bent, energy: -1.0}, upper=0.0)
    if problem.cost.per_kwh < 0.0:
        # Who is paid for electricity is paid for what the charge takes, and for no more.
        _hold_energy_down(model, problem, pieces, bent)
    most = problem.options.max_energy_kwh_per_t
    if most is not None:
        others = {energy: 1.0} | model.slack("energy", "")
        model.row("energy_limit", masses=-most * problem.furnace_yields, others=others, upper=0.0)
    longest = problem.options.max_power_on_min
    if longest is not None:
        others = {energy: 1.0} | model.slack("power_on", "")
        model.row("power_on", others=others, upper=longest * problem.kwh_per_min)


def _hold_energy_down(model: RowModel, problem: RecipeProblem, pieces: FloatArray, bent: dict[int, float]) -> None:
    """Electricity is at most the greatest of its pieces: one of them is chosen."""
    energy, reach = model.columns["energy",], _bounds_t(problem)[: problem.furnace_columns]
    greatest = pieces.max(axis=0)
    chosen = [model.column("energy_piece", k, upper=1.0, integer=True) for k in range(len(pieces))]
    for k, piece in enumerate(pieces):
        loose = float((greatest - piece) @ reach)
        others = {energy: 1.0, chosen[k]: loose} | {column: -value for column, value in bent.items()}
        model.row("energy_most", k, masses=-(problem.energy_linear + piece), others=others, upper=loose)
    model.row("one_energy_piece", others=dict.fromkeys(chosen, 1.0), lower=1.0, upper=1.0)


def _add_loose_masses(model: RowModel, problem: RecipeProblem) -> None:
    one = np.eye(len(problem.items))
    for j in range(len(problem.items)):
        if _asks_for_most(problem, j):
            others = model.slack("most", j)
            model.row("most", j, masses=one[j], others=others, upper=float(problem.most[j]))
        if problem.least[j] > 0:
            others = model.slack("least", j, sign=1.0)
            model.row("least", j, masses=one[j], others=others, lower=float(problem.least[j]))


def _add_groups(model: RowModel, problem: RecipeProblem) -> None:
    for group in problem.plant.groups:
        inside = np.array([item.material.name in group.materials for item in problem.items], dtype=np.float64)
        if group.max_share < 1.0:
            masses = inside - group.max_share * problem.counted
            model.row(
                "group_most",
                group.name,
                masses=masses,
                others=model.slack("group_most", group.name),
                upper=0.0,
            )
        if group.min_share > 0.0:
            masses = group.min_share * problem.counted - inside
            model.row(
                "group_least",
                group.name,
                masses=masses,
                others=model.slack("group_least", group.name),
                upper=0.0,
            )


def _add_decisions(model: RowModel, problem: RecipeProblem) -> None:
    # Where stock may give way, even what there is none of today may come to be used.
    usable = [j for j in range(len(problem.items)) if model.elastic or problem.most[j] > 0]
    decided = [j for j in usable if has_lot_decision(problem, j)]
    bounds = _bounds_t(problem)
    add_lifts(model, problem, np.minimum(bounds, problem.most))
    used = {j: model.column("used", j, upper=1.0, integer=True) for j in decided}
    for j, use in used.items():
        # Where stock may give way, a decision must not hold on to it.
        bound = float(bounds[j]) if model.elastic else min(float(bounds[j]), float(problem.most[j]))
        model.row("use", j, others={j: 1.0, use: -bound}, upper=0.0)
        if problem.lots[j] > 0:
            model.row("lot", j, others={use: float(problem.lots[j]), j: -1.0}, upper=0.0)
    if problem.options.max_materials is not None:
        must = sum(bool(problem.counted[j]) and problem.least[j] > 0 for j in range(len(problem.items)))
        others = {used[j]: 1.0 for j in decided if problem.counted[j]} | model.slack("count", "")
        model.row("count", others=others, upper=float(problem.options.max_materials - must))
