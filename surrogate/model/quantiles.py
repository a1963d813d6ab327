"""Calibrated quantiles of a standardised residual: what a stated confidence really takes.

Lots are skewed, so a normal quantile is too short on the dirty side. These come from held-back heats
(`surrogate.fit.conformal`); beyond the outermost levels their slope is continued.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from steel.errors import InputError
from steel.heats import FloatArray

LEVELS = np.array([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999])
"""Cumulative probabilities at which quantiles are kept."""
KNOTS = ndtri(LEVELS)
"""Their normal scores."""
FEW_HEATS = 20
"""Below this many independent held-back heats the normal quantile, widened by a quarter, stands in."""
LEAST_TAIL_SLOPE = 1.0
_nodes, _weights = np.polynomial.legendre.leggauss(16)
NODES, WEIGHTS = (1.0 + _nodes) / 2.0, _weights / 2.0
"""Of Gauss-Legendre quadrature on (0, 1)."""


@dataclass(frozen=True)
class Quantiles:
    """Quantiles of a standardised residual at `LEVELS`, (L,)."""

    values: FloatArray

    def with_even(self, below: float, above: float) -> "Quantiles":
        """Quantiles of a sum of this residual and something evenly scattered, standardised.

        Args:
            below: of the sum's variance that is this residual's where its lower quantiles matter. Skewness falls with
                its power 1.5 (Cornish and Fisher), and so does what these quantiles differ by from a normal's.
            above: the same where its upper quantiles do.
        """
        share = np.where(KNOTS < 0, below, above)
        return Quantiles(KNOTS + share**1.5 * (self.values - KNOTS))

    def widened(self, below: float, above: float) -> "Quantiles":
        """Quantiles whose distances from their median are multiplied, on either side."""
        median = self.at(0.5)
        away = self.values - median
        return Quantiles(median + away * np.where(away < 0, below, above))

    def at(self, probability: float) -> float:
        """The quantile at a cumulative probability, interpolated on the normal score.

        Raises:
            InputError: the probability is not between 0 and 1.
        """
        if not 0.0 < probability < 1.0:
            raise InputError(probability, "confidence", "a probability above 0 and below 1, such as 0.95")
        score = float(ndtri(probability))
        if score > KNOTS[-1]:
            return float(self.values[-1] + (score - KNOTS[-1]) * max(self._slope(-1, -2), LEAST_TAIL_SLOPE))
        if score < KNOTS[0]:
            return float(self.values[0] + (score - KNOTS[0]) * max(self._slope(1, 0), LEAST_TAIL_SLOPE))
        return float(np.interp(score, KNOTS, self.values))

    def mean_above(self, probability: float) -> float:
        """Mean of the residuals above their quantile at a probability: the conditional value at risk.

        Raises:
            InputError: the probability is not between 0 and 1.
        """
        tail = 1.0 - probability
        # With u = 1 - tail t², the steep end of the quantile function becomes smooth in t.
        return float(sum(2.0 * w * t * self.at(1.0 - tail * t * t) for t, w in zip(NODES, WEIGHTS, strict=True)))

    def mean_below(self, probability: float) -> float:
        """Mean of the residuals below their quantile at a probability."""
        return -Quantiles(-self.values[::-1]).mean_above(1.0 - probability)

    def probability(self, value: float) -> float:
        """The cumulative probability of a standardised residual, the inverse of `at`."""
        knots = ndtri(LEVELS)
        if value > self.values[-1]:
            return float(ndtr(knots[-1] + (value - self.values[-1]) / max(self._slope(-1, -2), LEAST_TAIL_SLOPE)))
        if value < self.values[0]:
            return float(ndtr(knots[0] + (value - self.values[0]) / max(self._slope(1, 0), LEAST_TAIL_SLOPE)))
        return float(ndtr(np.interp(value, self.values, knots)))

    def _slope(self, upper: int, lower: int) -> float:
        knots = ndtri(LEVELS)
        return float((self.values[upper] - self.values[lower]) / (knots[upper] - knots[lower]))
