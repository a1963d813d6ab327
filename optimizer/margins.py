"""Margins for confidence: which limits a recipe misses by its cones, and the tangents that hold them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.element_rows import ElementRow
from optimizer.problem import RecipeProblem
from steel.heats import FloatArray

NEARLY = 0.9
"""Tolerances within a limit from which a margin that holds gets a tangent too, when others need one."""


@dataclass(frozen=True)
class Tangents:
    """Planes that margins lie above, one a row.

    Attributes:
        elements: (K,) whose. planes: (K, n + m).
    """

    elements: list[str]
    planes: FloatArray


class Margins:
    """The limited elements of a problem, looked at together.

    Args:
        problem: whose E elements with a limit.
    """

    def __init__(self, problem: RecipeProblem) -> None:
        self.rows: list[ElementRow] = [r for r in problem.rows if r.maximum is not None or r.minimum is not None]
        self._yields = problem.yields
        columns = len(problem.yields)
        deepest = max((len(row.root) for row in self.rows), default=0)
        self._roots = np.zeros((len(self.rows), deepest, columns))
        for roots, row in zip(self._roots, self.rows, strict=True):
            roots[: len(row.root)] = row.root
        self._linear = np.array([row.linear for row in self.rows]).reshape(-1, columns)
        self._z = np.array([(row.upper_z, row.lower_z) for row in self.rows]).reshape(-1, 2)
        limits = [(row.maximum, row.minimum) for row in self.rows]
        # What is not limited is never missed.
        self._limits = np.array(
            [(np.inf if u is None else u, -np.inf if low is None else low) for u, low in limits]
        ).reshape(-1, 2)
        self._tolerance = np.array(
            [[1.0 if limit is None else problem.tolerance_wt_pct(limit) for limit in pair] for pair in limits]
        ).reshape(-1, 2)

    def misses(self, columns_t: FloatArray, remainders: FloatArray, slack: FloatArray | float) -> FloatArray:
        """(E,) by how many tolerances a recipe misses its limits; at most 0 where it holds them.

        Args:
            columns_t: (n + m,) t.
            remainders: (E,) wt% · t beyond the linear balance.
            slack: (E, 2) wt% · t by which maximum and minimum may be missed.
        """
        final = float(self._yields @ columns_t)
        mean = self._linear @ columns_t + remainders
        sd = np.linalg.norm(self._roots @ columns_t, axis=1)
        over = np.array([1.0, -1.0]) * (mean[:, None] - self._limits * final) + self._z * sd[:, None] - slack
        return np.asarray((over / (self._tolerance * final)).max(axis=1))

    def tangents(self, points: Sequence[FloatArray], near: NDArray[np.int_]) -> Tangents:
        """Tangents of some elements' margins at recipes; none ever cuts off a recipe that holds its margin.

        Args:
            points: recipes (n + m,).
            near: indices of the elements.
        """
        roots = self._roots[near]
        images = roots @ np.array(points).T
        sizes = np.maximum(np.linalg.norm(images, axis=1, keepdims=True), 1e-12)
        planes = (roots.transpose(0, 2, 1) @ (images / sizes)).transpose(0, 2, 1)
        names = [self.rows[e].element.value for e in near for _ in points]
        return Tangents(names, planes.reshape(len(names), -1))
