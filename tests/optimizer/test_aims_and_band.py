"""Aims within limits, and heats within a band of masses: against solving at every value by itself."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import Aim, RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.solver import Solution
from steel.grades import Order
from tests.optimizer.instances import CU, MN, Instance, random_instance, with_trees
from tests.optimizer.prices import price

SEEDS = (1, 2, 6, 8)
WORTH = 40.0


def solved(instance: Instance, order: Order | None = None, **options: object) -> tuple[RecipeProblem, Solution]:
    asked = RecipeOptions.model_validate({"confidence": 0.9, "cut_tolerance": 1e-6, "gap": 1e-7, **options})
    problem = build_problem(instance.plant, order or instance.order, instance.description, asked)
    return problem, Optimizer().solution(problem)


def manganese(problem: RecipeProblem, solution: Solution) -> float:
    (row,) = (row for row in problem.rows if row.element is MN)
    return row.mean(solution.columns_t) / solution.final_t


def cost_at(instance: Instance, wt_pct: float) -> float:
    """Cost of a recipe whose expected manganese is just that, every other limit as it is."""
    problem = build_problem(
        instance.plant, instance.order, instance.description, RecipeOptions(confidence=0.9, cut_tolerance=1e-6)
    )
    rows = tuple(
        replace(row, minimum=wt_pct - 1e-5, maximum=wt_pct + 1e-5, upper_z=0.0, lower_z=0.0)
        if row.element is MN
        else row
        for row in problem.rows
    )
    return Optimizer().solution(replace(problem, rows=rows)).objective_eur


@pytest.mark.parametrize("wooded", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_an_aim_is_weighed_against_what_it_costs(seed: int, wooded: bool) -> None:
    instance = random_instance(seed, materials=4)
    instance = with_trees(instance, seed, ("Mn",)) if wooded else instance
    aim = 0.9
    problem, solution = solved(instance, aims={"Mn": {"wt_pct": aim, "eur_per_t_per_wt_pct": WORTH}})
    found = manganese(problem, solution)
    assert solution.objective_eur == pytest.approx(problem.objective_eur(solution.columns_t), rel=1e-6)
    mass_t = instance.order.mass_t
    tried = {
        value: cost_at(instance, value) + WORTH * abs(value - aim) * mass_t for value in (found, 0.5, 0.7, aim, 1.1)
    }
    assert tried[found] == pytest.approx(solution.objective_eur, rel=1e-4)
    assert min(tried.values()) >= solution.objective_eur * (1 - 1e-4)


def test_an_aim_above_and_one_below_are_both_reached_if_worth_it() -> None:
    instance = random_instance(2)
    for aim in (0.6, 0.95):
        problem, solution = solved(instance, aims={"Mn": Aim(wt_pct=aim, eur_per_t_per_wt_pct=1e5)})
        assert manganese(problem, solution) == pytest.approx(aim, abs=1e-5)


def test_an_aim_costs_nothing_where_it_is_not_followed() -> None:
    instance = random_instance(2)
    free = Optimizer().recommend(instance.plant, instance.order, instance.description)
    aims = {MN: Aim(wt_pct=3.0, eur_per_t_per_wt_pct=1e-3)}
    with_aim = Optimizer().recommend(instance.plant, instance.order, instance.description, RecipeOptions(aims=aims))
    assert with_aim.costs_eur_per_t.total == pytest.approx(free.costs_eur_per_t.total, rel=1e-5)
    assert {line.element: line.aim_wt_pct for line in with_aim.analysis}[MN] == 3.0


def test_an_aim_the_surrogate_does_not_know_is_told() -> None:
    instance = random_instance(2)
    options = RecipeOptions.model_validate({"aims": {"Cr": {"wt_pct": 0.1}}})
    found = Optimizer().recommend(instance.plant, instance.order, instance.description, options)
    assert any(note.startswith("Cr is asked for") for note in found.notes)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 200), lots=st.booleans(), tolerance_t=st.floats(0.5, 15.0))
def test_within_a_band_a_ton_is_as_cheap_as_at_any_mass_of_it(seed: int, lots: bool, tolerance_t: float) -> None:
    instance = random_instance(seed, materials=4, lots=lots)
    order = instance.order.model_copy(update={"tolerance_t": tolerance_t})
    masses = np.linspace(100 - tolerance_t, 100 + tolerance_t, 7)
    each = []
    for mass_t in masses:
        try:
            each.append(solved(instance, Order(grade=order.grade, mass_t=float(mass_t)))[1].objective_eur_per_t)
        except ImpossibleOrderError:
            continue
    if not each:
        reject()
    _, best = solved(instance, order)
    assert 100 - tolerance_t - 1e-6 <= best.final_t <= 100 + tolerance_t + 1e-6
    assert best.objective_eur_per_t <= min(each) * (1 + 2e-6)
    assert best.gap <= 1e-5
    _, there = solved(instance, Order(grade=order.grade, mass_t=best.final_t))
    assert best.objective_eur_per_t == pytest.approx(there.objective_eur_per_t, rel=1e-5)


def test_lifts_that_do_not_add_up_to_the_order_do_within_its_band() -> None:
    instance = random_instance(2, materials=3)
    yard = tuple(
        item.model_copy(update={"lift_t": 20.0, "available_t": None}) if item.stage == "furnace" else item
        for item in instance.plant.yard
    )
    whole = replace(instance, plant=instance.plant.model_copy(update={"yard": yard}))
    grade = instance.order.grade.model_copy(update={"minimum_wt_pct": {}})
    with pytest.raises(ImpossibleOrderError):
        solved(whole, Order(grade=grade, mass_t=100.0))
    problem, solution = solved(whole, Order(grade=grade, mass_t=100.0, tolerance_t=10.0))
    lifts = solution.columns_t[: problem.furnace_columns] / 20.0
    assert lifts == pytest.approx(np.round(lifts), abs=1e-6)
    assert 90.0 <= solution.final_t <= 110.0


def test_what_binds_within_a_band_is_priced_by_what_relaxing_it_saves() -> None:
    instance = random_instance(2)

    def at(limit: float) -> tuple[RecipeProblem, Solution]:
        grade = instance.order.grade.with_limits({CU: limit})
        return solved(instance, Order(grade=grade, mass_t=100.0, tolerance_t=8.0))

    problem, solution = at(0.12)
    saved = (at(0.1195)[1].objective_eur_per_t - at(0.1205)[1].objective_eur_per_t) / 1e-3
    assert saved > 1.0
    assert price(problem, solution, "maximum", "Cu") / solution.final_t == pytest.approx(saved, rel=0.05)


def test_an_impossible_order_with_a_band_is_explained() -> None:
    instance = random_instance(2)
    grade = instance.order.grade.with_limits({}, {MN: 9.0})
    with pytest.raises(ImpossibleOrderError, match="Mn ≥ 9 wt%"):
        solved(instance, Order(grade=grade, mass_t=100.0, tolerance_t=5.0))


def test_a_tolerance_as_large_as_the_heat_is_refused() -> None:
    with pytest.raises(ValidationError, match="must be less than mass_t"):
        Order(grade=random_instance(2).order.grade, mass_t=100.0, tolerance_t=100.0)
