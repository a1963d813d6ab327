"""Recoveries of alloys, learned from heats that were sampled before and after their additions.

For each element, what the melt gained is the sum over alloys of mass, content and recovery, with the error of both
samples: a linear regression, with the recoveries that are stated as its prior (conjugate normal).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from steel.elements import Element
from steel.materials import Material
from surrogate.model.melt import LEAST_ERROR_WT_PCT, SAMPLE_ERROR_CV

PRIOR_SD = 0.15
"""How far a stated recovery may be off, as a fraction of what is added."""


@dataclass(frozen=True)
class TrimRecord:
    """A melt before and after additions.

    Attributes:
        steel_t: before.
        before_wt_pct: sampled before.
        after_wt_pct: sampled after.
        additions_t: in between, by material.
        kept: share of an element that treatment left of what the melt held.
    """

    steel_t: float
    before_wt_pct: dict[Element, float]
    after_wt_pct: dict[Element, float]
    additions_t: dict[str, float]
    kept: dict[Element, float]


@dataclass(frozen=True)
class Recovery:
    """Share of an element of an alloy that is found in the steel.

    Attributes:
        stated: what the plant's file or the catalogue says.
        learned: mean.
        sd: of the same.
        trims: in which the alloy was added.
    """

    stated: float
    learned: float
    sd: float
    trims: int


def learned_recoveries(alloys: Sequence[Material], trims: Iterable[TrimRecord]) -> dict[tuple[str, Element], Recovery]:
    """Recovery of each element of each alloy that was added.

    Args:
        alloys: what may be added, with what is stated of it.
        trims: past additions.

    Examples:
        >>> from steel import catalogue
        >>> alloy = catalogue.material("FeMn_HC")
        >>> gained = 0.9 * alloy.content(Element.MN) / 101.0
        >>> trim = TrimRecord(99.0, {Element.MN: 0.0}, {Element.MN: gained}, {"FeMn_HC": 1.0}, {})
        >>> learned_recoveries([alloy], [trim] * 50)["FeMn_HC", Element.MN].trims
        50
    """
    every = list(trims)
    added = [alloy for alloy in alloys if any(trim.additions_t.get(alloy.name, 0.0) > 0 for trim in every)]
    found: dict[tuple[str, Element], Recovery] = {}
    for element in Element:
        bringing = [alloy for alloy in added if alloy.content(element) > 0 and alloy.recovered_content(element) > 0]
        if bringing:
            found |= _of(element, bringing, added, every)
    return found


def _of(
    element: Element, bringing: Sequence[Material], added: Sequence[Material], trims: Sequence[TrimRecord]
) -> dict[tuple[str, Element], Recovery]:
    stated = np.array([alloy.recovered_content(element) / alloy.content(element) for alloy in bringing])
    precision = np.eye(len(bringing)) / PRIOR_SD**2
    weighted = precision @ stated
    counts = np.zeros(len(bringing), dtype=int)
    for trim in trims:
        before, after = trim.before_wt_pct.get(element), trim.after_wt_pct.get(element)
        masses = np.array([trim.additions_t.get(alloy.name, 0.0) for alloy in bringing])
        if before is None or after is None or not masses.any():
            continue
        final_t = trim.steel_t + sum(a.metallic_yield * trim.additions_t.get(a.name, 0.0) for a in added)
        held = trim.kept.get(element, 1.0) * trim.steel_t
        errors = [SAMPLE_ERROR_CV * w * t for w, t in ((before, held), (after, final_t))]
        row = masses * [alloy.content(element) for alloy in bringing]
        lots = row * stated * [alloy.content_cv.get(element, 0.0) for alloy in bringing]
        traces = [LEAST_ERROR_WT_PCT * held, LEAST_ERROR_WT_PCT * final_t]
        variance = float(np.sum(np.square([*errors, *traces, *lots])))
        precision += np.outer(row, row) / variance
        weighted += row * (after * final_t - before * held) / variance
        counts += masses > 0
    covariance = np.linalg.inv(precision)
    means, sds = np.clip(covariance @ weighted, 0.0, 1.0), np.sqrt(np.diag(covariance))
    return {
        (alloy.name, element): Recovery(float(stated[j]), float(means[j]), float(sds[j]), int(counts[j]))
        for j, alloy in enumerate(bringing) if counts[j]
    }  # fmt: skip


def with_recoveries(alloy: Material, learned: dict[tuple[str, Element], Recovery]) -> Material:
    """An alloy with what was learned of its recoveries in place of what was stated; their doubt joins its scatter."""
    of = {element: found for (name, element), found in learned.items() if name == alloy.name}
    if not of:
        return alloy
    doubt = {element: found.sd / found.learned for element, found in of.items() if found.learned > 0}
    scatter = {e: float(np.hypot(alloy.content_cv.get(e, 0.0), cv)) for e, cv in doubt.items()}
    return alloy.model_copy(
        update={
            "recovery": {**alloy.recovery, **{element: found.learned for element, found in of.items()}},
            "content_cv": {**alloy.content_cv, **scatter},
        }
    )
