"""The optimum of the cones themselves, by quadratic steps, with multipliers that prove it.

Tangents alone feel their way round a cone's curve; a model that knows the curvature goes there straight away
(sequential quadratic programming with exact second derivatives: Nocedal and Wright 2006, chapter 18). Each step
minimises the cost and the curvature of every margin, weighted with its price, over the stated rows and the margins'
tangents. What the multipliers of the last step say of the linear model with the tangents at the last point is a bound
that no recipe can undercut, whatever the steps were (weak duality).
"""

from dataclasses import dataclass, field

import daqp
import numpy as np
from numpy.typing import NDArray

from optimizer.rows import IntArray, RowModel
from optimizer.scatter import Scatter
from optimizer.session import Numbers
from steel.heats import FloatArray

MOST_COLUMNS = 120
"""Columns of a model beyond which the dense steps take longer than the tangents they spare."""
MOST_STEPS = 15
STEADY = 1e-5
"""Curvature that every column has, as a share of the cost over its usual size squared: a step has one optimum only."""
PROVEN = 5e-6
"""Relative gap between cost and bound at which the optimum is reached."""
LEAST_COST = 1e-3
"""Of the dearest column's usual cost; goals may come to nothing at all."""
OF_ROOM = 0.01
"""Share of the room that a margin has which steps leave: two of them come to the same cost, closer than any gap."""
NOTHING = 1e-12
"""A reduced cost that is none, as a share of the dearest."""
MENDS = 3
SOLVED, EQUAL, UNLIMITED, SAME = 1, 5, 1e20, 1e-12
EXACT = 1e-8


@dataclass(frozen=True)
class Point:
    """Where steps start, or stand.

    Attributes:
        values: (N,) of the columns. prices: (E,) of the margins, € per wt% · t.
        multipliers: (N + R + E,) of bounds, stated rows and tangents, scaled; above zero where the upper side binds.
    """

    values: FloatArray
    prices: FloatArray
    multipliers: FloatArray | None = None


@dataclass(frozen=True)
class Optimum:
    """A point that is proven to be the optimum.

    Attributes:
        cost: what it costs. bound: what no solution can undercut.
        row_duals: (R,) and reduced: (N,) as a linear solver has them.
        slopes: (E, n) of the margins there.
    """

    point: Point
    cost: float
    bound: float
    row_duals: FloatArray
    reduced: FloatArray
    slopes: FloatArray


class QuadraticSteps:
    """Steps towards the optimum of one model.

    Args:
        model: the stated rows.
        scatter: of E elements.
        margins: (E,) the column of each element's margin; -1 for none.
        room: (E,) wt% · t by which a margin may fall short of its cone.
        mass_t: the usual size of a mass, t.
        masses: how many columns are masses.
    """

    def __init__(
        self, model: RowModel, scatter: Scatter, margins: list[int], room: FloatArray, mass_t: float, masses: int
    ) -> None:
        self._scatter = scatter
        self._at = np.flatnonzero(np.array(margins) >= 0)
        self._margins = np.array(margins)[self._at]
        self._room = OF_ROOM * room[self._at]
        self._masses = masses
        stated = model.dense()
        mix = np.abs(stated[:, :masses]).mean(axis=1) * mass_t
        beside = np.abs(stated[:, masses:])
        sizes = np.max(np.divide(mix[:, None], beside, out=np.zeros_like(beside), where=beside > 0), axis=0)
        self._size = np.concatenate([np.full(masses, mass_t), np.where(sizes > 0, sizes, 1.0)])
        tangents = np.zeros((len(self._at), len(self._size)))
        tangents[np.arange(len(self._at)), self._margins] = -1.0
        self._stated, self._rows = len(stated), np.vstack([stated, tangents]) * self._size
        self._open = _open_columns(model, self._rows)

    def optimum(self, numbers: Numbers, start: Point, cutoff: float = np.inf) -> Optimum | None:
        """The optimum with the bounds and costs as they are now; None where the steps do not get there.

        Once it is sure to cost no less than a cutoff, a point on the way will do, with the bound for its cost.
        """
        n, size, mass_t = self._masses, self._size, self._size[0]
        now = self._scaled(numbers)
        stated, count = self._stated, len(size)
        values, prices, multipliers = start.values / size, start.prices, start.multipliers
        values[now.fixed] = now.lower[now.fixed]
        slopes, curvature = self._scatter.curvature(np.maximum(values[:n] * mass_t, 0.0), prices)
        for _ in range(MOST_STEPS):
            now.rows[stated:, :n] = slopes[self._at] * mass_t
            step = now.step(curvature * (mass_t**2 / now.unit), values, multipliers)
            if step is None:
                return None
            values, multipliers = step
            prices = np.zeros(len(start.prices))
            prices[self._at] = np.maximum(multipliers[count + stated :], 0.0) * now.unit
            slopes, curvature = self._scatter.curvature(np.maximum(values[:n] * mass_t, 0.0), prices)
            tangents = slopes[self._at] * mass_t
            over = tangents @ values[:n] - (values * size)[self._margins]
            short = bool((over > self._room).any())
            if short and not np.isfinite(cutoff):
                continue
            now.rows[stated:, :n] = tangents
            reduced, bound = now.bound(multipliers[count:])
            reached = float(now.cost @ values)
            if now.unit * bound >= cutoff:
                reached = bound
            elif short or reached - bound > PROVEN * max(abs(reached), LEAST_COST):
                continue
            point = Point(_snapped(values, now.lower[:count], now.upper[:count]) * size, prices, multipliers)
            row_duals = -now.unit * multipliers[count : count + stated]
            cost, bound = now.unit * reached, now.unit * min(bound, reached)
            return Optimum(point, cost, bound, row_duals, now.unit * reduced / size, slopes)
        return None

    def _scaled(self, numbers: Numbers) -> "_Scaled":
        size, none = self._size, np.zeros(len(self._at))
        cost = numbers.cost * size
        unit = max(float(np.abs(cost).max()), 1.0)
        upper = np.concatenate([numbers.upper / size, numbers.row_upper, none])
        lower = np.concatenate([numbers.lower / size, numbers.row_lower, none - np.inf])
        sides = np.maximum(lower, -UNLIMITED), np.minimum(upper, UNLIMITED)
        return _Scaled(cost / unit, unit, self._rows, self._open, *sides)


@dataclass(frozen=True)
class _Open:
    """Columns without a bound on some side, such as margins and electricity: rows alone hold these from below.

    Attributes:
        columns: (U,). below: (U,) whether one has no lower bound.
        held: (H,) rows that hold one from below. whose: (H,) which of the U.
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


def _open_columns(model: RowModel, rows: FloatArray) -> _Open:
    """The columns of a model without a bound, and the rows (R + E, N), tangents last, that hold them."""
    lower, upper = np.array(model.lower), np.array(model.upper)
    below: NDArray[np.bool_] = lower == -np.inf
    columns = _indices(upper - lower == np.inf)
    at_most = np.ones(len(rows), dtype=bool)
    at_most[: len(model.row_lower)] = np.equal(model.row_lower, -np.inf)
    holds = (rows[:, columns] < 0.0) & at_most[:, None]
    held = _indices(np.asarray(holds.any(axis=1)))
    return _Open(columns, below[columns], held, holds[held].argmax(axis=1).astype(np.int32))


@dataclass
class _Scaled:
    """One linear model whose columns are about 1 and cost about 1.

    Attributes:
        cost: (N,) per unit, €. rows: (R + E, N) stated rows, then tangents.
        open: columns without a bound.
        lower, upper: (N + R + E,) of columns and rows.
    """

    cost: FloatArray
    unit: float
    rows: FloatArray
    open: _Open
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
        settled = self.upper - self.lower <= SAME
        self.fixed, self._free, self._kept = _indices(settled[:count]), slice(None), slice(None)
        if len(self.fixed):
            self._free = _indices(~settled[:count])
            self._kept = np.concatenate([self._free, np.arange(count, len(settled), dtype=np.int32)])
        self._sense = np.where(settled[self._kept], EQUAL, 0).astype(np.int32)
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
        found, _, flag, told = daqp.solve(*given, self._sense, dual_start=known, primal_tol=EXACT)
        if flag != SOLVED and known is not None:
            # From a start of its own it may yet get there.
            found, _, flag, told = daqp.solve(*given, self._sense, primal_tol=EXACT)
        if flag != SOLVED:
            return None
        values, multipliers = values.copy(), np.zeros(len(self.lower))
        values[free], multipliers[kept] = found, told["lam"]
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


def _snapped(values: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Values (N,) between their bounds, and at them where they all but are."""
    values = np.where(values <= lower + EXACT, lower, values)
    return np.where(values >= upper - EXACT, upper, values)
