"""Errors of predictions on held-back heats."""

from dataclasses import dataclass

import numpy as np

from steel.heats import FloatArray

ALL_THE_SAME = 1e-6
"""Standard deviation, as a share of the level, below which records are all the same."""
TINY = 1e-9


@dataclass(frozen=True)
class Score:
    """Errors of one model on one output: mean absolute error in its unit, and R².

    Attributes:
        r2: None where what was recorded is all the same, so that there is nothing to explain.
    """

    mae: float
    r2: float | None


@dataclass(frozen=True)
class OutputEvaluation:
    """One output on the held-back heats.

    Attributes:
        heats: how many had it recorded.
        surrogate: Chargewise's score.
        coverage_90: share of heats within its 90 % interval.
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
    level = float(actual[known].mean())
    spread = float(((actual[known] - level) ** 2).sum())
    same = spread <= known.sum() * (ALL_THE_SAME * max(abs(level), TINY)) ** 2
    return Score(float(np.abs(error).mean()), None if same else 1.0 - float((error**2).sum()) / spread)


def shown_r2(score: Score) -> str:
    """R² as tables show it."""
    return "none" if score.r2 is None else f"{score.r2:.2f}"
