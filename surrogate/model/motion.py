"""How one output moves with time: its coefficients, its spread, and the swings of its level."""

from dataclasses import dataclass, field

import numpy as np

from steel.heats import FloatArray

SWING_HEATS = 25
"""Heats over whose mean a swing of the level is judged."""


def _nothing() -> FloatArray:
    return np.zeros(0)


@dataclass(frozen=True)
class Motion:
    """Movement of one output, per run of heats; empty arrays where nothing is known.

    Attributes:
        slope: (d,) estimated change of each coefficient per run.
        walk: (d,) variance of each coefficient's random step from run to run.
        spread: (B,) standard deviation in each run of the record relative to today's.
        swing: standard deviation of the level over `SWING_HEATS` heats beyond chance, in standard deviations.
    """

    slope: FloatArray = field(default_factory=_nothing)
    walk: FloatArray = field(default_factory=_nothing)
    spread: FloatArray = field(default_factory=_nothing)
    swing: float = 0.0


def swing_of(residuals: FloatArray) -> float:
    """How much the level of standardised residuals (N,), NaN where not analysed, swings beyond chance.

    The spread of means over `SWING_HEATS` successive heats, less what single heats alone would give it.
    """
    known = residuals[np.isfinite(residuals)]
    groups = len(known) // SWING_HEATS
    if groups < 3:
        return 0.0
    blocks = known[-groups * SWING_HEATS :].reshape(groups, SWING_HEATS)
    by_chance = float(blocks.var(axis=1, ddof=1).mean()) / SWING_HEATS
    return float(np.sqrt(max(0.0, float(blocks.mean(axis=1).var(ddof=1)) - by_chance)))
