"""The acceptance gate: a plant adopts what the federation made only if it is better on the plant's later heats."""

from dataclasses import dataclass
from typing import Any

Errors = dict[str, dict[str, float]]
"""Mean absolute error by output, then by model: local, global, tuned."""


@dataclass(frozen=True)
class Verdict:
    """What the gate found.

    Attributes:
        adopt: whether the tuned model replaces the plant's own.
        ratio: mean over outputs of the tuned model's error over the local model's.
        reason: the finding in words.
    """

    adopt: bool
    ratio: float
    reason: str
    errors: Errors

    def metrics(self) -> dict[str, Any]:
        """What the model's manifest carries."""
        return {"gate": {"mean_error_vs_local": self.ratio, "reason": self.reason}, "mae": self.errors}


def relative_error(errors: Errors, model: str) -> float:
    """Mean over outputs of a model's error over the local model's."""
    ratios = [by[model] / by["local"] for by in errors.values() if by["local"] > 0]
    return sum(ratios) / len(ratios) if ratios else float("nan")


def judge(errors: Errors) -> Verdict:
    """Let the tuned model through if its mean relative error on later heats is below the plant's own."""
    ratio = relative_error(errors, "tuned")
    better = ratio < 1.0
    change = (
        f"{abs(100 * (1 - ratio)):.2f} % {'lower' if better else 'higher'} error than the plant's own on later heats"
    )
    return Verdict(better, ratio, ("adopted: " if better else "not adopted: ") + change, errors)
