"""A plant's carbon sheet: its heats as they were recorded, with what its journal and its yard's books know of them."""

from collections.abc import Callable
from datetime import date
from importlib.metadata import version

import numpy as np

from chargewise.app.plants import Plants
from chargewise.app.stretches import between
from plant_adapters.store.store import HeatStore
from steel import catalogue
from steel.carbon_account import SCRAP_BURDEN_KGCO2E_PER_T, HeatFacts, heat_carbon
from steel.carbon_sheet import CarbonSheet, FactorUsed, HeatCarbon, Method, together
from steel.emissions import KGCO2_PER_T_CARBON
from steel.errors import InputError
from steel.heats import HeatLog
from steel.materials import Material, Origin
from steel.plants import Plant

MOST_HEATS = 100_000
FACTOR_UNITS = {
    "electricity_kgco2e_per_kwh": "kgCO2e/kWh",
    "natural_gas_kgco2e_per_nm3": "kgCO2e/Nm³",
    "oxygen_kgco2e_per_nm3": "kgCO2e/Nm³",
    "electrode_direct_kgco2e_per_kg": "kgCO2e/kg",
    "electrode_upstream_kgco2e_per_kg": "kgCO2e/kg",
}
BROADBENT = "Broadbent 2016, Int J Life Cycle Assess 21:1658-1665"


def carbon_sheet(
    plants: Plants,
    store: HeatStore,
    name: str,
    first: date | None = None,
    last: date | None = None,
    method: Method = Method.CUT_OFF,
    scrap_burden_kgco2e_per_t: float = SCRAP_BURDEN_KGCO2E_PER_T,
    progress: Callable[[str, float], None] | None = None,
) -> CarbonSheet:
    """The carbon sheet of a plant's heats between two days, both included; of all of them where none is given.

    Args:
        plants: of the installation.
        store: of their heats.
        name: of the plant.
        first: day.
        last: day.
        method: what scrap carries.
        scrap_burden_kgco2e_per_t: that it carries with a scrap burden.
        progress: called with a stage and the share done.

    Raises:
        InputError: there is no such plant, or no heat was tapped then.
    """
    plant, log = plants.described(name), store.log(name)
    if first is not None or last is not None:
        log = log.rows(between(log, first or date.min, last))
    if not len(log):
        raise InputError(0, f"heats of {name}", "one heat or more")
    if len(log) > MOST_HEATS:
        raise InputError(len(log), "heats", f"at most {MOST_HEATS}; ask for fewer days")
    known = _materials(plant, store.materials(name))
    charged = plants.journal.additions(name)
    origins = plants.book.origins(name)
    heats = []
    recorded = log.energy_kwh_per_t[np.isfinite(log.energy_kwh_per_t)]
    usual_kwh_per_t = float(recorded.mean()) if len(recorded) else 0.0
    for row in range(len(log)):
        heat_id = str(log.heat_ids[row])
        facts = _facts(plant, log, row, usual_kwh_per_t, charged.get(heat_id), origins.get(heat_id, {}))
        heats.append(heat_carbon(plant, facts, known, method, scrap_burden_kgco2e_per_t))
        if progress is not None and row % 1000 == 0:
            progress("heats", row / len(log))
    return CarbonSheet(
        plant=name,
        first=first,
        last=last,
        method=method,
        heats=tuple(heats),
        all=together(heats),
        factors=_factors(plant, known, heats, method, scrap_burden_kgco2e_per_t),
    )


def _materials(plant: Plant, stored: tuple[Material, ...]) -> dict[str, Material]:
    """Materials by name; what the plant says of one comes before what its heats came with."""
    found = {material.name: material for material in stored}
    found |= {item.material.name: item.material for item in plant.yard}
    usual = catalogue.materials()

    def with_origin(material: Material) -> Material:
        known = usual.get(material.material_class)
        if material.recycled is not None or known is None:
            return material
        return material.model_copy(update={"recycled": known.recycled})

    return {name: with_origin(material) for name, material in found.items()}


def _facts(
    plant: Plant,
    log: HeatLog,
    row: int,
    usual_kwh_per_t: float,
    additions_t: dict[str, float] | None,
    origins_t: dict[str, dict[Origin, float]],
) -> HeatFacts:
    """A heat as it was recorded; usual values, named as gaps, for what was not."""
    gaps: list[str] = []
    furnace = plant.furnace
    masses = {name: float(mass) for name, mass in zip(log.materials, log.charged_t[row], strict=True) if mass > 0}
    tapped = float(log.tapped_t[row])
    if not np.isfinite(tapped):
        tapped = furnace.tap_weight_t
        gaps.append("tapped mass was not recorded: the usual one")
    energy = float(log.energy_kwh_per_t[row])
    if not np.isfinite(energy):
        energy = usual_kwh_per_t
        gaps.append("electricity was not recorded: the mean of the other heats")

    def media(name: str) -> float:
        values = log.process.get(name)
        value = float("nan") if values is None else float(values[row])
        if np.isfinite(value):
            return value * tapped
        usual = furnace.process.get(name, 0.0)
        if usual:
            gaps.append(f"{name} was not recorded: the usual one")
        return usual * tapped

    analysis = {e: float(w) for e, w in zip(log.elements, log.analysis_wt_pct[row], strict=True) if np.isfinite(w)}
    at = log.tapped_at[row]
    return HeatFacts(
        heat_id=str(log.heat_ids[row]),
        tapped_at=None if np.isnat(at) else f"{at}Z",
        grade=str(log.grades[row]),
        steel_t=tapped,
        charged_t=masses,
        additions_t=additions_t,
        electricity_kwh=energy * tapped,
        gas_nm3=media("gas_nm3_per_t"),
        oxygen_nm3=media("oxygen_nm3_per_t"),
        injected_carbon_kg=media("injected_carbon_kg_per_t"),
        electrodes_kg=furnace.electrode_kg_per_t * tapped,
        analysis_wt_pct=analysis,
        origins_t=origins_t,
        gaps=tuple(gaps),
    )


def _factors(
    plant: Plant, materials: dict[str, Material], heats: list[HeatCarbon], method: Method, burden: float
) -> tuple[FactorUsed, ...]:
    """Every factor, with where it comes from."""
    figures, ours = catalogue.figures(), f"Chargewise {version('chargewise')}"
    used = [
        FactorUsed(
            name="carbon burnt", value=KGCO2_PER_T_CARBON, unit="kgCO2/t C", source="stoichiometry, 44/12", dated="",
            version="",
        )
    ]  # fmt: skip
    for name, unit in FACTOR_UNITS.items():
        value = getattr(plant.emission_factors, name)
        figure = figures[f"emissions/{name}"]
        told = plant.emission_factors.sources.get(name)
        if told is not None:
            source, dated, edition = told.source, told.dated, told.version
        elif value == figure.value:
            source, dated, edition = figure.source, "", ours
        else:
            source, dated, edition = f"the plant file of {plant.name}, which tells no source", "", ""
        used.append(FactorUsed(name=name, value=value, unit=unit, source=source, dated=dated, version=edition))
    sources = {line.source for heat in heats for line in heat.lines}
    for name, material in sorted(materials.items()):
        if f"{name}, making of" not in sources or not material.upstream_kgco2e_per_t:
            continue
        found = catalogue.materials().get(material.material_class)
        same = found is not None and found.upstream_kgco2e_per_t == material.upstream_kgco2e_per_t
        places = [key for key in figures if key.endswith(f"/{material.material_class}/upstream_kgco2e_per_t")]
        source = figures[places[0]].source if same and places else f"the plant file of {plant.name}"
        used.append(
            FactorUsed(
                name=f"{name}, making of", value=material.upstream_kgco2e_per_t, unit="kgCO2e/t", source=source,
                dated="", version=ours if same else "",
            )
        )  # fmt: skip
    if method is Method.SCRAP_BURDEN:
        own = burden != SCRAP_BURDEN_KGCO2E_PER_T
        used.append(
            FactorUsed(
                name="scrap burden", value=burden, unit="kgCO2e/t",
                source="as it was asked for" if own else BROADBENT, dated="" if own else "2016", version="",
            )
        )  # fmt: skip
    return tuple(used)
