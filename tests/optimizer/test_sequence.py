"""A cast sequence: what one heat leaves the next has, and a plan goes on until things change."""

from dataclasses import replace

import pytest

from optimizer.explain.recommend import Optimizer
from optimizer.plan.sequence import plan_sequence, with_returns
from optimizer.problem.options import RecipeOptions
from scenarios.rolling import HEATS, Rolling, bundled_sequence, rolled
from steel.campaigns import Offer, PriceBreak
from steel.elements import Element
from steel.errors import InputError
from steel.sequences import ReturnsPractice, SequencePlan

OPTIONS = RecipeOptions()


@pytest.fixture(scope="module")
def start() -> Rolling:
    return bundled_sequence("northmill")


@pytest.fixture(scope="module")
def plan(start: Rolling) -> SequencePlan:
    return start.planned(Optimizer(), OPTIONS)


def test_each_heat_meets_its_grade_from_what_is_left_and_from_the_heel_before(
    start: Rolling, plan: SequencePlan
) -> None:
    assert plan.unmade == ()
    heel = start.description.heel_wt_pct
    for heat in plan.heats:
        assert heat.met_with >= 0.95 - 1e-3
        assert heat.heel_wt_pct == pytest.approx({element: heel[element] for element in heat.heel_wt_pct})
        heel = heat.bath_wt_pct
    assert len({round(heat.heel_wt_pct[Element.CU], 6) for heat in plan.heats}) > 3
    for item in start.plant.yard:
        if item.available_t is not None:
            come = sum(one.mass_t for one in start.campaign.deliveries if one.material == item.material.name)
            used = sum(heat.masses_t.get(item.material.name, 0.0) for heat in plan.heats)
            assert used + plan.stock_left_t[item.material.name] == pytest.approx(item.available_t + come, abs=1e-3)


def test_returns_are_there_only_once_they_have_come(start: Rolling, plan: SequencePlan) -> None:
    own = start.campaign.deliveries[0].material
    stock = next(item.available_t for item in start.plant.yard if item.material.name == own)
    assert stock is not None
    used = 0.0
    for number, heat in enumerate(plan.heats, 1):
        used += heat.masses_t.get(own, 0.0)
        come = sum(one.mass_t for one in start.campaign.deliveries if one.from_heat <= number)
        assert used <= stock + come + 1e-6


def test_planned_again_after_every_heat_it_stays_as_it_was(start: Rolling, plan: SequencePlan) -> None:
    made = rolled(Optimizer(), start, OPTIONS, plan)
    assert [heat.masses_t for heat in made] == [heat.masses_t for heat in plan.heats]
    # And a new plan of the second half, made without the old one, is no better than a plan is exact.
    half = start
    for heat in plan.heats[: HEATS // 2]:
        half = half.after(heat)
    fresh = half.planned(Optimizer(), OPTIONS)
    assert not fresh.kept
    assert fresh.cost_eur == pytest.approx(plan.after(HEATS // 2).cost_eur, rel=2e-3)


def test_a_plan_that_cannot_go_on_is_made_anew(start: Rolling, plan: SequencePlan) -> None:
    now = start.after(plan.heats[0])
    left = plan.after(1)
    used: dict[str, float] = {}
    for heat in left.heats:
        for name, mass in heat.masses_t.items():
            used[name] = used.get(name, 0.0) + mass
    shared = [
        item.material.name for item in now.plant.yard if item.available_t is not None and used.get(item.material.name)
    ]
    scarce = max(shared, key=lambda name: used[name])
    burnt = replace(
        now,
        plant=now.plant.with_items(
            lambda item: {"available_t": 0.6 * (item.available_t or 0.0)} if item.material.name == scarce else {}
        ),
    )
    again = burnt.planned(Optimizer(), OPTIONS, left)
    assert not again.kept
    assert again.cost_eur > left.cost_eur
    assert all(heat.met_with >= 0.95 - 1e-3 for heat in again.heats if heat.masses_t)
    # A cheaper way is taken, too.
    cheap = replace(
        now,
        plant=now.plant.with_items(
            lambda item: {"price_eur_per_t": 0.5 * item.price_eur_per_t} if item.material.name == "Pig iron" else {}
        ),
    )
    cheaper = cheap.planned(Optimizer(), OPTIONS, left)
    assert not cheaper.kept


def test_a_dirtier_heel_than_planned_is_taken_into_account(start: Rolling, plan: SequencePlan) -> None:
    now = start.after(plan.heats[0])
    dirty = {e: w * (1.6 if e is Element.CU else 1.0) for e, w in now.description.heel_wt_pct.items()}
    worse = replace(now, description=replace(now.description, heel_wt_pct=dirty))
    again = worse.planned(Optimizer(), OPTIONS, plan.after(1))
    assert again.heats[0].met_with >= 0.95 - 1e-3
    assert again.heats[0].heel_wt_pct[Element.CU] == pytest.approx(dirty[Element.CU])


def test_what_cannot_be_is_refused(start: Rolling) -> None:
    lime = ReturnsPractice(material="lime", share=0.1)
    with pytest.raises(InputError, match="whose stock is given"):
        with_returns(start.plant, start.campaign, lime)
    own = start.campaign.deliveries[0].material
    offer = Offer(material=own, most_t=10.0, breaks=(PriceBreak(from_t=0.0, price_eur_per_t=100.0),))
    campaign = start.campaign.model_copy(update={"offers": (offer,)})
    with pytest.raises(InputError, match="what to buy"):
        plan_sequence(Optimizer(), start.plant, campaign, start.description, OPTIONS)
