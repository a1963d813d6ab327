"""A property of a casting from what was measured at pouring: three plain models, averaged.

Nothing of a melt balance holds here, castings are few and their property scatters for reasons no record has. Which
kind of model is best changes from product to product and cannot be told beforehand; the equal average of different
kinds is hard to beat (Bates and Granger 1969; the "forecast combination puzzle").
"""

from dataclasses import dataclass

import numpy as np

from steel.castings import CastingLog
from steel.errors import InputError
from steel.heats import FloatArray
from surrogate.model.quantiles import Quantiles
from surrogate.model.trees import Trees


@dataclass(frozen=True)
class CastingModel:
    """One property of one product.

    Attributes:
        inputs: d names.
        property_name: what is predicted, with its unit.
        usual: (d,) values that stand in for what was not recorded.
        slope: (d,) of the linear member.
        intercept: of the linear member.
        boosted: the member of boosted trees.
        random: the member of random trees.
        sd: standard deviation of castings about the prediction.
        quantiles: calibrated, of the standardised residual.
        swing: how its level swung, in standard deviations.
        least: (d,) of every input in the castings learned from.
        most: (d,) of the same.
    """

    inputs: tuple[str, ...]
    property_name: str
    usual: FloatArray
    slope: FloatArray
    intercept: float
    boosted: Trees
    random: Trees
    sd: float
    quantiles: Quantiles
    swing: float
    least: FloatArray
    most: FloatArray

    def predict(self, log: CastingLog) -> FloatArray:
        """(N,) expected property.

        Raises:
            InputError: the log has other inputs than the model.
        """
        if log.inputs != self.inputs:
            strange = sorted(set(log.inputs) ^ set(self.inputs)) or list(log.inputs)
            raise InputError(strange, "casting inputs", f"the model's {len(self.inputs)}, in its order")
        values = np.where(np.isfinite(log.values), log.values, self.usual)
        linear = values @ self.slope + self.intercept
        return np.asarray((linear + self.boosted.value(values) + self.random.value(values)) / 3.0)

    def interval(self, mean: FloatArray, coverage: float) -> tuple[FloatArray, FloatArray]:
        """(N,) ends of a two-sided interval that covers so much of new castings."""
        low, high = self.quantiles.at((1 - coverage) / 2), self.quantiles.at((1 + coverage) / 2)
        return mean + low * self.sd, mean + high * self.sd

    def residuals(self, log: CastingLog) -> FloatArray:
        """(N,) standardised residuals, NaN where the property was not measured."""
        return np.asarray((log.measured - self.predict(log)) / self.sd)
