"""Materials: what can be charged or added, as the catalogue or the plant knows it."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from steel.elements import NOBLE, Element
from steel.frozen import Frozen
from steel.quantities import Fraction, KgCo2ePerT, Number, Share, WtPct
from steel.texts import Line, NameLine

FURNACE_RECOVERY: dict[Element, float] = {
    Element.C: 0.10,
    Element.SI: 0.02,
    Element.MN: 0.30,
    Element.P: 0.55,
    Element.S: 0.70,
    Element.CR: 0.55,
    Element.V: 0.40,
    Element.N: 1.0,
    Element.AL: 0.0,
    Element.TI: 0.0,
    Element.PB: 0.10,
    Element.NB: 0.30,
    Element.FE: 1.0,
    Element.MG: 0.0,
    Element.ZN: 0.0,
    Element.BI: 0.10,
    Element.B: 0.30,
    Element.BE: 0.0,
    Element.CA: 0.0,
    Element.CE: 0.0,
    Element.LA: 0.0,
    Element.ZR: 0.0,
    Element.TE: 0.30,
    Element.SR: 0.0,
    Element.CD: 0.0,
}
"""Usual share of an element charged to an EAF that is found in the steel at tap.

Working estimates of the trade (behaviour: Cr and Mn partly, Si Al Ti almost wholly to slag, C and P
strongly, S partly); noble elements are 1. A plant's heats replace them.
"""  # fmt: skip


class MaterialKind(StrEnum):
    """What a material is for."""

    SCRAP = "scrap"
    ORE_BASED = "ore_based"
    INTERNAL = "internal"
    FLUX = "flux"
    CARBON = "carbon"
    FERROALLOY = "ferroalloy"
    UNRECORDED = "unrecorded"


Origin = Literal["post-consumer", "pre-consumer", "internal", "primary"]
"""Where recycled content comes from (ISO 14021); primary is what was never scrap."""


class Oxide(StrEnum):
    """Slag-forming oxides."""

    CAO = "CaO"
    MGO = "MgO"
    SIO2 = "SiO2"
    AL2O3 = "Al2O3"


class ScrapSpecification(Frozen):
    """What the category promises, where it does (EU-27 Steel Scrap Specification).

    Attributes:
        steriles_max_wt_pct: greatest share of non-metallics.
        residual_aims_wt_pct: aimed greatest contents, keyed by element or by a sum such as "Cr+Ni+Mo".
    """

    steriles_max_wt_pct: float | None = None
    residual_aims_wt_pct: dict[str, float] = {}


class Material(Frozen):
    """One material.

    Attributes:
        name: the plant's name for it, or the catalogue's.
        material_class: the catalogue class it belongs to; plants learn about a class together.
        title: a line for people.
        bulk_density_t_per_m3: as it lies in a basket.
        metallic_yield: t of steel tapped per t charged; 0 for slag formers and carbon.
        contents_wt_pct: typical contents.
        content_cv: relative standard deviation of a lot's contents about the typical ones, by element.
        recovery: share of each element found in the steel when added at this material's usual place
            (furnace for charge materials, ladle for ferro-alloys).
        oxides_wt_pct: slag-forming oxides that come with it, as flux, gangue or dirt.
        upstream_kgco2e_per_t: scope 3 emissions of making it.
        specification: for scrap, what its category promises.
        recycled: where it usually comes from, where the kind does not say it.
    """

    name: NameLine
    material_class: str = Field(min_length=1)
    kind: MaterialKind
    title: Line = ""
    bulk_density_t_per_m3: Annotated[Number, Field(gt=0, le=25)]
    metallic_yield: Fraction
    contents_wt_pct: dict[Element, WtPct] = {}
    content_cv: dict[Element, Share] = {}
    recovery: dict[Element, Fraction] = {}
    oxides_wt_pct: dict[Oxide, WtPct] = {}
    upstream_kgco2e_per_t: KgCo2ePerT = 0.0
    specification: ScrapSpecification | None = None
    recycled: Origin | None = None

    @property
    def usual_origin(self) -> Origin | None:
        """Where it comes from, lots apart; None of scrap of which nobody says it."""
        if self.recycled is not None or self.kind is MaterialKind.SCRAP:
            return self.recycled
        return "internal" if self.kind is MaterialKind.INTERNAL else "primary"

    def content(self, element: Element) -> float:
        """Typical content in wt%; 0 where the catalogue names none."""
        return self.contents_wt_pct.get(element, 0.0)

    def recovered_content(self, element: Element) -> float:
        """wt% of the material's mass that arrives in the steel as this element."""
        return self.content(element) * self.recovery_of(element)

    def recovery_of(self, element: Element) -> float:
        """Share of an element found in the steel: this material's, else the furnace's usual one."""
        return self.recovery.get(element, 1.0 if element in NOBLE else FURNACE_RECOVERY[element])

    def renamed(self, name: str) -> "Material":
        """The same material under a plant's own name."""
        return self.model_copy(update={"name": name})
