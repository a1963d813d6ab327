import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingRegressor

from surrogate.fit.boosting import DEPTH, LEARNING_RATE, TREES, fit_trees, split_points
from surrogate.model.trees import Trees, no_trees


def steps(seed: int, heats: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """A step in what most heats do without, a wave in what all have."""
    rng = np.random.default_rng(seed)
    features = np.column_stack([rng.normal(size=heats), (rng.random(heats) > 0.8) * rng.random(heats)])
    return features, np.sin(3 * features[:, 0]) + 2.0 * (features[:, 1] > 0.3) + 0.1 * rng.normal(size=heats)


def test_steps_and_waves_are_learned_that_no_line_can_follow() -> None:
    features, target = steps(0)
    trees = fit_trees(features, target, np.ones(len(target)), split_points(features))
    later, truth = steps(1)
    assert np.abs(trees.value(later) - truth).mean() < 0.4 * np.abs(truth - truth.mean()).mean()


def test_the_trees_are_those_that_scikit_learn_grew() -> None:
    features, target = steps(2)
    points = split_points(features)
    codes = np.column_stack([np.searchsorted(at, column) for at, column in zip(points, features.T, strict=True)])
    theirs = GradientBoostingRegressor(
        loss="huber", n_estimators=TREES, max_depth=DEPTH, learning_rate=LEARNING_RATE, subsample=0.6,
        max_features=0.5, min_samples_leaf=15, random_state=0,
    ).fit(codes, target, np.ones(len(target)))  # fmt: skip
    own = fit_trees(features, target, np.ones(len(target)), points)
    assert own.value(features) == pytest.approx(theirs.predict(codes), abs=1e-12)


def test_one_odd_heat_bends_nothing() -> None:
    features, target = steps(3)
    plain = fit_trees(features, target, np.ones(len(target)), split_points(features))
    target[0] = 1e4
    odd = fit_trees(features, target, np.ones(len(target)), split_points(features))
    assert np.abs(odd.value(features) - plain.value(features)).max() < 1.0


@given(seed=st.integers(0, 500), known=st.floats(-1, 1))
def test_a_known_feature_may_be_put_in_beforehand(seed: int, known: float) -> None:
    rng = np.random.default_rng(seed)
    trees = Trees(rng.integers(0, 4, (5, 7)), rng.normal(size=(5, 7)), rng.normal(size=(5, 8)))
    values = np.array([np.nan, known, np.nan, 0.25])
    whole = rng.normal(size=(20, 4))
    whole[:, [1, 3]] = known, 0.25
    assert np.array_equal(trees.given(values, np.array([0, 2])).value(whole[:, [0, 2]]), trees.value(whole))


def test_too_few_heats_grow_nothing_and_no_trees_say_nothing() -> None:
    features, target = steps(4, heats=20)
    assert len(fit_trees(features, target, np.ones(20), split_points(features))) == 0
    assert not no_trees().value(features).any()
