"""Melts and alloys: samples weighed by their error, masses kept, recoveries learned as far as they can be told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.closed_loop.recoveries import recovery_errors
from steel import catalogue
from steel.elements import Element
from surrogate.fit.recoveries import TrimRecord, learned_recoveries, with_recoveries
from surrogate.model.melt import Melt

CU = Element.CU


def melt(wt_pct: float, sd: float) -> Melt:
    return Melt(100.0, {CU: wt_pct}, {CU: sd}, {CU: 0.015})


@given(st.floats(0.05, 0.5), st.floats(1e-3, 0.1), st.floats(0.05, 0.5))
def test_a_sample_draws_the_mean_to_itself_and_leaves_less_doubt(expected: float, sd: float, found: float) -> None:
    now = melt(expected, sd).sampled({CU: found})
    low, high = sorted((expected, found))
    assert low - 1e-12 <= now.wt_pct[CU] <= high + 1e-12
    assert now.sd_wt_pct[CU] < min(sd, 0.016 * found + 3e-4)


def test_two_samples_are_the_same_in_either_order_where_their_errors_are() -> None:
    one = melt(0.2, 0.05).sampled({CU: 0.25}).sampled({CU: 0.25})
    # Twice the same sample is one sample of half the variance.
    assert one.sd_wt_pct[CU] == pytest.approx(melt(0.2, 1e6).sampled({CU: 0.25}).sd_wt_pct[CU] / 2**0.5, rel=0.01)


def test_what_is_not_sampled_stays_as_it_was_expected() -> None:
    before = Melt(100.0, {CU: 0.2, Element.MN: 0.1}, {CU: 0.02, Element.MN: 0.01}, {})
    after = before.sampled({CU: 0.3})
    assert (after.wt_pct[Element.MN], after.sd_wt_pct[Element.MN]) == (0.1, 0.01)


def test_an_element_that_no_surrogate_knows_is_what_the_sample_says() -> None:
    assert melt(0.2, 0.02).sampled({Element.AL: 0.03}).wt_pct[Element.AL] == pytest.approx(0.03)


def test_additions_keep_the_mass_of_each_element() -> None:
    alloy = catalogue.material("SiMn")
    before = Melt(100.0, {Element.MN: 0.1}, {Element.MN: 0.005}, {})
    after = before.with_additions([(alloy, 1.0)], {Element.MN: 0.9})
    held = after.wt_pct[Element.MN] * after.steel_t
    assert held == pytest.approx(0.9 * 10.0 + alloy.recovered_content(Element.MN))
    assert after.steel_t == pytest.approx(100.0 + alloy.metallic_yield)


def test_what_was_never_added_or_never_sampled_is_not_learned() -> None:
    alloys = [catalogue.material("SiMn"), catalogue.material("FeSi75")]
    trim = TrimRecord(100.0, {Element.MN: 0.1}, {Element.MN: 0.7}, {"SiMn": 1.0}, {})
    found = learned_recoveries(alloys, [trim])
    assert set(found) == {("SiMn", Element.MN)}
    kept = with_recoveries(alloys[1], found)
    assert kept is alloys[1]


def test_one_trim_moves_a_recovery_less_than_many() -> None:
    alloy = catalogue.material("SiMn")
    stated = alloy.recovered_content(Element.MN) / alloy.content(Element.MN)
    final_t = 100.0 + alloy.metallic_yield
    after = {Element.MN: 0.8 * stated * alloy.content(Element.MN) / final_t}
    trim = TrimRecord(100.0, {Element.MN: 0.0}, after, {"SiMn": 1.0}, {})
    few, many = (learned_recoveries([alloy], [trim] * count)["SiMn", Element.MN] for count in (1, 50))
    assert stated > few.learned > many.learned
    assert many.sd < few.sd
    assert many.learned == pytest.approx(0.8 * stated, abs=0.01)
    changed = with_recoveries(alloy, {("SiMn", Element.MN): many})
    assert changed.recovered_content(Element.MN) == pytest.approx(many.learned * alloy.content(Element.MN))


def test_a_hundred_trims_of_every_bundled_plant_tell_their_alloys() -> None:
    found = recovery_errors()
    assert found["recovery_error_after_100_trims"] < 0.02
    assert found["stated_recovery_error"] > 0.04
    assert np.isfinite(list(found.values())).all()
