"""The virtual furnace: what a charge of known contents becomes.

The energy demand is Köhle's formula plus three interactions he leaves out; the chemistry is a partition
between steel, slag and gas whose shares move with oxygen, temperature, slag and carbon. All of it is
written for N heats at once.
"""

from dataclasses import dataclass

import numpy as np

from scenarios.kohle import KohleInputs, energy_demand_kwh_per_t
from scenarios.world import ANALYSED, TrueMaterial
from steel.elements import Element
from steel.heats import FloatArray
from steel.materials import MaterialKind

_INDEX = {element: position for position, element in enumerate(ANALYSED)}
SHREDDED_CLASSES = ("E40", "E46")
DRI_CLASSES = ("DRI", "HBI")


@dataclass(frozen=True)
class Tapped:
    """What N heats gave, before analysis noise and before the heel is mixed in.

    Attributes:
        tapped_t: (N,) steel from the charge, t.
        fresh_wt_pct: (N, E) its analysis, elements as in `ANALYSED`.
        energy_kwh_per_t: (N,) electricity per t tapped.
    """

    tapped_t: FloatArray
    fresh_wt_pct: FloatArray
    energy_kwh_per_t: FloatArray


def _softplus(x: FloatArray, width: float) -> FloatArray:
    return np.asarray(width * np.logaddexp(0.0, x / width))


def _sigmoid(x: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


@dataclass(frozen=True)
class VirtualFurnace:
    """A furnace with a yard's true materials.

    Attributes:
        materials: n true materials, in the order of the charge's columns.
        basket_volume_m3: what one basket holds.
    """

    materials: tuple[TrueMaterial, ...]
    basket_volume_m3: float

    def _share(self, charged_t: FloatArray, which: list[bool]) -> FloatArray:
        return np.asarray(charged_t[:, which].sum(axis=1))

    def _of_class(self, *classes: str) -> list[bool]:
        return [true.material.material_class in classes for true in self.materials]

    def tap(self, charged_t: FloatArray, contents: FloatArray, process: dict[str, FloatArray]) -> Tapped:
        """Melt N heats.

        Args:
            charged_t: (N, n) t.
            contents: (N, n, E) wt% of what was really charged.
            process: every process input, (N,).
        """
        oxygen, temperature = process["oxygen_nm3_per_t"], process["tap_temperature_c"]
        yields = np.array([true.metallic_yield for true in self.materials])
        carbon_in_t = np.einsum("hn,hn->h", charged_t, contents[:, :, _INDEX[Element.C]]) / 100.0
        silicon_in_t = np.einsum("hn,hn->h", charged_t, contents[:, :, _INDEX[Element.SI]]) / 100.0
        metal_t = charged_t @ yields
        carbon_kg_per_t = 1000.0 * carbon_in_t / metal_t + 0.5 * process["injected_carbon_kg_per_t"]
        surplus = oxygen - 0.55 * carbon_kg_per_t - 0.5 * 1000.0 * silicon_in_t / metal_t
        iron_loss = 0.010 * _softplus((surplus - 22.0) / 8.0, 0.5)
        tapped = metal_t * (1.0 - iron_loss)
        fresh = self._analysis(charged_t, contents, tapped, surplus, carbon_kg_per_t, silicon_in_t, temperature)
        return Tapped(tapped, fresh, self._energy(charged_t, tapped, process, carbon_kg_per_t))

    def _analysis(
        self,
        charged_t: FloatArray,
        contents: FloatArray,
        tapped: FloatArray,
        surplus: FloatArray,
        carbon_kg_per_t: FloatArray,
        silicon_in_t: FloatArray,
        temperature: FloatArray,
    ) -> FloatArray:
        brought = np.einsum("hn,hne->he", charged_t, contents) / tapped[:, None]
        lime = self._share(charged_t, self._of_class("lime"))
        dolime = self._share(charged_t, self._of_class("dolime"))
        dirt = self._share(charged_t, [t.material.kind is MaterialKind.SCRAP for t in self.materials])
        gangue = self._share(charged_t, self._of_class(*DRI_CLASSES))
        silica = 2.14 * silicon_in_t + 0.004 * dirt + 0.035 * gangue
        basicity = (0.92 * lime + 0.57 * dolime) / np.maximum(silica, 0.1)
        slag_ratio = (lime + dolime + silica + 0.02 * tapped) / tapped
        phosphorus_partition = 26.0 * _sigmoid((basicity - 1.6) / 0.5) * np.exp(-(temperature - 1620.0) / 90.0)
        sulphur_partition = 3.5 + 3.0 * _sigmoid((basicity - 1.9) / 0.4)
        oxidising = _sigmoid((surplus - 18.0) / 9.0)
        fresh = brought.copy()
        fresh[:, _INDEX[Element.P]] /= 1.0 + phosphorus_partition * slag_ratio
        fresh[:, _INDEX[Element.S]] /= 1.0 + sulphur_partition * slag_ratio
        fresh[:, _INDEX[Element.CR]] *= 0.78 - 0.45 * oxidising
        fresh[:, _INDEX[Element.MN]] *= 0.42 - 0.28 * oxidising
        fresh[:, _INDEX[Element.V]] *= 0.60 - 0.40 * oxidising
        fresh[:, _INDEX[Element.SI]] = 0.012 + 0.02 * fresh[:, _INDEX[Element.SI]] * (1.0 - oxidising)
        fresh[:, _INDEX[Element.C]] = 0.034 + 0.014 * _softplus((carbon_kg_per_t - 0.45 * surplus) / 4.0, 0.7)
        boil = 1.0 - 0.45 * gangue / tapped - 0.10 * np.tanh(carbon_kg_per_t / 15.0)
        fresh[:, _INDEX[Element.N]] = (0.35 * fresh[:, _INDEX[Element.N]] + 0.0055) * boil
        return np.asarray(fresh)

    def _energy(
        self,
        charged_t: FloatArray,
        tapped: FloatArray,
        process: dict[str, FloatArray],
        carbon_kg_per_t: FloatArray,
    ) -> FloatArray:
        metal = [true.metallic_yield > 0 for true in self.materials]
        density = np.array([true.material.bulk_density_t_per_m3 for true in self.materials])
        shredded = self._share(charged_t, self._of_class(*SHREDDED_CLASSES))
        oxygen = process["oxygen_nm3_per_t"]
        kohle = energy_demand_kwh_per_t(
            KohleInputs(
                ferrous_t=self._share(charged_t, metal),
                tapped_t=tapped,
                dri_hbi_t=self._share(charged_t, self._of_class(*DRI_CLASSES)),
                shredded_t=shredded,
                hot_metal_t=np.zeros_like(tapped),
                slag_formers_t=self._share(charged_t, self._of_class("lime", "dolime")),
                tap_temperature_c=process["tap_temperature_c"],
                power_on_min=process["power_on_min"],
                power_off_min=process["power_off_min"],
                burner_gas_m3_per_t=process["gas_nm3_per_t"],
                lance_oxygen_m3_per_t=oxygen,
                post_combustion_oxygen_m3_per_t=np.zeros_like(tapped),
            )
        )
        saturation = 90.0 * _softplus(shredded / tapped - 0.40, 0.06)
        baskets = (charged_t / density).sum(axis=1) / self.basket_volume_m3
        third_basket = 11.0 * _sigmoid((baskets - 2.1) / 0.12)
        bath_carbon = -1.6 * carbon_kg_per_t * (1.0 - np.exp(-oxygen / (1.5 * carbon_kg_per_t + 10.0)))
        return np.asarray(kohle + saturation + third_basket + bath_carbon)
