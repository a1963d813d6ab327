"""The bath while it melts: the carbon a charge brings, and the oxygen that burning its impurities takes."""

from typing import Annotated

from pydantic import Field, model_validator

from steel.elements import Element
from steel.frozen import Frozen
from steel.materials import FURNACE_RECOVERY, Material
from steel.quantities import Number, YesNo

NM3_PER_MOL = 0.022414
BURNS: dict[Element, float] = {
    Element.C: 0.5 / 12.011e-3,
    Element.SI: 1.0 / 28.086e-3,
    Element.AL: 0.75 / 26.982e-3,
    Element.MN: 0.5 / 54.938e-3,
    Element.P: 1.25 / 30.974e-3,
    Element.CR: 0.75 / 51.996e-3,
}
"""Mol of O2 that a kg of an element takes to CO, SiO2, Al2O3, MnO, P2O5 or Cr2O3, from the molar masses."""
MOL_O2_PER_KG_FEO = 0.5 / 71.844e-3
CarbonWtPct = Annotated[Number, Field(ge=0, le=5)]


class BathPractice(Frozen):
    """What a plant asks of the bath; None where it asks nothing.

    Attributes:
        carbon_min_wt_pct: carbon that the charge brings, as a share of the furnace steel, for the boil to stir it.
        carbon_max_wt_pct: what of it can be burnt in the usual time.
        oxygen_most_nm3_per_t: what lances and burners blow at most, per t of furnace steel.
        oxygen_used: share of what is blown that burns what the charge brings; the rest leaves with the gas.
        oxygen_by_charge: whether oxygen is paid by what the charge takes, in place of the usual practice's.

    Raises:
        ValueError: the least carbon exceeds the most.
    """

    carbon_min_wt_pct: CarbonWtPct | None = None
    carbon_max_wt_pct: CarbonWtPct | None = None
    oxygen_most_nm3_per_t: Annotated[Number, Field(gt=0, le=150)] | None = None
    oxygen_used: Annotated[Number, Field(gt=0, le=1)] = 1.0
    oxygen_by_charge: YesNo = False

    @model_validator(mode="after")
    def _ordered(self) -> "BathPractice":
        low, high = self.carbon_min_wt_pct, self.carbon_max_wt_pct
        if low is not None and high is not None and low > high:
            raise ValueError(f"carbon_min_wt_pct {low} exceeds carbon_max_wt_pct {high}")
        return self


class Bath(Frozen):
    """What a recipe brings to the bath, per t of furnace steel: carbon before it burns, and oxygen to be blown."""

    carbon_wt_pct: float
    oxygen_nm3_per_t: float


def oxygen_taken_nm3_per_t(material: Material) -> float:
    """Oxygen that burns what the furnace oxidises of one t of a material, Nm³."""
    mol = 0.0
    for element, per_kg in BURNS.items():
        kept = material.recovery.get(element, FURNACE_RECOVERY[element])
        mol += per_kg * (1.0 - kept) * 10.0 * material.content(element)
    return NM3_PER_MOL * mol
