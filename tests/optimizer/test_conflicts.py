import pytest

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.problem.options import RecipeOptions
from steel import catalogue
from steel.baskets import Baskets
from steel.elements import Element
from steel.grades import Order
from tests.conftest import Installation


def conflicts_of(installation: Installation, order: Order, **changes: object) -> list[str]:
    loaded = installation.plant
    plant = loaded.plant.model_copy(update=changes)
    with pytest.raises(ImpossibleOrderError) as caught:
        installation.service.recommend(loaded, order, RecipeOptions(), plant)
    assert "Traceback" not in str(caught.value)
    return [conflict.requirement for conflict in caught.value.conflicts]


def order(name: str = "SAE1018", **maximum: float) -> Order:
    grade = catalogue.grade(name).with_limits({Element(symbol): limit for symbol, limit in maximum.items()})
    return Order(grade=grade, mass_t=100.0)


def test_a_limit_below_the_cleanest_yard_is_named_with_the_value_that_can_be_met(installation: Installation) -> None:
    loaded = installation.plant
    with pytest.raises(ImpossibleOrderError) as caught:
        installation.service.recommend(loaded, order(Cu=0.02), RecipeOptions())
    (conflict,) = [c for c in caught.value.conflicts if c.requirement.startswith("Cu")]
    assert conflict.requirement == "Cu ≤ 0.02 wt%"
    assert conflict.relax_to is not None
    reachable = float(conflict.relax_to.split()[2])
    installation.service.recommend(loaded, order(Cu=1.001 * reachable), RecipeOptions(), compare=False)
    with pytest.raises(ImpossibleOrderError):
        installation.service.recommend(loaded, order(Cu=0.98 * reachable), RecipeOptions(), compare=False)


def test_too_little_stock_is_named(installation: Installation) -> None:
    yard = tuple(
        item.model_copy(update={"available_t": 3.0}) if item.stage == "furnace" and item.min_t == 0 else item
        for item in installation.plant.plant.yard
    )
    found = conflicts_of(installation, order(), yard=yard)
    assert any("stock 3 t" in requirement for requirement in found)


def test_baskets_that_cannot_hold_the_charge_are_named(installation: Installation) -> None:
    furnace = installation.plant.plant.furnace.model_copy(
        update={"baskets": Baskets(count=1, volume_m3=20.0, max_t=60.0)}
    )
    found = conflicts_of(installation, order(), furnace=furnace)
    assert any(requirement.startswith("basket") for requirement in found)


def test_a_missing_alloy_is_named_by_the_minimum_it_would_have_met(installation: Installation) -> None:
    yard = tuple(item for item in installation.plant.plant.yard if "Mn" not in item.material.name)
    found = conflicts_of(installation, order(), yard=yard)
    assert any(requirement.startswith("Mn ≥ 0.6") for requirement in found)


def test_two_limits_that_fight_are_both_named(installation: Installation) -> None:
    grade = catalogue.grade("SAE1018").with_limits({Element.C: 0.16}, {Element.C: 0.1599})
    found = conflicts_of(installation, Order(grade=grade, mass_t=100.0))
    assert {requirement.split()[0] for requirement in found} == {"C"}
    assert len(found) == 2


def test_dropping_any_one_requirement_of_the_set_makes_the_order_possible(installation: Installation) -> None:
    found = conflicts_of(installation, order(Cu=0.02))
    assert len(found) >= 1
    loaded = installation.plant
    for requirement in found:
        symbol = requirement.split()[0]
        kept = {Element.CU: 0.02, Element(symbol): 100.0}
        loosened = Order(grade=catalogue.grade("SAE1018").with_limits(kept), mass_t=100.0)
        installation.service.recommend(loaded, loosened, RecipeOptions(), compare=False)
