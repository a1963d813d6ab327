"""Spread that moves: how much wider or narrower residuals are in each run of heats than over the whole record.

The logarithm of a run's mean squared standardised residual is a noisy look at a slowly moving level: a random
walk, filtered and smoothed. How far it steps from run to run is chosen by its likelihood; where nothing says that
it moves, every run has the same spread.
"""

import numpy as np
from scipy.stats import kurtosis

from steel.heats import FloatArray

STEPS = (0.0, 0.10, 0.20, 0.40)
"""Standard deviations of a step of the logarithm of the variance from run to run that are tried."""
CLEARLY = 2.0
"""Log-likelihood that a moving spread must be worth: it has a start and a step more than a resting one."""
CLIP = 4.0
FEWEST = 20


def spread_factors(residuals: list[FloatArray], worth: float) -> FloatArray:
    """(B,) standard deviation of each run relative to the whole, exactly 1 where spread rests.

    Args:
        residuals: standardised residuals of each run, NaN where not analysed.
        worth: how many independent heats one heat is worth, at most 1.
    """
    clipped = [np.clip(run[np.isfinite(run)], -CLIP, CLIP) for run in residuals]
    if len(clipped) < 3 or min(len(run) for run in clipped) < FEWEST:
        return np.ones(len(clipped))
    together = np.concatenate(clipped)
    level = np.array([np.log(np.mean(run**2)) for run in clipped]) - np.log(np.mean(together**2))
    # The variance of a log mean square: (kurtosis + 2) / n for n independent heats.
    noise = np.array([(float(kurtosis(together)) + 2.0) / (len(run) * worth) for run in clipped])
    found = [_smoothed(level, noise, step) for step in STEPS]
    best = max(range(len(STEPS)), key=lambda position: found[position][0])
    if found[best][0] - found[0][0] <= CLEARLY:
        return np.ones(len(clipped))
    return np.asarray(np.exp(0.5 * found[best][1]))


def _smoothed(level: FloatArray, noise: FloatArray, step: float) -> tuple[float, FloatArray]:
    """Log-likelihood of a local-level model and its smoothed level, (B,)."""
    runs = len(level)
    start = 0.0 if step == 0.0 else 1.0
    together = start + step**2 * np.minimum.outer(np.arange(runs), np.arange(runs))
    covariance = together + np.diag(noise)
    _, logdet = np.linalg.slogdet(covariance)
    solved = np.linalg.solve(covariance, level)
    return -0.5 * float(logdet + level @ solved), np.asarray(together @ solved)
