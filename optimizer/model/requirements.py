"""What a recipe is held to, each requirement in one place: its wording, unit, step, sense, bound and source.

Prices, conflicts, reviews, ranges and pages read them here.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from optimizer.problem.own_rules import own_rules
from optimizer.problem.recipe_problem import RecipeProblem
from steel.baskets import BasketRule

DIGITS = 4
"""Significant digits of a bound that gave way, rounded to the side on which the order can be made."""
AT_MOST, AT_LEAST = 1, -1
Key = tuple[str, ...]
"""Kind and, where there are several of a kind, whose it is, such as ("maximum", "Cu")."""


class Source(StrEnum):
    """Where a requirement comes from."""

    GRADE = "grade"
    ORDER = "order"
    YARD = "yard"
    PLANT = "plant"
    RULE = "own rule"


@dataclass(frozen=True)
class Requirement:
    """One thing that a recipe is held to.

    Attributes:
        key: the constraint that states it, and whose; a mass's bounds are "stock" and "must_use".
        words: the requirement with `{}` for its value.
        unit: what follows a number of it.
        step: a relaxation that people talk about, in that unit.
        sense: AT_MOST or AT_LEAST.
        bound: its value.
        block: the statement's number that is its bound.
        offset: the statement's number that is its bound.
        scale: of that number for one unit of the bound.
        least: between which the bound makes sense.
        most: between which the bound makes sense.
    """

    key: Key
    words: str
    unit: str
    step: float
    sense: int
    bound: float
    source: Source
    block: str
    offset: int = 0
    scale: float = 1.0
    least: float = -math.inf
    most: float = math.inf

    def at(self, value: float) -> str:
        """The requirement with a value, in words."""
        return self.words.format(f"{value:.{DIGITS}g}")

    def __str__(self) -> str:
        # What a grade asks for is shown to the digit, what lies in a yard as it can be weighed.
        return self.words.format(f"{self.bound:g}") if self.source is Source.GRADE else self.at(self.bound)

    def eased(self, by: float) -> str:
        """The requirement eased by so much, rounded to the side on which it can be met."""
        value = min(max(self.bound + self.sense * by, self.least), self.most)
        if value:
            unit = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - DIGITS)
            rounded = self.sense * math.ceil(self.sense * value / unit - 1e-3) * unit
            value = min(max(rounded, self.least), self.most)
        return self.at(value)

    @property
    def step_words(self) -> str:
        """One step of easing it."""
        return f"{'+' if self.sense > 0 else '-'}{self.step:g}{self.unit}"


def requirements_of(problem: RecipeProblem) -> tuple[Requirement, ...]:
    """Every requirement of a problem."""
    return (
        *_limits(problem), *_masses(problem), *_order(problem), *_groups(problem), *_balances(problem),
        *_baskets(problem), *_own(problem),
    )  # fmt: skip


def limit_step(limit: float) -> float:
    """A relaxation of a limit that people talk about, wt%."""
    return 0.01 if limit >= 0.1 else 0.001


def _mass_step(mass_t: float) -> float:
    return 1.0 if mass_t >= 5.0 else 0.1


def _limits(problem: RecipeProblem) -> Iterator[Requirement]:
    for kind, sign, sense in (("maximum", "≤", AT_MOST), ("minimum", "≥", AT_LEAST)):
        limits = [(row.element.value, row.maximum if sense > 0 else row.minimum) for row in problem.rows]
        stated = [(name, limit) for name, limit in limits if limit is not None]
        for offset, (name, limit) in enumerate(stated):
            yield Requirement(
                (kind, name), f"{name} {sign} {{}} wt%", " wt%", limit_step(limit), sense, limit, Source.GRADE,
                f"{kind}_wt_pct", offset, least=0.0,
            )  # fmt: skip


def _masses(problem: RecipeProblem) -> Iterator[Requirement]:
    for column, item in enumerate(problem.items):
        name, least = item.material.name, float(problem.least[column])
        if item.most_t is not None:
            ruled = item.available_t is None or (item.max_t is not None and item.max_t < item.available_t)
            words, source = ("most per heat", Source.PLANT) if ruled else ("stock", Source.YARD)
            yield Requirement(
                ("stock", name), f"{name}: {words} {{}} t", " t", _mass_step(item.most_t), AT_MOST,
                float(problem.most[column]), source, "most_t", column,
            )  # fmt: skip
        if least > 0:
            yield Requirement(
                ("must_use", name), f"{name}: at least {{}} t", " t", _mass_step(least), AT_LEAST, least, Source.PLANT,
                "least_t", column, least=0.0,
            )  # fmt: skip


def _order(problem: RecipeProblem) -> Iterator[Requirement]:
    options = problem.options
    if options.max_energy_kwh_per_t is not None:
        yield Requirement(
            ("energy_cap",), "electricity ≤ {} kWh/t", " kWh/t", 1.0, AT_MOST, options.max_energy_kwh_per_t,
            Source.ORDER, "most_kwh_per_t",
        )  # fmt: skip
    if options.max_power_on_min is not None:
        yield Requirement(
            ("power_on",), "power on ≤ {} min", " min", 1.0, AT_MOST, options.max_power_on_min, Source.ORDER,
            "most_power_on_min",
        )  # fmt: skip
    if options.max_materials is not None:
        words = f"at most {{}} material{'' if options.max_materials == 1 else 's'}"
        yield Requirement(
            ("count",), words, " material", 1.0, AT_MOST, options.max_materials, Source.ORDER,
            "most_materials",
        )  # fmt: skip


def _groups(problem: RecipeProblem) -> Iterator[Requirement]:
    upper = [group for group in problem.plant.groups if group.max_share < 1.0]
    lower = [group for group in problem.plant.groups if group.min_share > 0.0]
    stated = [("group_most", "≤", AT_MOST, "most_share", k, g.name, g.max_share) for k, g in enumerate(upper)]
    stated += [("group_least", "≥", AT_LEAST, "least_share", k, g.name, g.min_share) for k, g in enumerate(lower)]
    for kind, sign, sense, block, offset, name, share in stated:
        yield Requirement(
            (kind, name), f"{name} {sign} {{}} % of the charge", " % of the charge", 1.0, sense, 100.0 * share,
            Source.PLANT, block, offset, scale=0.01, least=0.0, most=100.0,
        )  # fmt: skip


def _balances(problem: RecipeProblem) -> Iterator[Requirement]:
    for offset, rule in enumerate(problem.balance_rules):
        yield Requirement(
            ("balance", rule.name), rule.words, rule.unit, rule.step, int(np.sign(rule.sense)), rule.limit,
            Source.PLANT, "balance_limit", offset, least=0.0,
        )  # fmt: skip


def _baskets(problem: RecipeProblem) -> Iterator[Requirement]:
    baskets = problem.plant.furnace.baskets
    if baskets is None:
        return
    for kind, words, unit, each, block in (
        ("basket_volume", "basket volume {} m³", " m³", baskets.volume_m3, "basket_m3"),
        ("basket_weight", "basket weight {} t", " t", baskets.max_t, "basket_most_t"),
    ):
        yield Requirement(
            (kind,), words, unit, 1.0, AT_MOST, baskets.count * each, Source.PLANT, block, scale=1.0 / baskets.count
        )
    if not problem.baskets_apart:
        return
    upper = [(rule, rule.max_t) for rule in baskets.rules if rule.max_t is not None]
    lower = [(rule, rule.min_t) for rule in baskets.rules if rule.min_t > 0]
    roomy = [(rule, rule.max_m3) for rule in baskets.rules if rule.max_m3 is not None]
    for kind, sense, block, rules in (
        ("basket_most", AT_MOST, "rule_most_t", upper), ("basket_least", AT_LEAST, "rule_least_t", lower),
    ):  # fmt: skip
        for offset, (rule, mass_t) in enumerate(rules):
            yield Requirement(
                (kind, rule.name), _basket_words(rule, sense), " t", _mass_step(mass_t), sense, mass_t, Source.PLANT,
                block, offset, least=0.0,
            )  # fmt: skip

    for offset, (rule, most_m3) in enumerate(roomy):
        words = f"{rule.name}: at most {{}} m³ in {_basket_place(rule)}"
        yield Requirement(
            ("basket_most_m3", rule.name), words, " m³", 1.0, AT_MOST, most_m3, Source.PLANT, "rule_most_m3", offset,
            least=0.0,
        )  # fmt: skip


def _basket_words(rule: BasketRule, sense: int) -> str:
    return f"{rule.name}: at {'most' if sense > 0 else 'least'} {{}} t in {_basket_place(rule)}"


def _basket_place(rule: BasketRule) -> str:
    return f"basket {' and '.join(str(number) for number in rule.baskets)}" if rule.baskets else "every basket"


def _own(problem: RecipeProblem) -> Iterator[Requirement]:
    for rule in own_rules(problem.plant.rules):
        yield OwnRequirement(
            ("rule", rule.name), rule.words, f" {rule.unit}", rule.step, AT_MOST, 0.0, Source.RULE,
            f"rule.{rule.name}.allowance",
        )  # fmt: skip


class OwnRequirement(Requirement):
    """A plant's own rule: it is said as the plant says it, and gives way by an allowance."""

    def at(self, value: float) -> str:
        """The rule, and by how much it gives way."""
        return f"{self.words}, give way by {value:.{DIGITS}g}{self.unit}" if value else self.words

    def __str__(self) -> str:
        return self.words
