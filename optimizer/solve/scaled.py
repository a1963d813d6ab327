"""A linear model whose columns are about 1: a quadratic step of it, and what multipliers prove about it."""

from dataclasses import dataclass, field

import daqp
import numpy as np
from numpy.typing import NDArray

from optimizer.model.program import IntArray, Program
from steel.heats import FloatArray

STEADY = 1e-5
"""Curvature that every column has, as a share of the cost over its usual size squared: a step has one optimum only."""
EXACT = 1e-8
"""How exactly a step holds its rows, in usual sizes."""
NOTHING = 1e-12
"""A reduced cost that is none, as a share of the dearest."""
MENDS = 3
SOLVED, EQUAL, UNLIMITED, SAME = 1, 5, 1e20, 1e-12


@dataclass(frozen=True)
class OpenColumns:
    """Columns without a bound on some side, such as margins and electricity: rows alone hold these from below.

    Attributes:
        columns: (U,).
        below: (U,) whether one has no lower bound.
        held: (H,) rows that hold one from below.
        whose: (H,) which of the U.
    """

    columns: IntArray
    below: NDArray[np.bool_]
    held: IntArray
    whose: IntArray

    def mended(self, multipliers: FloatArray, cost: FloatArray, rows: FloatArray) -> FloatArray:
        """Multipliers (R + E,) under which none of them could be had for less than nothing, to any extent.

        What is left of a step is enough to make a bound worthless there, so the multipliers of its rows take it up.
        """
        multipliers = multipliers.copy()
        own_rows = -rows[self.held, self.columns[self.whose]]
        for _ in range(MENDS):
            reduced = cost[self.columns] + multipliers @ rows[:, self.columns]
            wrong = np.where(self.below, np.abs(reduced) > NOTHING, reduced < 0.0)
            if not wrong.any():
                break
            own = np.bincount(self.whose, own_rows * multipliers[self.held], minlength=len(self.columns))
            factors = np.where(wrong & (own > 0.0), 1.0 + reduced / np.maximum(own, NOTHING), 1.0)
            multipliers[self.held] *= np.maximum(factors, 0.0)[self.whose]
        return multipliers


def open_columns(program: Program, rows: FloatArray) -> OpenColumns:
    """The columns of a program without a bound, and the rows (R + E, N), tangents last, that hold them."""
    lower, upper = program.lower, program.upper
    below: NDArray[np.bool_] = lower == -np.inf
    columns = _indices(upper - lower == np.inf)
    at_most = np.ones(len(rows), dtype=bool)
    at_most[: len(program.row_lower)] = program.row_lower == -np.inf
    holds = (rows[:, columns] < 0.0) & at_most[:, None]
    held = _indices(np.asarray(holds.any(axis=1)))
    return OpenColumns(columns, below[columns], held, holds[held].argmax(axis=1).astype(np.int32))


@dataclass
class ScaledModel:
    """One linear model whose columns are about 1 and cost about 1.

    Attributes:
        cost: (N,) per unit, €.
        rows: (R + E, N) stated rows, then tangents.
        open: columns without a bound.
        lower: (N + R + E,) of columns and rows.
        upper: (N + R + E,) of columns and rows.
    """

    cost: FloatArray
    unit: float
    rows: FloatArray
    open: OpenColumns
    lower: FloatArray
    upper: FloatArray
    fixed: IntArray = field(init=False)
    _free: IntArray | slice = field(init=False)
    _kept: IntArray | slice = field(init=False)
    _sense: IntArray = field(init=False)
    _steady: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Set apart the columns that are decided already."""
        count = len(self.cost)
        decided = self.upper - self.lower <= SAME
        self.fixed, self._free, self._kept = _indices(decided[:count]), slice(None), slice(None)
        if len(self.fixed):
            self._free = _indices(~decided[:count])
            self._kept = np.concatenate([self._free, np.arange(count, len(decided), dtype=np.int32)])
        self._sense = np.where(decided[self._kept], EQUAL, 0).astype(np.int32)
        self._steady = np.diag(np.full(count, STEADY))

    def step(
        self, curvature: FloatArray, values: FloatArray, multipliers: FloatArray | None
    ) -> tuple[FloatArray, FloatArray] | None:
        """Values (N,) and multipliers (N + R + E,) that minimise cost and curvature (n, n) about a point (N,)."""
        free, kept, masses = self._free, self._kept, len(curvature)
        quadratic = self._steady.copy()
        quadratic[:masses, :masses] += curvature
        quadratic = quadratic[free][:, free]
        linear = self.cost[free] - quadratic @ values[free]
        shift = np.zeros(len(self._sense))
        if len(self.fixed):
            shift[-len(self.rows) :] = self.rows[:, self.fixed] @ values[self.fixed]
        given = (quadratic, linear, self.rows[:, free], self.upper[kept] - shift, self.lower[kept] - shift)
        known = None if multipliers is None else multipliers[kept]
        found, _, flag, report = daqp.solve(*given, self._sense, dual_start=known, primal_tol=EXACT)
        if flag != SOLVED and known is not None:
            # From a start of its own it may yet get there.
            found, _, flag, report = daqp.solve(*given, self._sense, primal_tol=EXACT)
        if flag != SOLVED:
            return None
        values, multipliers = values.copy(), np.zeros(len(self.lower))
        values[free], multipliers[kept] = found, report["lam"]
        return values, multipliers

    def bound(self, multipliers: FloatArray) -> tuple[FloatArray, float]:
        """Reduced costs (N,), and what nothing undercuts: the Lagrangian's least value over the columns' bounds.

        Args:
            multipliers: (R + E,) of the rows.
        """
        count = len(self.cost)
        multipliers = self.open.mended(multipliers, self.cost, self.rows)
        reduced = self.cost + multipliers @ self.rows
        sides = np.where(multipliers > 0, self.upper[count:], self.lower[count:])
        held = np.where(reduced > 0, self.lower[:count], self.upper[:count])
        held[np.abs(reduced) <= NOTHING] = 0.0
        if (np.abs(held) >= UNLIMITED).any():
            return reduced, -np.inf
        return reduced, float(reduced @ held) - float(multipliers @ np.where(multipliers == 0, 0.0, sides))


def _indices(chosen: NDArray[np.bool_]) -> IntArray:
    return np.flatnonzero(chosen).astype(np.int32)
