"""Whether one model is surely better is asked of stretches of heats, and chance seldom says so."""

import numpy as np
import pytest

from chargewise.app.training import _surely_better
from surrogate.judge.stretches import SURELY, over_outputs, squared_gains, standard_errors


def test_two_models_that_are_as_good_seldom_differ_surely() -> None:
    rng = np.random.default_rng(0)
    told = 0
    for _ in range(300):
        lots = np.repeat(rng.normal(size=(12, 3)), 10, axis=0)
        one, other = (lots + 0.5 * rng.normal(size=lots.shape) for _ in range(2))
        told += standard_errors(over_outputs(squared_gains(one, other))) >= SURELY
    assert told / 300 <= 0.06


def test_what_was_not_recorded_counts_for_nothing() -> None:
    rng = np.random.default_rng(1)
    one = rng.normal(size=(80, 2))
    one[::2, 1] = np.nan
    gains = squared_gains(one, 0.5 * one)
    assert np.isnan(gains[::2, 1]).all()
    assert np.isfinite(over_outputs(gains)).all()
    assert standard_errors(over_outputs(gains)) > SURELY
    nothing = np.full((80, 2), np.nan)
    assert standard_errors(over_outputs(squared_gains(nothing, nothing))) == 0.0


@pytest.mark.parametrize(
    ("factors", "promoted", "reason"),
    [
        ((0.8, 0.8), True, "lower by"),
        ((1.0, 1.0), False, "not surely lower"),
        ((0.3, 1.2), False, "surely worse in Sn"),
    ],
)
def test_a_retrained_model_is_promoted_only_if_surely_better_and_in_nothing_surely_worse(
    factors: tuple[float, float], promoted: bool, reason: str
) -> None:
    before = np.random.default_rng(2).normal(size=(200, 2))
    found = _surely_better(before, before * np.array(factors), ["Cu", "Sn"], 200)
    assert found[0] == promoted
    assert reason in found[1]
