from dataclasses import replace

import numpy as np
import pytest

from scenarios.bundled import virtual_plant
from steel.heats import HeatLog
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.judge.alarm import watch_inputs
from surrogate.model.model import Surrogate


@pytest.fixture(scope="module")
def learned() -> tuple[Surrogate, HeatLog]:
    plant = virtual_plant("northmill")
    # In random order no level moves: a real mix follows campaigns and prices.
    log = plant.history(600).rows(np.random.default_rng(0).permutation(600))
    materials = tuple(item.material for item in plant.plant.charge_items())
    return fit(log.rows(slice(0, 300)), materials, FitOptions(remainders=())), log.rows(slice(300, None))


def test_inputs_that_stay_as_they_were_raise_nothing(learned: tuple[Surrogate, HeatLog]) -> None:
    assert watch_inputs(*learned) == []


def test_a_process_input_that_moves_for_good_is_named(learned: tuple[Surrogate, HeatLog]) -> None:
    model, log = learned
    name = next(iter(log.process))
    moved = log.process[name] + 2.0 * np.std(log.process[name]) * (np.arange(len(log)) > 100)
    (alarm,) = watch_inputs(model, replace(log, process={**log.process, name: moved}))
    assert alarm.output == name
    assert alarm.shift_sd > 1.0
    assert list(log.heat_ids).index(alarm.heat_id) > 100


def test_a_mix_that_moves_for_good_is_named_by_its_materials(learned: tuple[Surrogate, HeatLog]) -> None:
    model, log = learned
    swapped = log.charged_t.copy()
    first, second = np.argsort(-swapped.sum(axis=0))[:2]
    swapped[150:, first] += swapped[150:, second]
    swapped[150:, second] = 0.0
    named = {alarm.output for alarm in watch_inputs(model, replace(log, charged_t=swapped))}
    assert {log.materials[first], log.materials[second]} <= named


def test_an_input_that_is_not_recorded_any_more_raises_nothing(learned: tuple[Surrogate, HeatLog]) -> None:
    model, log = learned
    assert watch_inputs(model, replace(log, process={})) == []
