"""Slag: what of a charge ends as oxides, and what a plant asks of the slag they make."""

from typing import Annotated

from pydantic import Field, model_validator

from steel.elements import Element
from steel.frozen import Frozen
from steel.materials import FURNACE_RECOVERY, Material, Oxide
from steel.quantities import Number

MAKES: dict[Element, tuple[Oxide, float]] = {
    Element.SI: (Oxide.SIO2, 60.084 / 28.086),
    Element.AL: (Oxide.AL2O3, 101.961 / (2 * 26.982)),
}
"""The oxide that an element of the charge becomes, and its mass per mass of the element, from the molar masses."""
Positive = Annotated[Number, Field(gt=0, le=1000)]


class SlagPractice(Frozen):
    """What a plant asks of its slag; None where it asks nothing.

    Attributes:
        basicity_min: CaO / SiO2 by mass.
        basicity_max: CaO / SiO2 by mass.
        mgo_min_wt_pct: so that the slag is saturated and spares the lining.
        most_kg_per_t: slag per t of furnace steel.
        feo_wt_pct: iron oxide of the slag, which comes from the bath and not from what is charged.

    Raises:
        ValueError: the least basicity exceeds the most.
    """

    basicity_min: Positive | None = None
    basicity_max: Positive | None = None
    mgo_min_wt_pct: Annotated[Number, Field(gt=0, lt=50)] | None = None
    most_kg_per_t: Positive | None = None
    feo_wt_pct: Annotated[Number, Field(ge=0, le=70)] = 30.0

    @model_validator(mode="after")
    def _ordered(self) -> "SlagPractice":
        if self.basicity_min is not None and self.basicity_max is not None and self.basicity_min > self.basicity_max:
            raise ValueError(f"basicity_min {self.basicity_min} exceeds basicity_max {self.basicity_max}")
        return self


class Slag(Frozen):
    """The slag a recipe makes: CaO, MgO, SiO2 and Al2O3 charged or oxidised, and the usual iron oxide."""

    kg_per_t: float
    basicity: float
    mgo_wt_pct: float


def oxides_wt_pct(material: Material) -> dict[Oxide, float]:
    """Oxides that one material brings into the slag: its own, and those of what the furnace oxidises of it."""
    found = {oxide: material.oxides_wt_pct.get(oxide, 0.0) for oxide in Oxide}
    for element, (oxide, factor) in MAKES.items():
        kept = material.recovery.get(element, FURNACE_RECOVERY[element])
        found[oxide] += factor * (1.0 - kept) * material.content(element)
    return found
