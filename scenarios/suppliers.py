"""Virtual plants whose scrap comes from several suppliers, each with contents of its own."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from scenarios.bundled import names, virtual_plant
from scenarios.virtual_plant import VirtualPlant
from scenarios.world import ANALYSED, stable_rng
from steel.heats import FloatArray, HeatLog
from steel.materials import MaterialKind
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.fit.suppliers import Supplied, supplier_effects

SUPPLIERS = 4
HEATS, LATER = 900, 300
"""Heats that teach, and later ones that judge."""


@dataclass(frozen=True)
class SuppliedPlant(VirtualPlant):
    """A virtual plant each of whose lots has a supplier.

    Attributes:
        spread: relative standard deviation of suppliers about their material.
    """

    spread: float = 0.0

    @cached_property
    def factors(self) -> FloatArray:
        """(n, S, E) true contents of each supplier's material over the material's."""
        rng = stable_rng(self.seed, self.plant.name, "suppliers")
        drawn = rng.standard_normal((len(self.truth), SUPPLIERS, len(ANALYSED)))
        scrap = np.array([true.material.kind is MaterialKind.SCRAP for true in self.truth])
        return np.asarray(np.where(scrap[:, None, None], np.exp(self.spread * drawn - self.spread**2 / 2.0), 1.0))

    def supplier_of(self, charged_t: FloatArray) -> NDArray[np.int_]:
        """(N, n) whose each heat's lot of each material is."""
        found = np.zeros(charged_t.shape, dtype=np.int_)
        for column, true in enumerate(self.truth):
            used = np.cumsum(charged_t[:, column]) - charged_t[:, column]
            lot = np.floor(used / true.lot_t).astype(int)
            rng = stable_rng(self.seed, self.plant.name, "supplier", true.material.name)
            found[:, column] = rng.integers(SUPPLIERS, size=int(lot[-1]) + 1)[lot]
        return found

    def supplied(self, log: HeatLog) -> Supplied:
        """Who delivered what of a history from its first heat on."""
        charged, whose = self.columns(log), self.supplier_of(self.columns(log))
        scrap = [i for i, true in enumerate(self.truth) if true.material.kind is MaterialKind.SCRAP]
        return {
            str(heat): {
                (self.material_names[i], f"supplier {whose[row, i] + 1}"): float(charged[row, i])
                for i in scrap if charged[row, i] > 0
            }
            for row, heat in enumerate(log.heat_ids)
        }  # fmt: skip

    def expected_of_suppliers(self, log: HeatLog) -> FloatArray:
        """(N, E) true expected analysis of the furnace's fresh steel of a history, suppliers known, lots averaged."""
        charged, whose = self.columns(log), self.supplier_of(self.columns(log))
        means = np.array([true.contents_wt_pct for true in self.truth])
        contents = means * self.factors[np.arange(len(means)), whose]
        return self.furnace.tap(charged, contents, log.process).fresh_wt_pct

    def _lots_in_turn(self, charged_t: FloatArray, rng: Generator) -> FloatArray:
        lots = super()._lots_in_turn(charged_t, rng)
        return lots * self.factors[np.arange(lots.shape[1]), self.supplier_of(charged_t)]


def supplier_excess(spread: float) -> float:
    """Distance from the true expectation with suppliers known over that without, later heats of all bundled plants.

    Elements count alike: each by its own distance relative to what it holds on average.
    """
    with_known, without = [], []
    for name in names():
        usual = virtual_plant(name)
        virtual = SuppliedPlant(usual.plant, usual.seed, usual.world_seed, spread=spread)
        every = virtual.history(HEATS + LATER)
        early, late = every.rows(slice(None, HEATS)), every.rows(slice(HEATS, None))
        supplied = virtual.supplied(every)
        model = fit(early, virtual.materials, FitOptions(remainders=()))
        effects = supplier_effects(model, early, supplied)
        truth = virtual.expected_of_suppliers(every)[HEATS:]
        schema = model.schema
        charged, process = schema.charged(late), schema.standardised(late)
        tapped = model.tapped_t(charged, process)
        features = schema.features(charged, tapped, process)
        for element in schema.elements:
            true = truth[:, ANALYSED.index(element)]
            plain = model.outputs[element.value].mean(features)
            better = plain + effects.shift_wt_pct(element, late, supplied, tapped)
            without.append(float(np.sqrt(np.mean((plain - true) ** 2)) / true.mean()))
            with_known.append(float(np.sqrt(np.mean((better - true) ** 2)) / true.mean()))
    return float(np.mean(with_known) / np.mean(without))
