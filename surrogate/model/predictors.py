"""What of an output is neither linear nor convex: trees and networks, each exact in a recipe by yes/no decisions."""

from dataclasses import dataclass, field

from steel.heats import FloatArray
from surrogate.model.networks import ReluNetwork
from surrogate.model.trees import IntArray, Trees, no_trees


@dataclass(frozen=True)
class Predictors:
    """The sum of trees and a network, over t charged per t tapped."""

    trees: Trees = field(default_factory=no_trees)
    network: ReluNetwork = field(default_factory=ReluNetwork)

    def __bool__(self) -> bool:
        return len(self.trees) > 0 or len(self.network) > 0

    def at(self, features: FloatArray) -> float:
        """The value at one point, (d,)."""
        return float(self.trees.value(features[None])[0] + self.network.value(features[None])[0]) if self else 0.0

    def given(self, known: FloatArray, keep: IntArray) -> "Predictors":
        """The same where some features are known.

        Args:
            known: (d,) values, NaN where open.
            keep: open features, in the order that numbers them anew.
        """
        return Predictors(self.trees.given(known, keep), self.network.given(known, keep))

    def scaled(self, factor: float) -> "Predictors":
        """The same times a factor."""
        return Predictors(self.trees.scaled(factor), self.network.scaled(factor)) if self else self
