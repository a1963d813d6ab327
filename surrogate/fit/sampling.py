"""What sampling and analysis add: a scatter in proportion to what is analysed, alike for all elements.

It matters where a recipe goes and no heat has been: manganese that is added in the ladle stands at five times what the
furnace taps, and its sample scatters five times as much. Lots scatter too, but a lot lasts several heats, and a sample
does not: what successive heats do not share tells the one from the other.
"""

import numpy as np
from scipy.optimize import minimize_scalar

from steel.heats import FloatArray
from surrogate.fit.heat_data import HeatData
from surrogate.fit.lots import log_likelihood
from surrogate.fit.scatter import fit_scatter

USUAL_CV, LOG_SD = 0.02, 0.25
"""Before any heat is seen, and how far its logarithm may stray: a spark spectrometer's reproducibility at 0.1 to 1 wt%
is 1 to 3 % (ASTM E415), and one sample is one place of the bath."""
LEAST, MOST, EXACTLY = np.log(0.25), np.log(2.0), 0.03
"""Between what the logarithm of its ratio to the usual one is sought, and how exactly."""


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

    def unlikelihood(at: float) -> float:
        sampling = USUAL_CV * np.exp(at) * analysed
        return 0.5 * (at / LOG_SD) ** 2 - _likelihood(data, residuals, prior_sd, typical, sampling, lot_t)

    found = minimize_scalar(unlikelihood, bounds=(LEAST, MOST), method="bounded", options={"xatol": EXACTLY})
    return float(USUAL_CV * np.exp(found.x))


def _likelihood(
    data: HeatData, residuals: FloatArray, prior_sd: FloatArray, typical: FloatArray, sampling: FloatArray, lot_t: float
) -> float:
    lots, noise = fit_scatter(data.lots.shares, residuals, prior_sd, typical, sampling)
    bands = data.lots.bands(lots, np.hypot(noise[:, None], sampling.T), lot_t)
    return sum(log_likelihood(band, residual) for band, residual in zip(bands, residuals.T, strict=True))
