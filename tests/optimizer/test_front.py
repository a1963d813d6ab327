"""A Pareto front holds only recipes that nothing betters, and the ends are what one objective alone would choose."""

import itertools

import numpy as np
import pytest

from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.plan.front import front
from optimizer.problem.options import Objective, RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from steel.errors import InputError
from tests.optimizer.instances import random_instance

COST, ENERGY, GAS, HEADROOM = Objective.COST, Objective.ENERGY, Objective.EMISSIONS, Objective.HEADROOM


def problem_of(seed: int, lots: bool = False, **options: object) -> RecipeProblem:
    instance = random_instance(seed, materials=6, lots=lots)
    asked = RecipeOptions.model_validate({"confidence": 0.9, **options})
    return build_problem(instance.plant, instance.order, instance.description, asked)


FEASIBLE = (1, 2, 6, 8)


@pytest.mark.parametrize("seed", FEASIBLE)
@pytest.mark.parametrize("lots", [False, True])
@pytest.mark.parametrize("objectives", [(COST, GAS), (COST, ENERGY, HEADROOM), (ENERGY, GAS, COST, HEADROOM)])
def test_no_recipe_of_a_front_is_bettered_by_another(seed: int, lots: bool, objectives: tuple[Objective, ...]) -> None:
    found = front(problem_of(seed, lots), objectives, 12)
    sign = {o.value: -1.0 if o is HEADROOM else 1.0 for o in objectives}
    values = np.array([[sign[name] * value for name, value in point.objectives.items()] for point in found])
    assert list(found[0].objectives) == [o.value for o in objectives]
    for one, other in itertools.permutations(values, 2):
        assert not (one <= other).all()


@pytest.mark.parametrize("seed", FEASIBLE)
def test_the_cheapest_end_is_the_cheapest_recipe_and_the_rest_stay_within_a_quarter(seed: int) -> None:
    problem = problem_of(seed, lots=True)
    cheapest = outcome_of(problem, Optimizer().solution(problem).columns_t).costs_eur_per_t.total
    costs = [point.objectives["cost_eur_per_t"] for point in front(problem, (COST, GAS), 15)]
    assert costs == sorted(costs)
    assert costs[0] == pytest.approx(cheapest, rel=5e-4)
    assert costs[-1] <= 1.2501 * cheapest


@pytest.mark.parametrize("seed", FEASIBLE)
@pytest.mark.parametrize("worth", [0.05, 0.3])
def test_a_front_touches_the_recipe_of_every_preference(seed: int, worth: float) -> None:
    """Independent of the front's own scalarisation: a weighted sum cannot find anything below it."""
    problem = problem_of(seed)
    preferring = problem_of(seed, preferences={"emissions_kgco2e_per_t": worth})
    chosen = outcome_of(preferring, Optimizer().solution(preferring).columns_t)
    least = chosen.costs_eur_per_t.total + worth * chosen.emissions_kgco2e_per_t.total
    found = front(problem, (COST, GAS), 40)
    sums = [p.objectives["cost_eur_per_t"] + worth * p.objectives["emissions_kgco2e_per_t"] for p in found]
    assert min(sums) >= least * (1 - 2e-4)
    assert min(sums) <= least * (1 + 5e-3)


def test_preferences_steer_and_are_not_paid() -> None:
    plain, green = problem_of(2), problem_of(2, preferences={"emissions_kgco2e_per_t": 1.0})
    before = outcome_of(plain, Optimizer().solution(plain).columns_t)
    after = outcome_of(green, Optimizer().solution(green).columns_t)
    assert after.emissions_kgco2e_per_t.total < before.emissions_kgco2e_per_t.total
    assert after.costs_eur_per_t.total >= before.costs_eur_per_t.total * (1 - 1e-6)


def test_headroom_preferred_is_headroom_kept() -> None:
    problem = problem_of(2, preferences={"residual_headroom": 200.0})
    plain = problem_of(2)

    def used(which: RecipeProblem) -> float:
        columns = Optimizer().solution(which).columns_t
        return max(
            (row.mean(columns) + row.upper_z * row.sd(columns)) / (row.maximum * 100.0)
            for row in which.rows
            if row.maximum is not None
        )

    assert used(problem) < used(plain) - 0.01


@pytest.mark.parametrize("objectives", [(COST,), (COST, COST)])
def test_one_objective_has_no_front(objectives: tuple[Objective, ...]) -> None:
    with pytest.raises(InputError, match="two to four different"):
        front(problem_of(2), objectives)
