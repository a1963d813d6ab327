from dataclasses import replace

import numpy as np
import pytest

from scenarios.bundled import virtual_plant
from scenarios.virtual_plant import VirtualPlant
from steel.elements import Element
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.drift_state import Movement, follow
from surrogate.judge.characterisation import Characterisation, characterise
from surrogate.model.linear import Statistics, posterior
from surrogate.model.priors import Prior

DRIFT = {"E40 shredded": 0.30, "E3 old thick": -0.25}


@pytest.fixture(scope="module")
def drifting() -> tuple[VirtualPlant, list[Characterisation]]:
    plant = replace(virtual_plant("northmill"), drift_per_1000_heats=DRIFT)
    found = characterise(plant.history(1500), tuple(item.material for item in plant.plant.charge_items()))
    return plant, found


def runs(rng: np.random.Generator, path: np.ndarray) -> list[Statistics]:
    found = []
    for level in path:
        features = rng.normal(size=(40, 1))
        target = features[:, 0] * level + 0.2 * rng.normal(size=40)
        found.append(Statistics(features.T @ features / 0.04, features.T @ target / 0.04, 40))
    return found


def test_a_moving_coefficient_is_followed_and_a_resting_one_is_the_static_estimate() -> None:
    rng = np.random.default_rng(0)
    prior = Prior(np.zeros(1), np.eye(1), np.zeros((1, 1)), np.zeros(1))
    path = np.linspace(0.0, 2.0, 20)
    seen = runs(rng, path)
    moving = follow(prior, seen, Movement(np.array([0.12]), np.zeros(1)))
    assert moving.now.mean[0] == pytest.approx(2.0, abs=0.15)
    assert moving.smoothed[10].mean[0] == pytest.approx(path[10], abs=0.1)
    resting = follow(prior, seen, Movement.none(1))
    assert resting.now.mean == pytest.approx(posterior(prior, sum(seen[1:], seen[0])).mean)


def test_materials_that_move_are_found_and_the_others_rest(
    drifting: tuple[VirtualPlant, list[Characterisation]], history: HeatLog, materials: tuple[Material, ...]
) -> None:
    _, found = drifting
    moved = {one.material for one in found if one.contents[Element.CU].moves}
    assert set(DRIFT) <= moved
    assert len(moved) <= len(DRIFT) + 3
    rested = characterise(history, materials)
    assert sum(one.contents[Element.CU].moves for one in rested) <= 3


def test_todays_estimate_of_a_drifting_material_is_near_todays_truth(
    drifting: tuple[VirtualPlant, list[Characterisation]],
) -> None:
    plant, found = drifting
    first = plant.true_contents(Element.CU)
    for one in found:
        if one.material in DRIFT:
            today = first[one.material] * float(plant.drifted(one.material, np.array([1499]))[0])
            estimate = one.contents[Element.CU]
            assert estimate.wt_pct == pytest.approx(today, rel=0.25)
            assert abs(estimate.wt_pct - today) < abs(first[one.material] - today)
            assert estimate.history[0][1] == pytest.approx(first[one.material], rel=0.2)


def test_intervals_hold_the_true_contents(
    history: HeatLog, northmill: VirtualPlant, materials: tuple[Material, ...]
) -> None:
    covered = []
    for one in characterise(history, materials):
        for element in (Element.CU, Element.SN, Element.NI, Element.MO):
            truth = northmill.true_contents(element)[one.material]
            covered.append(one.contents[element].low <= truth <= one.contents[element].high)
    assert np.mean(covered) >= 0.78
