"""What noise on every round's mean promises: an exact accountant of the Gaussian mechanism.

All participants take part in every round, so nothing is gained from sampling, and T releases with noise multiplier σ
are one Gaussian mechanism with σ / √T (Dong, Roth, Su 2022). Its (ε, δ) is exact (Balle and Wang 2018):

    δ(ε) = Φ(1/2s − εs) − e^ε Φ(−1/2s − εs),  s = σ / √T

The neighbours are two federations of which one has one participant more.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

MOST_EPSILON = 1e4


def epsilon(noise_multiplier: float, releases: int, delta: float) -> float:
    """ε that is kept with probability 1 - δ after some releases; infinite without noise."""
    if noise_multiplier <= 0:
        return float("inf")
    if releases == 0:
        return 0.0
    s = noise_multiplier / np.sqrt(releases)

    def beyond(eps: float) -> float:
        return float(ndtr(0.5 / s - eps * s) - np.exp(eps + log_ndtr(-0.5 / s - eps * s)) - delta)

    if beyond(0.0) <= 0.0:
        return 0.0
    if beyond(MOST_EPSILON) > 0.0:
        return float("inf")
    return float(brentq(beyond, 0.0, MOST_EPSILON, xtol=1e-10))
