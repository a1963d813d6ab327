"""Metallic yields from weighed heats."""

import numpy as np

from steel.heats import FloatArray, HeatLog
from surrogate.model.linear import Statistics, posterior, statistics
from surrogate.model.priors import OWN_FURNACE_SHARE, YIELD_SPREAD, Prior
from surrogate.model.schema import Schema

YIELD = "yield"
"""Name of the yields among the priors."""
TAPPED_NOISE = 0.01
"""Relative standard deviation of a tapped mass about what the charge gives."""
LOCAL_YIELD_SPREAD = 0.008
"""Uncertainty of one plant's yield about its class's, absolute."""
SLAG_YIELD_SPREAD = 0.3
"""How far a slag former or carbon may move the tapped mass, t per t."""
PROCESS_SPREAD = 0.0056
"""Share of the tapped mass that a usual change of a process input moves, one standard deviation."""


def yield_prior(schema: Schema, own_share: float = OWN_FURNACE_SHARE) -> Prior:
    """The catalogue's yields, (n + p,): one a material, then the process effects.

    Slag formers and carbon yield no metal, but carbon keeps iron from burning and slag takes some along: they
    start at 0 and may go either way. Where baskets are unrecorded no yield can be told, and all stay. How much of the
    process effects is the furnace's own is a share of their variance.
    """
    inputs = len(schema.process)
    learnable = not schema.baskets_unrecorded
    process_sd = PROCESS_SPREAD if learnable else 0.0

    def diagonal(yield_sd: float, share: float) -> FloatArray:
        spread = np.where(schema.metallic > 0, yield_sd, SLAG_YIELD_SPREAD) * learnable
        return np.diag(np.concatenate([spread, np.full(inputs, np.sqrt(share) * process_sd)]) ** 2)

    return Prior(
        mean=np.concatenate([schema.metallic, np.zeros(inputs)]),
        class_covariance=diagonal(YIELD_SPREAD, 1.0 - own_share),
        local_covariance=diagonal(LOCAL_YIELD_SPREAD, own_share),
        non_negative=np.concatenate([schema.metallic > 0, np.zeros(inputs, dtype=bool)]).astype(np.float64),
    )


def yield_statistics(schema: Schema, log: HeatLog) -> Statistics:
    """Sufficient statistics of the weighed heats; implausible weights are left out."""
    charged = schema.charged(log)
    catalogue_t = charged @ schema.metallic
    features = np.hstack([charged, catalogue_t[:, None] * schema.standardised(log)]) / catalogue_t[:, None]
    relative = log.tapped_t / catalogue_t
    plausible = np.where((relative > 0.7) & (relative < 1.2), relative, np.nan)
    return statistics(features, plausible, np.full(len(log), TAPPED_NOISE**2))


def fit_yields(schema: Schema, log: HeatLog, prior: Prior | None = None) -> FloatArray:
    """(n + p,) yields, then process effects; the prior's (the catalogue's unless given) where no heat was weighed."""
    return posterior(prior or yield_prior(schema), yield_statistics(schema, log)).mean
