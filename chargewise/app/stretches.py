"""Stretches of a record between two days."""

from datetime import date

import numpy as np

from steel.errors import InputError
from steel.heats import HeatLog


def between(log: HeatLog, first: date | None, last: date | None) -> slice:
    """The heats tapped from one day to another, both included.

    Without a first day the newest three tenths, as everywhere a surrogate is judged.

    Raises:
        InputError: the last day is before the first, or no heat was tapped between them.
    """
    start = np.datetime64("0001-01-01") if first is None else np.datetime64(first)
    end = np.datetime64("9999-12-31") if last is None else np.datetime64(last)
    told = f"{first} to {last}"
    if end < start:
        raise InputError(told, "from and to", "a last day that is not before the first")
    inside = np.flatnonzero((log.tapped_at >= start) & (log.tapped_at < end + np.timedelta64(1, "D")))
    if not len(inside):
        known = log.tapped_at[~np.isnat(log.tapped_at)]
        days = f"days between {known.min()} and {known.max()}" if len(known) else "heats with a time of tapping"
        raise InputError(told, "from and to", days)
    if first is None:
        inside = inside[inside >= round(0.7 * len(log))]
    return slice(int(inside[0]), int(inside[-1]) + 1)
