"""Quantiles of standardised residuals on heats the coefficients have not seen."""

from dataclasses import replace

import numpy as np

from steel.heats import FloatArray
from surrogate.fit.conformal import conformal
from surrogate.fit.drift_state import Trajectory
from surrogate.fit.heat_data import HeatData
from surrogate.fit.lots import shared_lot_statistics
from surrogate.fit.spread import spread_factors
from surrogate.model.linear import Statistics, posterior
from surrogate.model.model import Output
from surrogate.model.motion import Motion, swing_of
from surrogate.model.priors import Prior

FOLDS = 6
LONGEST_LAG = 40
MOST_LOT_CV = 1.0
"""Relative scatter of a lot that counts at most: that of a content of nearly nothing says nothing."""


def held_out_residuals(output: Output, prior: Prior, data: HeatData, column: int, lot_t: float) -> FloatArray:
    """(N,) standardised residuals of each run of heats under coefficients learned from all other runs.

    Scatter and remainder are the given output's.
    """
    blocks = data.blocks(FOLDS)
    target = data.targets[:, column] - output.remainder(data.features)
    noise = output.noise_of(output.mean(data.features), data.unmixed)[None]
    bands = [data.rows(b).lots.bands(output.lot_sd[None], noise[:, b], lot_t)[0] for b in blocks]
    seen = [shared_lot_statistics(band, data.features[b], target[b]) for band, b in zip(bands, blocks, strict=True)]
    total = sum(seen[1:], seen[0])
    residuals = np.full(len(data.features), np.nan)
    for block, own in zip(blocks, seen, strict=True):
        rest = Statistics(total.information - own.information, total.moment - own.moment, total.heats - own.heats)
        without = replace(output, linear=posterior(prior, rest))
        features = data.features[block]
        residuals[block] = (data.targets[block, column] - without.mean(features)) / without.sd(
            features, data.unmixed[block]
        )
    return residuals


def effective_heats(residuals: FloatArray) -> float:
    """How many independent heats correlated residuals (N,) are worth: N / (1 + 2 Σ autocorrelation)."""
    known = residuals[np.isfinite(residuals)]
    heats = len(known)
    if heats < 3:
        return float(heats)
    centred = known - known.mean()
    variance = float(centred @ centred) / heats
    if variance <= 0:
        return float(heats)
    inflation = 1.0
    for lag in range(1, min(LONGEST_LAG, heats - 1)):
        correlation = float(centred[lag:] @ centred[:-lag]) / heats / variance
        if correlation < 2.0 / np.sqrt(heats):
            break
        inflation += 2.0 * correlation
    return heats / inflation


def expected_skewness(output: Output, features: FloatArray) -> float:
    """Skewness of residuals of heats (N, d) whose lots are lognormal, as far as lots make them."""
    shares = features[:, : len(output.lot_sd)]
    contents = np.maximum(output.linear.mean[: len(output.lot_sd)], 1e-12)
    cv = np.minimum(output.lot_sd / contents, MOST_LOT_CV)
    third = (shares * output.lot_sd) ** 3 @ (3.0 * cv + cv**3)
    return float(np.median(third / output.sd(features) ** 3))


def calibrated(
    output: Output, residuals: FloatArray, path: Trajectory, runs: list[slice], skewness: float | None = None
) -> Output:
    """The output with today's spread, conformal quantiles and the movement that held-out residuals (N,) show.

    Where the spread moved, residuals are taken relative to their own run's, and scatter and noise are today's.
    """
    worth = effective_heats(residuals) / max(1, int(np.isfinite(residuals).sum()))
    factors = spread_factors([residuals[run] for run in runs], worth)
    level = np.concatenate([residuals[run] / factor for run, factor in zip(runs, factors, strict=True)])
    today = float(factors[-1])
    return replace(
        output,
        lot_sd=today * output.lot_sd,
        noise=today * output.noise,
        sampling_cv=today * output.sampling_cv,
        quantiles=conformal(level, effective_heats(level), skewness),
        motion=Motion(path.slope, path.walk, factors / today, swing_of(level)),
    )
