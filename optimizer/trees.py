"""Trees in the recipe model: which leaf a charge falls into, as yes/no decisions about its split points.

A split point `x_j / T ≤ θ` is one decision b, shared by every tree that asks it (after Mišić 2020). A tree's
tapped mass is told apart by leaf, `Σ w_l = T`, and only the leaf that all decisions lead to may be filled; the
tree's part of an output is `Σ leaf_l · w_l`, linear.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimizer.problem import RecipeProblem
from steel.heats import FloatArray
from surrogate.trees import Trees

ASIDE = 1e-6
"""t per t tapped that a charge keeps from a split point, so that no rounding moves it to the other leaf."""


class TreeRows:
    """The split decisions of one model, and the trees stated over them.

    Args:
        model: with `t`, `mass` and the lists `split_choice`, `split_rows`, `leaf_t` to add to.
        problem: whose furnace columns the trees ask about.
        most_per_t: (n,) most of each furnace column per t of final steel.
    """

    def __init__(self, model: Any, problem: RecipeProblem, most_per_t: FloatArray) -> None:
        self._model = model
        self._most_per_t = most_per_t
        self._choices: dict[tuple[int, float], Any] = {}
        model.split_choice = pyo.VarList(domain=pyo.Binary)
        model.split_rows = pyo.ConstraintList()
        model.leaf_t = pyo.VarList(bounds=(0.0, None))
        self._tapped = pyo.quicksum(
            float(y) * model.t[j] for j, y in enumerate(problem.yields[: problem.furnace_columns])
        )

    def total(self, trees: Trees) -> Any:
        """The trees' sum times the tapped mass, as a linear expression."""
        return pyo.quicksum(self._one(*tree) for tree in zip(trees.feature, trees.threshold, trees.leaf, strict=True))

    def order_decisions(self) -> None:
        """State that what lies below a split point lies below every higher one of the same material."""
        by_column: dict[int, list[tuple[float, Any]]] = {}
        for (column, threshold), choice in self._choices.items():
            by_column.setdefault(column, []).append((threshold, choice))
        for chain in by_column.values():
            chain.sort(key=lambda pair: pair[0])
            for (_, lower), (_, higher) in pairwise(chain):
                self._model.split_rows.add(lower - higher <= 0)

    def _one(self, feature: FloatArray, threshold: FloatArray, leaf: FloatArray) -> Any:
        model = self._model
        weights: list[tuple[float, Any]] = []

        def grow(node: int, low: FloatArray, high: FloatArray) -> list[Any]:
            """Leaves below a node that a charge within bounds (n,) can reach; adds the rows of its split."""
            if node >= len(feature):
                weight = model.leaf_t.add()
                weights.append((float(leaf[node - len(feature)]), weight))
                return [weight]
            column, at = int(feature[node]), float(threshold[node])
            if high[column] <= at:
                return grow(2 * node + 1, low, high)
            if low[column] >= at:
                return grow(2 * node + 2, low, high)
            below, above = high.copy(), low.copy()
            below[column], above[column] = at, at
            left, right = grow(2 * node + 1, low, below), grow(2 * node + 2, above, high)
            choice = self._choice(column, at)
            model.split_rows.add(pyo.quicksum(left) - model.mass * choice <= 0)
            model.split_rows.add(pyo.quicksum(right) - model.mass * (1 - choice) <= 0)
            return [*left, *right]

        reached = grow(0, np.zeros(len(self._most_per_t)), self._most_per_t)
        model.split_rows.add(pyo.quicksum(reached) - self._tapped == 0)
        return pyo.quicksum(value * weight for value, weight in weights)

    def _choice(self, column: int, at: float) -> Any:
        """The decision whether `x_column / T` lies below a split point."""
        if (column, at) not in self._choices:
            model = self._model
            self._choices[column, at] = choice = model.split_choice.add()
            mass_t = model.t[column]
            most_t = float(self._most_per_t[column]) * model.mass
            model.split_rows.add(mass_t - (at - ASIDE) * self._tapped - most_t * (1 - choice) <= 0)
            model.split_rows.add((at + ASIDE) * self._tapped - mass_t - (at + ASIDE) * model.mass * choice <= 0)
        return self._choices[column, at]
