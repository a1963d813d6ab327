import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.bundled import names, virtual_plant
from scenarios.virtual_plant import VirtualPlant
from scenarios.world import ANALYSED
from steel.elements import NOBLE, Element
from steel.errors import InputError
from steel.heats import HeatLog


@pytest.mark.parametrize("name", names())
def test_a_history_is_the_same_each_time_and_looks_like_a_melt_shop(name: str) -> None:
    log, again = virtual_plant(name).history(400), virtual_plant(name).history(400)
    assert np.array_equal(log.analysis_wt_pct, again.analysis_wt_pct)
    assert 250 < log.energy_kwh_per_t.mean() < 450
    assert 0.97 < log.tapped_t.mean() / virtual_plant(name).plant.furnace.tap_weight_t < 1.03
    assert (log.charged_t >= 0).all()
    assert (log.tapped_t < log.charged_t.sum(axis=1)).all()


def test_plants_of_one_world_share_their_classes_truth_and_differ_in_their_own() -> None:
    copper = [virtual_plant(name).true_contents(Element.CU) for name in ("northmill", "riverside")]
    shredded = [copper[0]["E40 shredded"], copper[1]["Shredded A"]]
    assert shredded[0] != shredded[1]
    assert abs(np.log(shredded[0] / shredded[1])) < 0.6


def test_what_is_expected_is_the_mean_of_many_trials(northmill: VirtualPlant, history: HeatLog) -> None:
    heats = history.rows(slice(100, 110))
    rng = np.random.default_rng(1)
    trials = np.stack([northmill.trial(heats, rng).analysis_wt_pct for _ in range(800)])
    expected = northmill.expected(heats).analysis_wt_pct
    standard_error = trials.std(axis=0) / np.sqrt(len(trials))
    for column, element in enumerate(ANALYSED):
        if element in NOBLE:
            assert (np.abs(trials.mean(axis=0) - expected)[:, column] < 5 * standard_error[:, column]).all()


@given(scale=st.floats(0.5, 2.0))
def test_noble_elements_close_their_mass_balance(scale: float) -> None:
    plant = virtual_plant("riverside")
    log = plant.history(5)
    charged = scale * plant.columns(log)
    contents = np.broadcast_to(
        np.array([true.contents_wt_pct for true in plant.truth]), (len(log), len(plant.truth), len(ANALYSED))
    )
    tapped = plant.furnace.tap(charged, contents, log.process)
    for column, element in enumerate(ANALYSED):
        brought = (charged * contents[:, :, column]).sum(axis=1)
        kept = tapped.fresh_wt_pct[:, column] * tapped.tapped_t
        if element in NOBLE:
            assert kept == pytest.approx(brought, rel=1e-9)
        elif element is Element.P or element is Element.S or element is Element.CR:
            assert (kept < brought).all()


def test_no_heats_is_an_error_not_an_empty_log(northmill: VirtualPlant) -> None:
    with pytest.raises(InputError, match="1 or more"):
        northmill.history(0)
    with pytest.raises(InputError, match="eastport"):
        virtual_plant("atlantis")
