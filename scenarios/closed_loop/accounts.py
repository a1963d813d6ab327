"""What a heat really cost and emitted, from what went in and came out: no surrogate in here."""

from dataclasses import dataclass

import numpy as np

from scenarios.ladle import Finished
from scenarios.world import ANALYSED
from steel.elements import Element
from steel.emissions import KGCO2_PER_T_CARBON, material_scope1_kg_per_t, process_emissions_per_t
from steel.plants import Plant

CARBON = ANALYSED.index(Element.C)


@dataclass(frozen=True)
class Account:
    """One recipe as it was made, the mean of all times it was; per t of final steel."""

    cost_eur_per_t: float
    energy_kwh_per_t: float
    emissions_kgco2e_per_t: float


def account(plant: Plant, charged_t: dict[str, float], additions_t: dict[str, float], made: Finished) -> Account:
    """Cost, electricity and emissions of a recipe.

    Args:
        plant: with the day's prices.
        charged_t: furnace materials by name.
        additions_t: tapping additions by name.
        made: what became of it.
    """
    paid = upstream = burnt = 0.0
    for masses, stays in ((charged_t, False), (additions_t, True)):
        for name, mass_t in masses.items():
            item = plant.item(name)
            if item is None:
                continue
            paid += mass_t * item.price_eur_per_t
            upstream += mass_t * item.material.upstream_kgco2e_per_t
            kept = item.material.recovery.get(Element.C, 0.0) if stays else 0.0
            burnt += mass_t * material_scope1_kg_per_t(item.material) * (1.0 - kept)
    furnace, prices, factors = plant.furnace, plant.prices, plant.emission_factors
    usual = {name: furnace.process.get(name, 0.0) for name in
             ("gas_nm3_per_t", "oxygen_nm3_per_t", "injected_carbon_kg_per_t")}  # fmt: skip
    gas, oxygen, carbon = usual.values()
    process = process_emissions_per_t(factors, gas, furnace.electrode_kg_per_t, carbon)
    media = (
        gas * prices.gas_eur_per_nm3
        + oxygen * prices.oxygen_eur_per_nm3
        + carbon * prices.injected_carbon_eur_per_kg
        + furnace.electrode_kg_per_t * prices.electrode_eur_per_kg
    )
    tapped, energy = made.tapped_t, made.energy_kwh_per_t * made.tapped_t
    stays_kg = made.bath_wt_pct[:, CARBON] / 100.0 * tapped * KGCO2_PER_T_CARBON
    scope1 = burnt - stays_kg + process.scope1 * tapped
    scope2 = factors.electricity_kgco2e_per_kwh * energy
    scope3 = upstream + (process.scope3 + oxygen * factors.oxygen_kgco2e_per_nm3) * tapped
    counted = (
        prices.carbon_scope1_eur_per_t * scope1
        + prices.carbon_scope2_eur_per_t * scope2
        + prices.carbon_scope3_eur_per_t * scope3
    ) / 1000.0
    cost = paid + media * tapped + prices.electricity_eur_per_kwh * energy + counted
    return Account(
        float(np.mean(cost / made.final_t)),
        float(np.mean(energy / made.final_t)),
        float(np.mean((scope1 + scope2 + scope3) / made.final_t)),
    )
