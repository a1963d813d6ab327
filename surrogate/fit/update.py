"""Take new heats into a fitted surrogate without fitting it again: milliseconds, by adding up statistics."""

from dataclasses import replace

import numpy as np

from steel.heats import HeatLog
from surrogate.fit.fit import output_statistics
from surrogate.fit.heat_data import RUN_HEATS, prepare
from surrogate.model.linear import posterior
from surrogate.model.model import Output, Surrogate
from surrogate.model.priors import Prior
from surrogate.model.schema import ENERGY


def update(model: Surrogate, log: HeatLog) -> Surrogate:
    """The surrogate after new heats, oldest first, that followed those it was fitted to.

    What was known of the contents moves on as it was seen to move, and the new heats are added. Yields, scatter,
    remainders and calibrated quantiles stay; `fit` renews those.

    Raises:
        InputError: a heat charges a material the model does not know.
    """
    data = prepare(model, log)
    runs = len(log) / RUN_HEATS
    seen = output_statistics(model.outputs, data, model.lot_t)

    def moved_on(name: str, output: Output) -> Prior:
        width = model.schema.width
        slope, walk = (part if len(part) else np.zeros(width) for part in (output.motion.slope, output.motion.walk))
        return Prior(
            mean=output.linear.mean + runs * slope,
            class_covariance=output.linear.covariance + runs * np.diag(walk),
            local_covariance=np.zeros((width, width)),
            non_negative=model.schema.metal_features if name != ENERGY else np.zeros(width),
        )

    outputs = {
        name: replace(output, linear=posterior(moved_on(name, output), seen[name]))
        for name, output in model.outputs.items()
    }
    return replace(model, outputs=outputs)
