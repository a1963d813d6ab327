"""Scatter of charges of few materials: never more than the scatter of such a charge, and as much as can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from optimizer.explain.recommend import Optimizer
from optimizer.model.scatter import FewScatter, WholeScatter, k_support, parts_of
from optimizer.problem.options import RecipeOptions
from steel.heats import FloatArray
from tests.optimizer.instances import random_instance

SIZES = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.floats(0.0, 10.0))


@given(sizes=SIZES, most=st.integers(1, 12))
def test_the_norm_is_proven_by_its_own_gradient(sizes: FloatArray, most: int) -> None:
    """The norm's dual is the Euclidean norm of the K greatest: a gradient that reaches both bounds proves its value."""
    squared, half = k_support(sizes, most)
    assert np.einsum("ij,ij->i", half, sizes) == pytest.approx(squared, abs=1e-9)
    greatest = -np.sort(-half, axis=1)[:, :most]
    assert np.square(greatest).sum(axis=1) == pytest.approx(squared, rel=1e-9, abs=1e-9)
    assert (squared >= np.square(sizes).sum(axis=1) - 1e-9).all()


@given(seed=st.integers(0, 10_000), most=st.integers(1, 8))
def test_of_a_charge_of_few_materials_it_is_the_scatter_and_its_tangents_lie_below(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    counted = np.array([1.0] * 8 + [0.0] * 3)
    roots = [rng.normal(size=(4, 11)) + np.vstack([np.zeros((3, 11)), np.ones((1, 11))]) for _ in range(2)]
    roots = [np.vstack([root, np.diag(rng.uniform(0.5, 2.0, 11))]) for root in roots]
    whole = WholeScatter(roots, 11)
    few = FewScatter([parts_of(root, counted) for root in roots], most)
    charges = rng.uniform(0.0, 20.0, (6, 11))
    for charge in charges[1:]:
        charge[rng.permutation(8)[: 8 - most]] = 0.0
    exact, least = whole.at(charges)[0], few.at(charges)[0]
    assert least[:, 1:] == pytest.approx(exact[:, 1:], rel=1e-6)
    assert (least[:, 0] >= exact[:, 0] * (1.0 - 1e-6)).all()
    values, slopes = few.at(charges)
    below = np.einsum("epj,qj->epq", slopes, charges[1:])
    assert (below <= exact[:, None, 1:] * (1.0 + 1e-6)).all()
    assert np.einsum("epj,pj->ep", slopes, charges) == pytest.approx(values, rel=1e-6)


@pytest.mark.parametrize("seed", range(400, 410))
def test_the_price_at_which_a_material_comes_in_is_beside_the_recipe_not_within_the_rule(seed: int) -> None:
    instance = random_instance(seed, materials=5)
    options = RecipeOptions(confidence=0.9, cut_tolerance=1e-7, gap=1e-9)
    few = options.model_copy(update={"max_materials": 3})
    recipe = Optimizer().recommend(instance.plant, instance.order, instance.description, few)
    used = recipe.charged_t()
    for told in recipe.unused:
        kept = [item for item in instance.plant.yard if item.material.name in {*used, told.material, "FeMn"}]
        amounts = []
        for price in (told.enters_at_eur_per_t - 0.5, told.enters_at_eur_per_t + 0.5):
            yard = tuple(
                item.model_copy(update={"price_eur_per_t": price}) if item.material.name == told.material else item
                for item in kept
            )
            plant = instance.plant.model_copy(update={"yard": yard})
            found = Optimizer().recommend(plant, instance.order, instance.description, options)
            amounts.append(found.charged_t().get(told.material, 0.0))
        assert amounts[0] > 1e-3
        assert amounts[1] < 1e-3


def test_a_material_that_only_the_number_of_them_keeps_out_would_pay() -> None:
    instance = random_instance(404, materials=5)
    options = RecipeOptions(confidence=0.9, max_materials=3)
    recipe = Optimizer().recommend(instance.plant, instance.order, instance.description, options)
    assert any(one.enters_at_eur_per_t > one.price_eur_per_t + 5.0 for one in recipe.unused)
    more = options.model_copy(update={"max_materials": 4})
    cheaper = Optimizer().recommend(instance.plant, instance.order, instance.description, more)
    assert cheaper.costs_eur_per_t.total < recipe.costs_eur_per_t.total
