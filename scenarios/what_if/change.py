"""What a scenario changes of a plant, its grades and its surrogate's description; unknown keys are refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from plant_adapters.mapping.entries import YardEntry
from steel.complaints import meant
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Grade
from steel.heats import FloatArray
from steel.materials import MaterialKind
from steel.plants import MaterialGroup, Plant, YardItem
from steel.quantities import CarbonEurPerT, Fraction, HeatMassT, KgCo2ePerUnit, Number, StockT
from surrogate.model.added_material import with_material
from surrogate.model.description import Description, OutputPieces

Factor = Annotated[Number, Field(gt=0, le=100)]
PaidEurPerT = Annotated[Number, Field(ge=0, le=1e5)]
"""What a scenario supposes is paid; to be paid for taking scrap is no price anybody plans with."""
PaidEurPerKwh = Annotated[Number, Field(ge=0, le=10)]
SCRAP = "scrap"
"""Stands for all scrap where a scenario names materials."""
EVERY = "*"
"""Stands for all materials."""


class FurnaceChange(Frozen):
    """Another furnace.

    Attributes:
        tap_weight_t: of its heats.
        energy_factor: electricity it takes, over what the plant's own takes for the same charge.
        electrode_kg_per_t: it burns.
    """

    tap_weight_t: HeatMassT | None = None
    energy_factor: Factor = 1.0
    electrode_kg_per_t: Annotated[Number, Field(ge=0, le=100)] | None = None


class Change(Frozen):
    """What differs from the plant as it is; a material is meant by its name, its class, "scrap", or "*" for all.

    Attributes:
        price_factors: prices over today's.
        prices_eur_per_t: prices instead of today's.
        available_t: stock instead of today's.
        without: materials that are not to be had.
        add: materials that the yard does not have.
        least_shares: of the metal-bearing charge.
        carbon_eur_per_t: price of a t of CO2e of scope 1 and 2.
        electricity_eur_per_kwh: price.
        grid_kgco2e_per_kwh: emission factor of electricity.
        maximum_factors: maxima over the grade's, by element.
        confidence: of each limit.
        furnace: another one.
    """

    price_factors: dict[str, Factor] = {}
    prices_eur_per_t: dict[str, PaidEurPerT] = {}
    available_t: dict[str, StockT] = {}
    without: tuple[str, ...] = ()
    add: tuple[YardEntry, ...] = ()
    least_shares: dict[str, Fraction] = {}
    carbon_eur_per_t: CarbonEurPerT | None = None
    electricity_eur_per_kwh: PaidEurPerKwh | None = None
    grid_kgco2e_per_kwh: KgCo2ePerUnit | None = None
    maximum_factors: dict[Element, Factor] = {}
    confidence: Annotated[Number, Field(ge=0.5, lt=1)] | None = None
    furnace: FurnaceChange = FurnaceChange()

    def plant(self, plant: Plant, where: str) -> Plant:
        """The plant with the change.

        Raises:
            InputError: it names a material that the yard does not have, or adds one that it has.
        """
        yard = list(plant.yard)
        for entry in self.add:
            item = entry.item(f"{where}: add")
            if plant.item(item.material.name) is not None:
                raise InputError(item.material.name, f"{where}: add", "a material that the yard does not have yet")
            yard.append(item)
        for key in self.without:
            gone = set(_named(yard, key, f"{where}: without"))
            yard = [item for item in yard if item.material.name not in gone]
        for key, factor in self.price_factors.items():
            yard = _with(yard, key, f"{where}: price_factors", _dearer(factor))
        for key, price in self.prices_eur_per_t.items():
            yard = _with(yard, key, f"{where}: prices_eur_per_t", _set("price_eur_per_t", price))
        for key, stock in self.available_t.items():
            yard = _with(yard, key, f"{where}: available_t", _set("available_t", stock))
        groups = list(plant.groups)
        for key, share in self.least_shares.items():
            names = tuple(_named(yard, key, f"{where}: least_shares"))
            groups.append(MaterialGroup(name=f"{key} at least {100 * share:g} %", materials=names, min_share=share))
        left = {item.material.name for item in yard}
        kept = [
            group.model_copy(update={"materials": tuple(n for n in group.materials if n in left)}) for group in groups
        ]
        return plant.model_copy(
            update={
                "yard": tuple(yard),
                "groups": tuple(group for group in kept if group.materials),
                "prices": plant.prices.model_copy(update=self._prices()),
                "emission_factors": plant.emission_factors.model_copy(
                    update={} if self.grid_kgco2e_per_kwh is None
                    else {"electricity_kgco2e_per_kwh": self.grid_kgco2e_per_kwh}
                ),
                "furnace": plant.furnace.model_copy(
                    update=self.furnace.model_dump(include={"tap_weight_t", "electrode_kg_per_t"}, exclude_none=True)
                ),
            }
        )  # fmt: skip

    def _prices(self) -> dict[str, float]:
        found: dict[str, float] = {}
        if self.carbon_eur_per_t is not None:
            found |= dict.fromkeys(("carbon_scope1_eur_per_t", "carbon_scope2_eur_per_t"), self.carbon_eur_per_t)
        if self.electricity_eur_per_kwh is not None:
            found["electricity_eur_per_kwh"] = self.electricity_eur_per_kwh
        return found

    def grade(self, grade: Grade) -> Grade:
        """The grade with tightened or loosened maxima; of an element that it does not limit nothing is asked."""
        maxima = {
            element: limit * self.maximum_factors.get(element, 1.0) for element, limit in grade.maximum_wt_pct.items()
        }
        return grade.with_limits(maximum=maxima)

    def description(self, description: Description) -> Description:
        """The surrogate's description with added materials and another furnace's electricity."""
        for entry in self.add:
            material = entry.material(None, "add")
            if material.kind is not MaterialKind.FERROALLOY and material.name not in description.names:
                description = with_material(description, material)
        factor = self.furnace.energy_factor
        if factor == 1.0:
            return description
        return replace(description, energy=_scaled(description.energy, factor))


def _scaled(pieces: OutputPieces, factor: float) -> OutputPieces:
    if pieces.predictors:
        raise InputError(factor, "furnace: energy_factor", "1 where trees or a network foresee the electricity")
    covariance: FloatArray = np.asarray(pieces.covariance * factor**2)
    return replace(pieces, linear=pieces.linear * factor, pieces=pieces.pieces * factor, covariance=covariance)


def _named(yard: list[YardItem], key: str, where: str) -> list[str]:
    """Names of the yard's materials that a scenario means by a name, a class, "scrap" or "*".

    Raises:
        InputError: there are none.
    """
    if key == EVERY:
        return [item.material.name for item in yard]
    if key == SCRAP:
        found = [item.material.name for item in yard if item.material.kind is MaterialKind.SCRAP]
    else:
        found = [item.material.name for item in yard if key in (item.material.name, item.material.material_class)]
    if not found:
        known = [item.material.name for item in yard]
        raise InputError(key, where, f"a material of the yard, its class, {SCRAP} or {EVERY}{meant(key, known)}")
    return found


def _with(yard: list[YardItem], key: str, where: str, update: Callable[[YardItem], dict[str, Any]]) -> list[YardItem]:
    names = set(_named(yard, key, where))
    return [item.model_copy(update=update(item)) if item.material.name in names else item for item in yard]


def _set(field: str, value: float) -> Callable[[YardItem], dict[str, Any]]:
    return lambda item: {field: value}


def _dearer(factor: float) -> Callable[[YardItem], dict[str, Any]]:
    return lambda item: {"price_eur_per_t": item.price_eur_per_t * factor}
