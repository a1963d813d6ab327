"""The carbon sheet: what heats emit by scope and source, what of them is recycled, and what authorities ask of a route.

Every figure is kept in whole grams, so that heats add up to any stretch of time exactly.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Literal

from steel.elements import Element
from steel.frozen import Frozen
from steel.materials import Origin

GRAMS = 3
"""Decimals of a mass in kg that is kept."""
ETS_TCO2_PER_T_CARBON = 3.664
"""CO2 of carbon as the EU's monitoring rules have it (Implementing Regulation (EU) 2018/2066)."""
ALLOYED = (Element.MN, Element.CR, Element.NI)
"""Contents that CBAM asks for of crude steel, beside the sum of all other alloying elements (Implementing Regulation
(EU) 2023/1773, Annex IV)."""
OTHER_ALLOYS = (
    Element.MO,
    Element.V,
    Element.W,
    Element.CO,
    Element.NB,
    Element.TI,
    Element.CU,
    Element.SI,
    Element.AL,
)


class Method(StrEnum):
    """What scrap carries from the life it had.

    CUT_OFF: nothing (recycled content). SCRAP_BURDEN: what recycling it spares the world, which its recycler takes on.
    """

    CUT_OFF = "cut-off"
    SCRAP_BURDEN = "scrap burden"


class FactorUsed(Frozen):
    """An emission factor.

    Attributes:
        dated: of the source, where it tells one.
        version: of the source.
    """

    name: str
    value: float
    unit: str
    source: str
    dated: str
    version: str


class CarbonLine(Frozen):
    """What one source emits.

    Attributes:
        amount: of the source, such as kWh.
        kgco2e: to the gram; below zero for carbon that stays in the steel.
    """

    scope: Literal[1, 2, 3]
    source: str
    amount: float
    unit: str
    kgco2e: float


class Recycled(Frozen):
    """Metal charged by where it comes from (ISO 14021: scrap of the plant's own process is no recycled content), t.

    Attributes:
        unknown_t: scrap of which nobody knows whether it was used before.
    """

    post_consumer_t: float = 0.0
    pre_consumer_t: float = 0.0
    internal_t: float = 0.0
    primary_t: float = 0.0
    unknown_t: float = 0.0

    @property
    def counted_t(self) -> float:
        """Metal that recycled content is a share of."""
        return self.post_consumer_t + self.pre_consumer_t + self.primary_t + self.unknown_t

    @property
    def post_consumer_share(self) -> float:
        """Of what counts."""
        return self.post_consumer_t / self.counted_t if self.counted_t else 0.0

    @property
    def pre_consumer_share(self) -> float:
        """Of what counts."""
        return self.pre_consumer_t / self.counted_t if self.counted_t else 0.0


class Precursor(Frozen):
    """A good charged whose making emitted, as CBAM asks for it.

    Attributes:
        kind: such as "pig iron" or "ferro-alloy".
        embedded_kgco2e: of its making.
    """

    name: str
    kind: str
    mass_t: float
    embedded_kgco2e: float


class RouteFigures(Frozen):
    """The route sheet: figures that CBAM and the ETS ask for of crude steel from an electric arc furnace.

    Attributes:
        steel_t: activity level.
        electricity_kwh: consumed.
        scrap_t: charged, the plant's own returns not counted.
        pre_consumer_t: of it.
        carbon_in_kg: in everything charged and blown, electrodes with it.
        carbon_out_kg: in the steel.
        alloys_kg: in the steel; Mn, Cr and Ni, and "other" for all other alloying elements together.
    """

    steel_t: float
    electricity_kwh: float
    scrap_t: float
    pre_consumer_t: float
    carbon_in_kg: float
    carbon_out_kg: float
    precursors: tuple[Precursor, ...]
    alloys_kg: dict[str, float]

    @property
    def direct_kgco2(self) -> float:
        """By the mass balance of carbon, as the ETS has it."""
        return round((self.carbon_in_kg - self.carbon_out_kg) * ETS_TCO2_PER_T_CARBON, GRAMS)


class CarbonAccount(Frozen):
    """One heat, or many together.

    Attributes:
        heats: how many.
        gaps: what was not recorded and stands for a usual value, or is left out.
    """

    heats: int
    steel_t: float
    lines: tuple[CarbonLine, ...]
    recycled: Recycled
    route: RouteFigures
    gaps: tuple[str, ...] = ()

    def scope_kg(self, scope: int) -> float:
        """kgCO2e of a scope, to the gram."""
        return total(line.kgco2e for line in self.lines if line.scope == scope)

    @property
    def total_kg(self) -> float:
        """kgCO2e of all scopes, to the gram."""
        return total(line.kgco2e for line in self.lines)


class HeatCarbon(CarbonAccount):
    """One heat."""

    heat_id: str
    tapped_at: str | None
    grade: str


class CarbonSheet(Frozen):
    """A stretch of time.

    Attributes:
        method: what scrap carries.
        heats: one by one.
        all: all of them together.
        factors: that were used.
    """

    plant: str
    first: date | None
    last: date | None
    method: Method
    heats: tuple[HeatCarbon, ...]
    all: CarbonAccount
    factors: tuple[FactorUsed, ...]


def total(values: Iterable[float]) -> float:
    """A sum to the gram, or to whatever thousandth: of whole thousandths, so that it does not depend on the order."""
    return int(sum(round(value * 1000) for value in values)) / 1000


def together(accounts: Iterable[CarbonAccount]) -> CarbonAccount:
    """Many accounts as one: each source by itself, each figure the exact sum of theirs."""
    every = tuple(accounts)
    sums: dict[tuple[Literal[1, 2, 3], str, str], list[CarbonLine]] = {}
    precursors: dict[tuple[str, str], list[Precursor]] = {}
    for one in every:
        for line in one.lines:
            sums.setdefault((line.scope, line.source, line.unit), []).append(line)
        for precursor in one.route.precursors:
            precursors.setdefault((precursor.name, precursor.kind), []).append(precursor)
    gaps: dict[str, int] = {}
    for one in every:
        for gap in one.gaps:
            gaps[gap] = gaps.get(gap, 0) + one.heats
    alloys = sorted({name for one in every for name in one.route.alloys_kg})
    plain = ("steel_t", "electricity_kwh", "scrap_t", "pre_consumer_t", "carbon_in_kg", "carbon_out_kg")
    return CarbonAccount(
        heats=sum(one.heats for one in every),
        steel_t=total(one.steel_t for one in every),
        lines=tuple(
            CarbonLine(
                scope=scope, source=source, unit=unit, amount=total(line.amount for line in lines),
                kgco2e=total(line.kgco2e for line in lines),
            )
            for (scope, source, unit), lines in sorted(sums.items())
        ),
        recycled=Recycled(
            **{name: total(getattr(one.recycled, name) for one in every) for name in Recycled.model_fields}
        ),
        route=RouteFigures(
            **{name: total(getattr(one.route, name) for one in every) for name in plain},
            precursors=tuple(
                Precursor(
                    name=name, kind=kind, mass_t=total(one.mass_t for one in found),
                    embedded_kgco2e=total(one.embedded_kgco2e for one in found),
                )
                for (name, kind), found in sorted(precursors.items())
            ),
            alloys_kg={name: total(one.route.alloys_kg.get(name, 0.0) for one in every) for name in alloys},
        ),
        gaps=tuple(f"{gap} (heats: {count})" for gap, count in gaps.items()),
    )  # fmt: skip


ORIGIN_FIELDS: dict[Origin | None, str] = {
    "post-consumer": "post_consumer_t", "pre-consumer": "pre_consumer_t", "internal": "internal_t",
    "primary": "primary_t", None: "unknown_t",
}  # fmt: skip
"""Where metal of an origin is counted."""
