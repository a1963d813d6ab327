"""Quadratic steps: they come to the optimum that tangents come to, and what they prove is true of every recipe."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from optimizer.explain.recommend import Optimizer
from optimizer.model.scatter import FewScatter, Scatter, WholeScatter, parts_of
from optimizer.problem.options import Aim, Objective, RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.cutting import CutModel
from optimizer.solve.errors import InfeasibleError
from optimizer.solve.highs import Session
from optimizer.solve.quadratic import Optimum, Point
from optimizer.solve.solver import solve_recipe
from optimizer.solve.warm import Warm
from steel.elements import Element
from steel.heats import FloatArray
from tests.optimizer.instances import Instance, random_instance
from tests.optimizer.prices import price

EXACT = RecipeOptions(confidence=0.95, cut_tolerance=1e-6)
ASKED: list[dict[str, Any]] = [
    {},
    {"aims": {Element.CU: Aim(wt_pct=0.1, eur_per_t_per_wt_pct=200.0), Element.MN: Aim(wt_pct=0.5)}},
    {"preferences": {Objective.HEADROOM: 5.0, Objective.ENERGY: 0.1}},
    {"max_energy_kwh_per_t": 380.0},
    {"risk": "tail_mean"},
]
SEEDS = st.integers(0, 10_000)


def problem_of(instance: Instance, options: RecipeOptions = EXACT) -> RecipeProblem:
    return build_problem(instance.plant, instance.order, instance.description, options)


def stepped(problem: RecipeProblem, start: Point | None = None, cutoff: float = np.inf) -> Optimum | None:
    return CutModel(problem, Warm(problem)).by_steps(cutoff, start)


def by_tangents(problem: RecipeProblem) -> float | None:
    try:
        return solve_recipe(problem, by_tangents=True).objective_eur
    except InfeasibleError:
        return None


@given(seed=SEEDS, most=st.integers(1, 8))
def test_curvature_is_how_slopes_change(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    roots = [np.vstack([rng.normal(size=(4, 8)), np.diag(rng.uniform(0.5, 2.0, 8))]) for _ in range(2)]
    scatters: list[Scatter] = [WholeScatter(roots, 8), FewScatter([parts_of(root, np.ones(8)) for root in roots], most)]
    point, weights = rng.uniform(1.0, 20.0, 8), rng.uniform(0.0, 3.0, 2)
    for scatter in scatters:
        values, expected = scatter.at(point[None, :])
        slopes, curvature = scatter.curvature(point, weights)
        assert slopes == pytest.approx(expected[:, 0], rel=1e-6, abs=1e-9)
        assert slopes @ point == pytest.approx(values[:, 0])
        step = 1e-5 * np.eye(8)
        changes = [(scatter.at((point + s)[None, :])[1] - scatter.at((point - s)[None, :])[1])[:, 0] for s in step]
        assert curvature == pytest.approx(weights @ np.array(changes) / 2e-5, abs=1e-4)


@given(seed=SEEDS, asked=st.sampled_from(ASKED))
@settings(max_examples=80, deadline=None)
def test_steps_and_tangents_come_to_the_same_optimum(seed: int, asked: dict[str, Any]) -> None:
    problem = problem_of(random_instance(seed), EXACT.model_copy(update=asked))
    found, expected = stepped(problem), by_tangents(problem)
    if expected is None:
        assert found is None
    elif found is not None:
        assert found.bound <= expected * (1.0 + 1e-5)  # tangents stop a tolerance outside the limit they aim at
        assert found.cost == pytest.approx(expected, rel=1e-5)
        assert found.cost - found.bound <= 1e-5 * found.cost


def test_steps_seldom_need_tangents_to_help_them_out() -> None:
    problems = [problem_of(random_instance(seed)) for seed in range(60)]
    possible = [problem for problem in problems if by_tangents(problem) is not None]
    assert sum(stepped(problem) is None for problem in possible) <= 1


@given(seed=SEEDS, prices=st.lists(st.floats(50.0, 600.0), min_size=5, max_size=5))
@settings(max_examples=40, deadline=None)
def test_no_recipe_undercuts_the_bound(seed: int, prices: list[float]) -> None:
    """Recipes that are best under other prices hold the same limits, and cost no less than the bound under these."""
    instance = random_instance(seed)
    problem = problem_of(instance)
    found = stepped(problem)
    if found is None:
        reject()
    yard = [
        item.model_copy(update={"price_eur_per_t": price}) if price is not None else item
        for item, price in zip(instance.plant.yard, [*prices, None], strict=True)
    ]
    plant = instance.plant.model_copy(update={"yard": tuple(yard)})
    other = solve_recipe(build_problem(plant, instance.order, instance.description, EXACT)).columns_t
    assert problem.objective_eur(other) >= found.bound * (1.0 - 1e-6)


@given(seed=SEEDS, where=st.lists(st.floats(0.0, 60.0), min_size=6, max_size=6), price=st.floats(0.0, 1e5))
@settings(max_examples=40, deadline=None)
def test_it_does_not_matter_where_steps_start(seed: int, where: list[float], price: float) -> None:
    problem = problem_of(random_instance(seed))
    usual = stepped(problem)
    if usual is None:
        return
    values = np.zeros(len(usual.point.values))
    values[:6] = where
    found = stepped(problem, Point(values, np.full(len(usual.point.prices), price)))
    if found is not None:
        assert found.cost == pytest.approx(usual.cost, rel=2e-5)


@given(seed=SEEDS, share=st.floats(0.5, 0.999))
@settings(max_examples=40, deadline=None)
def test_what_is_too_dear_is_left_early_with_a_bound_that_holds(seed: int, share: float) -> None:
    problem = problem_of(random_instance(seed))
    whole = stepped(problem)
    if whole is None:
        return
    left = stepped(problem, cutoff=share * whole.cost)
    assert left is not None
    assert share * whole.cost <= left.bound <= whole.cost * (1.0 + 1e-9)


def test_a_recipe_with_lots_starts_no_linear_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(_: Session) -> None:
        raise AssertionError("the linear solver was started")

    options = EXACT.model_copy(update={"max_materials": 3})
    instance = next(
        instance
        for instance in (random_instance(seed, lots=True) for seed in range(100))
        if by_tangents(problem_of(instance, options)) is not None
    )
    problem = problem_of(instance, options)
    expected = by_tangents(problem)
    monkeypatch.setattr(Session, "_start", started)
    assert Optimizer().solution(problem).objective_eur == pytest.approx(expected, rel=2e-4)


def test_prices_of_limits_are_the_tangents_own() -> None:
    compared = 0
    for seed in range(30):
        problem = problem_of(random_instance(seed))
        try:
            expected = solve_recipe(problem, by_tangents=True)
        except InfeasibleError:
            continue
        found = solve_recipe(problem)
        for element in ("Cu", "Sn"):
            by_tangents = price(problem, expected, "maximum", element)
            assert price(problem, found, "maximum", element) == pytest.approx(by_tangents, rel=0.02, abs=50.0)
            compared += by_tangents > 1000.0
        assert _close(found.prices.reduced, expected.prices.reduced)
    assert compared > 5


def _close(found: FloatArray, expected: FloatArray) -> bool:
    return bool(np.allclose(found, expected, rtol=0.02, atol=0.5))
