"""Whether stated confidence is real: the share of later heats under one-sided limits, by grade and by month."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steel.heats import HeatLog
from surrogate.judge.recorded import recorded
from surrogate.model.model import Surrogate

LEVELS = (0.80, 0.90, 0.95, 0.99)
FEWEST = 30
"""Heats below which a share says nothing."""
OTHERS = "others"


@dataclass(frozen=True)
class Coverage:
    """Share of heats under the one-sided upper limit of each of `LEVELS`.

    Attributes:
        group: "all", a grade or a month (YYYY-MM).
        output: its name, or "all elements".
        heats: values that were compared.
        shares: one a level.
    """

    group: str
    output: str
    heats: int
    shares: tuple[float, ...]


def limit_coverage(model: Surrogate, log: HeatLog) -> list[Coverage]:
    """Coverage on heats the model has not seen: each output over all, all elements by grade and by month.

    Groups with fewer than `FEWEST` heats are put together as "others".
    """
    prediction = model.predict(log)
    under = {}
    for name, output in model.outputs.items():
        limits = [prediction.mean[name] + output.quantiles.at(level) * prediction.sd[name] for level in LEVELS]
        actual = recorded(log, name)
        below = np.stack([np.where(np.isfinite(actual), actual <= limit, np.nan) for limit in limits])
        if np.isfinite(below).any():
            under[name] = below
    found = [_coverage("all", name, below) for name, below in under.items()]
    elements = [below for name, below in under.items() if name in {element.value for element in log.elements}]
    if not elements:
        return found
    months = np.where(np.isnat(log.tapped_at), "", np.datetime_as_string(log.tapped_at, unit="M"))
    for labels in (log.grades, months):
        for group in _groups(labels):
            inside = np.isin(labels, group.members)
            found.append(
                _coverage(group.name, "all elements", np.concatenate([b[:, inside] for b in elements], axis=1))
            )
    return found


@dataclass(frozen=True)
class _Group:
    name: str
    members: list[str]


def _groups(labels: NDArray[np.str_]) -> list[_Group]:
    names, counts = np.unique(labels[labels != ""], return_counts=True)
    groups = [_Group(str(n), [str(n)]) for n, count in zip(names, counts, strict=True) if count >= FEWEST]
    few = [str(n) for n, count in zip(names, counts, strict=True) if count < FEWEST]
    return [*groups, _Group(OTHERS, few)] if few else groups


def _coverage(group: str, output: str, below: NDArray[np.float64]) -> Coverage:
    shares = tuple(float(share) for share in np.nanmean(below, axis=1))
    return Coverage(group, output, int(np.isfinite(below[0]).sum()), shares)
