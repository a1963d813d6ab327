"""Whether one model is surely better than another on heats that neither has seen.

Neighbouring heats draw on the same lots, so stretches of heats are compared and not heats.
"""

import numpy as np

from steel.heats import FloatArray

STRETCH = 10
"""Heats whose errors are taken together."""
FEWEST_STRETCHES = 4
"""Below which nothing is sure."""
FEWEST_HEATS = FEWEST_STRETCHES * STRETCH
SURELY = 2.0
"""Standard errors by which squared errors must differ."""


def squared_gains(rival: FloatArray, candidate: FloatArray) -> FloatArray:
    """(N, O) by how much a candidate's squared errors are lower, in the rival's mean squared error.

    Args:
        rival: (N, O) predicted less recorded, NaN where not recorded, oldest heat first.
        candidate: the same of the model that would take its place.
    """
    recorded = np.isfinite(rival).any(axis=0)
    scale = np.nanmean(np.where(recorded, rival, 0.0) ** 2, axis=0)
    return np.asarray((rival**2 - candidate**2) / np.where(recorded & (scale > 0), scale, np.nan))


def over_outputs(gains: FloatArray) -> FloatArray:
    """(N,) mean of (N, O) gains over the outputs that a heat recorded, NaN where it recorded none."""
    known = np.isfinite(gains)
    counts = known.sum(axis=1)
    return np.asarray(np.where(counts > 0, np.where(known, gains, 0.0).sum(axis=1) / np.maximum(counts, 1), np.nan))


def standard_errors(gains: FloatArray) -> float:
    """How many standard errors the mean of (N,) gains is above nothing, over stretches; 0 where it cannot be told."""
    known = gains[np.isfinite(gains)]
    count = len(known) // STRETCH
    if count < FEWEST_STRETCHES:
        return 0.0
    stretches = np.array([part.mean() for part in np.array_split(known, count)])
    doubt = float(stretches.std(ddof=1)) / np.sqrt(count)
    return float(stretches.mean() / doubt) if doubt > 0 else 0.0
