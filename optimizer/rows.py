"""A linear or mixed-integer model as rows and columns with names, ready to be handed to HiGHS."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from steel.heats import FloatArray

NOTHING = np.zeros(0)
NEGLIGIBLE = 1e-9
"""Coefficients that the solver would ignore, with a warning."""
Name = tuple[Any, ...]
IntArray = NDArray[np.int32]


@dataclass
class RowModel:
    """Columns with bounds and costs, rows with bounds, each found again by its name.

    Attributes:
        elastic: whether requirements get slacks.
        relief: by row, what it is held tighter than was asked; a bound is told without that.
    """

    elastic: bool = False
    columns: dict[Name, int] = field(default_factory=dict)
    cost: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[int] = field(default_factory=list)
    rows: dict[Name, int] = field(default_factory=dict)
    relief: dict[int, float] = field(default_factory=dict)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    _parts: list[tuple[FloatArray, dict[int, float]]] = field(default_factory=list)

    def column(
        self, *name: Hashable, lower: float = 0.0, upper: float = np.inf, cost: float = 0.0, integer: bool = False
    ) -> int:
        """Add a column; returns its index."""
        index = len(self.cost)
        self.columns[name] = index
        self.cost.append(cost)
        self.lower.append(lower)
        self.upper.append(upper)
        if integer:
            self.integer.append(index)
        return index

    def slack(self, kind: str, name: Hashable, sign: float = -1.0) -> dict[int, float]:
        """The slack of a stated requirement as a coefficient, one for all its rows; nothing in a model without."""
        if not self.elastic:
            return {}
        found = self.columns.get(("slack", kind, name))
        return {self.column("slack", kind, name, upper=0.0) if found is None else found: sign}

    def row(
        self,
        *name: Hashable,
        masses: FloatArray | None = None,
        others: dict[int, float] | None = None,
        lower: float = -np.inf,
        upper: float = np.inf,
        relief: float = 0.0,
    ) -> None:
        """Add a row: coefficients of the first columns (the masses), and of others by index."""
        self._parts.append((NOTHING if masses is None else masses, others or {}))
        self.rows[name] = len(self.row_lower)
        if relief:
            self.relief[len(self.row_lower)] = relief
        self.row_lower.append(lower)
        self.row_upper.append(upper)

    def block(self, *name: Hashable, masses: FloatArray, others: dict[int, float], upper: float = np.inf) -> None:
        """Add rows that differ in the coefficients of the masses only, (K, n); each one's name ends with its number."""
        first, count = len(self.row_lower), len(masses)
        self._parts += [(row, others) for row in masses]
        self.rows |= {(*name, k): first + k for k in range(count)}
        self.row_lower += [-np.inf] * count
        self.row_upper += [upper] * count

    def dense(self) -> FloatArray:
        """(R, N) the rows' coefficients."""
        matrix = np.zeros((len(self.row_lower), len(self.cost)))
        for row, (masses, others) in zip(matrix, self._parts, strict=True):
            row[: len(masses)] = masses
            for column, value in others.items():
                row[column] = value
        return matrix

    def lp(self) -> highspy.HighsLp:
        """The model as HiGHS takes it, its integer columns continuous."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.row_lower)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = (np.array(v) for v in (self.cost, self.lower, self.upper))
        lp.row_lower_, lp.row_upper_ = np.array(self.row_lower), np.array(self.row_upper)
        kept = [np.flatnonzero(np.abs(masses) > NEGLIGIBLE) for masses, _ in self._parts]
        indices = [np.array([*at, *others], dtype=np.int32) for at, (_, others) in zip(kept, self._parts, strict=True)]
        values = [[*m[at], *others.values()] for at, (m, others) in zip(kept, self._parts, strict=True)]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum([len(each) for each in indices])]).astype(np.int32)
        lp.a_matrix_.index_ = np.concatenate(indices)
        lp.a_matrix_.value_ = np.concatenate(values)
        return lp


@dataclass
class Numbers:
    """What a model's costs and bounds are now.

    Attributes:
        cost, lower, upper: (N,) of columns. row_lower, row_upper: (R,) of stated rows.
    """

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
