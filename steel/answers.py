"""Answers beside a recipe: its runners-up, the range over which it stands, objectives in turn."""

from steel.elements import Element
from steel.frozen import Frozen
from steel.recipes import AnalysisLine, Recipe


class RankedRecipe(Frozen):
    """One of the cheapest different recipes: each does without a material of every cheaper one.

    Attributes:
        rank: 1 for the cheapest.
        dearer_by_eur_per_t: than the cheapest.
        without: materials of cheaper recipes that this one had to do without.
        proven: whether time sufficed to know that no other is cheaper than it, within the gap asked for.
    """

    rank: int
    dearer_by_eur_per_t: float
    without: tuple[str, ...]
    proven: bool
    recipe: Recipe


class StandsFrom(Frozen):
    """One end of a range: beyond it the metal-bearing charge is made of other materials.

    Attributes:
        value: in the range's unit.
        change: what happens beyond, such as "Pig iron comes in".
    """

    value: float
    change: str


class Range(Frozen):
    """The range of one price or limit over which the charge is made of the same materials, all else as it is.

    Attributes:
        of: what is varied, such as "price of E8 new thin".
        low: its lower end; None where nothing changes down to half the value.
        high: its upper end; None where nothing changes up to one and a half times the value.
    """

    of: str
    unit: str
    value: float
    low: StandsFrom | None
    high: StandsFrom | None


class Ranges(Frozen):
    """Ranges of an order's prices and limits.

    Attributes:
        left_out: what there was no time to vary.
    """

    found: tuple[Range, ...]
    left_out: tuple[str, ...]


class LimitShift(Frozen):
    """What another charge does to one element's limits.

    Attributes:
        before_wt_pct: expected content as planned.
        after_wt_pct: expected content of the other charge.
        met_before: probability that the heat meets the limits, as planned.
        met_after: the same of the other charge.
    """

    element: Element
    minimum_wt_pct: float | None
    maximum_wt_pct: float | None
    before_wt_pct: float
    after_wt_pct: float
    met_before: float
    met_after: float


class Substitute(Frozen):
    """Another charge for a material that is not to be had.

    Attributes:
        instead: the material that alone takes its place; None for the cheapest charge of any materials.
        dearer_by_eur_per_t: than as planned.
        changes_t: t more or less of each material than planned.
        charge_t: the whole charge, t by material, tapping additions with it.
        limits: what it does to every limited element.
        misses: elements whose limits it does not keep with the asked confidence.
    """

    instead: str | None
    dearer_by_eur_per_t: float
    changes_t: dict[str, float]
    charge_t: dict[str, float]
    limits: tuple[LimitShift, ...]
    misses: tuple[Element, ...] = ()


class Substitutes(Frozen):
    """What can take the place of materials that are not to be had.

    Attributes:
        missing_t: planned of them.
        cost_eur_per_t: as planned.
        best: the cheapest charge without them; None where none keeps every limit.
        conflicts: which requirements contradict one another then, and at what each could be met.
        alone: one for each material that alone may take their place; those that keep every limit first, the cheapest
            first.
    """

    unavailable: tuple[str, ...]
    missing_t: float
    cost_eur_per_t: float
    best: Substitute | None
    conflicts: tuple[str, ...]
    alone: tuple[Substitute, ...]


class RestOfHeat(Frozen):
    """A heat in progress, its rest optimised again.

    Attributes:
        recipe: the whole heat, what was charged already with it.
        kept: whether the rest stays as it was planned, for changing it would not pay.
        charged_t: what was charged so far, t by material.
        rest_t: what is still to be charged, t by furnace material.
        changes_t: t more or less of each furnace material than weighed and planned.
        dearer_by_eur_per_t: than the heat was planned.
        limits: what has become of every limited element's limits.
    """

    recipe: Recipe
    kept: bool
    charged_t: dict[str, float]
    rest_t: dict[str, float]
    changes_t: dict[str, float]
    dearer_by_eur_per_t: float
    limits: tuple[LimitShift, ...]


class GradeLeft(Frozen):
    """A grade that can still be made of a heat in progress."""

    grade: str
    cost_eur_per_t: float


class BasketChoice(Frozen):
    """The cheapest recipe in so many baskets.

    Attributes:
        recipe_eur: of the heat, its baskets not counted.
        total_eur: with what the baskets take.
        charged_t: by furnace material.
    """

    count: int
    recipe_eur: float
    total_eur: float
    charged_t: dict[str, float]


class BasketChoices(Frozen):
    """How many baskets a heat should be charged in.

    Attributes:
        best: the number that is cheapest with all that baskets take.
        each_eur: what one basket takes of a heat: time, and heat through the open roof.
        choices: fewest baskets first; numbers that cannot make the order are left out.
        break_even_eur: by number of baskets, what the last of them may cost a heat before it no longer pays.
    """

    best: int
    each_eur: float
    choices: tuple[BasketChoice, ...]
    break_even_eur: dict[int, float]


class Trim(Frozen):
    """What may be done of a sampled melt.

    Attributes:
        additions_t: at tapping or in the ladle, t by material.
        dilution_t: further charge that thins the melt, t by material; empty where none is needed.
        cost_eur: of both, electricity that melts the further charge with them.
        steel_t: of the heat then.
        analysis: expected then.
        met_with: probability of its least certain limit.
        misses: elements whose limits it does not keep with the asked confidence.
    """

    additions_t: dict[str, float]
    dilution_t: dict[str, float]
    cost_eur: float
    steel_t: float
    analysis: tuple[AnalysisLine, ...]
    met_with: float
    misses: tuple[Element, ...]
