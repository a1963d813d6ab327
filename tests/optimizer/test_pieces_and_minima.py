"""A limit from below on an output whose remainder is convex: the program must know how low it may be."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from steel.elements import Element
from steel.grades import Grade, Order
from tests.conftest import Installation


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("element", [Element.C, Element.MN])
def test_a_minimum_is_held_with_its_margin_where_the_content_bends(
    installation: Installation, element: Element, confidence: float
) -> None:
    plant, known = installation.plant.plant, installation.plant.description
    pieces = known.elements[element]
    bent = np.vstack([0.0 * pieces.linear, 0.3 * pieces.linear - 0.02 * known.yields])
    elements = {**known.elements, element: replace(pieces, pieces=bent)}
    usual = plant.grade("SAE1018")
    lowest = usual.minimum_wt_pct[element]
    grade = Grade(name="bent", maximum_wt_pct=usual.maximum_wt_pct, minimum_wt_pct={element: lowest})
    order = Order(grade=grade, mass_t=plant.furnace.tap_weight_t)
    problem = build_problem(plant, order, replace(known, elements=elements), RecipeOptions(confidence=confidence))
    columns = Optimizer().solution(problem).columns_t
    row = next(row for row in problem.rows if row.element is element)
    final_t = float(problem.yields @ columns)
    held = (row.mean(columns) - row.lower_z * row.sd(columns)) / final_t
    assert held >= lowest * (1 - 1e-3)
    assert held <= lowest * 1.05
