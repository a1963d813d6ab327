"""Which sets, rows and decisions a recipe problem has: problems of one structure differ in their numbers only."""

from dataclasses import dataclass
from typing import Literal

from optimizer.problem.elements import ElementRow
from optimizer.problem.options import Objective
from optimizer.problem.own_rules import OwnRule, own_rules
from optimizer.problem.recipe_problem import RecipeProblem
from steel.elements import RESIDUALS

RulesStated = Literal["all", "by basket", "none"]


@dataclass(frozen=True)
class ElementShape:
    """What of an element is stated.

    Attributes:
        pieces: of its convex remainder; 0 where it has none.
        predicted: whether trees or a network are its remainder.
        headroom: whether the room under its maximum counts as headroom.
    """

    symbol: str
    maximum: bool
    minimum: bool
    aim: bool
    margin: bool
    pieces: int
    predicted: bool
    headroom: bool

    @property
    def above(self) -> bool:
        """Whether the statement must know how high the content may be."""
        return self.maximum or self.aim

    @property
    def below(self) -> bool:
        """Whether the statement must know how low the content may be."""
        return self.minimum or self.aim


@dataclass(frozen=True)
class GroupShape:
    """A plant's rule about a share of the charge."""

    name: str
    materials: tuple[str, ...]
    most: bool
    least: bool


@dataclass(frozen=True)
class BasketRuleShape:
    """A plant's rule about some baskets, numbered from 1."""

    name: str
    materials: tuple[str, ...]
    baskets: tuple[int, ...]
    most: bool
    least: bool
    most_m3: bool


@dataclass(frozen=True)
class BasketShape:
    """The baskets of a heat.

    Attributes:
        apart: whether what goes into each is stated by itself.
        alike: whether they may be exchanged.
        melting: whether what melts makes room taken for those after.
    """

    count: int
    apart: bool
    alike: bool = True
    melting: bool = False
    rules: tuple[BasketRuleShape, ...] = ()


@dataclass(frozen=True)
class Structure:
    """Everything about a recipe problem but its numbers.

    Attributes:
        charged: materials of the furnace.
        added: materials of the ladle.
        counted: metal-bearing ones.
        energy_pieces: of the convex electricity, at least 1.
        energy_predicted: whether trees or a network add to it.
        energy_paid: whether one is paid for electricity.
        priced_steel: whether steel beyond the order's mass is paid.
        headroom: whether the least room under a limit is stated.
        decided: materials whose use is a decision.
        with_lot: those of them that have a least mass then.
        limited_count: whether there may be only so many materials.
        lifted: materials that the crane lifts whole pieces of.
        blocks: what is paid whole.
        balances: names of the rules of slag and bath, with their sense.
        rules: a plant's own.
        absent: materials of the yard that the surrogate does not know, which rules may speak of.
    """

    charged: tuple[str, ...]
    added: tuple[str, ...]
    counted: tuple[str, ...]
    elements: tuple[ElementShape, ...]
    energy_pieces: int
    energy_predicted: bool
    energy_paid: bool
    energy_cap: bool
    power_on: bool
    priced_steel: bool
    headroom: bool
    decided: tuple[str, ...]
    with_lot: tuple[str, ...]
    limited_count: bool
    lifted: tuple[str, ...]
    blocks: tuple[str, ...]
    balances: tuple[tuple[str, float], ...]
    groups: tuple[GroupShape, ...]
    baskets: BasketShape | None
    rules: tuple[OwnRule, ...]
    absent: tuple[str, ...] = ()


def has_lot_decision(problem: RecipeProblem, column: int) -> bool:
    """Whether using the column at all is a decision."""
    if problem.block_eur[column] != 0:
        return True
    if problem.least[column] > 0:
        return False
    counted = problem.options.max_materials is not None and bool(problem.counted[column])
    return counted or bool(problem.lots[column] > 0)


def states_predictors(row: ElementRow) -> bool:
    """Whether an element's trees and network are stated: only where a limit or an aim asks for them."""
    return bool(row.predictors) and (row.needs_above or row.needs_below)


def counts_as_headroom(row: ElementRow) -> bool:
    """Whether an element is a residual that is limited above only: what the next customer's scrap must not have."""
    return row.element in RESIDUALS and row.maximum is not None and row.minimum is None


def headroom_elements(problem: RecipeProblem) -> tuple[str, ...]:
    """Elements whose room under the maximum counts as headroom."""
    return tuple(row.element.value for row in problem.rows if counts_as_headroom(row))


def structure_of(problem: RecipeProblem, headroom: bool = False, stated: RulesStated = "all") -> Structure:
    """The structure of a problem.

    Args:
        problem: the order.
        headroom: whether headroom is stated though nobody prefers it.
        stated: which of a plant's own rules are.
    """
    names = [item.material.name for item in problem.items]
    n = problem.furnace_columns
    headroom = headroom or bool(problem.options.preferences.get(Objective.HEADROOM))
    decided = [j for j in range(len(names)) if has_lot_decision(problem, j)]
    rules = () if stated == "none" else own_rules(problem.plant.rules)
    rules = rules if stated == "all" else tuple(rule for rule in rules if rule.by_basket)
    return Structure(
        charged=tuple(names[:n]),
        added=tuple(names[n:]),
        counted=tuple(name for name, counts in zip(names, problem.counted, strict=True) if counts > 0),
        elements=tuple(_shape(row, headroom) for row in problem.rows if row.needs_above or row.needs_below),
        energy_pieces=max(len(problem.energy_pieces), 1),
        energy_predicted=bool(problem.energy_predictors),
        energy_paid=problem.cost.per_kwh < 0.0,
        energy_cap=problem.options.max_energy_kwh_per_t is not None,
        power_on=problem.options.max_power_on_min is not None,
        priced_steel=problem.steel_eur_per_t is not None,
        headroom=headroom,
        decided=tuple(names[j] for j in decided),
        with_lot=tuple(names[j] for j in decided if problem.lots[j] > 0),
        limited_count=problem.options.max_materials is not None,
        lifted=tuple(names[j] for j in range(len(names)) if problem.items[j].lift_t > 0),
        blocks=tuple(names[j] for j in decided if problem.block_eur[j] != 0),
        balances=tuple((rule.name, rule.sense) for rule in problem.balance_rules),
        groups=tuple(
            GroupShape(
                group.name,
                tuple(name for name in names if name in group.materials),
                group.max_share < 1.0,
                group.min_share > 0.0,
            )
            for group in problem.plant.groups
        ),
        baskets=_baskets(problem, names[:n], rules),
        rules=rules,
        absent=tuple(item.material.name for item in problem.plant.yard if rules and item.material.name not in names),
    )


def _shape(row: ElementRow, headroom: bool) -> ElementShape:
    return ElementShape(
        symbol=row.element.value,
        maximum=row.maximum is not None,
        minimum=row.minimum is not None,
        aim=row.aim is not None,
        margin=row.has_margin,
        pieces=0 if states_predictors(row) else len(row.pieces),
        predicted=states_predictors(row),
        headroom=headroom and counts_as_headroom(row),
    )


def _baskets(problem: RecipeProblem, charged: list[str], rules: tuple[OwnRule, ...]) -> BasketShape | None:
    baskets = problem.plant.furnace.baskets
    if baskets is None:
        return None
    melting = baskets.melt_m3_per_t > 0
    if not problem.baskets_apart:
        return BasketShape(baskets.count, apart=False)
    return BasketShape(
        baskets.count,
        apart=True,
        alike=not (baskets.rules or melting or any(rule.by_basket for rule in rules)),
        melting=melting,
        rules=tuple(
            BasketRuleShape(
                rule.name,
                tuple(name for name in charged if name in rule.materials),
                tuple(b + 1 for b in rule.where(baskets.count)),
                rule.max_t is not None,
                rule.min_t > 0,
                rule.max_m3 is not None,
            )
            for rule in baskets.rules
        ),
    )
