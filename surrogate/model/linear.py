"""The linear balance: a Gaussian posterior of one output's coefficients, in closed form.

Its sufficient statistics are sums over heats, so a heat can be added in microseconds and plants can add
theirs up without showing a heat.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import lsq_linear

from steel.errors import InputError
from steel.heats import FloatArray
from surrogate.model.priors import Prior


@dataclass(frozen=True)
class Statistics:
    """Sufficient statistics of a weighted linear regression.

    Attributes:
        information: (d, d) `Φᵀ W Φ`.
        moment: (d,) `Φᵀ W y`.
        heats: how many heats went in.
        evidence: log-likelihood of what was integrated out of the sums, nats, but for what all priors share.
    """

    information: FloatArray
    moment: FloatArray
    heats: int
    evidence: float = 0.0

    def __add__(self, other: "Statistics") -> "Statistics":
        return Statistics(
            self.information + other.information,
            self.moment + other.moment,
            self.heats + other.heats,
            self.evidence + other.evidence,
        )


def statistics(features: FloatArray, target: FloatArray, variance: FloatArray) -> Statistics:
    """Sum up heats: (N, d) features, (N,) target with NaN where not analysed, (N,) variance."""
    known = np.isfinite(target)
    weighted = features[known] / variance[known, None]
    return Statistics(weighted.T @ features[known], weighted.T @ target[known], int(known.sum()))


@dataclass(frozen=True)
class Posterior:
    """Mean (d,) and covariance (d, d) of an output's coefficients."""

    mean: FloatArray
    covariance: FloatArray


def posterior(prior: Prior, seen: Statistics) -> Posterior:
    """Combine what the catalogue says with what the heats say.

    Coefficients whose prior variance is zero stay where the prior has them: the heats could not tell them.
    Non-negative ones are held at or above zero by the bounded least-squares problem of the posterior's mode.
    """
    variance = np.diag(prior.covariance)
    free = variance > 0
    mean, covariance = prior.mean.copy(), np.zeros_like(prior.covariance)
    if not free.any():
        return Posterior(mean, covariance)
    scale = np.sqrt(variance[free])
    within = prior.covariance[np.ix_(free, free)] / np.outer(scale, scale)
    precision = np.linalg.inv(within + 1e-9 * np.eye(len(scale)))
    information = seen.information[np.ix_(free, free)] * np.outer(scale, scale)
    offset = seen.moment[free] - seen.information[np.ix_(free, ~free)] @ mean[~free]
    moment = offset * scale - information @ (mean[free] / scale)
    total = precision + information
    factor = _factor(total)
    step = cho_solve(factor, moment)
    start = mean[free] / scale
    if ((start + step < 0) & (prior.non_negative[free] > 0)).any():
        lower = np.where(prior.non_negative[free] > 0, 0.0, -np.inf)
        root = np.tril(factor[0]).T
        step = lsq_linear(root, root @ (start + step), bounds=(lower, np.inf), method="bvls").x - start
    mean[free] += step * scale
    covariance[np.ix_(free, free)] = cho_solve(factor, np.eye(len(scale))) * np.outer(scale, scale)
    return Posterior(mean, covariance)


def _factor(total: FloatArray) -> tuple[FloatArray, bool]:
    """Cholesky factor of a precision; one that heats alike to the last digit leave singular is eased a little."""
    for ease in (0.0, 1e-14, 1e-12, 1e-10, 1e-8):
        eased = total + ease * np.diag(np.diag(total)) if ease else total
        try:
            factor, lower = cho_factor(eased, lower=True)
        except LinAlgError:
            continue
        return factor, bool(lower)
    raise InputError(len(total), "heats", "ones that differ enough to tell coefficients apart")
