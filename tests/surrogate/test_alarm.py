from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from steel.elements import Element
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.alarm import page_hinkley, watch
from surrogate.fit import fit
from surrogate.remainder import FitOptions


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
