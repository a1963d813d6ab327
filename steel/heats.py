"""Heats: one, as a record for people, and many, as columns for arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.process import PROCESS_UNITS, ProcessInputs
from steel.quantities import ChargedT, WtPct

FloatArray = NDArray[np.float64]


class Charge(Frozen):
    """What is loaded for one heat.

    Attributes:
        charged_t: t of each material, by its name.
        process: process inputs that differ from the plant's usual ones, by the names of `PROCESS_UNITS`.
        heel_t: steel left in the furnace by the heat before, t.
        heel_wt_pct: that steel's analysis.
    """

    charged_t: dict[str, ChargedT]
    process: ProcessInputs = {}
    heel_t: ChargedT = 0.0
    heel_wt_pct: dict[Element, WtPct] = {}


class Heat(Frozen):
    """One tapped batch: the charge and what came of it.

    Attributes:
        analysis_wt_pct: what was measured.
        below_wt_pct: limit of detection of each element that was looked for and lies below it.
    """

    heat_id: str
    tapped_at: str | None
    grade: str | None
    charge: Charge
    tapped_t: float | None
    energy_kwh_per_t: float | None
    analysis_wt_pct: dict[Element, float]
    below_wt_pct: dict[Element, float] = {}


@dataclass(frozen=True)
class HeatLog:
    """N heats in the order they were tapped; NaN stands for "not recorded".

    Attributes:
        heat_ids: (N,) the plant's heat numbers.
        tapped_at: (N,) datetime64[s], UTC; NaT where unknown.
        grades: (N,) grade names, "" where unknown.
        materials: n material names.
        charged_t: (N, n) t.
        elements: E analysed elements.
        analysis_wt_pct: (N, E) wt% in the furnace at tap; half the limit of detection where it lies below one.
        tapped_t: (N,) t.
        energy_kwh_per_t: (N,) electricity, kWh per t tapped.
        heel_t: (N,) steel left by the heat before, t.
        heel_wt_pct: (N, E) its analysis.
        process: each process input, (N,), by the names of `PROCESS_UNITS`.
        below_wt_pct: (N, E) that limit, else NaN; None where no value lies below one.
    """

    heat_ids: NDArray[np.str_]
    tapped_at: NDArray[np.datetime64]
    grades: NDArray[np.str_]
    materials: tuple[str, ...]
    charged_t: FloatArray
    elements: tuple[Element, ...]
    analysis_wt_pct: FloatArray
    tapped_t: FloatArray
    energy_kwh_per_t: FloatArray
    heel_t: FloatArray
    heel_wt_pct: FloatArray
    process: dict[str, FloatArray] = field(default_factory=dict)
    below_wt_pct: FloatArray | None = None

    def __post_init__(self) -> None:
        heats, materials, elements = len(self.heat_ids), len(self.materials), len(self.elements)
        expected = {
            "tapped_at": (heats,), "grades": (heats,), "charged_t": (heats, materials),
            "analysis_wt_pct": (heats, elements), "tapped_t": (heats,), "energy_kwh_per_t": (heats,),
            "heel_t": (heats,), "heel_wt_pct": (heats, elements),
        }  # fmt: skip
        if self.below_wt_pct is not None:
            expected["below_wt_pct"] = (heats, elements)
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise InputError(getattr(self, name).shape, f"heat log column {name}", f"shape {shape}")
        for name, values in self.process.items():
            if name not in PROCESS_UNITS or values.shape != (heats,):
                raise InputError(name, "process input", f"one of {', '.join(PROCESS_UNITS)}, shape ({heats},)")

    def __len__(self) -> int:
        return len(self.heat_ids)

    def rows(self, which: slice | NDArray[np.bool_] | NDArray[np.int_]) -> "HeatLog":
        """The heats at a slice, mask or index array, in that order."""
        per_heat = {
            f.name: getattr(self, f.name)[which]
            for f in fields(self)
            if f.name not in ("materials", "elements", "process") and getattr(self, f.name) is not None
        }
        return replace(self, **per_heat, process={name: values[which] for name, values in self.process.items()})

    def charged_in(self, materials: tuple[str, ...]) -> FloatArray:
        """(N, m) t charged of these materials, in this order; one that the log does not have is 0."""
        columns = dict(zip(self.materials, self.charged_t.T, strict=True))
        return np.column_stack([columns.get(name, np.zeros(len(self))) for name in materials])

    def with_elements(self, elements: tuple[Element, ...]) -> "HeatLog":
        """The same heats with just these elements, in this order; one never analysed is NaN."""
        columns = [self.elements.index(element) if element in self.elements else -1 for element in elements]

        def pick(values: FloatArray) -> FloatArray:
            padded = np.hstack([values, np.full((len(self), 1), np.nan)])
            return np.asarray(padded[:, columns])

        return replace(
            self,
            elements=elements,
            analysis_wt_pct=pick(self.analysis_wt_pct),
            heel_wt_pct=pick(self.heel_wt_pct),
            below_wt_pct=None if self.below_wt_pct is None else pick(self.below_wt_pct),
        )

    def split(self, first_fraction: float) -> tuple["HeatLog", "HeatLog"]:
        """Earlier and later heats, so that nothing leaks from the future."""
        cut = round(len(self) * first_fraction)
        return self.rows(slice(None, cut)), self.rows(slice(cut, None))

    def heat(self, index: int) -> Heat:
        """One heat as a record."""

        def known(names: tuple[Element, ...], values: FloatArray) -> dict[Element, float]:
            return {n: float(v) for n, v in zip(names, values, strict=True) if np.isfinite(v)}

        def scalar(value: float) -> float | None:
            return float(value) if np.isfinite(value) else None

        at = self.tapped_at[index]
        analysis = known(self.elements, self.analysis_wt_pct[index])
        below = {} if self.below_wt_pct is None else known(self.elements, self.below_wt_pct[index])
        return Heat(
            heat_id=str(self.heat_ids[index]),
            tapped_at=None if np.isnat(at) else str(at),
            grade=str(self.grades[index]) or None,
            charge=Charge(
                charged_t={m: float(t) for m, t in zip(self.materials, self.charged_t[index], strict=True) if t > 0},
                process={k: float(v[index]) for k, v in self.process.items() if np.isfinite(v[index])},
                heel_t=float(np.nan_to_num(self.heel_t[index])),
                heel_wt_pct=known(self.elements, self.heel_wt_pct[index]),
            ),
            tapped_t=scalar(self.tapped_t[index]),
            energy_kwh_per_t=scalar(self.energy_kwh_per_t[index]),
            analysis_wt_pct={element: value for element, value in analysis.items() if element not in below},
            below_wt_pct=below,
        )


def together(logs: Sequence[HeatLog]) -> HeatLog:
    """Logs with the same columns as one, in their order.

    Raises:
        InputError: there are none, or their columns differ.
    """
    if not logs:
        raise InputError(0, "logs to put together", "1 or more")
    first = logs[0]
    for log in logs[1:]:
        if (log.materials, log.elements, set(log.process)) != (first.materials, first.elements, set(first.process)):
            raise InputError(log.materials, "logs to put together", f"the same columns: {', '.join(first.materials)}")

    def joined(name: str) -> Any:
        return np.concatenate([getattr(log, name) for log in logs])

    per_heat = [f.name for f in fields(first) if f.name not in ("materials", "elements", "process", "below_wt_pct")]
    below = None
    if any(log.below_wt_pct is not None for log in logs):
        unknown = [np.full(log.analysis_wt_pct.shape, np.nan) for log in logs]
        parts = [u if log.below_wt_pct is None else log.below_wt_pct for log, u in zip(logs, unknown, strict=True)]
        below = np.concatenate(parts)
    return replace(
        first,
        **{name: joined(name) for name in per_heat},
        process={name: np.concatenate([log.process[name] for log in logs]) for name in first.process},
        below_wt_pct=below,
    )


def time_order(tapped_at: NDArray[np.datetime64]) -> NDArray[np.int_]:
    """Indices of heats in the order of tapping; one without a time stays behind the heat that it came after."""
    known = ~np.isnat(tapped_at)
    last = np.maximum.accumulate(np.where(known, np.arange(len(tapped_at)), -1)) if len(tapped_at) else known
    epoch = tapped_at.astype("datetime64[s]").astype(np.int64)
    keys = np.where(last >= 0, epoch[np.maximum(last, 0)], np.iinfo(np.int64).min) if len(tapped_at) else epoch
    return np.argsort(keys, kind="stable")
