from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from steel.elements import Element
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.judge.alarm import alarm_on, jump, page_hinkley, watch
from surrogate.model.quantiles import LEVELS, Quantiles


@given(seed=st.integers(0, 3000))
def test_residuals_that_rest_raise_nothing(seed: int) -> None:
    assert page_hinkley(np.random.default_rng(seed).normal(size=600)) is None


@given(seed=st.integers(0, 3000), sign=st.sampled_from([-1.0, 1.0]))
def test_a_lasting_shift_is_told_soon_with_its_size_and_side(seed: int, sign: float) -> None:
    residuals = np.random.default_rng(seed).normal(size=400)
    residuals[200:] += sign * 1.2
    raised = page_hinkley(residuals)
    assert raised is not None
    assert 205 <= raised[0] < 300
    assert np.sign(raised[1]) == sign


def test_one_odd_heat_is_no_drift() -> None:
    residuals = np.random.default_rng(0).normal(size=300)
    residuals[100] = 1e6
    assert page_hinkley(residuals) is None


def test_three_extremes_in_a_row_are_a_jump_and_two_are_not() -> None:
    quantiles = Quantiles(norm.ppf(LEVELS))
    residuals = np.random.default_rng(1).normal(size=100)
    residuals[50:52] = 8.0
    assert jump(residuals, quantiles) is None
    residuals[51:54] = np.nan, 8.0, 8.0
    raised = jump(residuals, quantiles)
    assert raised is not None
    assert raised[0] == 53
    assert raised[1] == pytest.approx(8.0)


def test_a_level_that_always_swung_is_tolerated_and_one_that_did_not_is_told() -> None:
    quantiles, ids = Quantiles(4 * norm.ppf(LEVELS)), np.arange(300).astype(str)
    residuals = np.random.default_rng(2).normal(size=300)
    residuals[100:] += 1.0
    assert alarm_on("Cu", residuals, quantiles, 0.5, ids) is None
    raised = alarm_on("Cu", residuals, quantiles, 0.1, ids)
    assert raised is not None
    assert (raised.kind, raised.shift_sd > 0.5) == ("shift", True)


def test_a_plant_whose_copper_jumps_is_told_so(history: HeatLog, materials: tuple[Material, ...]) -> None:
    model = fit(history.rows(slice(0, 500)), materials, FitOptions(remainders=()))
    later = history.rows(slice(500, None))
    before = {alarm.output for alarm in watch(model, later)}
    jumped = later.analysis_wt_pct.copy()
    jumped[:, later.elements.index(Element.CU)] += 0.10
    after = {alarm.output: alarm for alarm in watch(model, replace(later, analysis_wt_pct=jumped))}
    assert not before & {"Cu", "Sn", "Ni", "Mo"}
    assert set(after) == before | {"Cu"}
    assert after["Cu"].shift_sd > 0.5
