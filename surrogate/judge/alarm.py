"""Drift alarm on standardised residuals of successive heats: Page-Hinkley for shifts that last, runs for jumps.

The cumulative sum of residuals beyond a tolerated shift is compared with its own extreme; a lasting shift of
level makes it run away (Page 1954, Hinkley 1971). How much shift is tolerated follows from how much the level swung
while the model was calibrated. A jump too great for any swing is told sooner by three residuals in a row beyond the
calibrated extremes of one side (a Shewhart limit beside the sum, after Lucas 1982). Single odd heats are clipped
and cannot raise either alone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from steel.heats import FloatArray, HeatLog
from surrogate.judge.recorded import recorded
from surrogate.model.inputs import input_names, inputs_of
from surrogate.model.model import Surrogate
from surrogate.model.quantiles import Quantiles

TOLERATED_SHIFT = 0.35
"""Standard deviations of shift that are nobody's concern, however steady the level was."""
TOLERATED_SWINGS = 3.0
"""Standard deviations of the level's own swings that are no shift either, as on any control chart."""
THRESHOLD = 30.0
"""Cumulative standard deviations that raise the alarm."""
CLIP = 3.0
IN_A_ROW = 3
EXTREME = 0.999
"""Calibrated probability beyond which a residual is extreme."""


@dataclass(frozen=True)
class Alarm:
    """One output that left the level its model was calibrated to.

    Attributes:
        heat_id: the heat at which the test ran over.
        shift_sd: mean standardised residual since the shift began.
        kind: a shift that lasts, or a jump.
    """

    output: str
    heat_id: str
    shift_sd: float
    kind: Literal["shift", "jump"] = "shift"


def page_hinkley(residuals: FloatArray, tolerated: float = TOLERATED_SHIFT) -> tuple[int, float] | None:
    """Index at which standardised residuals (N,) raise the alarm, and the mean since the shift began; or None."""
    known = np.flatnonzero(np.isfinite(residuals))
    clipped = np.clip(residuals[known], -CLIP, CLIP)
    for sign in (1.0, -1.0):
        total = np.cumsum(sign * clipped - tolerated)
        lowest = np.minimum.accumulate(np.minimum(total, 0.0))
        over = np.flatnonzero(total - lowest > THRESHOLD)
        if len(over):
            end = int(over[0])
            begin = int(np.argmin(total[: end + 1])) + 1 if total[: end + 1].min() < 0 else 0
            return int(known[end]), float(clipped[begin : end + 1].mean())
    return None


def jump(residuals: FloatArray, quantiles: Quantiles) -> tuple[int, float] | None:
    """Index at which `IN_A_ROW` residuals (N,) lay beyond the extremes of one side, and their mean; or None."""
    known = np.flatnonzero(np.isfinite(residuals))
    values = residuals[known]
    if len(values) < IN_A_ROW:
        return None
    for beyond in (values > quantiles.at(EXTREME), values < quantiles.at(1 - EXTREME)):
        together = np.convolve(beyond, np.ones(IN_A_ROW))[: len(values)]
        raised = np.flatnonzero(together >= IN_A_ROW)
        if len(raised):
            end = int(raised[0])
            return int(known[end]), float(values[end + 1 - IN_A_ROW : end + 1].mean())
    return None


def alarm_on(
    name: str, residuals: FloatArray, quantiles: Quantiles, swing: float, ids: NDArray[np.str_]
) -> Alarm | None:
    """The alarm that one output's standardised residuals raise first, if any.

    Args:
        name: of the output.
        residuals: (N,), NaN where not recorded.
        quantiles: calibrated.
        swing: how much its level swung while it was calibrated.
        ids: (N,) of the heats.
    """
    shift = _shift(residuals, swing)
    leap = jump(residuals, quantiles)
    if leap is not None and (shift is None or leap[0] <= shift[0]):
        return Alarm(name, str(ids[leap[0]]), leap[1], "jump")
    return None if shift is None else Alarm(name, str(ids[shift[0]]), shift[1], "shift")


def _shift(residuals: FloatArray, swing: float) -> tuple[int, float] | None:
    return page_hinkley(residuals, max(TOLERATED_SHIFT, TOLERATED_SWINGS * swing))


def watch(model: Surrogate, log: HeatLog) -> list[Alarm]:
    """Outputs whose residuals on a log, oldest first, say that the model no longer holds."""
    prediction = model.predict(log)
    found = []
    for name, output in model.outputs.items():
        residuals = (recorded(log, name) - prediction.mean[name]) / prediction.sd[name]
        found.append(alarm_on(name, residuals, output.quantiles, output.motion.swing, log.heat_ids))
    return [alarm for alarm in found if alarm is not None]


def watch_inputs(model: Surrogate, log: HeatLog) -> list[Alarm]:
    """Inputs of a log, oldest heat first, that left the level of the heats learned from for good.

    When the mix or the practice moves away from these, predictions become extrapolation before any residual tells.

    Raises:
        InputError: a heat charges a material the model does not know.
    """
    residuals = model.levels.standardise(inputs_of(model.schema, log))
    found = []
    for column, name in enumerate(input_names(model.schema)):
        shift = _shift(residuals[:, column], float(model.levels.swing[column]))
        if shift is not None:
            found.append(Alarm(name, str(log.heat_ids[shift[0]]), shift[1]))
    return found
