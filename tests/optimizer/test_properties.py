"""What must hold of every recipe, on random instances and on a trained plant."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.solver import Solution
from scenarios.virtual_plant import VirtualPlant
from steel import catalogue
from steel.elements import Element
from steel.errors import InputError
from steel.grades import Order
from steel.heats import Charge
from steel.plants import YardItem
from surrogate.model.model import one_heat
from tests.conftest import Installation
from tests.optimizer.instances import CU, SN, Instance, random_instance
from tests.optimizer.prices import price

OPTIMIZER = Optimizer()


def solve(instance: Instance, confidence: float = 0.95, cut_tolerance: float = 1e-4) -> tuple[RecipeProblem, Solution]:
    options = RecipeOptions(confidence=confidence, cut_tolerance=cut_tolerance)
    problem = build_problem(instance.plant, instance.order, instance.description, options)
    try:
        return problem, OPTIMIZER.solution(problem)
    except ImpossibleOrderError:
        assume(False)
        raise


def with_yard(instance: Instance, yard: tuple[YardItem, ...]) -> Instance:
    return replace(instance, plant=instance.plant.model_copy(update={"yard": yard}))


@given(seed=st.integers(0, 10_000), confidence=st.sampled_from([0.5, 0.8, 0.95, 0.99]))
@settings(max_examples=40, deadline=None)
def test_mass_closes_and_limits_hold_with_the_stated_confidence(seed: int, confidence: float) -> None:
    problem, solution = solve(random_instance(seed), confidence)
    outcome = outcome_of(problem, solution.columns_t)
    assert outcome.final_t == pytest.approx(100.0, rel=1e-9)
    for line in outcome.analysis:
        if line.maximum_wt_pct is not None or line.minimum_wt_pct is not None:
            assert line.met_with >= confidence - 1e-4
    for item, mass in zip(problem.items, solution.columns_t, strict=True):
        assert item.min_t - 1e-6 <= mass <= (np.inf if item.most_t is None else item.most_t) + 1e-6
    assert outcome.costs_eur_per_t.total * outcome.final_t == pytest.approx(solution.objective_eur, rel=1e-6)


@given(seed=st.integers(0, 10_000), element=st.sampled_from([CU, SN]), factor=st.floats(0.8, 0.99))
@settings(max_examples=30, deadline=None)
def test_tightening_a_limit_never_lowers_the_cost(seed: int, element: Element, factor: float) -> None:
    instance = random_instance(seed)
    tighter = instance.order.grade.with_limits({element: factor * instance.order.grade.maximum_wt_pct[element]})
    _, loose = solve(instance, cut_tolerance=1e-7)
    _, tight = solve(replace(instance, order=Order(grade=tighter, mass_t=100.0)), cut_tolerance=1e-7)
    assert tight.objective_eur >= loose.objective_eur * (1 - 1e-6)


@given(seed=st.integers(0, 10_000), factor=st.floats(0.1, 10.0))
@settings(max_examples=20, deadline=None)
def test_scaling_every_price_scales_the_cost_alone(seed: int, factor: float) -> None:
    instance = random_instance(seed)
    _, before = solve(instance)
    yard = tuple(
        item.model_copy(update={"price_eur_per_t": factor * item.price_eur_per_t}) for item in instance.plant.yard
    )
    prices = instance.plant.prices.model_copy(
        update={"electricity_eur_per_kwh": factor * instance.plant.prices.electricity_eur_per_kwh}
    )
    dearer = instance.plant.model_copy(update={"yard": yard, "prices": prices})
    _, after = solve(replace(instance, plant=dearer))
    assert after.objective_eur == pytest.approx(factor * before.objective_eur, rel=1e-5)


@given(seed=st.integers(0, 10_000), order=st.permutations(range(6)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_yard_changes_nothing(seed: int, order: list[int]) -> None:
    instance = random_instance(seed)
    _, before = solve(instance)
    _, after = solve(with_yard(instance, tuple(instance.plant.yard[i] for i in order)))
    assert after.objective_eur == pytest.approx(before.objective_eur, rel=1e-5)


@pytest.mark.parametrize("seed", [0, 3, 8])
def test_a_limits_price_is_the_slope_of_the_cost(seed: int) -> None:
    instance = random_instance(seed)
    problem, here = solve(instance, 0.9, 1e-7)
    step = 1e-4
    for element in (CU, SN):
        limit = instance.order.grade.maximum_wt_pct[element]
        costs = []
        for moved in (limit - step, limit + step):
            grade = instance.order.grade.with_limits({element: moved})
            order = Order(grade=grade, mass_t=100.0)
            costs.append(solve(replace(instance, order=order), 0.9, 1e-7)[1].objective_eur)
        slope = (costs[0] - costs[1]) / (2 * step)
        assert price(problem, here, "maximum", element.value) == pytest.approx(slope, rel=0.05, abs=5.0)


@pytest.mark.parametrize("seed", [1, 2, 6])
def test_an_unused_material_comes_in_at_its_stated_price(seed: int) -> None:
    problem, solution = solve(random_instance(seed), 0.9)
    instance = random_instance(seed)
    for column, item in enumerate(problem.items[: problem.furnace_columns]):
        if solution.columns_t[column] > 1e-6 or item.available_t is None:
            continue
        enters = item.price_eur_per_t - float(solution.prices.reduced[column])
        for at_price, comes_in in ((enters + 1.0, False), (enters - 3.0, True)):
            yard = tuple(
                i.model_copy(update={"price_eur_per_t": max(0.0, at_price)}) if i == item else i
                for i in instance.plant.yard
            )
            again = solve(with_yard(instance, yard), 0.9)[1]
            assert bool(again.columns_t[column] > 1e-6) is comes_in


@pytest.mark.parametrize("grade", ["B500B", "SAE1018", "S235JR"])
def test_surrogate_and_optimizer_predict_the_same(installation: Installation, grade: str) -> None:
    loaded = installation.plant
    recipe = installation.service.recommend(
        loaded, Order(grade=catalogue.grade(grade), mass_t=100.0), RecipeOptions(), compare=False
    )
    furnace = loaded.plant.furnace
    charged = recipe.charged_t()
    tapped = sum(mass * y for mass, y in zip(
        (charged.get(n, 0.0) for n in loaded.description.names), loaded.description.yields, strict=True))  # fmt: skip
    heel_t = tapped * furnace.heel_t / furnace.tap_weight_t
    charge = Charge(
        charged_t=charged, process=furnace.process, heel_t=heel_t, heel_wt_pct=loaded.description.heel_wt_pct
    )
    predicted = loaded.model.predict(one_heat(charge, loaded.model.schema.elements))
    alloys = {item.material.name: item.material for item in loaded.plant.tapping_items()}
    for line in recipe.analysis:
        kept = furnace.ladle_retention.get(line.element, 1.0)
        added = sum(t * alloys[name].recovered_content(line.element) for name, t in recipe.additions_t().items())
        final = (kept * predicted.mean[line.element.value][0] * tapped + added) / recipe.tapped_t
        assert line.predicted.mean == pytest.approx(final, rel=1e-6)
    assert recipe.energy_kwh_per_t.mean == pytest.approx(predicted.mean["energy_kwh_per_t"][0], rel=1e-6)


def test_in_the_hidden_truth_the_recipe_meets_its_residual_limits_about_as_often_as_stated(
    installation: Installation, northmill: VirtualPlant
) -> None:
    loaded = installation.plant
    recipe = installation.service.recommend(
        loaded, Order(grade=catalogue.grade("SAE1018"), mass_t=100.0), RecipeOptions(confidence=0.95), compare=False
    )
    charge = Charge(
        charged_t=recipe.charged_t(),
        process=loaded.plant.furnace.process,
        heel_t=loaded.plant.furnace.heel_t,
        heel_wt_pct=loaded.description.heel_wt_pct,
    )
    planned = one_heat(charge, loaded.model.schema.elements)
    rng = np.random.default_rng(7)
    tapped = [northmill.trial(planned, rng).analysis_wt_pct[0] for _ in range(1500)]
    for element in (Element.CU, Element.SN):
        limit = catalogue.grade("SAE1018").maximum_wt_pct[element]
        final_share = 100.0 / recipe.tapped_t
        met = np.mean([row[planned.elements.index(element)] * final_share <= limit for row in tapped])
        assert met >= 0.88, element


def test_an_empty_yard_and_a_yard_nobody_knows_are_clear_errors(installation: Installation) -> None:
    loaded = installation.plant
    order = Order(grade=catalogue.grade("B500B"), mass_t=100.0)
    empty = loaded.plant.model_copy(update={"yard": ()})
    with pytest.raises(InputError, match="empty"):
        build_problem(empty, order, loaded.description, RecipeOptions())
    alloys_only = loaded.plant.model_copy(update={"yard": loaded.plant.tapping_items()})
    with pytest.raises(InputError, match="at least one material"):
        build_problem(alloys_only, order, loaded.description, RecipeOptions())
