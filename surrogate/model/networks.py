"""Networks of ReLU units as arrays, for models that a data scientist brings."""

from dataclasses import dataclass

import numpy as np

from steel.heats import FloatArray
from surrogate.model.trees import IntArray


@dataclass(frozen=True)
class ReluNetwork:
    """One output of d features: affine layers, each but the last through `max(0, ·)`; no layer is no network.

    Attributes:
        weights: (units, units before) of each layer.
        biases: (units,).
    """

    weights: tuple[FloatArray, ...] = ()
    biases: tuple[FloatArray, ...] = ()

    def __len__(self) -> int:
        return len(self.weights)

    def before_relu(self, features: FloatArray) -> list[FloatArray]:
        """What each layer gives before it is cut at zero, (N, units) each, of (N, d) features."""
        found: list[FloatArray] = []
        given = features
        for weights, biases in zip(self.weights, self.biases, strict=True):
            found.append(given @ weights.T + biases)
            given = np.maximum(found[-1], 0.0)
        return found

    def value(self, features: FloatArray) -> FloatArray:
        """(N,) of (N, d) features."""
        return self.before_relu(features)[-1][:, 0] if len(self) else np.zeros(len(features))

    def given(self, known: FloatArray, keep: IntArray) -> "ReluNetwork":
        """The network where some features are known: they join the first layer's biases.

        Args:
            known: (d,) values, NaN where open.
            keep: open features, in the order that numbers them anew.
        """
        if not len(self):
            return self
        first, decided = self.weights[0], np.nan_to_num(known)
        return ReluNetwork((first[:, keep], *self.weights[1:]), (self.biases[0] + first @ decided, *self.biases[1:]))

    def scaled(self, factor: float) -> "ReluNetwork":
        """The network times a factor."""
        if not len(self):
            return self
        return ReluNetwork(
            (*self.weights[:-1], factor * self.weights[-1]), (*self.biases[:-1], factor * self.biases[-1])
        )
