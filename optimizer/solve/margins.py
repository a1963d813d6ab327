"""Margins for confidence: which limits a recipe misses by its cones, and the tangents that hold them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optimizer.model.scatter import FewScatter, Parts, Scatter, WholeScatter
from optimizer.problem.elements import ElementRow
from optimizer.problem.recipe_problem import RecipeProblem
from steel.heats import FloatArray

LEAST_ROOM_WT_PCT = 1e-12
NEARLY = 0.9
"""Tolerances within a limit from which a margin that holds gets a tangent too, when others need one."""


@dataclass(frozen=True)
class MarginState:
    """Margins at a recipe.

    Attributes:
        misses: (E,) by how many tolerances it misses its limits; at most 0 where it holds them.
        planes: (E, P, n + m) tangents at P points; none ever cuts off a recipe that holds its margin.
    """

    misses: FloatArray
    planes: FloatArray


class Margins:
    """The limited elements of a problem, evaluated together.

    Args:
        problem: whose E elements with a limit and a margin to it.
        few: an element's scatter in parts, where the rule for how many materials there may be is used for its margins.
    """

    def __init__(self, problem: RecipeProblem, few: Callable[[ElementRow], Parts] | None = None) -> None:
        self.rows: list[ElementRow] = [
            row for row in problem.rows if row.has_margin and (row.maximum is not None or row.minimum is not None)
        ]
        self._yields = problem.yields
        columns, most = len(problem.yields), problem.options.max_materials
        self.for_few = False
        self.scatter: Scatter
        if few is None or most is None or not self.rows:
            self.scatter = WholeScatter([row.root for row in self.rows], columns)
        else:
            self.scatter, self.for_few = FewScatter([few(row) for row in self.rows], most), True
        self._linear = np.array([row.linear for row in self.rows]).reshape(-1, columns)
        self._z = np.array([(row.upper_z, row.lower_z) for row in self.rows]).reshape(-1, 2)
        limits = [(row.maximum, row.minimum) for row in self.rows]
        # What is not limited is never missed.
        self._limits = np.array(
            [(np.inf if u is None else u, -np.inf if low is None else low) for u, low in limits]
        ).reshape(-1, 2)
        self._tolerance = np.array(
            [
                [1.0 if limit is None else max(problem.inside_wt_pct(row, limit), LEAST_ROOM_WT_PCT) for limit in pair]
                for row, pair in zip(self.rows, limits, strict=True)
            ]
        ).reshape(-1, 2)

    def room(self, mass_t: float) -> FloatArray:
        """(E,) wt% · t by which the scatter in a margin may be too small without a limit being missed."""
        return np.asarray((self._tolerance * mass_t / np.maximum(self._z, 1e-9)).min(axis=1))

    def at(self, points: list[FloatArray], remainders: FloatArray, slack: FloatArray | float) -> "MarginState":
        """How a recipe stands to its limits, and the tangents there.

        Args:
            points: (n + m,) t each, the recipe first; tangents are at others too.
            remainders: (E, 2) wt% · t beyond the recipe's linear balance, at most and at least.
            slack: (E, 2) wt% · t by which maximum and minimum may be missed.
        """
        columns_t = points[0]
        final = float(self._yields @ columns_t)
        mean = (self._linear @ columns_t)[:, None] + remainders
        scatter, slopes = self.scatter.at(np.array(points))
        over = np.array([1.0, -1.0]) * (mean - self._limits * final) + self._z * scatter[:, :1] - slack
        return MarginState(np.asarray((over / (self._tolerance * final)).max(axis=1)), slopes)
