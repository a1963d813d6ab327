"""Answers beside a recipe: its runners-up, the range over which it stands, objectives in turn."""

from steel.frozen import Frozen
from steel.recipes import Recipe


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
