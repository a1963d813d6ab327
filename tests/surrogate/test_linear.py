import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.model.linear import posterior, statistics
from surrogate.model.priors import Prior


def prior(width: int, spread: float = 1.0, non_negative: bool = False) -> Prior:
    zero = np.zeros((width, width))
    return Prior(np.full(width, 0.5), spread**2 * np.eye(width), zero, np.full(width, float(non_negative)))


@given(seed=st.integers(0, 10_000), heats=st.integers(0, 40), width=st.integers(1, 6))
def test_the_posterior_is_the_gaussian_one(seed: int, heats: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    features, target = rng.normal(size=(heats, width)), rng.normal(size=heats)
    variance = rng.uniform(0.5, 2.0, heats)
    found = posterior(prior(width), statistics(features, target, variance))
    weighted = features / variance[:, None]
    precision = np.eye(width) + weighted.T @ features
    mean = np.linalg.solve(precision, np.full(width, 0.5) + weighted.T @ target)
    assert found.mean == pytest.approx(mean, abs=1e-6)
    assert found.covariance == pytest.approx(np.linalg.inv(precision), abs=1e-6)


@given(seed=st.integers(0, 10_000), cut=st.integers(0, 30))
def test_sums_of_parts_are_the_sum_of_all(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    features, target, variance = rng.normal(size=(30, 4)), rng.normal(size=30), rng.uniform(0.5, 2.0, 30)
    whole = statistics(features, target, variance)
    parts = statistics(features[:cut], target[:cut], variance[:cut]) + statistics(
        features[cut:], target[cut:], variance[cut:]
    )
    assert parts.information == pytest.approx(whole.information)
    assert parts.moment == pytest.approx(whole.moment)


def test_a_content_cannot_become_negative_and_takes_the_best_of_what_is_left() -> None:
    rng = np.random.default_rng(0)
    features = rng.uniform(size=(200, 3))
    target = features @ np.array([1.0, -0.5, 0.3])
    found = posterior(prior(3, spread=100.0, non_negative=True), statistics(features, target, np.full(200, 0.01)))
    assert (found.mean >= 0).all()
    assert found.mean[1] == pytest.approx(0.0, abs=1e-9)
    slack = features[:, [0, 2]]
    assert found.mean[[0, 2]] == pytest.approx(np.linalg.lstsq(slack, target, rcond=None)[0], rel=1e-3)


def test_what_the_prior_fixes_stays_and_the_rest_accounts_for_it() -> None:
    zero = np.zeros((2, 2))
    fixed = Prior(np.array([2.0, 0.0]), np.diag([0.0, 100.0]), zero, np.zeros(2))
    features = np.random.default_rng(0).normal(size=(100, 2))
    found = posterior(fixed, statistics(features, features @ np.array([2.0, 3.0]), np.full(100, 0.01)))
    assert found.mean == pytest.approx([2.0, 3.0], abs=1e-3)
    assert found.covariance[0, 0] == 0.0


def test_heats_without_an_analysis_count_for_nothing() -> None:
    features, target = np.ones((5, 1)), np.array([1.0, np.nan, 1.0, np.nan, 1.0])
    assert statistics(features, target, np.ones(5)).heats == 3
