from dataclasses import replace

import numpy as np
import pytest

from optimizer.alternatives import alternatives
from optimizer.options import RecipeOptions
from optimizer.problem import build_problem
from optimizer.recommend import Optimizer
from tests.optimizer.instances import independent_optimum, random_instance


@pytest.mark.parametrize("seed", range(400, 406))
def test_each_alternative_is_the_optimum_of_a_yard_without_the_material(seed: int) -> None:
    instance = random_instance(seed, materials=4)
    optimizer = Optimizer()
    options = RecipeOptions(confidence=0.9, cut_tolerance=1e-7, gap=1e-9)
    problem = build_problem(instance.plant, instance.order, instance.description, options)
    solution = optimizer.solution(problem)
    found = alternatives(optimizer, problem, solution)
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
