"""A linear or mixed-integer program as arrays whose columns and rows are found again by name."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steel.heats import FloatArray

NOTHING = np.zeros(0)
Name = tuple[Any, ...]
IntArray = NDArray[np.int32]


@dataclass
class Program:
    """Columns with bounds and costs, rows with bounds, to be minimised.

    Attributes:
        columns: index of each, by name, in order.
        rows: the same.
        cost: (N,) of columns.
        lower: (N,) of columns.
        upper: (N,) of columns.
        integer: columns that are whole.
        row_lower: (R,).
        row_upper: (R,).
        starts: the rows' coefficients (compressed sparse rows).
        indices: the rows' coefficients (compressed sparse rows).
        values: the rows' coefficients (compressed sparse rows).
        relief: by row, what it is held tighter than was asked; a bound is reported without that.
    """

    columns: Mapping[Name, int]
    rows: Mapping[Name, int]
    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: list[int]
    row_lower: FloatArray
    row_upper: FloatArray
    starts: IntArray
    indices: IntArray
    values: FloatArray
    relief: dict[int, float] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Of columns and rows: programs with the same names are of one kind."""
        return (*self.columns, *self.rows)

    def dense(self) -> FloatArray:
        """(R, N) the rows' coefficients."""
        matrix = np.zeros((len(self.row_lower), len(self.cost)))
        matrix[np.repeat(np.arange(len(self.row_lower)), np.diff(self.starts)), self.indices] = self.values
        return matrix

    def row_parts(self, row: int) -> tuple[IntArray, FloatArray]:
        """Columns of a row and their coefficients."""
        of_row = slice(self.starts[row], self.starts[row + 1])
        return self.indices[of_row], self.values[of_row]


class Extension:
    """More columns and rows for a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.columns: dict[Name, int] = dict(program.columns)
        self.rows: dict[Name, int] = dict(program.rows)
        self._cost: list[float] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._integer: list[int] = []
        self._row_lower: list[float] = []
        self._row_upper: list[float] = []
        self._parts: list[tuple[FloatArray, dict[int, float]]] = []
        self._more: dict[int, dict[int, float]] = {}

    def column(
        self, *name: Hashable, lower: float = 0.0, upper: float = np.inf, cost: float = 0.0, integer: bool = False
    ) -> int:
        """Add a column; returns its index."""
        index = self.columns[name] = len(self.columns)
        self._cost.append(cost)
        self._lower.append(lower)
        self._upper.append(upper)
        if integer:
            self._integer.append(index)
        return index

    def row(
        self,
        *name: Hashable,
        masses: FloatArray | None = None,
        others: dict[int, float] | None = None,
        lower: float = -np.inf,
        upper: float = np.inf,
    ) -> int:
        """Add a row: coefficients of the first columns (the masses), and of others by index; returns its index."""
        index = self.rows[name] = len(self.rows)
        self._parts.append((NOTHING if masses is None else masses, others or {}))
        self._row_lower.append(lower)
        self._row_upper.append(upper)
        return index

    def into_row(self, row: int, column: int, value: float) -> None:
        """Give a new column a coefficient in a row of the program."""
        self._more.setdefault(row, {})[column] = value

    def applied(self) -> Program:
        """The program with them."""
        old = self.program
        starts, indices, values = self._widened()
        at = [np.concatenate([np.arange(len(m)), [*o]]).astype(np.int32) for m, o in self._parts]
        return Program(
            columns=self.columns,
            rows=self.rows,
            cost=np.concatenate([old.cost, self._cost]),
            lower=np.concatenate([old.lower, self._lower]),
            upper=np.concatenate([old.upper, self._upper]),
            integer=[*old.integer, *self._integer],
            row_lower=np.concatenate([old.row_lower, self._row_lower]),
            row_upper=np.concatenate([old.row_upper, self._row_upper]),
            starts=np.concatenate([starts, starts[-1] + np.cumsum([len(each) for each in at])]).astype(np.int32),
            indices=np.concatenate([indices, *at]).astype(np.int32),
            values=np.concatenate([values, *(np.array([*m, *o.values()]) for m, o in self._parts)]),
            relief=dict(old.relief),
        )

    def _widened(self) -> tuple[IntArray, IntArray, FloatArray]:
        """The program's own rows with the new columns in them."""
        old = self.program
        if not self._more:
            return old.starts, old.indices, old.values
        rows = sorted(self._more)
        added = np.array([len(self._more[row]) for row in rows])
        ends = np.repeat(old.starts[1:][rows], added)
        columns = [column for row in rows for column in self._more[row]]
        values = [value for row in rows for value in self._more[row].values()]
        grown = np.zeros(len(old.starts), dtype=np.int64)
        grown[np.array(rows) + 1] = added
        return (
            (old.starts + np.cumsum(grown)).astype(np.int32),
            np.insert(old.indices, ends, columns).astype(np.int32),
            np.insert(old.values, ends, values),
        )


@dataclass
class Numbers:
    """What a program's costs and bounds are now.

    Attributes:
        cost: (N,) of columns.
        lower: (N,) of columns.
        upper: (N,) of columns.
        row_lower: (R,) of stated rows.
        row_upper: (R,) of stated rows.
    """

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
