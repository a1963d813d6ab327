"""Trees for what is neither linear nor convex: a boosted sum of small regression trees on few split points.

Every split lies on one of a feature's few split points, which all trees of all outputs share. In a recipe one
yes/no decision a split point then says where the charge lies, however many trees there are; process inputs are
known before, and their splits cost nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steel.heats import FloatArray

CHUNK = 50_000
"""Heats evaluated at once, which bounds the memory that evaluation takes."""
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Trees:
    """K complete binary trees; node i has children 2i + 1 (at or below its threshold) and 2i + 2.

    Attributes:
        feature: (K, 2^D - 1) that each node asks about.
        threshold: (K, 2^D - 1) that it is compared with.
        leaf: (K, 2^D) values from left to right; a prediction is their sum over the trees.
    """

    feature: IntArray
    threshold: FloatArray
    leaf: FloatArray

    def __len__(self) -> int:
        return len(self.leaf)

    @property
    def depth(self) -> int:
        """Questions from root to leaf, D."""
        return int(np.log2(self.leaf.shape[1]))

    def value(self, features: FloatArray) -> FloatArray:
        """(N,) of (N, d) features."""
        if not len(self):
            return np.zeros(len(features))
        chunks = [self._value(features[a : a + CHUNK]) for a in range(0, len(features), CHUNK)]
        return np.concatenate(chunks) if chunks else np.zeros(0)

    def at(self, features: FloatArray) -> float:
        """The value at one point, (d,)."""
        return float(self.value(features[None])[0])

    def _value(self, features: FloatArray) -> FloatArray:
        total = np.zeros(len(features))
        rows = np.arange(len(features))
        for feature, threshold, leaf in zip(self.feature, self.threshold, self.leaf, strict=True):
            node = np.zeros(len(features), dtype=np.int64)
            for _ in range(self.depth):
                node = 2 * node + 1 + (features[rows, feature[node]] > threshold[node])
            total += leaf[node - len(feature)]
        return total

    def given(self, known: FloatArray, keep: IntArray) -> "Trees":
        """The trees where some features are known: their splits are decided, the others renumbered.

        Args:
            known: (d,) values, NaN where open.
            keep: open features, in the order that numbers them anew.
        """
        if not len(self):
            return self
        position = np.zeros(len(known), dtype=np.int64)
        position[keep] = np.arange(len(keep))
        decided = np.isfinite(known)[self.feature]
        answer = np.where(known[self.feature] <= self.threshold, np.inf, -np.inf)
        return Trees(
            feature=np.where(decided, 0, position[self.feature]),
            threshold=np.where(decided, answer, self.threshold),
            leaf=self.leaf,
        )

    def scaled(self, factor: float) -> "Trees":
        """The trees times a factor."""
        return Trees(self.feature, self.threshold, factor * self.leaf)


def no_trees() -> Trees:
    """A sum over no trees."""
    return Trees(np.zeros((0, 1), dtype=np.int64), np.zeros((0, 1)), np.zeros((0, 2)))
