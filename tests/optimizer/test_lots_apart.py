"""Recipes that choose lots: by price and analysis, never more than a lot holds, the same where lots are alike."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chargewise.app.plants import LoadedPlant
from optimizer.explain.recommend import Optimizer
from optimizer.plan.lots_apart import with_lots_apart
from optimizer.problem.options import RecipeOptions
from steel.elements import Element
from steel.grades import Order
from steel.plants import Plant
from steel.yard import Lot, LotState
from surrogate.model.description import Description
from tests.conftest import Installation

OPTIONS = RecipeOptions()
MATERIAL = "E40 shredded"


@pytest.fixture(scope="module")
def loaded(installation: Installation) -> LoadedPlant:
    return installation.plant


def lot(number: str, remaining_t: float = 20.0, **more: Any) -> LotState:
    said = Lot(lot_id=number, material=MATERIAL, delivered_at=datetime(2026, 11, 1, tzinfo=UTC), ticket_t=30.0, **more)
    return LotState(lot=said, drawn_t=30.0 - remaining_t, remaining_t=remaining_t)


def stocked(loaded: LoadedPlant, stock_t: float = 45.0) -> Plant:
    return loaded.described.with_items(lambda item: {"available_t": stock_t} if item.material.name == MATERIAL else {})


def charged(plant: Plant, description: Description) -> tuple[dict[str, float], float]:
    order = Order(grade=plant.grade("B500B"), mass_t=plant.furnace.tap_weight_t)
    recipe = Optimizer().recommend(plant, order, description, OPTIONS)
    return recipe.charged_t(), recipe.costs_eur_per_t.total


def test_lots_of_which_nothing_is_known_make_the_same_recipe(loaded: LoadedPlant) -> None:
    plant = stocked(loaded)
    _, before = charged(plant, loaded.description)
    apart, description = with_lots_apart(plant, loaded.description, [lot("L1"), lot("L2")])
    masses, after = charged(apart, description)
    assert after == pytest.approx(before, rel=1e-4)
    assert masses.get(f"{MATERIAL} lot L1", 0.0) <= 20.0 + 1e-6
    assert apart.item(MATERIAL) is not None
    rest = apart.item(MATERIAL)
    assert rest is not None
    assert rest.available_t == pytest.approx(5.0)


def test_a_clean_lot_is_charged_before_a_dirty_one(loaded: LoadedPlant) -> None:
    usual = loaded.description.elements[Element.CU].linear[loaded.description.names.index(MATERIAL)]
    lots = [
        lot("dirty", analysis_wt_pct={Element.CU: 2.0 * usual, Element.SN: 0.05}),
        lot("clean", analysis_wt_pct={Element.CU: 0.5 * usual, Element.SN: 0.005}),
    ]
    apart, description = with_lots_apart(stocked(loaded, 40.0), loaded.description, lots)
    copper = description.elements[Element.CU]
    clean, dirty = (description.names.index(f"{MATERIAL} lot {name}") for name in ("clean", "dirty"))
    assert copper.linear[clean] < usual < copper.linear[dirty]
    # An analysis leaves less doubt of a lot than there is of the material.
    assert copper.covariance[clean, clean] < copper.covariance.diagonal()[description.names.index(MATERIAL)]
    masses, cost = charged(apart, description)
    assert masses.get(f"{MATERIAL} lot clean", 0.0) > masses.get(f"{MATERIAL} lot dirty", 0.0)
    _, blind = charged(stocked(loaded, 40.0), loaded.description)
    assert cost <= blind + 1e-6


def test_a_dear_lot_is_left(loaded: LoadedPlant) -> None:
    apart, description = with_lots_apart(
        stocked(loaded, 40.0), loaded.description, [lot("dear", price_per_t=900.0), lot("cheap", price_per_t=150.0)]
    )
    masses, _ = charged(apart, description)
    assert masses.get(f"{MATERIAL} lot dear", 0.0) == 0.0
    assert masses[f"{MATERIAL} lot cheap"] == pytest.approx(20.0, abs=0.01)


def test_a_yard_without_lots_is_as_it_was(loaded: LoadedPlant) -> None:
    plant, description = with_lots_apart(loaded.described, loaded.description, [lot("empty", remaining_t=0.0)])
    assert plant == loaded.described
    assert description is loaded.description
