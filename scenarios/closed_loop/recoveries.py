"""What is learned of alloys whose recoveries are other than their plant has them."""

from statistics import fmean

import numpy as np
from numpy.random import Generator

from scenarios.bundled import names, virtual_plant
from scenarios.virtual_plant import ANALYSIS_NOISE
from scenarios.world import stable_rng
from steel.elements import Element
from steel.materials import Material
from surrogate.fit.recoveries import TrimRecord, learned_recoveries

TRIMS = 100
OFF = (0.85, 1.08)
"""Least and most of the stated recovery that is really recovered..."""
MOST_RECOVERED = 0.99
"""...as far as anything can be."""
BOUGHT_FOR_WT_PCT = 15.0
"""Content from which an alloy is bought for an element, rather than brings it along."""
ADDED_T = (0.1, 1.5)
BATH_WT_PCT = (0.01, 0.15)


def recovery_errors() -> dict[str, float]:
    """Mean error of what alloys are bought for, as a fraction: as stated, and learned from 100 trims."""
    stated: list[float] = []
    learned: list[float] = []
    for name in names():
        plant = virtual_plant(name).plant
        alloys = [item.material for item in plant.tapping_items()]
        rng = stable_rng("recoveries", name)
        truth = {
            (alloy.name, element): min(MOST_RECOVERED, alloy.recovered_content(element) / content * rng.uniform(*OFF))
            for alloy in alloys for element, content in alloy.contents_wt_pct.items() if content > 0
        }  # fmt: skip
        trims = [_trim(alloys, truth, plant.furnace.tap_weight_t, rng) for _ in range(TRIMS)]
        for key, found in learned_recoveries(alloys, trims).items():
            alloy = next(one for one in alloys if one.name == key[0])
            if alloy.content(key[1]) >= BOUGHT_FOR_WT_PCT:
                stated.append(abs(found.stated - truth[key]))
                learned.append(abs(found.learned - truth[key]))
    return {"stated_recovery_error": fmean(stated), "recovery_error_after_100_trims": fmean(learned)}


def _trim(
    alloys: list[Material], truth: dict[tuple[str, Element], float], steel_t: float, rng: Generator
) -> TrimRecord:
    """One melt, sampled before and after a few alloys were added."""
    added = {alloy.name: float(rng.uniform(*ADDED_T)) for alloy in alloys if rng.random() < 1.0 / 3.0}
    final_t = steel_t + sum(alloy.metallic_yield * added.get(alloy.name, 0.0) for alloy in alloys)
    before, after = {}, {}
    for element in sorted({element for _, element in truth}):
        held = float(rng.uniform(*BATH_WT_PCT))
        brought = 0.0
        for alloy in alloys:
            cv = alloy.content_cv.get(element, 0.0)
            lot = float(np.exp(cv * rng.standard_normal() - cv**2 / 2.0))
            content = alloy.content(element) * lot
            brought += added.get(alloy.name, 0.0) * content * truth.get((alloy.name, element), 0.0)
        seen = 1.0 + ANALYSIS_NOISE * rng.standard_normal(2)
        before[element] = held * seen[0]
        after[element] = (held * steel_t + brought) / final_t * seen[1]
    return TrimRecord(steel_t, before, after, added, {})
