import time

import numpy as np
import pytest

from steel.errors import InputError
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.fit.update import update

LINEAR = FitOptions(remainders=())


def test_new_heats_bring_the_model_where_a_whole_fit_would(history: HeatLog, materials: tuple[Material, ...]) -> None:
    old = fit(history.rows(slice(0, 250)), materials, LINEAR)
    whole = fit(history.rows(slice(0, 600)), materials, LINEAR)
    started = time.perf_counter()
    new = update(old, history.rows(slice(250, 600)))
    assert time.perf_counter() - started < 1.0
    for name in ("Cu", "Sn", "Ni"):
        before = np.abs(old.outputs[name].linear.mean - whole.outputs[name].linear.mean).sum()
        after = np.abs(new.outputs[name].linear.mean - whole.outputs[name].linear.mean).sum()
        assert after < 0.5 * before
        assert np.trace(new.outputs[name].linear.covariance) < np.trace(old.outputs[name].linear.covariance)
    assert (new.outputs["Cu"].linear.mean[: len(materials)] >= 0).all()


def test_heats_one_by_one_end_where_all_at_once_do(history: HeatLog, materials: tuple[Material, ...]) -> None:
    old = fit(history.rows(slice(0, 200)), materials, LINEAR)
    apart = old
    for index in range(200, 210):
        apart = update(apart, history.rows(slice(index, index + 1)))
    together = update(old, history.rows(slice(200, 210)))
    # Only what heats that share a lot tell of each other differs.
    step = np.abs(together.outputs["Cu"].linear.mean - old.outputs["Cu"].linear.mean).max()
    assert np.abs(apart.outputs["Cu"].linear.mean - together.outputs["Cu"].linear.mean).max() < 0.8 * step


def test_a_material_the_model_does_not_know_is_refused(history: HeatLog, materials: tuple[Material, ...]) -> None:
    old = fit(history.rows(slice(0, 100)), materials, LINEAR)
    strange = HeatLog(**{**history.rows(slice(100, 101)).__dict__, "materials": ("gold", *history.materials[1:])})
    strange.charged_t[:, 0] = 1.0
    with pytest.raises(InputError, match="gold"):
        update(old, strange)
