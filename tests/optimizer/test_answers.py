"""Runners-up, ranges and objectives in turn: against enumeration and against solving nearby."""

import contextlib
import itertools
from dataclasses import replace

import numpy as np
import pytest

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.ranges import ranges
from optimizer.explain.ranking import cheapest_different
from optimizer.explain.recommend import Optimizer
from optimizer.plan.priorities import in_turn
from optimizer.problem.options import Objective, RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from steel.answers import Range
from steel.errors import InputError
from steel.recipes import Recipe
from tests.optimizer.instances import Instance, random_instance

SEEDS = (400, 402, 404)


def stated(instance: Instance, **options: object) -> RecipeProblem:
    asked = RecipeOptions.model_validate({"confidence": 0.9, "cut_tolerance": 1e-7, "gap": 1e-8, **options})
    return build_problem(instance.plant, instance.order, instance.description, asked)


def without(problem: RecipeProblem, columns: set[int]) -> RecipeProblem:
    most = problem.most.copy()
    most[list(columns)] = 0.0
    return replace(problem, most=most)


def used(recipe: Recipe) -> frozenset[str]:
    return frozenset(recipe.charged_t())


@pytest.mark.parametrize("lots", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_cheapest_different_recipes_are_those_of_trying_every_yard(seed: int, lots: bool) -> None:
    instance = random_instance(seed, materials=5, lots=lots)
    problem, optimizer = stated(instance), Optimizer()
    best_of: dict[frozenset[str], float] = {}
    for size in range(5):
        for left_out in itertools.combinations(range(5), size):
            try:
                found = optimizer.solve(without(problem, set(left_out)))
            except ImpossibleOrderError:
                continue
            cost = found.costs_eur_per_t.total
            best_of[used(found)] = min(cost, best_of.get(used(found), np.inf))
    wanted = sorted(best_of.values())[:4]
    dearest = wanted[0] * 1.05
    ranked = cheapest_different(optimizer, problem, count=4, dearer_by=0.05)
    costs = [one.recipe.costs_eur_per_t.total for one in ranked]
    assert costs == pytest.approx([cost for cost in wanted if cost <= dearest], rel=1e-5)
    assert [one.rank for one in ranked] == list(range(1, len(ranked) + 1))
    assert len({used(one.recipe) for one in ranked}) == len(ranked)
    for one in ranked:
        assert one.dearer_by_eur_per_t == pytest.approx(one.recipe.costs_eur_per_t.total - costs[0], abs=1e-3)
        assert not used(one.recipe) & set(one.without)


def test_what_must_be_used_is_in_every_ranked_recipe() -> None:
    instance = random_instance(402, materials=5)
    yard = tuple(
        item.model_copy(update={"min_t": 5.0}) if item.material.name == "scrap 2" else item
        for item in instance.plant.yard
    )
    plant = instance.plant.model_copy(update={"yard": yard})
    ranked = cheapest_different(Optimizer(), stated(replace(instance, plant=plant)), count=4, dearer_by=0.5)
    assert len(ranked) > 1
    assert all("scrap 2" in used(one.recipe) for one in ranked)


def charged_materials(recipe: Recipe) -> frozenset[str]:
    return frozenset(line.material for line in recipe.lines if line.stage == "furnace" and line.mass_t > 0.02)


def materials_at(instance: Instance, problem: RecipeProblem, told: Range, value: float) -> frozenset[str] | None:
    """What a recipe is made of with one price or limit at another value; None where there is no recipe."""
    plant, order = instance.plant, instance.order
    if told.of.startswith("price of electricity"):
        prices = plant.prices.model_copy(update={"electricity_eur_per_kwh": value})
        plant = plant.model_copy(update={"prices": prices})
    elif told.of.startswith("price of "):
        name = told.of.removeprefix("price of ")
        yard = tuple(
            i.model_copy(update={"price_eur_per_t": value}) if i.material.name == name else i for i in plant.yard
        )
        plant = plant.model_copy(update={"yard": yard})
    else:
        symbol, sign = told.of.split()
        limits = {next(e for e in order.grade.elements() if e.value == symbol): value}
        grade = order.grade.with_limits(*((limits, {}) if sign == "≤" else ({}, limits)))
        order = order.model_copy(update={"grade": grade})
    try:
        recipe = Optimizer().recommend(plant, order, instance.description, problem.options)
    except ImpossibleOrderError:
        return None
    return charged_materials(recipe)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_recipe_keeps_its_materials_within_its_ranges_and_not_beyond(seed: int) -> None:
    instance = random_instance(seed, materials=5)
    problem = stated(instance)
    told = ranges(Optimizer(), problem)
    assert told.left_out == ()
    usual = charged_materials(Optimizer().solve(problem))
    ends = 0
    for one in told.found:
        for end in (one.low, one.high):
            if end is None:
                continue
            ends += 1
            side = np.sign(end.value - one.value) or (1.0 if end is one.high else -1.0)
            inside = end.value - side * min(0.003 * one.value, 0.5 * abs(end.value - one.value))
            assert materials_at(instance, problem, one, inside) == usual, one
            beyond = materials_at(instance, problem, one, end.value + side * 0.004 * one.value)
            assert beyond != usual
            if beyond is None:
                assert end.change == "no recipe is left"
    assert ends >= 3
    prices = {one.of for one in told.found if one.unit == "€/t"}
    assert prices == {f"price of {name}" for name in usual}


def test_what_there_was_no_time_for_is_named() -> None:
    told = ranges(Optimizer(), stated(random_instance(400)), time_limit_s=0.0)
    assert not told.found
    assert "price of electricity" in told.left_out


@pytest.mark.parametrize("lots", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_objectives_in_turn_give_up_what_was_allowed_and_no_more(seed: int, lots: bool) -> None:
    instance = random_instance(seed, materials=5, lots=lots)
    problem = stated(instance)
    cheapest = Optimizer().solve(problem)
    turns = [(Objective.COST, 0.01), (Objective.ENERGY, 0.002), (Objective.HEADROOM, 0.0)]
    first, second, third = (point.objectives for point in in_turn(problem, turns))
    best = cheapest.costs_eur_per_t.total
    assert first["cost_eur_per_t"] == pytest.approx(best, rel=1e-5)
    assert second["cost_eur_per_t"] <= best * 1.01 * (1 + 1e-5)
    assert third["cost_eur_per_t"] <= best * 1.01 * (1 + 1e-5)
    assert second["energy_kwh_per_t"] <= first["energy_kwh_per_t"] * (1 + 1e-6)
    assert third["energy_kwh_per_t"] <= second["energy_kwh_per_t"] * 1.002 * (1 + 1e-5)
    assert third["residual_headroom"] >= second["residual_headroom"] - 1e-6
    # A cap in place of the turn comes to the same: no less electricity within that cost.
    capped = stated(instance, max_energy_kwh_per_t=float(second["energy_kwh_per_t"]) * 0.999)
    with contextlib.suppress(ImpossibleOrderError):
        assert Optimizer().solve(capped).costs_eur_per_t.total > best * 1.01 * (1 - 1e-5)


def test_an_objective_alone_or_twice_is_refused() -> None:
    problem = stated(random_instance(400))
    for turns in ([(Objective.COST, 0.0)], [(Objective.COST, 0.0), (Objective.COST, 0.1)]):
        with pytest.raises(InputError, match="two or more different"):
            in_turn(problem, turns)
