"""The acceptance gate: a plant adopts what the federation made only where it is surely better on the plant's own heats.

Three questions, all asked of heats that neither model has seen.

*Is it the same scrap?* Noble elements show what is in a class without the furnace's say. The likelihood of the plant's
heats, each foreseen from the ones before, must be at least three times as high with the other plants' classes as with
the catalogue's (a Bayes factor); else the others charge something else under the same names, and nothing is adopted.

*Is it better than chance?* Squared errors are compared over stretches of successive heats, because neighbours draw on
the same lots; the mean gain over outputs must be two standard errors. So must it be against the active model's way of
learning, where that came of an earlier run.

*Which outputs?* Each is adopted where its own evidence is for it and its own gain leans that way; the others, and so
any that got worse, stay as the plant has them.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from steel.elements import NOBLE, Element
from steel.heats import FloatArray
from surrogate.fit.yields import YIELD
from surrogate.judge.stretches import FEWEST_HEATS, SURELY, over_outputs, squared_gains, standard_errors
from surrogate.model.schema import ENERGY

LEANS = 0.5
"""Standard errors by which one output's must, where its likelihood is higher too."""
ODDS = float(np.log(3.0))
"""Nats of evidence that count as substantial."""
LOCAL, SHARED, TUNED, ACTIVE = "local", "global", "tuned", "active"
Evidence = dict[str, float]
"""Log-likelihood of a plant's heats with the others' classes, less that with the catalogue's, nats, by output."""
Errors = dict[str, dict[str, float]]
"""Mean absolute error by output, then by model: local, global, tuned."""


@dataclass(frozen=True)
class Trial:
    """Models on the same heats, which none of them had seen, oldest first.

    Attributes:
        outputs: names, "yield" among them.
        errors: (N, O) predicted less recorded, NaN where not recorded, by model; "local" and "tuned" at least.
    """

    outputs: tuple[str, ...]
    errors: dict[str, FloatArray]

    def mean_absolute(self) -> Errors:
        """Mean absolute errors, of outputs that were recorded."""
        found: Errors = {}
        for column, output in enumerate(self.outputs):
            each = {model: np.abs(of[:, column]) for model, of in self.errors.items()}
            if all(np.isfinite(of).any() for of in each.values()):
                found[output] = {model: float(np.nanmean(of)) for model, of in each.items()}
        return found


@dataclass(frozen=True)
class Verdict:
    """What the gate found.

    Attributes:
        outputs: that are adopted; none if nothing is.
        ratio: mean over outputs of the tuned model's absolute error over the local model's.
        reason: the finding in words.
        errors: mean absolute errors.
    """

    outputs: tuple[str, ...]
    ratio: float
    reason: str
    errors: Errors = field(default_factory=dict)

    @property
    def adopt(self) -> bool:
        """Whether anything is adopted."""
        return bool(self.outputs)

    def metrics(self) -> dict[str, Any]:
        """What the model's manifest carries."""
        gate = {"mean_error_vs_local": self.ratio, "reason": self.reason, "outputs": list(self.outputs)}
        return {"gate": gate, "mae": self.errors}


def relative_error(errors: Errors, model: str) -> float:
    """Mean over outputs of a model's absolute error over the local model's."""
    ratios = [by[model] / by[LOCAL] for by in errors.values() if by[LOCAL] > 0]
    return sum(ratios) / len(ratios) if ratios else float("nan")


def foreign(evidence: Evidence) -> str:
    """Why what the others know is not this plant's scrap; empty if it may be.

    It is soon known, and asked before any model is fitted.
    """
    same = content_evidence(evidence)
    if same >= ODDS:
        return ""
    return f"not adopted: its heats speak against the other plants' scrap classes ({same:.1f} nats of evidence)"


def judge(trial: Trial, evidence: Evidence) -> Verdict:
    """Which outputs of the tuned model a plant adopts, and why."""
    errors = trial.mean_absolute()
    ratio = relative_error(errors, TUNED)

    def refused(why: str) -> Verdict:
        return Verdict((), ratio, why, errors)

    heats = len(trial.errors[LOCAL])
    if heats < FEWEST_HEATS:
        return refused(f"not adopted: {heats} heats are too few to tell; {FEWEST_HEATS} are not")
    if why := foreign(evidence):
        return refused(why)
    for rival in (LOCAL, ACTIVE):
        if rival in trial.errors:
            each = squared_gains(trial.errors[rival], trial.errors[TUNED])
            sure = standard_errors(over_outputs(each))
            if sure < SURELY:
                whose = "the plant's own" if rival == LOCAL else "the active model's"
                return refused(f"not adopted: its error is not surely below {whose} ({sure:.1f} standard errors)")
    gains = squared_gains(trial.errors[LOCAL], trial.errors[TUNED])
    kept = tuple(
        output
        for column, output in enumerate(trial.outputs)
        if evidence.get(output, 0.0) > ODDS and standard_errors(gains[:, column]) > LEANS
    )
    if not kept:
        return refused("not adopted: of no output by itself is it better")
    by = {output: errors[output] for output in kept if output in errors}
    change = 100 * (1 - relative_error(by, TUNED))
    named = "all outputs" if set(kept) == set(trial.outputs) else in_short(kept)
    return Verdict(kept, ratio, f"adopted: {named}, {change:.2f} % lower error on heats it had not seen", errors)


def content_evidence(evidence: Evidence) -> float:
    """Nats of evidence that the others' classes are this plant's: of noble elements, or of all where there are none."""
    noble = [nats for output, nats in evidence.items() if output not in (ENERGY, YIELD) and Element(output) in NOBLE]
    return sum(noble or evidence.values())


def in_short(outputs: tuple[str, ...]) -> str:
    """Names of outputs for a person."""
    return ", ".join("electricity" if output == ENERGY else output for output in outputs)
