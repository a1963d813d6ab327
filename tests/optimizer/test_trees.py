from dataclasses import replace

import numpy as np
import pytest

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from steel.elements import Element
from tests.optimizer.instances import cell_by_cell_optimum, random_instance, with_trees

OF = (("Cu",), ("Cu", "Mn"), ("energy",), ("Cu", "Mn", "energy"))


@pytest.mark.parametrize("seed", range(300, 340))
def test_recipes_under_trees_equal_the_best_of_all_their_cells(seed: int) -> None:
    instance = with_trees(random_instance(seed, materials=4, scatter=seed % 2 == 0), seed, OF[seed % 4])
    wanted = cell_by_cell_optimum(instance, 0.9)
    options = RecipeOptions(confidence=0.9, cut_tolerance=1e-7, gap=1e-9)
    problem = build_problem(instance.plant, instance.order, instance.description, options)
    try:
        found = Optimizer().solution(problem)
    except ImpossibleOrderError:
        assert wanted == np.inf
        return
    # A recipe keeps a millionth of the steel away from every split point.
    assert found.objective_eur == pytest.approx(wanted, rel=2e-5)
    assert found.objective_eur == pytest.approx(problem.objective_eur(found.columns_t), rel=1e-6)


def test_the_predicted_analysis_is_the_description_s_own() -> None:
    instance = with_trees(random_instance(301, materials=4), 301, ("Cu", "Mn", "energy"))
    told = instance.description
    problem = build_problem(instance.plant, instance.order, told, RecipeOptions(confidence=0.9))
    columns = Optimizer().solution(problem).columns_t
    charged = columns[:4]
    outcome = outcome_of(problem, columns)
    copper = next(line for line in outcome.analysis if line.element is Element.CU)
    # The manganese alloy dilutes the bath a little.
    diluted = told.bath_wt_pct(Element.CU, charged) * told.tapped_t(charged) / outcome.final_t
    assert copper.predicted.mean == pytest.approx(diluted, rel=1e-9)
    assert outcome.energy_kwh_per_t.mean == pytest.approx(told.energy.value(charged, told.tapped_t(charged)), rel=1e-9)


def test_a_yard_without_one_of_the_materials_reads_the_trees_at_none_of_it() -> None:
    instance = with_trees(random_instance(302, materials=4), 302, ("Cu", "energy"))
    yard = tuple(item for item in instance.plant.yard if item.material.name != "scrap 1")
    plant = instance.plant.model_copy(update={"yard": yard})
    problem = build_problem(plant, instance.order, instance.description, RecipeOptions(confidence=0.5))
    charged = np.array([30.0, 40.0, 35.0])
    all_four = np.insert(charged, 1, 0.0)
    tapped = instance.description.tapped_t(all_four)
    expected = instance.description.energy.value(all_four, tapped) * tapped
    assert problem.energy_kwh(np.append(charged, 0.0)) == pytest.approx(expected, rel=1e-12)


def test_prices_move_a_recipe_between_leaves_on_the_same_model() -> None:
    optimizer = Optimizer()
    instance = with_trees(random_instance(304, materials=4, scatter=False), 304, ("Cu", "energy"))
    options = RecipeOptions(confidence=0.9, cut_tolerance=1e-7, gap=1e-9)
    for factor in (1.0, 1.6, 0.5):
        yard = tuple(
            item.model_copy(update={"price_eur_per_t": item.price_eur_per_t * (factor if i == 1 else 1.0)})
            for i, item in enumerate(instance.plant.yard)
        )
        today = replace(instance, plant=instance.plant.model_copy(update={"yard": yard}))
        problem = build_problem(today.plant, today.order, today.description, options)
        assert optimizer.solution(problem).objective_eur == pytest.approx(cell_by_cell_optimum(today, 0.9), rel=2e-5)
