"""The optimum of the cones themselves, by quadratic steps, with multipliers that prove it.

Tangents alone feel their way round a cone's curve; a model that knows the curvature goes there straight away
(sequential quadratic programming with exact second derivatives: Nocedal and Wright 2006, chapter 18). Each step
minimises the cost and the curvature of every margin, weighted with its price, over the stated rows and the margins'
tangents. What the multipliers of the last step say of the linear model with the tangents at the last point is a bound
that no recipe can undercut, whatever the steps were (weak duality).
"""

from dataclasses import dataclass

import numpy as np

from optimizer.model.program import Numbers, Program
from optimizer.model.scatter import Scatter
from optimizer.solve.scaled import EXACT, UNLIMITED, ScaledModel, open_columns
from steel.heats import FloatArray

MOST_COLUMNS = 120
"""Columns of a model beyond which the dense steps take longer than the tangents they spare."""
MOST_STEPS = 15
PROVEN = 5e-6
"""Relative gap between cost and bound at which the optimum is reached."""
LEAST_COST = 1e-3
"""Of the dearest column's usual cost; goals may come to nothing at all."""
OF_ROOM = 0.1
"""Share of the room that a margin has which steps leave: two of them come to the same cost, closer than any gap."""


@dataclass(frozen=True)
class Point:
    """Where steps start, or stand.

    Attributes:
        values: (N,) of the columns.
        prices: (E,) of the margins, € per wt% · t.
        multipliers: (N + R + E,) of bounds, stated rows and tangents, scaled; above zero where the upper side binds.
    """

    values: FloatArray
    prices: FloatArray
    multipliers: FloatArray | None = None


@dataclass(frozen=True)
class Optimum:
    """A point that is proven to be the optimum.

    Attributes:
        cost: what it costs.
        bound: what no solution can undercut.
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
        program: the stated rows.
        scatter: of E elements.
        margins: (E,) the column of each element's margin; -1 for none.
        room: (E,) wt% · t by which a margin may fall short of its cone.
        mass_t: the usual size of a mass, t.
        masses: how many columns are masses.
    """

    def __init__(
        self, program: Program, scatter: Scatter, margins: list[int], room: FloatArray, mass_t: float, masses: int
    ) -> None:
        self._scatter = scatter
        self._at = np.flatnonzero(np.array(margins) >= 0)
        self._margins = np.array(margins)[self._at]
        self._room = OF_ROOM * room[self._at]
        self._masses = masses
        stated = program.dense()
        mix = np.abs(stated[:, :masses]).mean(axis=1) * mass_t
        beside = np.abs(stated[:, masses:])
        sizes = np.max(np.divide(mix[:, None], beside, out=np.zeros_like(beside), where=beside > 0), axis=0)
        self._size = np.concatenate([np.full(masses, mass_t), np.where(sizes > 0, sizes, 1.0)])
        tangents = np.zeros((len(self._at), len(self._size)))
        tangents[np.arange(len(self._at)), self._margins] = -1.0
        self._stated, self._rows = len(stated), np.vstack([stated, tangents]) * self._size
        self._open = open_columns(program, self._rows)
        self._relief = np.zeros(len(self._rows))
        self._relief[list(program.relief)] = list(program.relief.values())

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
            if step is None or not np.isfinite(step[0]).all():
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
            # Of the rows as asked, which are held a little tighter.
            asked = bound - float(self._relief @ np.abs(multipliers[count:]))
            reached = float(now.cost @ values)
            if now.unit * asked >= cutoff:
                reached = asked
            elif short or reached - bound > PROVEN * max(abs(reached), LEAST_COST):
                continue
            point = Point(_snapped(values, now.lower[:count], now.upper[:count]) * size, prices, multipliers)
            row_duals = -now.unit * multipliers[count : count + stated]
            cost, bound = now.unit * reached, now.unit * min(asked, reached)
            return Optimum(point, cost, bound, row_duals, now.unit * reduced / size, slopes)
        return None

    def _scaled(self, numbers: Numbers) -> ScaledModel:
        size, none = self._size, np.zeros(len(self._at))
        cost = numbers.cost * size
        unit = max(float(np.abs(cost).max()), 1.0)
        upper = np.concatenate([numbers.upper / size, numbers.row_upper, none])
        lower = np.concatenate([numbers.lower / size, numbers.row_lower, none - np.inf])
        sides = np.maximum(lower, -UNLIMITED), np.minimum(upper, UNLIMITED)
        return ScaledModel(cost / unit, unit, self._rows, self._open, *sides)


def _snapped(values: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Values (N,) between their bounds, and at them where they all but are."""
    values = np.where(values <= lower + EXACT, lower, values)
    return np.where(values >= upper - EXACT, upper, values)
