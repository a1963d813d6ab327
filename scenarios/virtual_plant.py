"""A virtual plant: a real-looking heat log whose truth is known, so that anything can be checked."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.random import Generator

from scenarios.furnace import Tapped, VirtualFurnace
from scenarios.practice import RESIDUAL_RULES, Practice, charge_history
from scenarios.world import ANALYSED, TrueMaterial, stable_rng, true_material
from steel import catalogue
from steel.elements import Element
from steel.errors import InputError
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from steel.plants import Plant

ANALYSIS_NOISE = 0.015
"""Relative standard deviation of sampling and analysis."""
BELIEF_ERROR = 0.10
"""How far a melt shop's experience of its materials is off, relative."""
ENERGY_NOISE_KWH_PER_T = 6.0
TAPPED_NOISE = 0.006
FIRST_TAP = np.datetime64("2024-01-01T06:00:00", "s")
TAP_TO_TAP_S = 3600


@dataclass(frozen=True)
class VirtualPlant:
    """A plant file with a hidden truth behind it.

    Attributes:
        plant: what the plant knows of itself.
        seed: of everything random at this plant.
        world_seed: of what all plants of a world share, the classes' true contents.
        lot_t: mass of one lot of scrap.
        drift_per_1000_heats: relative change of all true contents of a material, by name; the truth of
            `truth` is that of the first heat.
    """

    plant: Plant
    seed: int
    world_seed: int = 2026
    lot_t: float = 60.0
    drift_per_1000_heats: dict[str, float] = field(default_factory=dict)

    @cached_property
    def truth(self) -> tuple[TrueMaterial, ...]:
        """The true materials, in the order of `plant.charge_items()`."""
        return tuple(
            true_material(item.material, self.plant.name, self.world_seed, self.lot_t)
            for item in self.plant.charge_items()
        )

    @cached_property
    def furnace(self) -> VirtualFurnace:
        """The furnace with the true materials."""
        baskets = self.plant.furnace.baskets
        return VirtualFurnace(self.truth, baskets.volume_m3 if baskets else 1e9)

    @property
    def materials(self) -> tuple[Material, ...]:
        """The furnace materials as the plant knows them."""
        return tuple(true.material for true in self.truth)

    @property
    def material_names(self) -> tuple[str, ...]:
        """Names of the furnace materials, the columns of every charge here."""
        return tuple(material.name for material in self.materials)

    def history(self, heats: int) -> HeatLog:
        """The plant's last heats as its own records would show them.

        Raises:
            InputError: fewer than one heat is asked for.
        """
        if heats < 1:
            raise InputError(heats, "number of heats", "1 or more")
        rng = stable_rng(self.seed, self.plant.name, "history")
        grades = {name: catalogue.grade(name) for name in self.plant.grades}
        residuals = [ANALYSED.index(element) for element in RESIDUAL_RULES]
        true_contents = np.array([true.contents_wt_pct[residuals] for true in self.truth])
        believed = true_contents * np.exp(BELIEF_ERROR * rng.standard_normal(true_contents.shape))
        practice = charge_history(self.plant, grades, heats, believed, rng)
        lots = self._lots_in_turn(practice.charged_t, rng)
        tapped = self.furnace.tap(practice.charged_t, lots, practice.process)
        return self._measure(practice, tapped, rng)

    def expected(self, log: HeatLog) -> HeatLog:
        """The same heats with their true expected outcome: lots and noise averaged out."""
        contents = np.array([true.contents_wt_pct for true in self.truth])
        everywhere = np.broadcast_to(contents, (len(log), *contents.shape))
        tapped = self.furnace.tap(self.columns(log), everywhere, log.process)
        heel_share = log.heel_t / (log.heel_t + tapped.tapped_t)
        bath = self._with_heel(tapped.fresh_wt_pct, heel_share, log.heel_wt_pct)
        return replace(log, analysis_wt_pct=bath, tapped_t=tapped.tapped_t, energy_kwh_per_t=tapped.energy_kwh_per_t)

    def trial(self, log: HeatLog, rng: Generator) -> HeatLog:
        """Tap the given charges once more with freshly drawn lots and no measuring noise."""
        charged = self.columns(log)
        contents = np.stack([true.draw_lots(len(log), rng) for true in self.truth], axis=1)
        tapped = self.furnace.tap(charged, contents, log.process)
        heel_share = log.heel_t / (log.heel_t + tapped.tapped_t)
        bath = self._with_heel(tapped.fresh_wt_pct, heel_share, log.heel_wt_pct)
        return replace(log, analysis_wt_pct=bath, tapped_t=tapped.tapped_t, energy_kwh_per_t=tapped.energy_kwh_per_t)

    def columns(self, log: HeatLog) -> FloatArray:
        """(N, n) the log's charge in this plant's order of materials; absent ones are 0."""
        strange = set(log.materials) - set(self.material_names)
        if strange:
            raise InputError(sorted(strange), "charge", f"materials of {self.plant.name}")
        return log.charged_in(self.material_names)

    def _lots_in_turn(self, charged_t: FloatArray, rng: Generator) -> FloatArray:
        """(N, n, E) contents of the lot each material came from, lots used up one after another."""
        contents = np.empty((*charged_t.shape, len(ANALYSED)))
        for column, true in enumerate(self.truth):
            used = np.cumsum(charged_t[:, column]) - charged_t[:, column]
            lot = np.floor(used / true.lot_t).astype(int)
            contents[:, column] = true.draw_lots(int(lot[-1]) + 1, rng)[lot]
            contents[:, column] *= self.drifted(true.material.name, np.arange(len(used)))[:, None]
        return contents

    def _with_heel(self, fresh: FloatArray, heel_share: FloatArray, heel_wt_pct: FloatArray) -> FloatArray:
        heel = np.where(np.isfinite(heel_wt_pct), heel_wt_pct, fresh)
        return np.asarray((1 - heel_share[:, None]) * fresh + heel_share[:, None] * heel)

    def _measure(self, practice: Practice, tapped: Tapped, rng: Generator) -> HeatLog:
        heats, heel_t = len(practice.grades), self.plant.furnace.heel_t
        bath = np.empty_like(tapped.fresh_wt_pct)
        before = tapped.fresh_wt_pct[0]
        for heat in range(heats):
            share = heel_t / (heel_t + tapped.tapped_t[heat])
            before = (1 - share) * tapped.fresh_wt_pct[heat] + share * before
            bath[heat] = before
        analysis = bath * (1 + ANALYSIS_NOISE * rng.standard_normal(bath.shape))
        return HeatLog(
            heat_ids=np.array([f"{self.plant.name.upper()[:3]}{heat + 1:06d}" for heat in range(heats)]),
            tapped_at=FIRST_TAP + np.arange(heats) * np.timedelta64(TAP_TO_TAP_S, "s"),
            grades=np.array(practice.grades),
            materials=self.material_names,
            charged_t=practice.charged_t,
            elements=ANALYSED,
            analysis_wt_pct=np.round(analysis, 5),
            tapped_t=tapped.tapped_t * (1 + TAPPED_NOISE * rng.standard_normal(heats)),
            energy_kwh_per_t=tapped.energy_kwh_per_t + ENERGY_NOISE_KWH_PER_T * rng.standard_normal(heats),
            heel_t=np.full(heats, heel_t),
            heel_wt_pct=np.vstack([np.full((1, len(ANALYSED)), np.nan), np.round(analysis[:-1], 5)]),
            process=practice.process,
        )

    def drifted(self, material: str, heats: "np.ndarray[tuple[int, ...], np.dtype[np.int_]]") -> FloatArray:
        """Factor on a material's first contents at given heat numbers, counted from 0."""
        rate = self.drift_per_1000_heats.get(material, 0.0)
        return np.asarray(np.exp(rate * heats / 1000.0))

    def true_contents(self, element: Element) -> dict[str, float]:
        """True mean content of every material, wt%."""
        position = ANALYSED.index(element)
        return {true.material.name: float(true.contents_wt_pct[position]) for true in self.truth}
