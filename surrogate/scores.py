"""Errors of predictions on held-back heats."""

from dataclasses import dataclass

import numpy as np

from steel.heats import FloatArray


@dataclass(frozen=True)
class Score:
    """Errors of one model on one output: mean absolute error in its unit, and R²."""

    mae: float
    r2: float


@dataclass(frozen=True)
class OutputEvaluation:
    """One output on the held-back heats.

    Attributes:
        heats: how many had it recorded.
        surrogate: Chargewise's score. coverage_90: share of heats within its 90 % interval.
        baselines: scores by baseline name.
    """

    output: str
    heats: int
    surrogate: Score
    coverage_90: float
    baselines: dict[str, Score]


def score(actual: FloatArray, predicted: FloatArray) -> Score:
    """Score predictions, (M,) each; NaN actuals are left out."""
    known = np.isfinite(actual)
    error = actual[known] - predicted[known]
    spread = float(((actual[known] - actual[known].mean()) ** 2).sum())
    return Score(float(np.abs(error).mean()), 1.0 - float((error**2).sum()) / spread if spread > 0 else float("nan"))
