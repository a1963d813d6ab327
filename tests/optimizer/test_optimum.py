from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from tests.optimizer.instances import Instance, independent_optimum, random_instance

EXACT = {"cut_tolerance": 1e-7, "gap": 1e-9}


def own_optimum(instance: Instance, options: RecipeOptions) -> float:
    problem = build_problem(instance.plant, instance.order, instance.description, options)
    try:
        return Optimizer().solution(problem).objective_eur
    except ImpossibleOrderError:
        return np.inf


@pytest.mark.parametrize("seed", range(120))
def test_linear_recipes_equal_an_independent_linear_programme(seed: int) -> None:
    instance = random_instance(seed, scatter=seed % 2 == 0)
    confidence = (0.5, 0.9, 0.99)[seed % 3]
    wanted = independent_optimum(instance, confidence)
    assert own_optimum(instance, RecipeOptions(confidence=confidence, **EXACT)) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("seed", range(200, 280))
def test_lots_and_counts_equal_enumeration(seed: int) -> None:
    instance = random_instance(seed, materials=4, lots=True)
    most = (None, 2, 3)[seed % 3]
    wanted = independent_optimum(instance, 0.95, most)
    found = own_optimum(instance, RecipeOptions(confidence=0.95, max_materials=most, **EXACT))
    assert found == pytest.approx(wanted, rel=1e-6)


def test_a_model_in_service_all_day_does_not_run_out_of_time() -> None:
    instance, optimizer = random_instance(4, lots=True), Optimizer()
    options = RecipeOptions(time_limit_s=0.25)
    problem = build_problem(instance.plant, instance.order, instance.description, options)
    costs = {round(optimizer.solution(problem).objective_eur, 3) for _ in range(80)}
    assert len(costs) == 1


def test_changing_prices_all_day_never_leave_the_solver_without_an_answer() -> None:
    instance, optimizer, rng = random_instance(9, lots=True), Optimizer(), np.random.default_rng(0)
    options = RecipeOptions(confidence=0.9, max_materials=3)
    for _ in range(60):
        yard = tuple(
            item.model_copy(update={"price_eur_per_t": item.price_eur_per_t * float(rng.uniform(0.8, 1.25))})
            for item in instance.plant.yard
        )
        plant = instance.plant.model_copy(update={"yard": yard})
        problem = build_problem(plant, instance.order, instance.description, options)
        assert optimizer.solution(problem).gap <= options.gap


def test_eight_threads_get_the_answers_one_would() -> None:
    optimizer = Optimizer()
    instance = random_instance(6, lots=True)
    problems = [
        build_problem(
            instance.plant.model_copy(
                update={
                    "yard": tuple(
                        item.model_copy(
                            update={"price_eur_per_t": item.price_eur_per_t * (1 + 0.02 * ((case + i) % 7))}
                        )
                        for i, item in enumerate(instance.plant.yard)
                    )
                }
            ),
            instance.order,
            instance.description,
            RecipeOptions(confidence=(0.9, 0.95)[case % 2], max_materials=(None, 4)[case % 3 == 0]),
        )
        for case in range(24)
    ]
    alone = [Optimizer().solution(problem).objective_eur for problem in problems]
    with ThreadPoolExecutor(8) as threads:
        together = [found.objective_eur for found in threads.map(optimizer.solution, problems)]
    assert together == pytest.approx(alone, rel=1e-4)


def test_some_of_these_instances_are_tight_and_some_impossible() -> None:
    costs = [own_optimum(random_instance(seed, materials=4, lots=True), RecipeOptions()) for seed in range(200, 230)]
    assert any(np.isfinite(cost) for cost in costs)
    loose = [own_optimum(random_instance(seed), RecipeOptions(confidence=0.5)) for seed in range(0, 20, 2)]
    sure = [own_optimum(random_instance(seed), RecipeOptions(confidence=0.99)) for seed in range(0, 20, 2)]
    assert sum(s > v * (1 + 1e-4) for s, v in zip(sure, loose, strict=True)) >= 5
