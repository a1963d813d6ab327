"""Heats that share a lot are dirty together: sufficient statistics that count them for what they are worth.

A lot of scrap lasts several heats. The residuals of two heats then go together as far as they drew on the
same lots: `Cov(r_s, r_t) = Σᵢ sᵢ² (x_is/T_s)(x_it/T_t) max(0, 1 - m_i(s, t)/L) + σ² [s = t]`, with `m_i(s, t)` the
mass of material i charged from heat s up to heat t and L the mass of a lot, whose start nobody recorded. The
correlation ends within some tens of heats, so the matrix is banded and everything is linear in their number.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded

from steel.heats import FloatArray
from surrogate.model.linear import Statistics

LOT_MASSES_T = (0.0, 15.0, 30.0, 60.0, 120.0, 250.0)
"""Lot masses that are tried; 0 means that every heat draws its own."""
LONGEST_MEMORY = 60
"""Heats further apart than this share no lot."""
UNKNOWN_VARIANCE = 1e8
"""Variance of a heat that was not analysed, in units of the usual one: it counts for nothing."""


@dataclass(frozen=True)
class LotHistory:
    """How much of each material successive heats have drawn.

    Attributes:
        shares: (N, n) t charged per t tapped.
        drawn_t: (N, n) t charged of each material before each heat.
    """

    shares: FloatArray
    drawn_t: FloatArray

    @staticmethod
    def of(charged_t: FloatArray, shares: FloatArray) -> "LotHistory":
        """From (N, n) t charged and the same per t tapped, in the order of tapping."""
        return LotHistory(shares, np.cumsum(charged_t, axis=0) - charged_t)

    def rows(self, which: slice) -> "LotHistory":
        """The heats of a slice."""
        return LotHistory(self.shares[which], self.drawn_t[which])

    def bands(self, lot_sd: FloatArray, noise: FloatArray, lot_t: float) -> FloatArray:
        """(O, b + 1, N) lower-banded covariance of O outputs' residuals, (O, n) scatter and (O, N) noise."""
        variance = lot_sd**2
        found = [variance @ (self.shares**2).T + noise**2]
        memory = self._memory(lot_t)
        for lag in range(1, memory + 1):
            # The taper keeps the matrix positive definite where it is cut off (Schur product).
            taper = 1.0 - lag / (LONGEST_MEMORY + 1)
            found.append(np.pad(taper * (variance @ self._together(lag, lot_t).T), ((0, 0), (0, lag))))
        return np.stack(found, axis=1)

    def _together(self, lag: int, lot_t: float) -> FloatArray:
        """(N - lag, n) product of the shares of heats so far apart, as far as they drew on the same lots."""
        kept = np.maximum(0.0, 1.0 - (self.drawn_t[lag:] - self.drawn_t[:-lag]) / lot_t)
        return np.asarray(self.shares[lag:] * self.shares[:-lag] * kept)

    def _memory(self, lot_t: float) -> int:
        """Heats after which hardly anything is shared."""
        if lot_t <= 0:
            return 0
        for lag in range(1, min(LONGEST_MEMORY, len(self.shares) - 1) + 1):
            if not self._together(lag, lot_t).any():
                return lag - 1
        return max(0, min(LONGEST_MEMORY, len(self.shares) - 1))


def shared_lot_statistics(bands: FloatArray, features: FloatArray, target: FloatArray) -> Statistics:
    """Sufficient statistics `Φᵀ V⁻¹ Φ`, `Φᵀ V⁻¹ y` of one output under a banded covariance (b + 1, N)."""
    known = np.isfinite(target)
    factor = _factor(bands, known)
    solved = cho_solve_banded((factor, True), np.column_stack([features, np.where(known, target, 0.0)]))
    return Statistics(features.T @ solved[:, :-1], features.T @ solved[:, -1], int(known.sum()))


def log_likelihood(bands: FloatArray, residual: FloatArray) -> float:
    """Gaussian log-likelihood of one output's residuals, without its constant; NaN where not analysed."""
    known = np.isfinite(residual)
    factor = _factor(bands, known)
    filled = np.where(known, residual, 0.0)
    fit = float(filled @ cho_solve_banded((factor, True), filled))
    return -0.5 * fit - float(np.log(factor[0])[known].sum())


def likeliest_lot_t(history: LotHistory, residuals: FloatArray, lot_sd: FloatArray, noise: FloatArray) -> float:
    """The lot mass, t, under which residuals (N, O) are likeliest, one for all outputs and materials."""

    def total(lot_t: float) -> float:
        bands = history.bands(lot_sd, noise, lot_t)
        return sum(log_likelihood(bands[o], residuals[:, o]) for o in range(len(noise)))

    return max(LOT_MASSES_T, key=total)


def _factor(bands: FloatArray, known: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> FloatArray:
    usable = bands.copy()
    usual = float(np.median(bands[0]))
    for lag in range(1, len(bands)):
        apart = known[lag:] & known[:-lag]
        usable[lag, : len(apart)] *= apart
    usable[0] = np.where(known, bands[0] * (1.0 + 1e-9), UNKNOWN_VARIANCE * usual)
    return np.asarray(cholesky_banded(usable, lower=True))
