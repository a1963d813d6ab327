"""Quantiles of standardised residuals: a smooth shape wherever the heats do not contradict it.

A quantile at 99 % read off some hundred heats is a matter of three of them. Lots make one family of shapes: skewed, and
sometimes long-tailed, as Tukey's g-and-h distribution is (Hoaglin 1985), `z = a + b (eᵍⁿ - 1)/g · exp(h n²/2)` of a
normal score n. It is fitted to all the order statistics together, and each quantile is then kept within a standard
error of what split conformal prediction takes for that level, so that a shape that does not fit cannot promise more
than the heats show.
"""

import numpy as np
from scipy.optimize import least_squares
from scipy.special import ndtri
from scipy.stats import norm

from steel.heats import FloatArray
from surrogate.model.quantiles import FEW_HEATS, KNOTS, LEVELS, Quantiles

FEW_SLOPE = 1.25
"""What widens the normal quantile where heats are too few to show their own."""
LONG_TAIL_SD = 0.05
"""How far h is expected to lie from 0, one standard deviation: the tail's length is what few heats show least of."""
SKEW_SD, UNKNOWN_SKEW_SD = 0.15, 0.6
"""How far g is expected to lie from a third of the skewness, which is what it is where that is small; and from 0 where
nothing is known of it."""
SMALL_SKEW = 1e-6
INSIDE = slice(3, -3)
"""Levels from 2.5 to 97.5 %, which the shape is fitted to."""


def conformal(standardised: FloatArray, worth: float | None = None, skewness: float | None = None) -> Quantiles:
    """Quantiles from standardised residuals of held-back heats, (M,), NaN where not analysed.

    `worth` is how many independent heats they amount to where they are correlated, M unless given; `skewness` what is
    expected before they are seen, where anything is. Levels that the heats cannot show are the shape's own.
    """
    known = np.sort(standardised[np.isfinite(standardised)])
    effective = min(float(len(known)), worth or float(len(known)))
    if effective < FEW_HEATS:
        return Quantiles(FEW_SLOPE * KNOTS)
    outer = np.maximum(LEVELS, 1.0 - LEVELS)
    error = np.sqrt(LEVELS * (1.0 - LEVELS) / effective)
    shown, near, far = (_ranked(known, level) for level in (outer, outer - error, outer + error))
    smooth = _shape(shown, effective, skewness)
    low, high = np.fmin(near, far), np.fmax(near, far)
    # What lies beyond the heats has no far bound.
    low = np.where(np.isfinite(far) | (LEVELS > 0.5), low, -np.inf)
    high = np.where(np.isfinite(far) | (LEVELS < 0.5), high, np.inf)
    values = np.fmin(np.fmax(smooth, low), high)
    return Quantiles(np.asarray(np.maximum.accumulate(values) + 1e-9 * np.arange(len(values))))


def _ranked(known: FloatArray, outer: FloatArray) -> FloatArray:
    """(L,) split-conformal order statistics for the outer probability of each of `LEVELS`; NaN beyond the heats."""
    heats = len(known)
    rank = np.ceil((heats + 1) * outer - 1e-9).astype(int)
    rank = np.where(LEVELS >= 0.5, rank, heats + 1 - rank)
    inside = (rank >= 1) & (rank <= heats)
    return np.where(inside, known[np.clip(rank, 1, heats) - 1], np.nan)


def _shape(shown: FloatArray, effective: float, skewness: float | None) -> FloatArray:
    """(L,) the g-and-h shape's quantiles, fitted to those that are shown, NaN where none is."""
    at = np.flatnonzero(np.isfinite(shown))
    middle = float(shown[len(LEVELS) // 2])
    spread = max(float(np.nanmax(shown[INSIDE]) - np.nanmin(shown[INSIDE])) / (2.0 * KNOTS[INSIDE][-1]), 1e-12)
    # An order statistic's standard error, where residuals are about normal.
    error = spread * np.sqrt(LEVELS * (1.0 - LEVELS) / effective) / norm.pdf(ndtri(LEVELS))

    usual = (0.0, UNKNOWN_SKEW_SD) if skewness is None else (skewness / 3.0, SKEW_SD)

    def quantiles(parameters: FloatArray) -> FloatArray:
        a, log_b, g, h = parameters
        skewed = KNOTS if abs(g) < SMALL_SKEW else np.expm1(g * KNOTS) / g
        return np.asarray(a + spread * np.exp(log_b) * skewed * np.exp(h * KNOTS**2 / 2.0))

    def misfit(parameters: FloatArray) -> FloatArray:
        apart = (quantiles(parameters) - shown)[at] / error[at]
        return np.append(apart, [(parameters[2] - usual[0]) / usual[1], parameters[3] / LONG_TAIL_SD])

    bounds = ([-np.inf, -3.0, -1.5, 0.0], [np.inf, 3.0, 1.5, 0.8])
    found = least_squares(misfit, [middle, 0.0, 0.1, 0.02], bounds=bounds)
    return quantiles(found.x)
