"""Products of a foundry teach one another: against the likelihood by brute force, and what each must gain."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from federation.castings import (
    DEVIATIONS,
    CastingShared,
    CastingTerms,
    CastingVerdict,
    agree_castings,
    combine_castings,
    contribute_castings,
    gate_castings,
    offer,
    prior_from_others,
)
from steel.castings import CastingLog
from steel.errors import InputError
from surrogate.judge.casting_fit import SlopePrior, filled_in, fit_castings, noise_variance

SHARED = 3.0 * np.random.default_rng(0).normal(size=24)


def castings(seed: int, count: int, level: float, slopes: np.ndarray = SHARED, noise: float = 8.0) -> CastingLog:
    """A product whose property moves by so many per mille of its level per unit of each input."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, len(slopes)))
    own = slopes + 0.3 * rng.normal(size=len(slopes))
    measured = level * (1 + (values @ own + noise * rng.normal(size=count)) / 1000)
    inputs = tuple(f"input {i}" for i in range(len(slopes)))
    return CastingLog(np.arange(count).astype(str), inputs, values, "frequency_hz", measured)


def products() -> dict[str, CastingLog]:
    return {"disc": castings(1, 300, 700.0), "drum": castings(2, 250, 2200.0), "hub": castings(3, 48, 1100.0)}


def together(logs: dict[str, CastingLog]) -> tuple[CastingTerms, CastingShared]:
    terms = agree_castings({name: offer(log) for name, log in logs.items()})
    return terms, combine_castings({name: contribute_castings(log, terms) for name, log in logs.items()})


def priors(logs: dict[str, CastingLog]) -> dict[str, SlopePrior]:
    terms, shared = together(logs)
    return {name: prior_from_others(log, terms, shared) for name, log in logs.items()}


def test_the_sums_have_the_likelihood_of_all_castings_together() -> None:
    logs = products()
    terms, shared = together(logs)
    designs, targets, variances = [], [], []
    for log in logs.values():
        x, _ = filled_in(log)
        x = (x - x.mean(axis=0)) / terms.scale
        y = 1000 * (log.measured - log.measured.mean()) / float(np.median(log.measured))
        designs.append(x)
        targets.append(y)
        variances.append(noise_variance(x, y))

    def brute(deviation: float, common: float) -> float:
        every = np.vstack(designs)
        covariance = common * every @ every.T
        start = 0
        for x, variance in zip(designs, variances, strict=True):
            rows = slice(start, start + len(x))
            covariance[rows, rows] += deviation * x @ x.T + variance * np.eye(len(x))
            start += len(x)
        return float(multivariate_normal(cov=covariance).logpdf(np.concatenate(targets)))

    found = {(t, s): brute(float(DEVIATIONS[t]), float(s)) for t in range(0, 10, 3) for s in DEVIATIONS[::3]}
    best = max(brute(float(t), float(s)) for t in DEVIATIONS for s in DEVIATIONS)
    assert brute(float(DEVIATIONS[shared.chosen]), shared.shared_variance) == pytest.approx(best, abs=1e-6)
    assert best >= max(found.values()) - 1e-6


def test_the_prior_is_that_of_the_others_alone() -> None:
    logs = products()
    terms, shared = together(logs)
    prior = prior_from_others(logs["hub"], terms, shared)
    strange = {**logs, "hub": castings(9, 48, 1100.0, -SHARED)}
    sums = {name: contribute_castings(log, terms) for name, log in strange.items()}
    total = sums["disc"] + sums["drum"] + sums["hub"]
    again = prior_from_others(strange["hub"], terms, CastingShared(total, shared.chosen, shared.shared_variance))
    # Another hub with the same level and scale: the others' word on it stays what it was.
    level = np.median(strange["hub"].measured) / np.median(logs["hub"].measured)
    np.testing.assert_allclose(again.mean, level * prior.mean, rtol=1e-6)


def small(seed: int, slopes: np.ndarray = SHARED) -> CastingLog:
    return castings(seed, 100, 1100.0, slopes, noise=14.0)


def gate(logs: dict[str, CastingLog]) -> CastingVerdict:
    earlier = {name: log.split(0.7)[0] for name, log in logs.items()}
    return gate_castings(logs["hub"], priors(logs)["hub"], priors(earlier)["hub"])


def test_a_small_product_gains_on_castings_nobody_has_seen() -> None:
    gained = []
    for seed in (20, 21):
        verdict = gate({**products(), "hub": small(seed)})
        if verdict.adopt:
            truth = castings(seed, 100, 1100.0, noise=0.0)
            models = (fit_castings(small(seed), prior=verdict.prior), fit_castings(small(seed)))
            own, theirs = (np.abs(truth.measured - model.predict(truth)).mean() for model in reversed(models))
            gained.append(theirs < own)
    assert gained
    assert all(gained)


def test_a_strange_product_keeps_its_own() -> None:
    assert not gate({**products(), "hub": small(9, -SHARED)}).adopt


def test_other_inputs_are_refused_by_name() -> None:
    one = offer(castings(1, 40, 700.0))
    other = replace(one, inputs=(*one.inputs[:-1], "Mg"))
    with pytest.raises(InputError, match="Mg"):
        agree_castings({"disc": one, "drum": other})
