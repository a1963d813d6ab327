"""Plans of many heats: as cheap as a joint model of all of them, and never beyond the supply."""

import time
from contextlib import suppress

import numpy as np
import pytest
from scipy.optimize import linprog

from benchmarks.recipe_instances import campaign, family
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.plan.campaign import plan_campaign
from optimizer.problem.options import RecipeOptions
from optimizer.solve.errors import OutOfTimeError
from optimizer.solve.interruption import StoppedError, stopping_when
from steel.campaigns import Campaign, CampaignPlan, Delivery, Offer, PriceBreak, Purchase
from steel.errors import InputError
from steel.grades import Order
from steel.heats import FloatArray
from steel.plants import Plant, RulesFile
from tests.optimizer.instances import CU, MN, Instance, random_instance

MEAN = RecipeOptions(confidence=0.5)
SOME = (1, 2, 6, 8)


def orders_of(instance: Instance, copper: tuple[float, ...]) -> tuple[Order, ...]:
    """One heat for each factor on the copper limit."""
    limit = instance.order.grade.maximum_wt_pct[CU]
    return tuple(Order(grade=instance.order.grade.with_limits({CU: factor * limit}), mass_t=100.0) for factor in copper)


def stocked(plant: Plant, heats: int, share: float) -> Plant:
    """All scrap limited: the cleanest, which the instance has no limit for, to so much of an average heat."""
    yard = tuple(
        item
        if item.stage == "tapping"
        else item.model_copy(update={"available_t": heats * (share * 100.0 if j == 0 else item.available_t or 0.0)})
        for j, item in enumerate(plant.yard)
    )
    return plant.model_copy(update={"yard": yard})


def joint_optimum(
    instance: Instance, plant: Plant, orders: tuple[Order, ...], arrivals: dict[tuple[int, int], float]
) -> float:
    """Cost by one linear programme over all heats, at mean contents; arrivals t by (material, heat from 0)."""
    told = instance.description
    n, heats = len(told.materials), len(orders)
    width = n + 2
    cost = np.tile([*(item.price_eur_per_t for item in plant.yard), plant.prices.electricity_eur_per_kwh], heats)
    final = np.array([*told.yields, 0.9, 0.0])
    rows: list[FloatArray] = []
    limits: list[float] = []
    equal = np.zeros((heats, width * heats))

    def add(heat: int, row: FloatArray, limit: float) -> None:
        full = np.zeros(width * heats)
        full[heat * width : (heat + 1) * width] = row
        rows.append(full)
        limits.append(limit)

    baskets = plant.furnace.baskets
    assert baskets is not None
    for heat, order in enumerate(orders):
        equal[heat, heat * width : (heat + 1) * width] = final
        for piece in told.energy.pieces:
            add(heat, np.array([*piece, 0.0, -1.0]), 0.0)
        add(heat, np.array([1 / 0.8] * n + [0.0, 0.0]), baskets.count * baskets.volume_m3)
        add(heat, np.array([1.0] * n + [0.0, 0.0]), baskets.count * baskets.max_t)
        for element, pieces in told.elements.items():
            heel = told.heel_wt_pct.get(element)
            share = told.heel_share if heel is not None else 0.0
            mean = (1 - share) * np.array([*pieces.linear, 0.0, 0.0])
            mean += share * (heel or 0.0) * np.array([*told.yields, 0.0, 0.0])
            mean[n] = plant.yard[-1].material.contents_wt_pct.get(element, 0.0) * (0.9 if element is MN else 1.0)
            high, low = order.grade.maximum_wt_pct.get(element), order.grade.minimum_wt_pct.get(element)
            if high is not None:
                add(heat, mean - high * final, 0.0)
            if low is not None:
                add(heat, low * final - mean, 0.0)
    for j in range(n):
        for heat in range(heats):
            used = np.zeros(width * heats)
            used[j : (heat + 1) * width : width] = 1.0
            come = sum(mass for (material, at), mass in arrivals.items() if material == j and at <= heat)
            rows.append(used)
            limits.append((plant.yard[j].available_t or 0.0) + come)
    found = linprog(
        cost, A_ub=np.array(rows), b_ub=np.array(limits), A_eq=equal, b_eq=[order.mass_t for order in orders],
        bounds=[*[(0.0, None)] * n, (0.0, 5.0), (0.0, None)] * heats, method="highs",
    )  # fmt: skip
    return float(found.fun) if found.status == 0 and found.fun is not None else np.inf


def test_a_plan_costs_what_one_programme_over_all_heats_does() -> None:
    compared = 0
    for seed in range(14):
        instance = random_instance(seed, scatter=False)
        orders = orders_of(instance, (1.0, 1.3, 1.0, 0.8, 1.3, 0.8))
        plant = stocked(instance.plant, 6, 0.25)
        delivery = Delivery(material=plant.yard[0].material.name, mass_t=60.0, from_heat=4)
        wanted = joint_optimum(instance, plant, orders, {(0, 3): 60.0})
        if not np.isfinite(wanted):
            continue
        compared += 1
        plan = plan_campaign(plant, Campaign(orders=orders, deliveries=(delivery,)), instance.description, MEAN)
        assert plan.bound_eur <= wanted * (1 + 1e-4)
        assert wanted * (1 - 2e-4) <= plan.cost_eur <= wanted * (1 + 4e-3)
        assert plan.gap <= 4e-3
    assert compared >= 5


def used_by(plan: CampaignPlan, material: str) -> FloatArray:
    """Cumulative t by heat."""
    return np.cumsum([heat.masses_t.get(material, 0.0) for heat in plan.heats])


@pytest.mark.parametrize("seed", SOME)
def test_lots_stock_and_arrivals_hold_at_every_heat(seed: int) -> None:
    instance = random_instance(seed, materials=6, lots=True)
    orders = orders_of(instance, (1.2,) * 4 + (0.9,) * 4 + (1.2,) * 4)
    plant = stocked(instance.plant, 12, 0.4)
    names = [item.material.name for item in plant.yard[:-1]]
    offer = Offer(
        material=names[0], most_t=400.0, from_heat=3,
        breaks=(
            PriceBreak(from_t=80, price_eur_per_t=plant.yard[0].price_eur_per_t + 20),
            PriceBreak(from_t=200, price_eur_per_t=plant.yard[0].price_eur_per_t + 10),
        ),
    )  # fmt: skip
    delivery = Delivery(material=names[1], mass_t=50.0, from_heat=7)
    campaign = Campaign(orders=orders, deliveries=(delivery,), offers=(offer,))
    options = RecipeOptions(confidence=0.9, max_materials=4)
    plan = plan_campaign(plant, campaign, instance.description, options, time_limit_s=10)
    for item in plant.yard[:-1]:
        name = item.material.name
        on_hand = np.full(len(orders), item.available_t or 0.0)
        arrivals: tuple[Delivery | Purchase, ...] = (delivery, *plan.purchases)
        for arrival in arrivals:
            if arrival.material == name:
                on_hand[arrival.from_heat - 1 :] += arrival.mass_t
        assert (used_by(plan, name) <= on_hand + 1e-5).all()
        for heat in plan.heats:
            assert heat.masses_t.get(name, item.min_lot_t) >= item.min_lot_t - 1e-5
    for bought in plan.purchases:
        assert (bought.mass_t >= 200 - 1e-6) == (bought.price_eur_per_t == offer.breaks[1].price_eur_per_t)
        assert 80 - 1e-6 <= bought.mass_t <= 400 + 1e-6
    for heat in plan.heats:
        if heat.masses_t:
            assert len([name for name in heat.masses_t if name in names]) <= 4
            assert heat.met_with >= 0.9 - 2e-3
    assert plan.cost_eur <= (plan.one_by_one_eur or np.inf) * (1 + 1e-6)
    assert plan.bound_eur <= plan.cost_eur * (1 + 1e-6) or plan.unmade


def test_heats_that_the_stock_cannot_make_are_named_and_the_rest_made() -> None:
    instance = random_instance(2, scatter=False)
    orders = orders_of(instance, (1.0,) * 5)
    plant = instance.plant.model_copy(
        update={
            "yard": tuple(
                item if item.stage == "tapping" else item.model_copy(update={"available_t": 70.0})
                for item in instance.plant.yard
            )
        }
    )
    plan = plan_campaign(plant, Campaign(orders=orders), instance.description, MEAN)
    assert 0 < len(plan.unmade) < 5
    assert [heat.number for heat in plan.heats if not heat.masses_t] == list(plan.unmade)


def test_what_is_left_of_a_campaign_is_planned_again_from_the_stock_of_that_moment() -> None:
    instance = random_instance(6, scatter=False)
    plant = stocked(instance.plant, 6, 0.4)
    name = plant.yard[0].material.name
    campaign = Campaign(
        orders=orders_of(instance, (1.0, 1.3, 1.0, 1.3, 1.0, 1.3)),
        deliveries=(
            Delivery(material=name, mass_t=20.0, from_heat=2),
            Delivery(material=name, mass_t=30.0, from_heat=5),
        ),
    )
    plan = plan_campaign(plant, campaign, instance.description, MEAN)
    rest = campaign.after(3)
    assert len(rest.orders) == 3
    assert [(one.mass_t, one.from_heat) for one in rest.deliveries] == [(30.0, 2)]
    yard = tuple(
        item
        if item.available_t is None
        else item.model_copy(
            update={
                "available_t": item.available_t
                + (20.0 if item.material.name == name else 0.0)
                - float(used_by(plan, item.material.name)[2])
            }
        )
        for item in plant.yard
    )
    again = plan_campaign(plant.model_copy(update={"yard": yard}), rest, instance.description, MEAN)
    made = sum(100.0 * heat.cost_eur_per_t for heat in plan.heats[:3])
    assert made + again.cost_eur == pytest.approx(plan.cost_eur, rel=4e-3)


def test_two_processes_find_the_same_plan() -> None:
    instance = random_instance(8, scatter=False)
    plant = stocked(instance.plant, 4, 0.3)
    campaign = Campaign(orders=orders_of(instance, (1.0, 1.3, 1.0, 1.3)))
    alone = plan_campaign(plant, campaign, instance.description, MEAN)
    together = plan_campaign(plant, campaign, instance.description, MEAN, workers=2)
    assert together.cost_eur == pytest.approx(alone.cost_eur, rel=1e-6)


def test_an_order_that_nothing_can_make_is_refused_with_its_conflict() -> None:
    instance = random_instance(1, scatter=False)
    grade = instance.order.grade.with_limits({CU: 0.0001})
    with pytest.raises(ImpossibleOrderError, match="Cu"):
        plan_campaign(instance.plant, Campaign(orders=(Order(grade=grade, mass_t=100.0),)), instance.description, MEAN)


@pytest.mark.parametrize(
    ("arrival", "wrong"),
    [
        (Delivery(material="moon rock", mass_t=5.0), "moon rock"),
        (Delivery(material="scrap 1", mass_t=5.0, from_heat=9), "9"),
    ],
)
def test_an_arrival_that_cannot_be_is_named(arrival: Delivery, wrong: str) -> None:
    instance = random_instance(1)
    campaign = Campaign(orders=(instance.order,), deliveries=(arrival,))
    with pytest.raises(InputError, match=wrong):
        plan_campaign(instance.plant, campaign, instance.description, MEAN)


HARD = RecipeOptions(confidence=0.99, max_materials=8, gap=1e-9, time_limit_s=60.0)
STOPPED_S = 0.7
GRACE_S = 15.0
"""For processes to start, and for a slow machine; a recipe of its own would take a minute."""


@pytest.mark.slow
def test_worker_processes_keep_to_the_campaigns_time() -> None:
    members = family()
    plant, wanted = campaign(members)
    started = time.perf_counter()
    with suppress(OutOfTimeError):
        plan_campaign(plant, wanted, members.description, HARD, time_limit_s=4.0, workers=2)
    assert time.perf_counter() - started < 4.0 + GRACE_S


@pytest.mark.slow
def test_worker_processes_end_once_nobody_waits_for_the_plan() -> None:
    members = family()
    plant, wanted = campaign(members)
    started = time.perf_counter()
    # The whole plan takes a fast machine less than three seconds.
    with stopping_when(lambda: time.perf_counter() - started > STOPPED_S), pytest.raises(StoppedError):
        plan_campaign(plant, wanted, members.description, HARD, time_limit_s=60.0, workers=2)
    assert time.perf_counter() - started < STOPPED_S + GRACE_S


def test_recipes_that_a_rule_decides_apart_are_not_mixed() -> None:
    """Either none of scrap 1 or at least 30 t of scrap 2: the mean of two recipes that hold it need not."""
    instance = random_instance(2)
    text = (
        "import pyomo.environ as pyo\nfrom chargewise import rule\n\n"
        '@rule("scrap 1 only with at least 30 t of scrap 2", unit="t")\n'
        "def together(model):\n"
        "    model.both = pyo.Var(within=pyo.Binary)\n"
        '    return [model.charged_t["scrap 1"] <= 200 * model.both, model.charged_t["scrap 2"] >= 30 * model.both]\n'
    )
    ruled = instance.plant.model_copy(update={"rules": RulesFile(name="rules.py", text=text)})
    heats = orders_of(instance, (1.0,) * 4)
    plan = plan_campaign(stocked(ruled, 4, 0.5), Campaign(orders=heats), instance.description, MEAN)
    assert not plan.unmade
    for heat in plan.heats:
        assert heat.masses_t.get("scrap 1", 0.0) <= 1e-6 or heat.masses_t.get("scrap 2", 0.0) >= 30.0 - 1e-6
