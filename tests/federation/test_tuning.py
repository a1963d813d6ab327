"""Fine-tuning: what may move does, what may not does not, and the plant's own newest heats choose."""

import numpy as np
import pytest

from federation.sums.contract import Contract, agree
from federation.sums.hierarchy import Membership, Shared
from federation.sums.participant import Participant
from federation.sums.shares import tally
from federation.sums.tuning import FULL, TUNINGS, surely_better
from scenarios.bundled import names
from steel.elements import Element
from steel.heats import FloatArray
from surrogate.fit.remainder import FitOptions
from tests.federation.participants import participant

HEATS = {"northmill": 300, "riverside": 150, "eastport": 60}
LINEAR = FitOptions(remainders=())


@pytest.fixture(scope="module")
def agreed() -> tuple[dict[str, Participant], Contract, Shared]:
    plants = {name: participant(name, HEATS[name]) for name in names()}
    contract = agree([plant.offer() for plant in plants.values()])
    tallied = tally(contract, {name: plant.ballot(contract) for name, plant in plants.items()})
    return plants, tallied.contract, tallied.shared


def coefficients(agreed: tuple[dict[str, Participant], Contract, Shared], way: str, output: str) -> FloatArray:
    """Of a poor plant's materials, tuned one way, less those of their classes."""
    plants, contract, shared = agreed
    plant = plants["eastport"]
    chosen = next(one for one in TUNINGS if one.name == way)
    model = plant.tuned_model(contract, shared, plant.log, None, chosen, LINEAR)
    z = Membership.of(model.schema, contract.class_schema(), with_one=True).matrix
    own = model.outputs[output].linear.mean - z @ shared[output].mean
    return np.asarray(own[: len(plant.materials)])


def test_by_furnace_only_a_noble_content_stays_as_its_class_has_it(
    agreed: tuple[dict[str, Participant], Contract, Shared],
) -> None:
    still, full = (np.abs(coefficients(agreed, way, "Cu")).max() for way in ("furnace only", "full"))
    assert still < 1e-3 * full


def test_by_furnace_only_a_recovery_moves_all_materials_alike(
    agreed: tuple[dict[str, Participant], Contract, Shared],
) -> None:
    plants, _, _ = agreed
    moved = coefficients(agreed, "furnace only", "Cr")
    materials = plants["eastport"].materials
    catalogue = np.array([m.recovered_content(Element.CR) * (m.metallic_yield > 0) for m in materials])
    # One that cannot fall below zero has no ratio to tell.
    told = (catalogue > 0) & (np.abs(moved) > 1e-9)
    ratios = moved[told] / catalogue[told]
    assert told.sum() >= 8
    assert np.ptp(ratios) < 0.3 * np.abs(np.median(ratios))
    free = coefficients(agreed, "full", "Cr")[told] / catalogue[told]
    assert np.ptp(free) > 3.0 * np.ptp(ratios)


def test_farther_lies_farther_from_the_classes_than_nearer(
    agreed: tuple[dict[str, Participant], Contract, Shared],
) -> None:
    near, far = (np.linalg.norm(coefficients(agreed, way, "Cu")) for way in ("full, nearer", "full, farther"))
    assert near < far


def test_another_way_is_taken_only_where_it_is_surely_better() -> None:
    rng = np.random.default_rng(0)
    usual = rng.uniform(0.5, 1.5, (200, 3))
    lots = np.repeat(rng.normal(0.0, 0.2, (20, 3)), 10, axis=0)
    lots -= lots.mean(axis=0)
    errors = {way.name: usual + lots for way in TUNINGS} | {FULL.name: usual}
    assert surely_better(errors) is FULL
    # Of one output it seems better, of all together it is not.
    assert surely_better({**errors, "furnace only": usual + lots + np.array([-0.1, 0.06, 0.06])}) is FULL
    better = {**errors, "furnace only": usual - 0.2 + lots, "full, nearer": usual - 0.1}
    better["furnace only"][:50, 1] = np.nan
    assert surely_better(better).name == "furnace only"


def test_a_plant_with_too_few_heats_to_compare_ways_is_tuned_in_full(
    agreed: tuple[dict[str, Participant], Contract, Shared],
) -> None:
    plants, contract, shared = agreed
    assert plants["eastport"].tuning(contract, shared) is FULL
    assert plants["northmill"].tuning(contract, shared) in TUNINGS
