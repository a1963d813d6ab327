"""Greenhouse-gas emissions by scope: arithmetic on masses and published factors, never learned."""

from pydantic import model_validator

from steel.elements import Element
from steel.frozen import Frozen
from steel.materials import Material
from steel.quantities import KgCo2ePerUnit
from steel.texts import Line

KGCO2_PER_T_CARBON = 3667.0
"""Carbon burnt, kgCO2 per t C: 44/12 (stoichiometry)."""


class FactorSource(Frozen):
    """Where a factor comes from.

    Attributes:
        dated: of the source, as it is told.
        version: of the source.
    """

    source: Line
    dated: Line = ""
    version: Line = ""


class EmissionFactors(Frozen):
    """Factors a plant may override; defaults come from the catalogue `emissions.toml`.

    Attributes:
        sources: of those that are the plant's own, by their names.

    Raises:
        ValueError: a source is told of what is no factor.
    """

    electricity_kgco2e_per_kwh: KgCo2ePerUnit
    natural_gas_kgco2e_per_nm3: KgCo2ePerUnit
    oxygen_kgco2e_per_nm3: KgCo2ePerUnit
    electrode_direct_kgco2e_per_kg: KgCo2ePerUnit
    electrode_upstream_kgco2e_per_kg: KgCo2ePerUnit
    sources: dict[str, FactorSource] = {}

    @model_validator(mode="after")
    def _of_factors(self) -> "EmissionFactors":
        strange = sorted(self.sources.keys() - type(self).model_fields.keys())
        if strange:
            raise ValueError(f"sources of {', '.join(strange)}: no such factor")
        return self


class Emissions(Frozen):
    """kgCO2e per t tapped (or per heat, where said), by scope of the GHG Protocol."""

    scope1: float
    scope2: float
    scope3: float

    @property
    def total(self) -> float:
        """The sum of the three scopes."""
        return self.scope1 + self.scope2 + self.scope3


def material_scope1_kg_per_t(material: Material) -> float:
    """kgCO2 per t charged if all its carbon burns; carbon left in the steel is credited apart."""
    return material.content(Element.C) / 100.0 * KGCO2_PER_T_CARBON


def process_emissions_per_t(
    factors: EmissionFactors,
    gas_nm3_per_t: float,
    electrode_kg_per_t: float,
    injected_carbon_kg_per_t: float,
) -> Emissions:
    """What the furnace emits per t tapped beside its charge, its oxygen and its electricity, kgCO2e/t."""
    direct = (
        gas_nm3_per_t * factors.natural_gas_kgco2e_per_nm3
        + electrode_kg_per_t * factors.electrode_direct_kgco2e_per_kg
        + injected_carbon_kg_per_t / 1000.0 * KGCO2_PER_T_CARBON
    )
    upstream = electrode_kg_per_t * factors.electrode_upstream_kgco2e_per_kg
    return Emissions(scope1=direct, scope2=0.0, scope3=upstream)
