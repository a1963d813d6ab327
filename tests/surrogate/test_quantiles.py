import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from steel.errors import InputError
from surrogate.fit.conformal import conformal


@given(probability=st.floats(0.0005, 0.9995), seed=st.integers(0, 1000))
def test_probability_undoes_at(probability: float, seed: int) -> None:
    quantiles = conformal(np.random.default_rng(seed).normal(size=300))
    assert quantiles.probability(quantiles.at(probability)) == pytest.approx(probability, abs=1e-6)


def test_a_normal_residual_has_about_normal_quantiles() -> None:
    quantiles = conformal(np.random.default_rng(0).normal(size=20_000))
    for level in (0.05, 0.5, 0.95, 0.99):
        assert quantiles.at(level) == pytest.approx(norm.ppf(level), abs=0.08)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
def test_skewed_residuals_are_covered_as_often_as_promised(level: float) -> None:
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(400):
        lots = np.exp(0.6 * rng.normal(size=400))
        quantiles = conformal((lots[:200] - lots.mean()) / lots.std())
        covered.append(np.mean((lots[200:] - lots.mean()) / lots.std() <= quantiles.at(level)))
    assert np.mean(covered) >= level - 0.006
    assert np.mean(covered) <= level + 0.02


def test_few_heats_fall_back_to_a_widened_normal() -> None:
    assert conformal(np.zeros(5)).at(0.99) > norm.ppf(0.99)


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, float("nan")])
def test_a_confidence_is_between_0_and_1(probability: float) -> None:
    with pytest.raises(InputError, match=r"0\.95"):
        conformal(np.zeros(5)).at(probability)
