"""Trees in the recipe model: which leaf a charge falls into, as yes/no decisions about its split points.

A split point `x_j / T ≤ θ` is one decision b, shared by every tree that asks it (after Mišić 2020). A tree's
tapped mass is told apart by leaf, `Σ w_l = T`, and only the leaf that all decisions lead to may be filled; the
tree's part of an output is `Σ leaf_l · w_l`, linear.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from optimizer.model.program import Extension
from optimizer.problem.recipe_problem import RecipeProblem
from steel.heats import FloatArray
from surrogate.model.trees import Trees

ASIDE = 1e-6
"""t per t tapped that a charge keeps from a split point, so that no rounding moves it to the other leaf."""


class TreeRows:
    """The split decisions of one model, and the trees stated over them.

    Args:
        model: whose first columns are the masses.
        problem: whose furnace columns the trees ask about.
        most_t: (n,) most of each furnace column.
    """

    def __init__(self, model: Extension, problem: RecipeProblem, most_t: FloatArray) -> None:
        self._model = model
        self._mass_t = problem.mass_band_t[1]
        self._most_t = most_t
        self._tapped = problem.yields[: problem.furnace_columns]
        self._choices: dict[tuple[int, float], int] = {}
        self._leaves = 0

    def total(self, trees: Trees) -> dict[int, float]:
        """The trees' sum times the tapped mass, as coefficients of columns."""
        found: dict[int, float] = {}
        for tree in zip(trees.feature, trees.threshold, trees.leaf, strict=True):
            found |= self._one(*tree)
        return found

    def order_decisions(self) -> None:
        """State that what lies below a split point lies below every higher one of the same material."""
        by_column: dict[int, list[tuple[float, int]]] = {}
        for (column, threshold), choice in self._choices.items():
            by_column.setdefault(column, []).append((threshold, choice))
        for column, chain in by_column.items():
            for (low, lower), (_, higher) in pairwise(sorted(chain)):
                self._model.row("split_order", column, low, others={lower: 1.0, higher: -1.0}, upper=0.0)

    def _one(self, feature: NDArray[np.int64], threshold: FloatArray, leaf: FloatArray) -> dict[int, float]:
        model, mass_t = self._model, self._mass_t
        weights: dict[int, float] = {}

        def grow(node: int, low: FloatArray, high: FloatArray) -> list[int]:
            """Leaves below a node that a charge within bounds (n,) can reach; adds the rows of its split."""
            if node >= len(feature):
                self._leaves += 1
                weight = model.column("leaf", self._leaves)
                weights[weight] = float(leaf[node - len(feature)])
                return [weight]
            column, at = int(feature[node]), float(threshold[node])
            if high[column] <= at:
                return grow(2 * node + 1, low, high)
            if low[column] >= at:
                return grow(2 * node + 2, low, high)
            below, above = high.copy(), low.copy()
            below[column], above[column] = at, at
            left, right = grow(2 * node + 1, low, below), grow(2 * node + 2, above, high)
            choice, number = self._choice(column, at), len(model.rows)
            model.row("left", number, others={**dict.fromkeys(left, 1.0), choice: -mass_t}, upper=0.0)
            model.row("right", number, others={**dict.fromkeys(right, 1.0), choice: mass_t}, upper=mass_t)
            return [*left, *right]

        reached = grow(0, np.zeros(len(self._most_t)), self._most_t / mass_t)
        model.row("leaves", len(model.rows), masses=-self._tapped, others=dict.fromkeys(reached, 1.0), lower=0, upper=0)
        return weights

    def _choice(self, column: int, at: float) -> int:
        """The decision whether `x_column / T` lies below a split point."""
        if (column, at) not in self._choices:
            model, own = self._model, np.eye(len(self._tapped))[column]
            self._choices[column, at] = choice = model.column("split", column, at, upper=1.0, integer=True)
            most_t = float(self._most_t[column])
            model.row(
                "below", column, at, masses=own - (at - ASIDE) * self._tapped, others={choice: most_t}, upper=most_t
            )
            model.row(
                "above", column, at, masses=(at + ASIDE) * self._tapped - own,
                others={choice: -(at + ASIDE) * self._mass_t}, upper=0.0,
            )  # fmt: skip
        return self._choices[column, at]
