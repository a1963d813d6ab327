"""What a recipe costs and emits, per t of each column and per kWh."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.bath import BathBalance
from optimizer.problem.options import Objective, Preferred
from steel.elements import Element
from steel.emissions import KGCO2_PER_T_CARBON, Emissions, material_scope1_kg_per_t, process_emissions_per_t
from steel.heats import FloatArray
from steel.materials import Material, MaterialKind
from steel.plants import Furnace, Plant, Prices, YardItem
from surrogate.model.description import Description


@dataclass(frozen=True)
class CostRates:
    """€ per t of each column, (n + m,), by what is paid for; electricity and its carbon apart, per kWh.

    Attributes:
        preference: what nobody pays but the order's preferences count.
        preference_per_kwh: what nobody pays but the order's preferences count.
    """

    material: FloatArray
    process: FloatArray
    carbon: FloatArray
    preference: FloatArray
    electricity_per_kwh: float
    electricity_carbon_per_kwh: float
    preference_per_kwh: float

    @property
    def columns(self) -> FloatArray:
        """Everything that counts per t of a column."""
        return self.material + self.process + self.carbon + self.preference

    @property
    def per_kwh(self) -> float:
        """Everything that counts per kWh."""
        return self.electricity_per_kwh + self.electricity_carbon_per_kwh + self.preference_per_kwh


@dataclass(frozen=True)
class EmissionRates:
    """kgCO2e per t of each column, (n + m,), and per kWh."""

    scope1: FloatArray
    scope3: FloatArray
    scope2_per_kwh: float


def process_per_t(furnace: Furnace) -> tuple[float, float]:
    """Gas, Nm³/t, and injected carbon, kg/t, of the furnace's usual practice."""
    return furnace.process.get("gas_nm3_per_t", 0.0), furnace.process.get("injected_carbon_kg_per_t", 0.0)


def oxygen_nm3(furnace: Furnace, furnace_yields: FloatArray, bath: BathBalance | None) -> FloatArray:
    """(n + m,) Nm³ blown per t of each column: by the furnace's usual practice, or by what the charge takes."""
    if furnace.bath is not None and bath is not None and furnace.bath.oxygen_by_charge:
        return bath.oxygen
    return furnace.process.get("oxygen_nm3_per_t", 0.0) * furnace_yields


def process_emissions(plant: Plant) -> Emissions:
    """kgCO2e per t tapped of gas, electrodes and injected carbon."""
    gas, carbon = process_per_t(plant.furnace)
    return process_emissions_per_t(plant.emission_factors, gas, plant.furnace.electrode_kg_per_t, carbon)


def _burnt_carbon(material: Material, stage: Literal["furnace", "tapping"]) -> float:
    if material.kind is MaterialKind.UNRECORDED:
        return 0.0
    burnt = material_scope1_kg_per_t(material)
    return burnt * (1.0 - material.recovery.get(Element.C, 0.0)) if stage == "tapping" else burnt


def emission_rates(
    plant: Plant,
    description: Description,
    items: tuple[YardItem, ...],
    pick: NDArray[np.int_],
    yields: FloatArray,
    oxygen: FloatArray,
) -> EmissionRates:
    """kgCO2e per t and per kWh of each column.

    Args:
        plant: its factors and practice.
        description: recoveries of carbon.
        items: n + m yard items.
        pick: (n,) the furnace's among the description's materials.
        yields: (n + m,) t of final steel per t.
        oxygen: (n + m,) Nm³ blown per t.
    """
    per_t = process_emissions(plant)
    blown = plant.emission_factors.oxygen_kgco2e_per_nm3 * oxygen
    direct = np.array([_burnt_carbon(item.material, item.stage) for item in items])
    if Element.C in description.elements and not any(m.kind is MaterialKind.UNRECORDED for m in description.materials):
        stays = description.elements[Element.C].linear[pick] / 100.0 * KGCO2_PER_T_CARBON
        direct[: len(pick)] -= stays
    tapped = np.where(np.arange(len(items)) < len(pick), yields, 0.0)
    return EmissionRates(
        scope1=direct + per_t.scope1 * tapped,
        scope3=np.array([item.material.upstream_kgco2e_per_t for item in items]) + per_t.scope3 * tapped + blown,
        scope2_per_kwh=plant.emission_factors.electricity_kgco2e_per_kwh,
    )


def cost_rates(
    furnace: Furnace,
    prices: Prices,
    items: tuple[YardItem, ...],
    furnace_columns: int,
    yields: FloatArray,
    emissions: EmissionRates,
    oxygen: FloatArray,
    preferences: Mapping[Preferred, float],
) -> CostRates:
    """€ per t and per kWh of each column.

    Args:
        furnace: its usual practice.
        prices: what is paid beside the charge.
        items: n + m yard items.
        furnace_columns: how many of them go into the furnace.
        yields: (n + m,) t of final steel per t.
        emissions: their rates.
        oxygen: (n + m,) Nm³ blown per t.
        preferences: €/t for one unit of an objective beside the cost.
    """
    gas, carbon = process_per_t(furnace)
    per_t = (
        gas * prices.gas_eur_per_nm3
        + carbon * prices.injected_carbon_eur_per_kg
        + furnace.electrode_kg_per_t * prices.electrode_eur_per_kg
    )
    tapped = np.where(np.arange(len(items)) < furnace_columns, yields, 0.0)
    green = preferences.get(Objective.EMISSIONS, 0.0)
    scope1, scope3 = prices.carbon_scope1_eur_per_t / 1000.0, prices.carbon_scope3_eur_per_t / 1000.0
    return CostRates(
        material=np.array([0.0 if item.paid_whole else item.price_eur_per_t for item in items]),
        process=per_t * tapped + prices.oxygen_eur_per_nm3 * oxygen,
        carbon=scope1 * emissions.scope1 + scope3 * emissions.scope3,
        preference=green * (emissions.scope1 + emissions.scope3),
        electricity_per_kwh=prices.electricity_eur_per_kwh,
        electricity_carbon_per_kwh=prices.carbon_scope2_eur_per_t / 1000.0 * emissions.scope2_per_kwh,
        preference_per_kwh=preferences.get(Objective.ENERGY, 0.0) + green * emissions.scope2_per_kwh,
    )
