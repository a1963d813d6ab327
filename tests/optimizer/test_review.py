import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.explain.recommend import Optimizer
from optimizer.explain.review import review
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.solver import Solution
from steel.errors import InputError
from tests.optimizer.instances import random_instance

OPTIMIZER = Optimizer()


def solved(seed: int, most: int | None = None) -> tuple[RecipeProblem, Solution]:
    instance = random_instance(seed, materials=4, lots=True)
    options = RecipeOptions(confidence=0.9, max_materials=most)
    problem = build_problem(instance.plant, instance.order, instance.description, options)
    return problem, OPTIMIZER.solution(problem)


def charge_of(problem: RecipeProblem, columns: np.ndarray) -> dict[str, float]:
    return {problem.items[j].material.name: float(columns[j]) for j in range(problem.furnace_columns)}


def test_the_optimal_charge_misses_nothing_and_costs_what_it_costs() -> None:
    problem, solution = solved(6)
    found = review(problem, solution, charge_of(problem, solution.columns_t))
    assert found.misses == ()
    assert found.cost_eur_per_t == pytest.approx(found.optimal_cost_eur_per_t, rel=1e-4)
    half = charge_of(problem, 0.5 * solution.columns_t)
    assert review(problem, solution, half).cost_eur_per_t == pytest.approx(found.cost_eur_per_t)


@given(weights=st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4).filter(lambda w: sum(w) > 0.1))
@settings(max_examples=40, deadline=None)
def test_a_charge_that_misses_nothing_is_never_cheaper_than_the_optimum(weights: list[float]) -> None:
    problem, solution = solved(6)
    mine = charge_of(problem, np.array([*weights, 0.0]))
    found = review(problem, solution, mine)
    assert found.misses or found.cost_eur_per_t >= found.optimal_cost_eur_per_t * (1 - 1e-4)


def test_each_broken_rule_is_named() -> None:
    problem, solution = solved(6, most=2)
    mine = {f"scrap {j}": 30.0 for j in range(4)} | {"scrap 3": 0.05}
    misses = " | ".join(review(problem, solution, mine).misses)
    assert "4 materials, at most 2" in misses
    assert "scrap 3: 0.0" in misses
    assert "if it is used" in misses
    dirty = review(problem, solution, {"scrap 1": 1.0})
    assert any(miss.startswith(("Cu", "Sn")) and "requested 90 %" in miss for miss in dirty.misses)
    assert any("stock" in miss and miss.startswith("scrap 1") for miss in dirty.misses)


def test_an_unused_material_is_worth_less_than_it_costs_and_a_stocked_out_one_more() -> None:
    problem, solution = solved(8)
    found = review(problem, solution, {item.material.name: 25.0 for item in problem.items[:4]})
    for line in found.lines:
        column = next(j for j, item in enumerate(problem.items) if item.material.name == line.material)
        if line.optimal_t == 0.0:
            assert line.worth_eur_per_t <= line.price_eur_per_t + 1e-6
        elif line.optimal_t >= problem.most[column] - 1e-6:
            assert line.worth_eur_per_t >= line.price_eur_per_t - 1e-6


def test_a_charge_of_nothing_known_is_refused() -> None:
    problem, solution = solved(6)
    with pytest.raises(InputError, match="gold"):
        review(problem, solution, {"gold": 1.0})
    with pytest.raises(InputError, match="yields steel"):
        review(problem, solution, {"scrap 0": 0.0})
