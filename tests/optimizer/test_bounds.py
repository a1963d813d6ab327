"""Bounds that cross, meet or lie next to each other, prices below zero, and what a recipe says of its own proof."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.explain.review import review
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.errors import OutOfTimeError, SolverError
from optimizer.solve.solver import Solution
from steel.elements import Element
from steel.grades import Grade, Order
from steel.plants import MaterialGroup
from surrogate.model.description import Description, OutputPieces
from tests.optimizer.instances import CU, MN, NORMAL, SN, Instance, random_instance

OPTIMIZER = Optimizer()


def problem_of(instance: Instance, options: RecipeOptions | None = None) -> RecipeProblem:
    return build_problem(instance.plant, instance.order, instance.description, options or RecipeOptions())


def with_item(instance: Instance, name: str, **changes: float | None) -> Instance:
    yard = tuple(
        item.model_copy(update=changes) if item.material.name == name else item for item in instance.plant.yard
    )
    return replace(instance, plant=instance.plant.model_copy(update={"yard": yard}))


def exact(instance: Instance) -> Instance:
    """The instance with contents that do not scatter at all."""
    told = instance.description
    none = np.zeros_like(told.energy.covariance)
    sure = {e: OutputPieces(p.linear, p.pieces, none, NORMAL) for e, p in told.elements.items()}
    known = Description(told.materials, told.yields, sure, told.energy, told.heel_share, told.heel_wt_pct)
    return replace(instance, description=known)


def with_grade(instance: Instance, low: dict[Element, float], high: dict[Element, float]) -> Instance:
    grade = Grade(name="test", minimum_wt_pct=low, maximum_wt_pct=high)
    return replace(instance, order=Order(grade=grade, mass_t=100.0))


@pytest.mark.parametrize("stock_t", [0.0, 1e-310, 7.9])
def test_more_than_there_is_is_a_conflict_of_the_two_and_nothing_else(stock_t: float) -> None:
    crossed = with_item(random_instance(2), "scrap 1", min_t=8.0, available_t=stock_t)
    with pytest.raises(ImpossibleOrderError) as caught:
        OPTIMIZER.solution(problem_of(crossed))
    told = [conflict.requirement for conflict in caught.value.conflicts]
    assert sorted(told) == sorted(["scrap 1: at least 8 t", f"scrap 1: stock {stock_t if stock_t > 1e-6 else 0:.4g} t"])
    assert {conflict.relax_to for conflict in caught.value.conflicts} & {"scrap 1: stock 8 t"}


def test_what_must_be_used_is_no_less_than_its_lot() -> None:
    lot = with_item(random_instance(2), "scrap 1", min_t=1.0, min_lot_t=6.0, available_t=50.0)
    solution = OPTIMIZER.solution(problem_of(lot))
    assert solution.columns_t[1] >= 6.0 - 1e-6
    short = with_item(random_instance(2), "scrap 1", min_t=1.0, min_lot_t=6.0, available_t=5.0)
    with pytest.raises(ImpossibleOrderError, match="scrap 1: at least 6 t"):
        OPTIMIZER.solution(problem_of(short))


def test_limits_that_cross_are_a_conflict_of_the_two() -> None:
    crossed = with_grade(random_instance(2), {MN: 0.5}, {MN: 0.4})
    with pytest.raises(ImpossibleOrderError) as caught:
        OPTIMIZER.solution(problem_of(crossed))
    assert {conflict.requirement for conflict in caught.value.conflicts} == {"Mn ≥ 0.5 wt%", "Mn ≤ 0.4 wt%"}


def test_an_equality_costs_what_the_limits_about_it_tend_to() -> None:
    instance = exact(random_instance(2))
    costs = []
    for apart in (1e-2, 1e-3, 1e-4, 0.0):
        asked = with_grade(instance, {MN: 0.6 - apart}, {MN: 0.6 + apart, CU: 0.3})
        solution = OPTIMIZER.solution(problem_of(asked))
        costs.append(solution.objective_eur)
        assert solution.gap < 1e-5
    assert costs == sorted(costs)
    assert costs[-1] - costs[-2] < (costs[-2] - costs[-3]) * 0.2 + 1e-6
    problem = problem_of(with_grade(instance, {MN: 0.6}, {MN: 0.6, CU: 0.3}))
    recipe = OPTIMIZER.solve(problem)
    manganese = next(line for line in recipe.analysis if line.element is MN)
    assert manganese.predicted.mean == pytest.approx(0.6, rel=1e-6)
    assert manganese.met_with == 1.0


def test_an_equality_of_what_scatters_is_a_conflict() -> None:
    with pytest.raises(ImpossibleOrderError, match="Mn"):
        OPTIMIZER.solution(problem_of(with_grade(random_instance(2), {MN: 0.6}, {MN: 0.6})))


@given(seed=st.integers(0, 2000), tolerance=st.sampled_from([1e-5, 1e-4, 1e-3]))
@settings(max_examples=40, deadline=None)
def test_the_gap_told_is_to_the_order_as_asked(seed: int, tolerance: float) -> None:
    instance = random_instance(seed, lots=seed % 2 == 0)
    try:
        told = OPTIMIZER.solution(problem_of(instance, RecipeOptions(cut_tolerance=tolerance)))
        nearly = OPTIMIZER.solution(problem_of(instance, RecipeOptions(cut_tolerance=1e-7, gap=1e-6)))
    except ImpossibleOrderError:
        reject()
    assert told.bound_eur <= nearly.objective_eur * (1 + 1e-9)
    assert told.objective_eur >= nearly.bound_eur * (1 - 1e-9)


@pytest.mark.parametrize("price", [-50.0, -1000.0])
def test_scrap_that_one_is_paid_to_take_is_taken(price: float) -> None:
    instance = with_item(random_instance(2), "scrap 1", price_eur_per_t=price, available_t=10.0)
    solution = OPTIMIZER.solution(problem_of(instance))
    assert solution.columns_t[1] == pytest.approx(10.0, abs=1e-6)
    assert solution.gap < 1e-4


@given(seed=st.integers(0, 500))
@settings(max_examples=15, deadline=None)
def test_who_is_paid_for_electricity_is_paid_for_what_the_charge_takes(seed: int) -> None:
    instance = random_instance(seed)
    prices = instance.plant.prices.model_copy(update={"electricity_eur_per_kwh": -0.05})
    paid = replace(instance, plant=instance.plant.model_copy(update={"prices": prices}))
    problem = problem_of(paid)
    try:
        solution = OPTIMIZER.solution(problem)
    except ImpossibleOrderError:
        reject()
    assert solution.objective_eur == pytest.approx(problem.objective_eur(solution.columns_t), rel=1e-6)
    for start in range(problem.furnace_columns):
        other = solution.columns_t.copy()
        other[start] *= 0.999
        assert problem.energy_kwh(other) > 0


MASSES = st.one_of(st.none(), st.floats(0.0, 60.0).map(lambda t: round(t, 3)))


@st.composite
def orders(draw: st.DrawFn) -> tuple[Instance, RecipeOptions]:
    """Random stocks, must-uses, lots, lifts, groups, rules for materials and limits."""
    instance = random_instance(draw(st.integers(0, 300)), materials=4, lots=draw(st.booleans()))
    for number in range(4):
        changes: dict[str, float | None] = {}
        if draw(st.booleans()):
            changes["available_t"] = draw(MASSES)
        if draw(st.integers(0, 3)) == 0:
            changes["min_t"] = draw(st.floats(0.0, 20.0).map(lambda t: round(t, 3)))
        if draw(st.integers(0, 4)) == 0:
            changes["max_t"] = draw(st.floats(5.0, 80.0).map(lambda t: round(t, 3)))
        if draw(st.integers(0, 9)) == 0:
            changes["price_eur_per_t"] = draw(st.floats(-200.0, 400.0))
        instance = with_item(instance, f"scrap {number}", **changes)
    if draw(st.integers(0, 3)) == 0:
        group = MaterialGroup(
            name="light", materials=("scrap 1", "scrap 2"), max_share=draw(st.floats(0.1, 1.0)),
            min_share=draw(st.floats(0.0, 0.1)),
        )  # fmt: skip
        instance = replace(instance, plant=instance.plant.model_copy(update={"groups": (group,)}))
    limits = {SN: draw(st.floats(0.005, 0.05)), CU: draw(st.floats(0.08, 0.4))}
    grade = instance.order.grade.model_copy(update={"maximum_wt_pct": limits})
    order = Order(grade=grade, mass_t=draw(st.floats(20.0, 120.0)))
    most = draw(st.one_of(st.none(), st.integers(1, 4)))
    options = RecipeOptions(confidence=draw(st.sampled_from([0.5, 0.9, 0.95, 0.99])), max_materials=most)
    return replace(instance, order=order), options


def charge_of(problem: RecipeProblem, solution: Solution) -> dict[str, float]:
    return {problem.items[j].material.name: float(solution.columns_t[j]) for j in range(problem.furnace_columns)}


@given(asked=orders())
@settings(max_examples=120, deadline=None)
def test_the_review_of_a_recipe_never_rejects_it(asked: tuple[Instance, RecipeOptions]) -> None:
    problem = problem_of(*asked)
    try:
        solution = OPTIMIZER.solution(problem)
    except ImpossibleOrderError as error:
        impossible = error
    else:
        assert review(problem, solution, charge_of(problem, solution)).misses == ()
        return
    assert impossible.conflicts


def test_each_way_of_failing_says_its_own_reason() -> None:
    assert issubclass(OutOfTimeError, SolverError)
    assert "time limit" in str(OutOfTimeError())
