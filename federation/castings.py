"""Products of a foundry, or of several, teach one another how a property answers the melt: sums, one exchange, a gate.

A product's relative slopes are those that all products share plus its own deviation, `β = μ + b`, `b ~ N(0, τ²)`,
`μ ~ N(0, s²)`: the same change of an input moves a property by about the same share, whatever the casting weighs. Each
participant integrates its deviation out for some τ² and sends what adds up: information, moment and log-evidence. The
sums say which τ² and s² the castings of all make likeliest (empirical Bayes), and what the others believe of μ.
"""

from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from steel.castings import CastingLog
from steel.errors import InputError
from steel.heats import FloatArray
from surrogate.judge.casting_fit import SlopePrior, filled_in, members, noise_variance

DEVIATIONS = np.geomspace(0.003, 10.0, 10)
"""τ² and s² that are tried, in (per mille of the property per usual change of an input)²."""
PER_MILLE = 1000.0
SURELY = 2.0
"""Standard errors by which the tuned model must lower the error on later castings to be adopted."""
JUDGED_ON = 0.7
"""Share of a participant's castings that both models learn from; the later ones judge them."""


@dataclass(frozen=True)
class CastingOffer:
    """What a participant brings: its inputs' names, castings, and sums of squares about its own means, (d,)."""

    inputs: tuple[str, ...]
    castings: int
    squares: FloatArray


@dataclass(frozen=True)
class CastingTerms:
    """What all agree on: inputs, and (d,) the usual change of each."""

    inputs: tuple[str, ...]
    scale: FloatArray


@dataclass(frozen=True)
class CastingSums:
    """What a participant's castings say of μ, for each τ² of `DEVIATIONS`.

    Attributes:
        information: (T, d, d).
        moment: (T, d).
        evidence: (T,) log-likelihood but for a constant, without μ's part.
    """

    information: FloatArray
    moment: FloatArray
    evidence: FloatArray

    def __add__(self, other: "CastingSums") -> "CastingSums":
        return CastingSums(
            self.information + other.information, self.moment + other.moment, self.evidence + other.evidence
        )

    def __sub__(self, other: "CastingSums") -> "CastingSums":
        return CastingSums(
            self.information - other.information, self.moment - other.moment, self.evidence - other.evidence
        )


@dataclass(frozen=True)
class CastingShared:
    """All participants' sums, and the likeliest variances: index of τ² in `DEVIATIONS`, and s²."""

    sums: CastingSums
    chosen: int
    shared_variance: float


def _known(log: CastingLog) -> CastingLog:
    return log.rows(np.isfinite(log.measured))


def offer(log: CastingLog) -> CastingOffer:
    """A participant's offer."""
    filled, _ = filled_in(_known(log))
    return CastingOffer(log.inputs, len(filled), ((filled - filled.mean(axis=0)) ** 2).sum(axis=0))


def agree_castings(offers: dict[str, CastingOffer]) -> CastingTerms:
    """Common inputs and scales.

    Raises:
        InputError: participants record different inputs; it names which.
    """
    (first, one), *others = offers.items()
    for name, other in others:
        if other.inputs != one.inputs:
            differ = sorted(set(one.inputs) ^ set(other.inputs)) or ["their order"]
            raise InputError({first: len(one.inputs), name: len(other.inputs)}, "casting inputs", f"alike: {differ}")
    scale = np.sqrt(sum(each.squares for each in offers.values()) / sum(each.castings for each in offers.values()))
    return CastingTerms(one.inputs, np.where(scale > 1e-12, scale, 1.0))


def contribute_castings(log: CastingLog, terms: CastingTerms) -> CastingSums:
    """A participant's sums under agreed terms."""
    log = _known(log)
    filled, _ = filled_in(log)
    x = (filled - filled.mean(axis=0)) / terms.scale
    relative = PER_MILLE * (log.measured - log.measured.mean()) / _usual(log)
    variance = noise_variance(x, relative)
    own, seen = x.T @ x / variance, x.T @ relative / variance
    identity = np.eye(x.shape[1])
    information, moment, evidence = [], [], []
    for deviation in DEVIATIONS:
        spread = identity + deviation * own
        marginal = np.linalg.solve(spread, own)
        information.append((marginal + marginal.T) / 2)
        moment.append(np.linalg.solve(spread.T, seen))
        evidence.append(deviation / 2 * float(seen @ np.linalg.solve(spread, seen)) - np.linalg.slogdet(spread)[1] / 2)
    return CastingSums(np.array(information), np.array(moment), np.array(evidence))


def combine_castings(sums: dict[str, CastingSums]) -> CastingShared:
    """Add up, and take the variances under which all castings are likeliest."""
    total = reduce(add, sums.values())

    def likelihood(chosen: int, shared: float) -> float:
        precision = total.information[chosen] + np.eye(len(total.moment[chosen])) / shared
        found = float(total.moment[chosen] @ np.linalg.solve(precision, total.moment[chosen])) / 2
        width = len(precision) / 2 * np.log(shared) + np.linalg.slogdet(precision)[1] / 2
        return float(total.evidence[chosen] + found - width)

    grid = [(chosen, float(shared)) for chosen in range(len(DEVIATIONS)) for shared in DEVIATIONS]
    return CastingShared(total, *max(grid, key=lambda pair: likelihood(*pair)))


def prior_from_others(log: CastingLog, terms: CastingTerms, shared: CastingShared) -> SlopePrior:
    """What the others' castings say of this participant's slopes, its own deviation allowed for."""
    others, chosen = shared.sums - contribute_castings(log, terms), shared.chosen
    width = len(terms.scale)
    covariance = np.linalg.inv(others.information[chosen] + np.eye(width) / shared.shared_variance)
    mean = covariance @ others.moment[chosen]
    unit = _usual(_known(log)) / PER_MILLE / terms.scale
    spread = covariance + DEVIATIONS[chosen] * np.eye(width)
    return SlopePrior(unit * mean, spread * np.outer(unit, unit))


@dataclass(frozen=True)
class CastingVerdict:
    """What a participant's gate found.

    Attributes:
        adopt: whether the tuned model is used.
        gain: by which the error falls, in the property's unit, and error: the
            standard error of that.
        prior: what to fit the product's model with, `fit_castings(log, prior=...)`; None keeps it to its own castings.
    """

    adopt: bool
    gain: float
    error: float
    prior: SlopePrior | None


def gate_castings(log: CastingLog, tuned_prior: SlopePrior, judging_prior: SlopePrior) -> CastingVerdict:
    """Judge on the participant's later castings.

    Args:
        log: its castings so far.
        tuned_prior: from the others' castings.
        judging_prior: from the others' earlier castings, so that nobody has seen what judges.
    """
    earlier, later = _known(log).split(JUDGED_ON)
    local, tuned = members(earlier), members(earlier, judging_prior)
    gains = np.abs(later.measured - local.predict(later)) - np.abs(later.measured - tuned.predict(later))
    gain, error = float(gains.mean()), float(gains.std() / np.sqrt(len(gains)))
    adopt = gain > SURELY * error
    return CastingVerdict(adopt, gain, error, tuned_prior if adopt else None)


def _usual(log: CastingLog) -> float:
    return float(np.median(log.measured))
