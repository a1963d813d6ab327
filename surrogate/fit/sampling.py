"""What sampling and analysis add: a scatter in proportion to what is analysed, alike for all elements.

It matters where a recipe goes and no heat has been: manganese that is added in the ladle stands at five times what the
furnace taps, and its sample scatters five times as much. Lots scatter too, but a lot lasts several heats, and a sample
does not: what successive heats do not share tells the one from the other.
"""

import numpy as np

from steel.heats import FloatArray
from surrogate.fit.heat_data import HeatData
from surrogate.fit.lots import log_likelihood
from surrogate.fit.scatter import fit_scatter

USUAL_CV, LOG_SD = 0.02, 0.5
"""Before any heat is seen, and how far its logarithm may stray: a spark spectrometer's reproducibility at 0.1 to 1 wt%
is 1 to 3 % (ASTM E415), and one sample is one place of the bath."""
TRIED = USUAL_CV * np.array([0.25, 0.4, 0.63, 1.0, 1.6])


def likeliest_cv(
    data: HeatData, residuals: FloatArray, prior_sd: FloatArray, typical: FloatArray, analysed: FloatArray, lot_t: float
) -> float:
    """The relative standard deviation of sampling and analysis under which residuals are likeliest.

    Args:
        data: N heats.
        residuals: (N, O) of the elements; NaN where not analysed.
        prior_sd: (O, n) of lots.
        typical: (O,) usual analysis.
        analysed: (N, O) wt% that was analysed.
        lot_t: mass of a lot; where heats share none, nothing can be told and the usual one is taken.
    """
    if lot_t <= 0:
        return USUAL_CV
    at = np.log(TRIED / USUAL_CV)
    found = np.array([_likelihood(data, residuals, prior_sd, typical, cv * analysed, lot_t) for cv in TRIED])
    found -= 0.5 * (at / LOG_SD) ** 2
    best = int(np.argmax(found))
    if 0 < best < len(TRIED) - 1:
        # The top of the parabola through the three best.
        curve = np.polyfit(at[best - 1 : best + 2], found[best - 1 : best + 2], 2)
        return float(USUAL_CV * np.exp(-curve[1] / (2.0 * curve[0])))
    return float(TRIED[best])


def _likelihood(
    data: HeatData, residuals: FloatArray, prior_sd: FloatArray, typical: FloatArray, sampling: FloatArray, lot_t: float
) -> float:
    lots, noise = fit_scatter(data.lots.shares, residuals, prior_sd, typical, sampling)
    bands = data.lots.bands(lots, np.hypot(noise[:, None], sampling.T), lot_t)
    return sum(log_likelihood(band, residual) for band, residual in zip(bands, residuals.T, strict=True))
