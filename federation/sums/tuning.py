"""How a plant fine-tunes the shared model: what may move from it, and how far.

*Full*: every coefficient may, as far as plants are known to differ; nearer or farther, where the plant's own heats ask
for it. *Furnace only* is feature extraction: contents and yields of the materials stay as the classes have them, and
the plant learns what its own furnace does to them. Which, is chosen by the plant's own newest learning heats, in order
of time and over all outputs together: of many outputs some always seem to gain. The gate judges on heats newer still.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from federation.sums.contract import Contract
from federation.sums.hierarchy import Shared, informed_priors, priors_for
from federation.sums.shares import under
from steel.heats import FloatArray
from surrogate.judge.stretches import STRETCH, SURELY
from surrogate.model.priors import Prior
from surrogate.model.schema import Schema

VALIDATED = 0.25
"""Share of the learning heats, the newest, on which ways are compared."""


@dataclass(frozen=True)
class Tuning:
    """One way, as factors on variances.

    Attributes:
        classes: of what is still unsure of the classes.
        supply: of what the plant's supplies differ by from them.
        furnace: of what its furnace does otherwise than others.
    """

    name: str
    classes: float = 1.0
    supply: float = 1.0
    furnace: float = 1.0


STILL = 1e-4
"""Factor on the variance of what stays: none at all would leave a covariance that cannot be inverted."""
FULL = Tuning("full")
NEARER = Tuning("full, nearer", supply=0.25, furnace=0.25)
FARTHER = Tuning("full, farther", supply=4.0, furnace=4.0)
FURNACE_ONLY = Tuning("furnace only", classes=STILL, supply=STILL)
TUNINGS = (FULL, NEARER, FARTHER, FURNACE_ONLY)


def tuned_priors(contract: Contract, plant: Schema, shared: Shared, way: Tuning) -> dict[str, Prior]:
    """A plant's priors once the classes are known, as far as it may move from them."""
    none_own = priors_for(under(contract, 0.0), plant)
    found = {}
    for name, prior in informed_priors(contract, plant, shared).items():
        supply = none_own[name].local_covariance
        furnace = prior.local_covariance - supply
        found[name] = replace(
            prior,
            class_covariance=way.classes * prior.class_covariance,
            local_covariance=way.supply * supply + way.furnace * furnace,
        )
    return found


def surely_better(errors: Mapping[str, FloatArray]) -> Tuning:
    """The way that surely has the least error, full unless another has.

    Errors of neighbouring heats come from the same lots; so stretches of heats are compared, not heats.

    Args:
        errors: (N, O) absolute errors of the same heats in order, NaN where not recorded, by way's name.
    """
    usual = errors[FULL.name]
    scale = np.nanmean(usual, axis=0)
    best, most = FULL, 0.0
    for way in TUNINGS[1:]:
        gains = np.nanmean((usual - errors[way.name]) / scale, axis=1)
        stretches = np.array([part.mean() for part in np.array_split(gains, len(gains) // STRETCH)])
        doubt = float(stretches.std(ddof=1)) / np.sqrt(len(stretches))
        if stretches.mean() > max(most, SURELY * doubt):
            best, most = way, float(stretches.mean())
    return best
