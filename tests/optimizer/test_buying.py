"""The buyer's month: offers are bought while they pay, and their break-even is what they save; values add up."""

from typing import Any

import pytest

from chargewise.app.plants import LoadedPlant
from optimizer.explain.recommend import Optimizer
from optimizer.explain.value_in_use import value_in_use, worth_eur_per_t
from optimizer.plan.buying import month_advice
from optimizer.plan.campaign import plan_campaign
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from steel.buying import MonthAdvice, ScrapOffer
from steel.campaigns import Campaign
from steel.errors import InputError
from steel.grades import Order
from steel.plants import Plant
from tests.conftest import Installation

OPTIONS = RecipeOptions()
HEATS = 80
STOCK = {"E8 new thin": 150.0, "Pig iron": 60.0, "E40 shredded": 300.0}


@pytest.fixture(scope="module")
def loaded(installation: Installation) -> LoadedPlant:
    return installation.plant


@pytest.fixture(scope="module")
def plant(loaded: LoadedPlant) -> Plant:
    return loaded.described.with_items(
        lambda item: (
            {"available_t": STOCK[item.material.name]}
            if item.material.name in STOCK
            else {"max_t": item.most_t, "available_t": None}
        )
    )


@pytest.fixture(scope="module")
def orders(plant: Plant) -> tuple[Order, ...]:
    made = plant.made()
    return tuple(Order(grade=plant.grade(made[at % len(made)]), mass_t=100.0) for at in range(HEATS))


def offer(name: str, material: str, price: float, most_t: float = 600.0, **more: Any) -> ScrapOffer:
    return ScrapOffer(offer_id=name, material=material, price_eur_per_t=price, most_t=most_t, **more)


def advised(loaded: LoadedPlant, plant: Plant, orders: tuple[Order, ...], *offers: ScrapOffer) -> MonthAdvice:
    names = {one.offer_id: one.material for one in offers}
    doubt = {one.material: dict.fromkeys(loaded.description.elements, 0.01) for one in offers}
    return month_advice(plant, orders, offers, loaded.description, OPTIONS, names, doubt, time_limit_s=60.0)


def test_a_cheap_offer_is_bought_and_a_dear_one_left(
    loaded: LoadedPlant, plant: Plant, orders: tuple[Order, ...]
) -> None:
    found = advised(
        loaded, plant, orders, offer("cheap", "E8 new thin", 200.0), offer("dear", "Pig iron", 900.0),
    )  # fmt: skip
    cheap, dear = found.offers
    assert (cheap.verdict, dear.verdict) == ("buy", "walk away")
    assert cheap.planned_t > 100.0
    assert dear.planned_t == 0.0
    assert cheap.break_even_eur_per_t > 200.0
    assert 300.0 < dear.break_even_eur_per_t < 900.0
    assert found.plan.gap <= 0.005
    for one in found.offers:
        assert one.low <= one.break_even_eur_per_t + 1e-6
        assert one.break_even_eur_per_t <= one.high + 1e-6
        assert one.value_in_use.total_eur_per_t == pytest.approx(one.break_even_eur_per_t, abs=1e-6)


def test_just_below_its_break_even_an_offer_pays_and_just_above_it_does_not(
    loaded: LoadedPlant, plant: Plant, orders: tuple[Order, ...]
) -> None:
    at = advised(loaded, plant, orders, offer("A", "E8 new thin", 500.0, 30.0)).offers[0].break_even_eur_per_t
    below, above = (
        advised(loaded, plant, orders, offer("A", "E8 new thin", at + by, 30.0)) for by in (-12.0, 30.0)
    )  # fmt: skip
    assert below.offers[0].planned_t > 20.0
    assert above.offers[0].planned_t == 0.0


def test_a_break_even_is_what_the_plan_saves_by_a_little_more(
    loaded: LoadedPlant, plant: Plant, orders: tuple[Order, ...]
) -> None:
    at = advised(loaded, plant, orders, offer("A", "E8 new thin", 900.0)).offers[0].break_even_eur_per_t
    more_t = 60.0
    price = next(item.price_eur_per_t for item in plant.yard if item.material.name == "E8 new thin")
    with_more = plant.with_items(
        lambda item: {"available_t": STOCK["E8 new thin"] + more_t} if item.material.name == "E8 new thin" else {}
    )
    few, many = (
        plan_campaign(which, Campaign(orders=orders), loaded.description, OPTIONS, 30.0) for which in (plant, with_more)
    )
    saved = price + (few.bound_eur - many.bound_eur) / more_t
    # Both bounds are exact to a thousandth or two of millions.
    assert saved == pytest.approx(at, abs=60.0)


def test_what_is_contracted_is_taken_whatever_it_is_worth(
    loaded: LoadedPlant, plant: Plant, orders: tuple[Order, ...]
) -> None:
    found = advised(loaded, plant, orders, offer("tied", "Pig iron", 900.0, 200.0, least_t=50.0))
    (tied,) = found.offers
    assert tied.planned_t == pytest.approx(50.0)
    assert tied.verdict == "walk away"
    price = next(item.price_eur_per_t for item in plant.yard if item.material.name == "Pig iron")
    assert found.contracts_eur == pytest.approx(50.0 * (900.0 - price))
    with pytest.raises(ValueError, match="least_t"):
        offer("wrong", "Pig iron", 400.0, 100.0, least_t=200.0)


def test_an_unknown_reference_is_refused(loaded: LoadedPlant, plant: Plant, orders: tuple[Order, ...]) -> None:
    with pytest.raises(InputError, match="reference"):
        month_advice(
            plant, orders[:4], [offer("A", "E8 new thin", 300.0)], loaded.description, OPTIONS, {"A": "E8 new thin"},
            {}, reference="gold",
        )  # fmt: skip


def test_credits_and_penalties_explain_every_materials_worth(loaded: LoadedPlant) -> None:
    plant = loaded.described
    problem = build_problem(plant, Order(grade=plant.grade("SAE1018"), mass_t=100.0), loaded.description, OPTIONS)
    solution = Optimizer().solution(problem)
    worth = worth_eur_per_t(problem, solution)
    used = [j for j in range(problem.furnace_columns) if solution.columns_t[j] > 1.0 and problem.counted[j] > 0]
    for column in range(problem.furnace_columns):
        if problem.counted[column] == 0:
            continue
        found = value_in_use(problem, solution, column, used[0])
        assert found.total_eur_per_t == pytest.approx(worth[column], abs=1e-6)
        # What is left unexplained is next to nothing.
        assert abs(found.rest) < 1.5
    same = value_in_use(problem, solution, used[0], used[0])
    assert same.metal == same.residuals == same.rest == 0.0
