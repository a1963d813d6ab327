import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.virtual_plant import VirtualPlant
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.fit import fit
from surrogate.fit.lots import LotHistory, log_likelihood, shared_lot_statistics
from surrogate.fit.remainder import FitOptions


def dense(bands: np.ndarray) -> np.ndarray:
    heats = bands.shape[1]
    matrix = np.diag(bands[0])
    for lag in range(1, len(bands)):
        matrix += np.diag(bands[lag, : heats - lag], -lag) + np.diag(bands[lag, : heats - lag], lag)
    return matrix


@given(seed=st.integers(0, 5000), lot_t=st.sampled_from([0.0, 15.0, 60.0, 250.0]))
def test_the_banded_algebra_is_the_dense_one(seed: int, lot_t: float) -> None:
    rng = np.random.default_rng(seed)
    charged = rng.uniform(0, 30, (25, 3))
    history = LotHistory.of(charged, charged / 90.0)
    bands = history.bands(rng.uniform(0.05, 0.2, (1, 3)), np.array([0.02]), lot_t)[0]
    covariance = dense(bands)
    features, target = rng.normal(size=(25, 4)), rng.normal(size=25)
    found = shared_lot_statistics(bands, features, target)
    assert found.information == pytest.approx(features.T @ np.linalg.solve(covariance, features), rel=1e-5)
    assert found.moment == pytest.approx(features.T @ np.linalg.solve(covariance, target), rel=1e-5, abs=1e-6)
    _, logdet = np.linalg.slogdet(covariance)
    plain = -0.5 * float(target @ np.linalg.solve(covariance, target)) - 0.5 * logdet
    assert log_likelihood(bands, target) == pytest.approx(plain, rel=1e-5)


def test_a_heat_without_an_analysis_is_as_if_it_were_not_there() -> None:
    rng = np.random.default_rng(1)
    charged = rng.uniform(0, 30, (20, 2))
    history = LotHistory.of(charged, charged / 60.0)
    bands = history.bands(np.full((1, 2), 0.1), np.array([0.02]), 40.0)[0]
    features, target = rng.normal(size=(20, 2)), rng.normal(size=20)
    target[[4, 11]] = np.nan
    found = shared_lot_statistics(bands, features, target)
    keep = np.isfinite(target)
    covariance = dense(bands)[np.ix_(keep, keep)]
    assert found.information == pytest.approx(features[keep].T @ np.linalg.solve(covariance, features[keep]), rel=1e-4)
    assert found.heats == 18


def test_the_mass_of_a_lot_is_found(northmill: VirtualPlant, materials: tuple[Material, ...], history: HeatLog) -> None:
    model = fit(history, materials, FitOptions(remainders=()))
    assert 30 <= model.lot_t <= 120
    assert northmill.lot_t == 60
