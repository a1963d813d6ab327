"""One heat's carbon account: arithmetic on what was charged, blown and tapped."""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from steel.carbon_sheet import (
    ALLOYED,
    GRAMS,
    ORIGIN_FIELDS,
    OTHER_ALLOYS,
    CarbonLine,
    HeatCarbon,
    Method,
    Precursor,
    Recycled,
    RouteFigures,
)
from steel.elements import Element
from steel.emissions import KGCO2_PER_T_CARBON
from steel.frozen import Frozen
from steel.materials import Material, MaterialKind, Origin
from steel.plants import Plant

SCRAP_BURDEN_KGCO2E_PER_T = 1500.0
"""What recycling a t of scrap spares (Broadbent 2016, Int J Life Cycle Assess 21:1658-1665)."""
ELECTRODE_CARBON = 0.998
"""Share of carbon in a graphite electrode; 3.66 kgCO2 per kg is all but all of it."""
KINDS = {MaterialKind.ORE_BASED: "iron", MaterialKind.FERROALLOY: "ferro-alloy"}
SCRAP = (MaterialKind.SCRAP,)
METAL = (MaterialKind.SCRAP, MaterialKind.ORE_BASED, MaterialKind.INTERNAL)


class HeatFacts(Frozen):
    """What is known of a heat.

    Attributes:
        additions_t: None where nobody reported them.
        origins_t: by material, t of each origin, as far as lots tell it.
        gaps: what was not recorded and stands for a usual value.
    """

    heat_id: str
    tapped_at: str | None
    grade: str
    steel_t: float
    charged_t: dict[str, float]
    additions_t: dict[str, float] | None
    electricity_kwh: float
    gas_nm3: float
    oxygen_nm3: float
    injected_carbon_kg: float
    electrodes_kg: float
    analysis_wt_pct: dict[Element, float]
    origins_t: dict[str, dict[Origin, float]] = Field(default={})
    gaps: tuple[str, ...] = ()


def heat_carbon(
    plant: Plant,
    facts: HeatFacts,
    materials: Mapping[str, Material],
    method: Method = Method.CUT_OFF,
    scrap_burden_kgco2e_per_t: float = SCRAP_BURDEN_KGCO2E_PER_T,
) -> HeatCarbon:
    """A heat's account.

    Args:
        plant: its factors.
        facts: of the heat.
        materials: that were charged and added, by name; what is not among them is a gap.
        method: what scrap carries.
        scrap_burden_kgco2e_per_t: that it carries with a scrap burden.
    """
    added = facts.additions_t or {}
    every = {**facts.charged_t, **{name: facts.charged_t.get(name, 0.0) + mass for name, mass in added.items()}}
    strange = sorted(name for name, mass in every.items() if mass > 0 and name not in materials)
    charged = [(materials[name], mass) for name, mass in facts.charged_t.items() if name in materials and mass > 0]
    additions = [(materials[name], mass) for name, mass in added.items() if name in materials and mass > 0]
    gaps = [*facts.gaps, *(f"{name}: nothing is known of it" for name in strange)]
    if facts.additions_t is None:
        gaps.append("additions were not reported")
    burden = scrap_burden_kgco2e_per_t if method is Method.SCRAP_BURDEN else 0.0
    return HeatCarbon(
        heats=1,
        heat_id=facts.heat_id,
        tapped_at=facts.tapped_at,
        grade=facts.grade,
        steel_t=_kept(facts.steel_t),
        lines=tuple(_lines(plant, facts, charged, additions, burden)),
        recycled=_recycled(charged, facts.origins_t),
        route=_route(facts, charged, additions),
        gaps=tuple(gaps),
    )


Masses = list[tuple[Material, float]]


def _lines(plant: Plant, facts: HeatFacts, charged: Masses, additions: Masses, burden: float) -> Iterator[CarbonLine]:
    factors = plant.emission_factors
    for material, mass_t in charged:
        carbon_kg = 10.0 * material.content(Element.C) * mass_t
        if carbon_kg:
            yield _line(1, f"carbon of {material.name}", carbon_kg, "kg C", carbon_kg / 1000.0 * KGCO2_PER_T_CARBON)
    for material, mass_t in additions:
        lost = 1.0 - material.recovery.get(Element.C, 0.0)
        carbon_kg = 10.0 * material.content(Element.C) * mass_t * lost
        if carbon_kg:
            yield _line(1, f"carbon of {material.name}", carbon_kg, "kg C", carbon_kg / 1000.0 * KGCO2_PER_T_CARBON)
    stays_kg = _held_kg(facts, Element.C)
    if stays_kg:
        yield _line(1, "carbon that stays in the steel", -stays_kg, "kg C", -stays_kg / 1000.0 * KGCO2_PER_T_CARBON)
    injected = facts.injected_carbon_kg
    for scope, source, amount, unit, factor in (
        (1, "injected carbon", injected, "kg C", KGCO2_PER_T_CARBON / 1000.0),
        (1, "electrodes", facts.electrodes_kg, "kg", factors.electrode_direct_kgco2e_per_kg),
        (1, "natural gas", facts.gas_nm3, "Nm³", factors.natural_gas_kgco2e_per_nm3),
        (2, "electricity", facts.electricity_kwh, "kWh", factors.electricity_kgco2e_per_kwh),
        (3, "oxygen, making of", facts.oxygen_nm3, "Nm³", factors.oxygen_kgco2e_per_nm3),
        (3, "electrodes, making of", facts.electrodes_kg, "kg", factors.electrode_upstream_kgco2e_per_kg),
    ):  # fmt: skip
        if amount:
            yield _line(scope, source, amount, unit, amount * factor)
    for material, mass_t in (*charged, *additions):
        carried = material.upstream_kgco2e_per_t + (burden if material.kind in SCRAP else 0.0)
        if carried:
            yield _line(3, f"{material.name}, making of", mass_t, "t", mass_t * carried)


def _line(scope: int, source: str, amount: float, unit: str, kgco2e: float) -> CarbonLine:
    known: Literal[1, 2, 3] = 1 if scope == 1 else 2 if scope == 2 else 3
    return CarbonLine(scope=known, source=source, amount=_kept(amount), unit=unit, kgco2e=_kept(kgco2e))


def _recycled(charged: Masses, origins_t: Mapping[str, Mapping[Origin, float]]) -> Recycled:
    """Metal by origin: as its lots have it, the rest as its material usually is."""
    found: dict[str, float] = {}
    for material, mass_t in charged:
        if material.kind not in METAL:
            continue
        told = dict(origins_t.get(material.name, {}))
        known = sum(told.values())
        # Books may hold more than was charged; a share is a share.
        scale = mass_t / known if known > mass_t else 1.0
        for origin, part_t in told.items():
            field = ORIGIN_FIELDS[origin]
            found[field] = found.get(field, 0.0) + part_t * scale
        field = ORIGIN_FIELDS[material.usual_origin]
        found[field] = found.get(field, 0.0) + max(mass_t - known, 0.0)
    return Recycled(**{name: _kept(mass) for name, mass in found.items()})


def _route(facts: HeatFacts, charged: Masses, additions: Masses) -> RouteFigures:
    every = (*charged, *additions)
    carbon_in = sum(10.0 * material.content(Element.C) * mass_t for material, mass_t in every)
    carbon_in += facts.injected_carbon_kg + ELECTRODE_CARBON * facts.electrodes_kg
    alloys = {element.value: _kept(_held_kg(facts, element)) for element in ALLOYED}
    alloys["other"] = _kept(sum(_held_kg(facts, element) for element in OTHER_ALLOYS))
    recycled = _recycled(charged, facts.origins_t)
    return RouteFigures(
        steel_t=_kept(facts.steel_t),
        electricity_kwh=_kept(facts.electricity_kwh),
        scrap_t=_kept(sum(mass_t for material, mass_t in charged if material.kind in SCRAP)),
        pre_consumer_t=recycled.pre_consumer_t,
        carbon_in_kg=_kept(carbon_in),
        carbon_out_kg=_kept(_held_kg(facts, Element.C)),
        precursors=tuple(
            Precursor(
                name=material.name, kind=KINDS[material.kind], mass_t=_kept(mass_t),
                embedded_kgco2e=_kept(mass_t * material.upstream_kgco2e_per_t),
            )
            for material, mass_t in every if material.kind in KINDS
        ),
        alloys_kg=alloys,
    )  # fmt: skip


def _held_kg(facts: HeatFacts, element: Element) -> float:
    """What the steel holds of an element."""
    return 10.0 * facts.analysis_wt_pct.get(element, 0.0) * facts.steel_t


def _kept(value: float) -> float:
    return round(value, GRAMS)
