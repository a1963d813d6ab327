"""Metallic yields from weighed heats."""

import numpy as np

from steel.heats import FloatArray, HeatLog
from surrogate.linear import posterior, statistics
from surrogate.priors import YIELD_SPREAD, Prior
from surrogate.schema import Schema

TAPPED_NOISE = 0.01
"""Relative standard deviation of a tapped mass about what the charge gives."""
PROCESS_SPREAD = 0.005
"""Share of the tapped mass that a usual change of a process input moves, one standard deviation."""


def fit_yields(schema: Schema, log: HeatLog) -> FloatArray:
    """(n + p,) yields, then process effects; the catalogue's where no heat was weighed.

    Slag formers and carbon yield no metal and stay at 0, as does a pseudo-material that stands for
    unrecorded baskets, whose yield and mass no heat can tell apart.
    """
    materials, inputs = len(schema.materials), len(schema.process)
    learnable = schema.metallic > 0
    spread = np.where(learnable & (not schema.baskets_unrecorded), YIELD_SPREAD, 0.0)
    variance = np.concatenate([spread**2, np.full(inputs, PROCESS_SPREAD**2 if spread.any() else 0.0)])
    prior = Prior(
        mean=np.concatenate([schema.metallic, np.zeros(inputs)]),
        class_covariance=np.zeros((materials + inputs, materials + inputs)),
        local_covariance=np.diag(variance),
        non_negative=np.concatenate([np.ones(materials), np.zeros(inputs)]),
    )
    charged = schema.charged(log)
    catalogue_t = charged @ schema.metallic
    features = np.hstack([charged, catalogue_t[:, None] * schema.standardised(log)]) / catalogue_t[:, None]
    relative = log.tapped_t / catalogue_t
    plausible = np.where((relative > 0.7) & (relative < 1.2), relative, np.nan)
    seen = statistics(features, plausible, np.full(len(log), TAPPED_NOISE**2))
    return posterior(prior, seen).mean
