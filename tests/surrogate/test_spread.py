from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.fit.spread import spread_factors
from surrogate.model.motion import SWING_HEATS, swing_of


@given(seed=st.integers(0, 2000))
def test_a_resting_spread_rests(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert spread_factors([rng.standard_t(6, size=100) for _ in range(12)], 1.0) == pytest.approx(np.ones(12))


def test_a_growing_spread_is_followed() -> None:
    rng = np.random.default_rng(0)
    truth = np.linspace(0.7, 1.6, 15)
    found = spread_factors([level * rng.normal(size=100) for level in truth], 1.0)
    assert found / found.mean() == pytest.approx(truth / truth.mean(), rel=0.15)


def test_the_interval_of_a_plant_whose_energy_grew_unsteady_is_todays(
    history: HeatLog, materials: tuple[Material, ...]
) -> None:
    rng = np.random.default_rng(1)
    unsteady = np.where(np.arange(len(history)) < len(history) / 2, 2.0, 25.0) * rng.normal(size=len(history))
    changed = replace(history, energy_kwh_per_t=history.energy_kwh_per_t + unsteady)
    calm, now = (fit(log, materials, FitOptions(remainders=())) for log in (history, changed))
    output = now.outputs["energy_kwh_per_t"]
    assert output.noise > 1.5 * calm.outputs["energy_kwh_per_t"].noise
    assert output.motion.spread[0] < 0.6
    assert output.motion.spread[-1] == 1.0


def test_swings_of_the_level_are_told_from_chance() -> None:
    rng = np.random.default_rng(3)
    steady = rng.normal(size=1000)
    levels = np.repeat(rng.normal(size=1000 // SWING_HEATS), SWING_HEATS)
    assert swing_of(steady) < 0.15
    assert swing_of(steady + 0.5 * levels) == pytest.approx(0.5, rel=0.4)
    assert swing_of(steady[:40]) == 0.0
