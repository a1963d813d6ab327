from functools import reduce
from operator import add

import numpy as np
import pytest

from federation.exchange.messages import shared_from_record, shared_to_record, sums_from_record, sums_to_record
from federation.sums.contract import VERSION, Contract, agree, read_contract
from federation.sums.hierarchy import Membership, class_statistics, combine, informed_priors, priors_for
from federation.sums.participant import Participant
from federation.sums.shares import flat
from scenarios.bundled import names, virtual_plant
from steel.errors import InputError
from surrogate.model.linear import Statistics
from surrogate.model.priors import OWN_FURNACE_SHARE, Prior
from tests.federation.participants import participant

HEATS = {"northmill": 500, "riverside": 150, "eastport": 60}


@pytest.fixture(scope="module")
def plants() -> list[Participant]:
    return [participant(name, HEATS[name]) for name in names()]


@pytest.fixture(scope="module")
def contract(plants: list[Participant]) -> Contract:
    return agree([plant.offer() for plant in plants])


@pytest.fixture(scope="module")
def sums(plants: list[Participant], contract: Contract) -> dict[str, Statistics]:
    each = [plant.ballot(contract)[OWN_FURNACE_SHARE] for plant in plants]
    return {name: reduce(add, (one[name] for one in each)) for name in each[0]}


def test_the_sums_give_what_all_heats_in_one_place_would() -> None:
    """Two plants, one shared class coefficient each own deviation: the marginal likelihood by brute force."""
    rng = np.random.default_rng(0)
    deviation, noise = np.diag([0.3, 0.1, 0.2]) ** 2, 0.5
    prior = Prior(np.zeros(3), np.eye(3), deviation, np.zeros(3))
    membership = Membership(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    total = Statistics(np.zeros((2, 2)), np.zeros(2), 0)
    information, moment = np.zeros((2, 2)), np.zeros(2)
    for heats in (30, 7):
        features, target = rng.normal(size=(heats, 3)), rng.normal(size=heats)
        own = Statistics(features.T @ features / noise, features.T @ target / noise, heats)
        total = total + class_statistics(own, prior, membership)
        marginal = np.linalg.inv(noise * np.eye(heats) + features @ deviation @ features.T)
        design = features @ membership.matrix
        information += design.T @ marginal @ design
        moment += design.T @ marginal @ target
    assert total.information == pytest.approx(information)
    assert total.moment == pytest.approx(moment)


def test_the_contract_holds_what_all_plants_have(plants: list[Participant], contract: Contract) -> None:
    assert read_contract(contract.model_dump_json()) == contract
    classes = {material.material_class for plant in plants for material in plant.materials}
    assert set(contract.classes) == classes
    oxygen = np.concatenate([p.log.process["oxygen_nm3_per_t"] for p in plants])
    position = contract.process.index("oxygen_nm3_per_t")
    assert contract.process_mean[position] == pytest.approx(oxygen.mean())
    assert contract.process_scale[position] == pytest.approx(oxygen.std())


def test_another_version_and_strange_classes_are_refused(plants: list[Participant], contract: Contract) -> None:
    with pytest.raises(InputError, match=f"version {VERSION}"):
        read_contract(contract.model_copy(update={"version": VERSION + 1}).model_dump_json())
    with pytest.raises(InputError, match=f"version {VERSION} at every plant"):
        agree([plants[0].offer().model_copy(update={"version": VERSION + 1})])
    strange = plants[0].materials[0].model_copy(update={"material_class": "moon rock"})
    with pytest.raises(InputError, match="moon rock"):
        Participant("x", plants[0].log, (strange, *plants[0].materials[1:])).offer()


def test_messages_carry_sums_and_posteriors_unchanged(contract: Contract, sums: dict[str, Statistics]) -> None:
    back = sums_from_record(sums_to_record(sums))
    assert all(np.array_equal(back[name].information, sums[name].information) for name in sums)
    shared = combine(contract, sums)
    again = shared_from_record(shared_to_record(shared))
    assert all(np.array_equal(again[name].mean, shared[name].mean) for name in shared)


def test_nothing_that_leaves_a_plant_grows_with_its_heats(plants: list[Participant], contract: Contract) -> None:
    small = Participant("eastport", plants[2].log.rows(slice(0, 30)), plants[2].materials)
    sizes = [
        {name: (found.information.shape, found.moment.shape) for name, found in flat(plant.ballot(contract)).items()}
        for plant in (plants[2], small)
    ]
    assert sizes[0] == sizes[1]


def test_a_poor_plant_comes_nearer_the_truth_by_what_the_others_know(
    plants: list[Participant], contract: Contract, sums: dict[str, Statistics]
) -> None:
    poor, shared = plants[2], combine(contract, sums)
    learned, later = poor.log.split(0.7)
    truth = virtual_plant("eastport").expected(virtual_plant("eastport").history(400)).rows(slice(60, 400))
    schema = contract.schema_for(poor.materials)
    tuned = poor.tuned_model(contract, shared, learned).predict(truth)
    alone = poor._local(contract, learned, schema).predict(truth)
    ratios = []
    for element in ("Cu", "Sn", "Ni", "Mo"):
        actual = truth.analysis_wt_pct[:, [e.value for e in truth.elements].index(element)]
        ratios.append(np.abs(tuned.mean[element] - actual).mean() / np.abs(alone.mean[element] - actual).mean())
    assert np.mean(ratios) < 0.95
    assert len(later) == 18


def test_informed_priors_are_surer_than_the_catalogue_and_centred_on_the_classes(
    plants: list[Participant], contract: Contract, sums: dict[str, Statistics]
) -> None:
    schema = contract.schema_for(plants[2].materials)
    shared = combine(contract, sums)
    informed, plain = informed_priors(contract, schema, shared)["Cu"], priors_for(contract, schema)["Cu"]
    assert np.trace(informed.covariance) < np.trace(plain.covariance)
    position = [m.material_class for m in plants[2].materials].index("E40")
    assert informed.mean[position] == shared["Cu"].mean[contract.classes.index("E40")]
