"""How many baskets: what each number costs, what the last one may cost, and baskets of different sizes."""

from typing import Any

import pytest

from benchmarks.published_charges import EXACT, STATED, read_published
from chargewise.app.plants import LoadedPlant
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.plan.basket_count import basket_choices, one_more_eur
from optimizer.problem.options import RecipeOptions
from steel.baskets import BasketRule, Baskets
from steel.errors import InputError
from steel.grades import Order
from steel.plants import Plant
from tests.conftest import Installation
from tests.optimizer.test_published_charges import FOLDER, needs_charges

OPTIONS = RecipeOptions()


@pytest.fixture(scope="module")
def loaded(installation: Installation) -> LoadedPlant:
    return installation.plant


def with_baskets(plant: Plant, **changes: Any) -> Plant:
    baskets = plant.furnace.baskets
    assert baskets is not None
    furnace = plant.furnace.model_copy(update={"baskets": Baskets.model_validate({**baskets.model_dump(), **changes})})
    return plant.model_copy(update={"furnace": furnace})


def order(plant: Plant, grade: str = "B500B") -> Order:
    return Order(grade=plant.grade(grade), mass_t=plant.furnace.tap_weight_t)


@needs_charges
def test_what_the_third_basket_of_the_published_exercise_may_cost() -> None:
    three = STATED["ufmg_eaf_3_buckets"](read_published(FOLDER)["ufmg_eaf_3_buckets"])
    found = basket_choices(Optimizer(), three.plant, three.order, three.description, EXACT)
    costs = {one.count: one.recipe_eur for one in found.choices}
    assert costs[2] == pytest.approx(57436.37170658839, rel=1e-6)
    assert costs[3] == pytest.approx(53444.42184986459, rel=1e-6)
    assert found.break_even_eur[3] == pytest.approx(57436.37170658839 - 53444.42184986459, abs=0.1)
    assert found.best == 3


def test_a_basket_is_charged_where_it_saves_more_than_it_takes(loaded: LoadedPlant) -> None:
    plant = with_baskets(loaded.described, count=4, volume_m3=40.0)
    free = basket_choices(Optimizer(), plant, order(plant), loaded.description, OPTIONS)
    costs = [one.recipe_eur for one in free.choices]
    assert len(costs) > 1
    assert costs == sorted(costs, reverse=True)
    last = free.choices[-1].count
    pays = free.break_even_eur[last]
    assert pays > 0
    for share, expected in ((0.9, True), (1.1, False)):
        minutes = with_baskets(plant, each_min=1.0)
        prices = minutes.prices.model_copy(update={"furnace_eur_per_min": share * pays})
        priced = minutes.model_copy(update={"prices": prices})
        found = basket_choices(Optimizer(), priced, order(priced), loaded.description, OPTIONS)
        assert (found.best == last) is expected
        assert found.each_eur == pytest.approx(share * pays)


def test_heat_through_the_open_roof_is_paid_with_its_carbon(loaded: LoadedPlant) -> None:
    plant = with_baskets(loaded.described, each_kwh=500.0)
    prices = plant.prices
    carbon = prices.carbon_scope2_eur_per_t / 1000.0 * plant.emission_factors.electricity_kgco2e_per_kwh
    assert one_more_eur(plant) == pytest.approx(500.0 * (prices.electricity_eur_per_kwh + carbon))
    assert one_more_eur(loaded.described) == 0.0


def test_an_order_that_no_number_of_baskets_holds_is_refused_with_the_reason(loaded: LoadedPlant) -> None:
    plant = with_baskets(loaded.described, count=2, volume_m3=5.0)
    with pytest.raises(ImpossibleOrderError, match="basket volume"):
        basket_choices(Optimizer(), plant, order(plant), loaded.description, OPTIONS)
    bare = plant.model_copy(update={"furnace": plant.furnace.model_copy(update={"baskets": None})})
    with pytest.raises(InputError, match=r"furnace\.baskets"):
        basket_choices(Optimizer(), bare, order(plant), loaded.description, OPTIONS)


def test_a_smaller_second_basket_holds_no_more_than_its_room(loaded: LoadedPlant) -> None:
    every = tuple(item.material.name for item in loaded.described.charge_items())
    room = {"name": "small second basket", "materials": every, "baskets": (2,), "max_m3": 20.0, "max_t": 30.0}
    plant = with_baskets(loaded.described, rules=[BasketRule(**room).model_dump()])
    recipe = Optimizer().recommend(plant, order(plant), loaded.description, OPTIONS)
    assert recipe.baskets[1].volume_m3 <= 20.0 * (1 + 1e-4)
    assert recipe.baskets[1].mass_t <= 30.0 * (1 + 1e-6)
    tight = with_baskets(plant, count=2, volume_m3=55.0, rules=[BasketRule(**{**room, "max_m3": 0.5}).model_dump()])
    with pytest.raises(ImpossibleOrderError, match=r"small second basket: at most 0\.5 m³ in basket 2"):
        Optimizer().recommend(tight, order(tight), loaded.description, OPTIONS)
