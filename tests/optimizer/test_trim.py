"""A sampled melt: what it needs at least cost, how it is thinned, and what is said where nothing helps."""

import pytest

from chargewise.app.plants import LoadedPlant
from optimizer.explain.recommend import Optimizer
from optimizer.plan.trim import trims
from optimizer.problem.options import RecipeOptions
from steel.elements import Element
from steel.grades import Grade, Order
from surrogate.model.melt import Melt
from tests.conftest import Installation

OPTIONS = RecipeOptions(confidence=0.99)


@pytest.fixture(scope="module")
def loaded(installation: Installation) -> LoadedPlant:
    return installation.plant


def melt(**wt_pct: float) -> Melt:
    """100 t, sampled so well that nothing is left to doubt."""
    contents = {Element[name.upper()]: value for name, value in {"c": 0.05, "si": 0.01, "mn": 0.1, **wt_pct}.items()}
    nothing = dict.fromkeys(contents, 0.0)
    return Melt(100.0, contents, dict.fromkeys(contents, 1e-05), nothing)


def order(**limits: tuple[float | None, float | None]) -> Order:
    least = {Element[name.upper()]: low for name, (low, _) in limits.items() if low is not None}
    most = {Element[name.upper()]: high for name, (_, high) in limits.items() if high is not None}
    return Order(grade=Grade(name="own", minimum_wt_pct=least, maximum_wt_pct=most), mass_t=100.0)


def test_the_cheapest_alloy_is_added_and_no_more_than_is_needed(loaded: LoadedPlant) -> None:
    (found,) = trims(Optimizer(), loaded.described, order(mn=(0.6, None)), loaded.description, OPTIONS, melt())
    assert found.dilution_t == {}
    assert found.misses == ()
    brought = {}
    for item in loaded.described.tapping_items():
        content = item.material.recovered_content(Element.MN)
        if content > 1:
            need_t = 0.5 * 100.0 / (content - 0.6 * item.material.metallic_yield)
            brought[item.material.name] = need_t * item.price_eur_per_t
    cheapest = min(brought, key=lambda name: brought[name])
    assert set(found.additions_t) == {cheapest}
    # Scatter of the alloy and of the laboratory's own samples is paid for, and nothing else.
    assert brought[cheapest] <= found.cost_eur <= 1.15 * brought[cheapest]


def test_a_melt_that_needs_nothing_is_given_nothing(loaded: LoadedPlant) -> None:
    (found,) = trims(
        Optimizer(), loaded.described, order(mn=(0.05, 0.3), cu=(None, 0.3)), loaded.description, OPTIONS, melt(cu=0.2)
    )
    assert (found.additions_t, found.dilution_t, found.cost_eur) == ({}, {}, 0.0)


def test_a_melt_is_thinned_by_charge_not_by_alloys_and_only_as_far_as_there_is_room(loaded: LoadedPlant) -> None:
    asked = order(mn=(0.6, None), cu=(None, 0.30))
    for room_t in (2.0, 10.0):
        thinned, as_it_is = trims(
            Optimizer(), loaded.described, asked, loaded.description, OPTIONS, melt(cu=0.299), room_t
        )
        assert as_it_is.dilution_t == {}
        assert as_it_is.misses == (Element.CU,)
        assert sum(thinned.dilution_t.values()) > 0.5
        assert thinned.steel_t <= as_it_is.steel_t + room_t + 1e-6
        assert thinned.met_with > as_it_is.met_with
    assert thinned.misses == ()


def test_what_no_room_can_thin_is_told_with_what_it_still_can_be(loaded: LoadedPlant) -> None:
    asked = order(mn=(0.6, None), cu=(None, 0.15))
    (found,) = trims(Optimizer(), loaded.described, asked, loaded.description, OPTIONS, melt(cu=0.4), 5.0)
    assert found.misses == (Element.CU,)
    met = {line.element: line.met_with for line in found.analysis}
    assert met[Element.MN] >= 0.99 - 1e-3
    assert met[Element.CU] < 0.01


def test_what_the_yard_does_not_have_thins_nothing(loaded: LoadedPlant) -> None:
    asked = order(mn=(0.6, None), cu=(None, 0.30))
    yard = tuple(item.material.name for item in loaded.described.charge_items())
    found = trims(Optimizer(), loaded.described, asked, loaded.description, OPTIONS, melt(cu=0.29), 10.0, yard)
    assert [one.dilution_t for one in found] == [{}]
