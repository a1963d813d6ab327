"""What a plant usually feeds its furnace: the level of every input in the heats that were learned from."""

from dataclasses import dataclass

import numpy as np

from steel.heats import FloatArray, HeatLog
from surrogate.model.motion import swing_of
from surrogate.model.schema import Schema

STEADY_SHARE = 0.01
"""Standard deviation of a material's share of the charge below which it counts as this much: a recipe that is
always the same must not make an alarm of a crane's accuracy."""


@dataclass(frozen=True)
class InputLevels:
    """Levels of the n materials' shares of the charge, then of the p standardised process inputs.

    Attributes:
        mean: (n + p,) over the heats that were learned from.
        sd: (n + p,) over the heats that were learned from.
        swing: (n + p,) how much each level swung meanwhile, in standard deviations.
    """

    mean: FloatArray
    sd: FloatArray
    swing: FloatArray

    def standardise(self, values: FloatArray) -> FloatArray:
        """(N, n + p) inputs in standard deviations about their levels."""
        return np.asarray((values - self.mean) / self.sd)


def input_names(schema: Schema) -> tuple[str, ...]:
    """What the n + p levels are of."""
    return (*schema.names, *schema.process)


def inputs_of(schema: Schema, log: HeatLog) -> FloatArray:
    """(N, n + p) shares of the charge and standardised process inputs, NaN where not recorded."""
    charged = schema.charged(log)
    shares = charged / np.maximum(charged.sum(axis=1, keepdims=True), 1e-9)
    process = schema.standardised(log)
    for column, name in enumerate(schema.process):
        process[~np.isfinite(log.process.get(name, np.full(len(log), np.nan))), column] = np.nan
    return np.hstack([shares, process])


def input_levels(schema: Schema, log: HeatLog) -> InputLevels:
    """Levels of a log's inputs, oldest heat first."""
    values = inputs_of(schema, log)
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    centred = np.where(known, values - mean, np.nan)
    sd = np.maximum(np.sqrt(np.nansum(centred**2, axis=0) / count), STEADY_SHARE)
    return InputLevels(mean, sd, np.array([swing_of(column) for column in (centred / sd).T]))
