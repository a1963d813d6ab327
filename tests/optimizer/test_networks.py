"""ReLU networks in a recipe: against enumerating which units are cut."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from tests.optimizer.instances import CU, pattern_by_pattern_optimum, random_instance, with_network

EXACT = RecipeOptions(confidence=0.9, cut_tolerance=1e-6, gap=1e-7)


@pytest.mark.parametrize("of", ["energy", "Cu", "Mn"])
@pytest.mark.parametrize("seed", range(6))
def test_a_recipe_with_a_network_is_the_optimum_over_all_its_patterns(seed: int, of: str) -> None:
    instance = with_network(random_instance(seed, materials=4), seed, of)
    wanted = pattern_by_pattern_optimum(instance, of, 0.9)
    problem = build_problem(instance.plant, instance.order, instance.description, EXACT)
    if wanted == np.inf:
        with pytest.raises(ImpossibleOrderError):
            Optimizer().solution(problem)
        return
    solution = Optimizer().solution(problem)
    assert solution.objective_eur == pytest.approx(wanted, rel=1e-5)
    assert solution.objective_eur == pytest.approx(problem.objective_eur(solution.columns_t), rel=1e-7)
    outcome = outcome_of(problem, solution.columns_t)
    for line in outcome.analysis:
        if line.maximum_wt_pct is not None:
            assert line.met_with >= 0.9 - 1e-5


def test_a_network_that_makes_an_order_impossible_is_seen_through() -> None:
    instance = with_network(random_instance(2, materials=4), 1, "Cu")
    grade = instance.order.grade.with_limits({CU: 0.001})
    order = instance.order.model_copy(update={"grade": grade})
    with pytest.raises(ImpossibleOrderError, match="Cu"):
        Optimizer().recommend(instance.plant, order, instance.description, EXACT)


def test_materials_the_yard_does_not_have_do_not_reach_the_network() -> None:
    instance = with_network(random_instance(3, materials=5), 3, "energy")
    yard = tuple(item for item in instance.plant.yard if item.material.name != "scrap 3")
    smaller = replace(instance, plant=instance.plant.model_copy(update={"yard": yard}))
    problem = build_problem(smaller.plant, smaller.order, smaller.description, EXACT)
    solution = Optimizer().solution(problem)
    charged = np.insert(solution.columns_t[: problem.furnace_columns], 3, 0.0)
    told = instance.description
    assert problem.energy_kwh(solution.columns_t) == pytest.approx(
        told.energy.value(charged, told.tapped_t(charged)) * told.tapped_t(charged), rel=1e-9
    )
