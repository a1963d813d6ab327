"""ReLU networks in the recipe model: whether each unit is cut at zero, as a yes/no decision.

A network of `x / T` times the tapped mass T is a network of the masses x whose biases go with T. A unit `h = max(0, v)`
whose input `v` lies between `low · T` and `high · T` is the big-M form of Tjeng, Xiao and Tedrake (2019),

    h ≥ 0,  h ≥ v,  h ≤ high · mass · a,  h ≤ v - low · mass · (1 - a),   a yes/no.

Bounds of the first layer are those of any charge that makes the steel, a fractional knapsack a unit; of later layers,
intervals. A unit that is never cut, or always, needs no decision.
"""

import numpy as np

from optimizer.model.program import Extension
from optimizer.problem.recipe_problem import RecipeProblem
from steel.heats import FloatArray
from surrogate.model.networks import ReluNetwork


class NetworkRows:
    """The units of one model's networks.

    Args:
        model: whose first columns are the masses.
        problem: whose furnace columns the networks ask about.
        most_t: (n,) most of each furnace column.
    """

    def __init__(self, model: Extension, problem: RecipeProblem, most_t: FloatArray) -> None:
        self._model = model
        self._mass_t = problem.mass_band_t[1]
        self._tapped = problem.yields[: problem.furnace_columns]
        self._most_share = most_t / problem.mass_band_t[0]

    def total(self, name: str, network: ReluNetwork) -> dict[int, float]:
        """A network times the tapped mass, as coefficients of columns.

        Args:
            name: of the output it is about.
            network: over the n furnace columns.
        """
        if not len(network):
            return {}
        low, high = np.zeros(0), np.zeros(0)
        inputs: list[int] = []
        for layer, (weights, biases) in enumerate(zip(network.weights, network.biases, strict=True)):
            masses = np.outer(biases, self._tapped)
            if layer == 0:
                masses = masses + weights
                low, high = self._first_bounds(masses)
            else:
                low, high = _interval(weights, biases, np.maximum(low, 0.0), np.maximum(high, 0.0))
            last = layer == len(network.weights) - 1
            units = []
            for unit in range(len(weights)):
                before = dict(zip(inputs, weights[unit].tolist(), strict=layer > 0))
                add = self._output if last else self._unit
                units.append(add((name, layer, unit), masses[unit], before, float(low[unit]), float(high[unit])))
            inputs = units
        return dict.fromkeys(inputs, 1.0)

    def _output(self, name: tuple[str, int, int], masses: FloatArray, before: dict[int, float], *_: float) -> int:
        value = self._model.column("network", *name, lower=-np.inf)
        self._model.row("network", *name, masses=masses, others={**before, value: -1.0}, lower=0.0, upper=0.0)
        return value

    def _unit(
        self, name: tuple[str, int, int], masses: FloatArray, before: dict[int, float], low: float, high: float
    ) -> int:
        model, mass_t = self._model, self._mass_t
        value = model.column("unit", *name, upper=max(high, 0.0) * mass_t)
        if high <= 0.0:
            return value
        if low >= 0.0:
            model.row("unit", *name, masses=masses, others={**before, value: -1.0}, lower=0.0, upper=0.0)
            return value
        active = model.column("active", *name, upper=1.0, integer=True)
        model.row("unit_above", *name, masses=masses, others={**before, value: -1.0}, upper=0.0)
        model.row("unit_cut", *name, others={value: 1.0, active: -high * mass_t}, upper=0.0)
        passing = {column: -weight for column, weight in before.items()}
        model.row(
            "unit_passing", *name, masses=-masses, others={**passing, value: 1.0, active: -low * mass_t},
            upper=-low * mass_t,
        )  # fmt: skip
        return value

    def _first_bounds(self, coefficients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(units,) least and most of `coefficients · s` over shares s with `tapped · s = 1`, `0 ≤ s ≤ most`."""
        most = np.array([self._greatest(row) for row in coefficients])
        return -np.array([self._greatest(-row) for row in coefficients]), most

    def _greatest(self, coefficients: FloatArray) -> float:
        steel = self._tapped > 0
        without_steel = float(np.maximum(coefficients[~steel], 0.0) @ self._most_share[~steel])
        worth = coefficients[steel] / self._tapped[steel]
        best_first = np.argsort(-worth)
        room = (self._tapped * self._most_share)[steel][best_first]
        used = np.clip(1.0 - (np.cumsum(room) - room), 0.0, room)
        return without_steel + float(worth[best_first] @ used)


def _interval(
    weights: FloatArray, biases: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    up, down = np.maximum(weights, 0.0), np.minimum(weights, 0.0)
    return up @ low + down @ high + biases, up @ high + down @ low + biases
