"""What is foreseen of a heat when the heats around it, which drew on the same lots, are known."""

from dataclasses import dataclass

import numpy as np

from steel.heats import FloatArray
from surrogate.fit.heat_data import HeatData
from surrogate.model.model import Surrogate

BEFORE_HEATS, AFTER_HEATS = 24, 4
"""Heats before and after that may have drawn on the same lots."""
BELIEVED_SD = 3.0
"""Residuals beyond so many standard deviations are taken for so many."""


@dataclass(frozen=True)
class SharedLots:
    """What successive heats say of the lots that they drew on.

    Attributes:
        model: whose materials' lots these are.
        data: the heats in the order of tapping.
        residuals: (N, O) what the booked charges leave unexplained; NaN where a heat is no evidence.
        bands: (O, b + 1, N) their lower-banded covariance.
    """

    model: Surrogate
    data: HeatData
    residuals: FloatArray
    bands: FloatArray

    @staticmethod
    def of(model: Surrogate, data: HeatData) -> "SharedLots":
        """From heats in the order of tapping."""
        lot_sd = np.array([output.lot_sd for output in model.outputs.values()])
        bands = data.lots.bands(lot_sd, data.noise(model.outputs), model.lot_t)
        return SharedLots(model, data, data.residuals(model.outputs, BELIEVED_SD), bands)

    def foreseen(self, features: FloatArray, heat: int) -> tuple[FloatArray, FloatArray]:
        """(P, O) mean and standard deviation of a heat under P charges (P, d), given the heats around it."""
        outputs = list(self.model.outputs.values())
        mean = np.column_stack([output.mean(features) for output in outputs])
        variance = np.column_stack([output.sd(features, float(self.data.unmixed[heat])) ** 2 for output in outputs])
        first, last = max(0, heat - BEFORE_HEATS), min(len(self.residuals), heat + AFTER_HEATS + 1)
        around = np.delete(np.arange(first, last), heat - first)
        if self.model.lot_t > 0 and len(around):
            lots, shares = self.data.lots, features[:, : len(self.model.schema.materials)]
            between_t = np.abs(lots.drawn_t[heat] - lots.drawn_t[around])
            shared = lots.shares[around] * np.maximum(0.0, 1.0 - between_t / self.model.lot_t)
            for column, output in enumerate(outputs):
                known = np.isfinite(self.residuals[around, column])
                covariance = self._covariance(column, slice(first, last))
                own = around[known] - first
                together = (shares * output.lot_sd**2) @ shared[known].T
                right = np.column_stack([self.residuals[around[known], column], together.T])
                solved = np.linalg.solve(covariance[np.ix_(own, own)], right)
                mean[:, column] += together @ solved[:, 0]
                variance[:, column] -= np.einsum("pk,kp->p", together, solved[:, 1:])
        return mean, np.sqrt(np.maximum(variance, 1e-12))

    def _covariance(self, column: int, heats: slice) -> FloatArray:
        """(K, K) of one output's residuals in successive heats."""
        bands = self.bands[column, :, heats]
        size = bands.shape[1]
        found = np.diag(bands[0])
        for lag, band in enumerate(bands[1:size], start=1):
            off = np.diag(band[: size - lag], -lag)
            found = found + off + off.T
        return np.asarray(found)
