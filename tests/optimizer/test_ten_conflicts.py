"""Kinds of order that cannot be made, each explained by requirements that do contradict one another."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from steel.baskets import Baskets
from steel.grades import Order
from steel.plants import MaterialGroup, Plant, YardItem
from tests.optimizer.instances import CU, MN, Instance, random_instance


@dataclass(frozen=True)
class Case:
    """How to make an order impossible, and what must be named."""

    named: tuple[str, ...]
    plant: Callable[[Plant], Plant] = lambda plant: plant
    limits: dict[str, float] = field(default_factory=dict)
    minimum: dict[str, float] = field(default_factory=dict)
    options: dict[str, float] = field(default_factory=dict)


def yard(change: Callable[[YardItem], YardItem]) -> Callable[[Plant], Plant]:
    return lambda plant: plant.model_copy(update={"yard": tuple(change(item) for item in plant.yard)})


def scrap(**values: float) -> Callable[[Plant], Plant]:
    return yard(lambda item: item if item.stage == "tapping" else item.model_copy(update=values))


def baskets(**values: float) -> Callable[[Plant], Plant]:
    held = Baskets.model_validate({"count": 3, "volume_m3": 70, "max_t": 60, **values})
    return lambda plant: plant.model_copy(update={"furnace": plant.furnace.model_copy(update={"baskets": held})})


def furnace(**values: float) -> Callable[[Plant], Plant]:
    return lambda plant: plant.model_copy(update={"furnace": plant.furnace.model_copy(update=values)})


def group(**shares: float) -> Callable[[Plant], Plant]:
    rule = MaterialGroup(name="dusty", materials=("scrap 0",), **shares)
    return lambda plant: plant.model_copy(update={"groups": (rule,)})


def must_use(name: str, mass_t: float) -> Callable[[Plant], Plant]:
    return yard(lambda i: i.model_copy(update={"min_t": mass_t, "available_t": None}) if i.material.name == name else i)


CASES = {
    "a maximum below everything": Case(("Cu ≤ 0.01 wt%",), limits={"Cu": 0.01}),
    "a minimum no alloy reaches": Case(("Mn ≥ 9 wt%",), minimum={"Mn": 9.0}),
    "a maximum and a minimum too near": Case(
        ("Mn ≤ 0.3 wt%", "Mn ≥ 0.299 wt%"), limits={"Mn": 0.3}, minimum={"Mn": 0.299}
    ),
    "too little stock": Case(("stock 5 t",), scrap(available_t=5.0)),
    "too little for one heat": Case(("most per heat 6 t",), scrap(max_t=6.0)),
    "a must-use beyond the order": Case(("scrap 1: at least 180 t",), must_use("scrap 1", 180.0)),
    "a dirty must-use": Case(("scrap 3: at least 100 t",), must_use("scrap 3", 100.0), limits={"Cu": 0.03}),
    "baskets too small": Case(("basket volume",), baskets(volume_m3=20.0)),
    "baskets too weak": Case(("basket weight",), baskets(max_t=20.0)),
    "too few materials": Case(("at most 1 material",), scrap(available_t=60.0), options={"max_materials": 1}),
    "too little electricity": Case(("electricity ≤ 100 kWh/t",), options={"max_energy_kwh_per_t": 100.0}),
    "too short a time with power on": Case(
        ("power on ≤ 10 min",), furnace(mean_power_mw=60.0), options={"max_power_on_min": 10.0}
    ),
    "a group of the only clean scrap": Case(("dusty ≤ 5 % of the charge",), group(max_share=0.05), limits={"Cu": 0.12}),
    "more confidence than the scatter allows": Case(("Cu ≤",), limits={"Cu": 0.0255}, options={"confidence": 0.9999}),
}


def stated(case: Case) -> tuple[Instance, RecipeOptions]:
    instance = random_instance(2)
    grade = instance.order.grade.with_limits(
        {e: case.limits[e.value] for e in (CU, MN) if e.value in case.limits},
        {e: case.minimum[e.value] for e in (CU, MN) if e.value in case.minimum},
    )
    order = Order(grade=grade, mass_t=100.0)
    options = RecipeOptions.model_validate({"confidence": 0.9, **case.options})
    return replace(instance, plant=case.plant(instance.plant), order=order), options


@pytest.mark.parametrize("kind", CASES)
def test_what_makes_an_order_impossible_is_named(kind: str) -> None:
    instance, options = stated(CASES[kind])
    with pytest.raises(ImpossibleOrderError) as caught:
        Optimizer().solution(build_problem(instance.plant, instance.order, instance.description, options))
    told = [conflict.requirement for conflict in caught.value.conflicts]
    assert all(any(named in one for one in told) for named in CASES[kind].named), told


def test_the_same_orders_can_be_made_without_what_was_done_to_them() -> None:
    instance, options = stated(Case(()))
    assert Optimizer().solution(build_problem(instance.plant, instance.order, instance.description, options))


@pytest.mark.parametrize("kind", ["a maximum below everything", "too little electricity"])
def test_the_value_told_is_the_nearest_that_can_be_met(kind: str) -> None:
    instance, options = stated(CASES[kind])
    with pytest.raises(ImpossibleOrderError) as caught:
        Optimizer().solution(build_problem(instance.plant, instance.order, instance.description, options))
    (conflict,) = [c for c in caught.value.conflicts if c.requirement.startswith(("Cu", "electricity"))]
    assert conflict.relax_to is not None
    value = float(next(word for word in reversed(conflict.relax_to.split()) if word[0].isdigit()))
    for factor, possible in ((1.003, True), (0.99, False)):
        if conflict.requirement.startswith("Cu"):
            grade = instance.order.grade.with_limits({CU: factor * value})
            asked, changed = Order(grade=grade, mass_t=100.0), options
        else:
            asked, changed = instance.order, options.model_copy(update={"max_energy_kwh_per_t": factor * value})
        problem = build_problem(instance.plant, asked, instance.description, changed)
        if possible:
            assert Optimizer().solution(problem).objective_eur > 0
        else:
            with pytest.raises(ImpossibleOrderError):
                Optimizer().solution(problem)
