"""Grow the trees of a remainder, by scikit-learn's gradient boosting on few split points a feature."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor

from steel.heats import FloatArray
from surrogate.model.trees import Trees, no_trees

DEPTH = 3
TREES = 40
LEARNING_RATE = 0.15
SPLIT_POINTS = 7
"""Split points of one feature at its quantiles, one more above its least value."""
FEWEST_IN_LEAF = 15


def split_points(features: FloatArray) -> list[FloatArray]:
    """Of each of d features, (N, d), the values between neighbouring observed ones at which trees may split.

    One lies above the least value, which is 0 for what most heats do without; the others at quantiles of the rest.
    """
    found = []
    for column in features.T:
        seen = np.unique(column)
        rest = column[column > seen[0]]
        levels = np.linspace(0, 1, SPLIT_POINTS + 2)[1:-1]
        below = np.unique(np.append(np.quantile(rest, levels, method="lower") if len(rest) else [], seen[0]))
        index = np.searchsorted(seen, below)
        index = index[index < len(seen) - 1]
        found.append((seen[index] + seen[index + 1]) / 2)
    return found


def fit_trees(
    features: FloatArray, target: FloatArray, variance: FloatArray, points: list[FloatArray], seed: int = 0
) -> Trees:
    """Boost trees under a Huber loss, so that single odd heats do not bend them.

    Args:
        features: (N, d).
        target: (N,) what the balance left over, NaN where not analysed.
        variance: (N,) of each target.
        points: the split points allowed.
        seed: of the subsampling.
    """
    known = np.isfinite(target)
    if known.sum() < 2 * FEWEST_IN_LEAF:
        return no_trees()
    codes = [np.searchsorted(at, column) for at, column in zip(points, features[known].T, strict=True)]
    boosted = GradientBoostingRegressor(
        loss="huber",
        n_estimators=TREES,
        max_depth=DEPTH,
        learning_rate=LEARNING_RATE,
        subsample=0.6,
        max_features=0.5,
        min_samples_leaf=FEWEST_IN_LEAF,
        random_state=seed,
    )
    boosted.fit(np.column_stack(codes).astype(np.float32), target[known], np.median(variance[known]) / variance[known])
    grown = [stage.tree_ for stage in boosted.estimators_[:, 0]]
    trees = complete(grown, DEPTH, boosted.learning_rate, lambda column, code: float(points[column][int(code)]))
    # What boosting starts from, its constant, is shared out over the first tree's leaves.
    trees.leaf[0] += float(boosted.init_.constant_.ravel()[0])
    return trees


def complete(grown: list[Any], depth: int, rate: float, threshold_of: Callable[[int, float], float]) -> Trees:
    """scikit-learn's trees as complete trees of one depth.

    Args:
        grown: their `tree_`, none deeper than `depth`.
        depth: of the complete trees; a branch that ends sooner repeats its value.
        rate: what leaves are multiplied by.
        threshold_of: the feature's own threshold, from its column and the tree's threshold.
    """
    inner, leaves = 2**depth - 1, 2**depth
    feature = np.zeros((len(grown), inner), dtype=np.int64)
    threshold = np.full((len(grown), inner), np.inf)
    leaf = np.zeros((len(grown), leaves))

    def copy(row: int, tree: Any, node: int, at: int) -> None:
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if at >= inner:
            leaf[row, at - inner] = rate * float(tree.value[node, 0, 0])
            return
        if left >= 0:
            feature[row, at] = int(tree.feature[node])
            threshold[row, at] = threshold_of(int(tree.feature[node]), float(tree.threshold[node]))
        copy(row, tree, left if left >= 0 else node, 2 * at + 1)
        copy(row, tree, right if left >= 0 else node, 2 * at + 2)

    for row, tree in enumerate(grown):
        copy(row, tree, 0, 0)
    return Trees(feature, threshold, leaf)
