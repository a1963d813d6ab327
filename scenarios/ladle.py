"""The virtual ladle: what tapping additions make of the furnace's steel, and what the laboratory then reports."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from scenarios.practice import usual_process
from scenarios.virtual_plant import ANALYSIS_NOISE, VirtualPlant
from scenarios.world import ANALYSED
from steel.claims import Side
from steel.elements import Element
from steel.grades import Grade
from steel.heats import FloatArray


@dataclass(frozen=True)
class Finished:
    """N heats after the ladle.

    Attributes:
        bath_wt_pct: (N, E) in the furnace at tap, heel mixed in, elements as in `ANALYSED`.
        final_wt_pct: (N, E) after tapping additions.
        tapped_t: (N,) furnace steel from the charge.
        final_t: (N,) with the additions.
        energy_kwh_per_t: (N,) electricity per t of furnace steel.
        process: each process input as it was, (N,).
    """

    bath_wt_pct: FloatArray
    final_wt_pct: FloatArray
    tapped_t: FloatArray
    final_t: FloatArray
    energy_kwh_per_t: FloatArray
    process: dict[str, FloatArray]

    def reported(self, rng: Generator) -> FloatArray:
        """(N, E) final analysis as the laboratory reports it."""
        return np.asarray(self.final_wt_pct * (1.0 + ANALYSIS_NOISE * rng.standard_normal(self.final_wt_pct.shape)))


def finish(
    virtual: VirtualPlant,
    charged_t: dict[str, float],
    additions_t: dict[str, float],
    heel_wt_pct: FloatArray,
    lots: FloatArray,
    rng: Generator,
) -> Finished:
    """Make one recipe N times.

    Args:
        virtual: where.
        charged_t: furnace materials by name.
        additions_t: tapping additions by name.
        heel_wt_pct: (E,) steel that the heat before left, or (N, E).
        lots: (N, n, E) contents of what was really charged, materials as in `virtual.material_names`.
        rng: of the process and of what each addition really holds.
    """
    heats, plant = len(lots), virtual.plant
    charged = np.broadcast_to([charged_t.get(name, 0.0) for name in virtual.material_names], lots.shape[:2])
    process = usual_process(plant, heats, rng)
    tapped = virtual.furnace.tap(np.asarray(charged, dtype=np.float64), lots, process)
    share = plant.furnace.heel_t / (plant.furnace.heel_t + plant.furnace.tap_weight_t)
    bath = (1.0 - share) * tapped.fresh_wt_pct + share * heel_wt_pct
    kept = np.array([plant.furnace.ladle_retention.get(element, 1.0) for element in ANALYSED])
    held_t, final_t = bath * kept * tapped.tapped_t[:, None], tapped.tapped_t.copy()
    for name, mass_t in additions_t.items():
        item = plant.item(name)
        if item is None or mass_t <= 0:
            continue
        brought = np.array([item.material.recovered_content(element) for element in ANALYSED])
        spread = np.array([item.material.content_cv.get(element, 0.0) for element in ANALYSED])
        held_t += mass_t * brought * np.exp(spread * rng.standard_normal(held_t.shape) - spread**2 / 2.0)
        final_t = final_t + mass_t * item.material.metallic_yield
    return Finished(bath, held_t / final_t[:, None], tapped.tapped_t, final_t, tapped.energy_kwh_per_t, process)


def fresh_lots(virtual: VirtualPlant, heats: int, rng: Generator) -> FloatArray:
    """(N, n, E) contents of every material, each heat from a lot of its own."""
    return np.stack([true.draw_lots(heats, rng) for true in virtual.truth], axis=1)


def misses(
    reported_wt_pct: FloatArray, grade: Grade
) -> dict[tuple[Element, Side], "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"]:
    """(N,) whether each of N final analyses (N, E) misses each limit of a grade."""
    found: dict[tuple[Element, Side], NDArray[np.bool_]] = {}
    for element in grade.elements():
        if element not in ANALYSED:
            continue
        content = reported_wt_pct[:, ANALYSED.index(element)]
        if element in grade.maximum_wt_pct:
            found[element, "maximum"] = content > grade.maximum_wt_pct[element]
        if element in grade.minimum_wt_pct:
            found[element, "minimum"] = content < grade.minimum_wt_pct[element]
    return found
