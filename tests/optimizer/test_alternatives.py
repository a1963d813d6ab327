from dataclasses import replace

import numpy as np
import pytest

from optimizer.explain.alternatives import alternatives
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from tests.optimizer.instances import independent_optimum, random_instance


@pytest.mark.parametrize("seed", range(400, 406))
def test_each_alternative_is_the_optimum_of_a_yard_without_the_material(seed: int) -> None:
    instance = random_instance(seed, materials=4)
    optimizer = Optimizer()
    options = RecipeOptions(confidence=0.9, cut_tolerance=1e-7, gap=1e-9)
    problem = build_problem(instance.plant, instance.order, instance.description, options)
    solution = optimizer.solution(problem)
    found = alternatives(optimizer, problem)
    used = {problem.items[j].material.name for j in range(4) if solution.columns_t[j] > 1e-6}
    assert {one.without for one in found} == used
    for one in found:
        yard = tuple(
            item.model_copy(update={"available_t": 0.0}) if item.material.name == one.without else item
            for item in instance.plant.yard
        )
        wanted = independent_optimum(replace(instance, plant=instance.plant.model_copy(update={"yard": yard})), 0.9)
        if one.recipe is None:
            assert wanted == np.inf
            continue
        assert one.without not in one.recipe.charged_t()
        assert one.recipe.costs_eur_per_t.total * 100.0 == pytest.approx(wanted, rel=1e-6)
    dearer = [one.dearer_by_eur_per_t for one in found if one.dearer_by_eur_per_t is not None]
    assert dearer == sorted(dearer)
    assert all(value >= 0 for value in dearer)


@pytest.mark.parametrize("seed", range(400, 406))
def test_a_material_stays_up_to_the_price_at_which_it_is_said_to_leave(seed: int) -> None:
    instance = random_instance(seed, materials=5)
    options = RecipeOptions(confidence=0.9, cut_tolerance=1e-7, gap=1e-9)
    problem = build_problem(instance.plant, instance.order, instance.description, options)
    others = alternatives(Optimizer(), problem)
    told = {one.without: one.leaves_at_eur_per_t for one in others}
    checked = 0
    for material, leaves_at in told.items():
        item = instance.plant.item(material)
        if leaves_at is None or item is None:
            continue
        assert leaves_at >= item.price_eur_per_t - 1e-3
        used = []
        for price in (leaves_at - 0.5, leaves_at + 0.5):
            yard = tuple(
                one.model_copy(update={"price_eur_per_t": price}) if one.material.name == material else one
                for one in instance.plant.yard
            )
            recipe = Optimizer().recommend(
                instance.plant.model_copy(update={"yard": yard}), instance.order, instance.description, options
            )
            used.append(recipe.charged_t().get(material, 0.0) > 1e-4)
        assert used == [True, False]
        checked += 1
    assert checked
