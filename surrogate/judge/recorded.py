"""What a log recorded of a surrogate's output."""

import numpy as np

from steel.heats import FloatArray, HeatLog
from surrogate.model.schema import ENERGY


def recorded(log: HeatLog, output: str) -> FloatArray:
    """(N,) what the log recorded of an output."""
    if output == ENERGY:
        return log.energy_kwh_per_t
    return np.asarray(log.analysis_wt_pct[:, [element.value for element in log.elements].index(output)])
