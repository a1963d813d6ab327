"""Drift alarm: the Page-Hinkley test on standardised residuals of successive heats.

The cumulative sum of residuals beyond a tolerated shift is compared with its own extreme; a lasting shift of
level makes it run away (Page 1954, Hinkley 1971). Single odd heats are clipped and cannot raise it alone.
"""

from dataclasses import dataclass

import numpy as np

from steel.heats import FloatArray, HeatLog
from surrogate.evaluation import recorded
from surrogate.model import Surrogate

TOLERATED_SHIFT = 0.35
"""Standard deviations of shift that are nobody's concern: lots come and go."""
THRESHOLD = 30.0
"""Cumulative standard deviations that raise the alarm."""
CLIP = 3.0


@dataclass(frozen=True)
class Alarm:
    """One output that left the level its model was calibrated to.

    Attributes:
        heat_id: the heat at which the test ran over.
        shift_sd: mean standardised residual since the shift began.
    """

    output: str
    heat_id: str
    shift_sd: float


def page_hinkley(residuals: FloatArray) -> tuple[int, float] | None:
    """Index at which standardised residuals (N,) raise the alarm, and the mean since the shift began; or None."""
    known = np.flatnonzero(np.isfinite(residuals))
    clipped = np.clip(residuals[known], -CLIP, CLIP)
    for sign in (1.0, -1.0):
        total = np.cumsum(sign * clipped - TOLERATED_SHIFT)
        lowest = np.minimum.accumulate(np.minimum(total, 0.0))
        over = np.flatnonzero(total - lowest > THRESHOLD)
        if len(over):
            end = int(over[0])
            begin = int(np.argmin(total[: end + 1])) + 1 if total[: end + 1].min() < 0 else 0
            return int(known[end]), float(clipped[begin : end + 1].mean())
    return None


def watch(model: Surrogate, log: HeatLog) -> list[Alarm]:
    """Outputs whose residuals on a log, oldest first, say that the model no longer holds."""
    found = []
    prediction = model.predict(log)
    for output in model.schema.outputs:
        actual = recorded(log, output)
        raised = page_hinkley((actual - prediction.mean[output]) / prediction.sd[output])
        if raised is not None:
            found.append(Alarm(output, str(log.heat_ids[raised[0]]), raised[1]))
    return found
