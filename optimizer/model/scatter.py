"""The scatter of a recipe's content: its standard deviation times its mass, as a function to lay tangents on.

Of a charge of at most K materials there is a greater convex function that is no more than its scatter. The linear
relaxation mixes a little of everything, which scatters less than any recipe can: own lots differ independently, so what
K materials can even out is limited. In place of the norm over own parts stands the k-support norm (Argyriou, Foygel and
Srebro 2012), whose unit ball is the convex hull of the vectors of at most K entries in the Euclidean ball. For a recipe
both are the same; between recipes it is the greatest convex function, and the search needs half the linear runs.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from steel.heats import FloatArray

ZERO = 1e-12
"""Scatter, wt% · t, below which it has no direction."""
SAFE = 1.0 - 1e-9
"""Own parts are taken that much smaller than they may be, so that the rest stays positive in spite of rounding."""


class Scatter(Protocol):
    """Of E elements."""

    def at(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(E, P) values at recipes (P, n + m), and (E, P, n + m) slopes there."""

    def curvature(self, point: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(E, n + m) slopes at a recipe (n + m,), and (n + m, n + m) second derivatives, weighted (E,) and summed."""


class WholeScatter:
    """The scatter itself, `‖root · (x, a)‖`.

    Args:
        roots: (r, n + m) each, of E elements.
        columns: n + m.
    """

    def __init__(self, roots: list[FloatArray], columns: int) -> None:
        self.roots = np.zeros((len(roots), max((len(root) for root in roots), default=0), columns))
        for stacked, root in zip(self.roots, roots, strict=True):
            stacked[: len(root)] = root

    def at(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(E, P) values at recipes (P, n + m), and (E, P, n + m) slopes there."""
        images = self.roots @ points.T
        values = np.sqrt(np.square(images).sum(axis=1))
        slopes = self.roots.transpose(0, 2, 1) @ (images / np.maximum(values, ZERO)[:, None, :])
        return values, slopes.transpose(0, 2, 1)

    @cached_property
    def covariances(self) -> FloatArray:
        """(E, n + m, n + m)."""
        return np.asarray(self.roots.transpose(0, 2, 1) @ self.roots)

    def curvature(self, point: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(E, n + m) slopes at a recipe (n + m,), and (n + m, n + m) second derivatives, weighted (E,) and summed."""
        halves = self.covariances @ point
        values = np.sqrt(np.maximum(halves @ point, ZERO**2))
        slopes = halves / values[:, None]
        share = weights / values
        return slopes, weighted(self.covariances, share) - (slopes.T * share) @ slopes


def weighted(matrices: FloatArray, weights: FloatArray) -> FloatArray:
    """Sum of matrices (E, n, n), weighted (E,)."""
    return np.asarray((weights @ matrices.reshape(len(matrices), -1)).reshape(matrices.shape[1:]))


@dataclass(frozen=True)
class Parts:
    """An element's scatter in two: `sd² = Σ (own · x)² + ‖shared · x‖²`.

    Attributes:
        own: (n + m,) of each counted material by itself.
        shared: (n + m, n + m) of all together.
    """

    own: FloatArray
    shared: FloatArray


def parts_of(root: FloatArray, counted: FloatArray) -> Parts:
    """Take as much of each counted material's variance for its own as leaves a covariance.

    Args:
        root: (r, n + m) with `sd = ‖root · x‖`.
        counted: (n + m,) whether a column counts as a material.
    """
    covariance = root.T @ root
    sd = np.sqrt(np.diag(covariance))
    is_own = (counted > 0) & (sd > 0)
    at, beside = np.flatnonzero(is_own), np.flatnonzero(~is_own)
    own = np.zeros(len(sd))
    if len(at):
        # What is left must go with the other columns too (Schur complement).
        explained = covariance[np.ix_(at, beside)] @ np.linalg.pinv(covariance[np.ix_(beside, beside)], hermitian=True)
        alone = covariance[np.ix_(at, at)] - explained @ covariance[np.ix_(beside, at)]
        least = float(np.linalg.eigvalsh(alone / np.outer(sd[at], sd[at]))[0])
        own[at] = sd[at] * np.sqrt(SAFE * max(least, 0.0))
    values, vectors = np.linalg.eigh(covariance - np.diag(own**2))
    return Parts(own, (vectors * np.sqrt(np.maximum(values, 0.0))).T)


class FewScatter:
    """The greatest convex function below the scatter of charges of few materials.

    Args:
        parts: of E elements.
        most: K, counted materials in one charge at most.
    """

    def __init__(self, parts: list[Parts], most: int) -> None:
        self._own = np.array([one.own for one in parts])
        self._shared = WholeScatter([one.shared for one in parts], self._own.shape[-1])
        self._most = most

    def at(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(E, P) values at recipes (P, n + m), and (E, P, n + m) slopes there."""
        shared, slopes = self._shared.at(points)
        squared, half = k_support(self._own[:, None, :] * points, self._most)
        values = np.sqrt(squared + shared**2)
        slopes = shared[..., None] * slopes + self._own[:, None, :] * half
        return values, slopes / np.maximum(values, ZERO)[..., None]

    def curvature(self, point: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(E, n + m) slopes at a recipe (n + m,), and (n + m, n + m) second derivatives, weighted (E,) and summed."""
        sizes = self._own * point
        squared, half = k_support(sizes, self._most)
        parts = self._shared.covariances @ point
        values = np.sqrt(np.maximum(squared + parts @ point, ZERO**2))
        slopes = (parts + self._own * half) / values[:, None]
        share = weights / values
        curvature = weighted(self._shared.covariances, share) - (slopes.T * share) @ slopes
        # Where sizes stand for themselves the norm is theirs, elsewhere that of their sum spread evenly.
        alone = half == sizes
        curvature.ravel()[:: len(point) + 1] += share @ np.where(alone, np.square(self._own), 0.0)
        together = np.where(alone, 0.0, self._own)
        equal = np.maximum(self._most - alone.sum(axis=1), 1)
        return slopes, curvature + (together.T * (share / equal)) @ together


def k_support(sizes: FloatArray, most: int) -> tuple[FloatArray, FloatArray]:
    """Squared k-support norm (...,) of sizes (..., n) that are at least 0, and half its greatest gradient (..., n).

    The K - r - 1 greatest count each by itself, the sum of all others as r + 1 equal ones, with the one r for which
    these others lie below the former and at or above the greatest of their own (proposition 2.1 of the paper).
    """
    n = sizes.shape[-1]
    if most >= n:
        return np.square(sizes).sum(axis=-1), sizes
    flat = sizes.reshape(-1, n)
    ranked = np.sort(flat, axis=1)[:, :-most:-1]
    # Columns are for 0, 1, ..., K - 1 that count by themselves, and what the others come to then.
    equal = flat.sum(axis=1)[:, None] - np.cumsum(ranked, axis=1)
    equal = np.hstack([flat.sum(axis=1)[:, None], equal]) / np.arange(most, 0, -1)
    # None alone is always possible; that no other lies above their mean follows from the tries before.
    alone = np.where(ranked > equal[:, 1:], np.arange(1, most), 0).max(axis=1, initial=0)
    level = equal[np.arange(len(flat)), alone][:, None]
    half = np.where(flat > level, flat, level)
    return (half * flat).sum(axis=1).reshape(sizes.shape[:-1]), half.reshape(sizes.shape)
