"""What a plant file and a mapping say of a material: its class, and what differs; unknown keys are refused."""

from typing import Annotated

from pydantic import ConfigDict, Field

from steel import catalogue
from steel.complaints import meant
from steel.elements import by_element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.materials import Material, MaterialKind, Oxide
from steel.plants import YardItem
from steel.quantities import ChargedT, EurPerT, Fraction, KgCo2ePerT, Number, StockT, WtPct, YesNo
from steel.texts import Line, NameLine

BASKETS = "unrecorded baskets"
"""Name of the pseudo-material that stands for scrap baskets the record leaves out."""
BASKETS_CLASS = "unrecorded_baskets"


def unrecorded_baskets() -> Material:
    """Scrap baskets the record leaves out: counted as the steel they give, contents learned from the heats."""
    return Material(
        name=BASKETS,
        material_class=BASKETS_CLASS,
        kind=MaterialKind.UNRECORDED,
        title="Scrap baskets, not in the record; mass as steel",
        bulk_density_t_per_m3=1.0,
        metallic_yield=1.0,
    )


class MaterialEntry(Frozen):
    """A material by its catalogue class and what differs from it.

    Attributes:
        material_class: `class` in the file.
        name: the plant's; the class's unless given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    material_class: Annotated[str, Field(alias="class", min_length=1)]
    name: NameLine | None = None
    title: Line | None = None
    bulk_density_t_per_m3: Annotated[Number, Field(gt=0, le=25)] | None = None
    metallic_yield: Fraction | None = None
    upstream_kgco2e_per_t: KgCo2ePerT | None = None
    contents_wt_pct: dict[str, WtPct] = {}
    oxides_wt_pct: dict[Oxide, WtPct] = {}

    def material(self, name: str | None, where: str) -> Material:
        """The catalogue's material with what differs.

        Args:
            name: where the entry gives none.
            where: for messages.

        Raises:
            InputError: there is no such class or element.
        """
        known = catalogue.materials() | {BASKETS_CLASS: unrecorded_baskets()}
        if self.material_class not in known:
            expected = f"a class of the catalogue{meant(self.material_class, known)}"
            raise InputError(self.material_class, f"{where}: class", expected)
        base = known[self.material_class]
        plainly = {"title", "bulk_density_t_per_m3", "metallic_yield", "upstream_kgco2e_per_t"}
        changes = self.model_dump(include=plainly, exclude_none=True)
        claimed = by_element(self.contents_wt_pct, f"{where}: contents_wt_pct")
        return base.model_copy(
            update={
                **changes,
                "name": self.name or name or base.name,
                "contents_wt_pct": {**base.contents_wt_pct, **claimed},
                "oxides_wt_pct": {**base.oxides_wt_pct, **self.oxides_wt_pct},
            }
        )


class YardEntry(MaterialEntry):
    """A material of the yard: what it costs, what there is of it, and the rules for it."""

    price_eur_per_t: EurPerT
    available_t: StockT | None = None
    min_lot_t: ChargedT = 0.0
    min_t: ChargedT = 0.0
    max_t: ChargedT | None = None
    lift_t: ChargedT = 0.0
    paid_whole: YesNo = False

    def item(self, where: str) -> YardItem:
        """The yard's item."""
        numbers = self.model_dump(include=YardItem.model_fields.keys() - {"material"})
        return YardItem(material=self.material(None, where), **numbers)
