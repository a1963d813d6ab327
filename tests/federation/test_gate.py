"""The gate: what is no better than chance is not adopted, nor what is of other scrap, nor an output that got worse."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.plant.adopting import adopted
from federation.sums.contract import Contract, agree
from federation.sums.gate import ACTIVE, LOCAL, ODDS, TUNED, Trial, content_evidence, judge
from federation.sums.participant import Participant
from federation.sums.screening import Sums, total
from federation.sums.shares import Ballot, tally
from scenarios.bundled import virtual_plant
from surrogate.judge.stretches import SURELY, standard_errors
from surrogate.store.registry import Registry
from tests.federation.participants import participant

OUTPUTS = ("Cu", "Sn", "energy_kwh_per_t", "yield")
FOR = dict.fromkeys(OUTPUTS, 5.0)
HEATS = 120


def trial(factors: dict[str, float], heats: int = HEATS, seed: int = 0, **more: float) -> Trial:
    """Errors of which the tuned model's are so many times the local model's, heat by heat, with scatter of its own."""
    rng = np.random.default_rng(seed)
    local = rng.normal(size=(heats, len(OUTPUTS)))
    scatter = 1.0 + 0.05 * rng.normal(size=local.shape)
    tuned = local * np.array([factors.get(output, 1.0) for output in OUTPUTS]) * scatter
    errors = {LOCAL: local, TUNED: tuned}
    if "active" in more:
        errors[ACTIVE] = tuned * more["active"]
    return Trial(OUTPUTS, errors)


def test_what_is_surely_better_is_adopted_output_by_output() -> None:
    verdict = judge(trial({"Cu": 0.8, "Sn": 1.1, "energy_kwh_per_t": 0.85, "yield": 0.9}), FOR)
    assert set(verdict.outputs) == {"Cu", "energy_kwh_per_t", "yield"}
    assert verdict.reason.startswith("adopted: Cu, electricity, yield, ")
    assert verdict.metrics()["gate"]["outputs"] == list(verdict.outputs)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_got_worse_by_a_tenth_is_never_among_what_is_adopted(seed: int) -> None:
    verdict = judge(trial({"Cu": 1.1, "Sn": 0.8, "energy_kwh_per_t": 0.8, "yield": 0.8}, seed=seed), FOR)
    assert "Cu" not in verdict.outputs


def test_chance_is_not_adopted() -> None:
    rng = np.random.default_rng(1)
    passed = 0
    for _ in range(200):
        local, tuned = rng.normal(size=(2, HEATS, len(OUTPUTS)))
        passed += judge(Trial(OUTPUTS, {LOCAL: local, TUNED: tuned}), FOR).adopt
    assert passed / 200 <= 0.05


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        ({**FOR, "Cu": -4.0, "Sn": 1.0}, "speak against the other plants' scrap classes"),
        ({**FOR, "Cu": ODDS - 0.1, "Sn": 0.0}, "speak against"),
    ],
)
def test_other_scrap_under_the_same_names_is_not_adopted_however_good_it_looks(
    evidence: dict[str, float], reason: str
) -> None:
    assert reason in judge(trial(dict.fromkeys(OUTPUTS, 0.7)), evidence).reason


def test_few_heats_decide_nothing_and_doubt_is_told() -> None:
    assert "39 heats are too few to tell; 40 are not" in judge(trial(dict.fromkeys(OUTPUTS, 0.7), 39), FOR).reason
    assert "not surely below the plant's own" in judge(trial({}), FOR).reason


def test_it_must_be_better_than_the_active_models_way_too() -> None:
    better = trial(dict.fromkeys(OUTPUTS, 0.8), active=1.3)
    assert judge(better, FOR).adopt
    same = trial(dict.fromkeys(OUTPUTS, 0.8), active=1.0)
    assert "not surely below the active model's (0.0 standard errors)" in judge(same, FOR).reason


def test_what_was_not_recorded_is_no_error() -> None:
    blank = trial(dict.fromkeys(OUTPUTS, 0.8))
    errors = {model: of.copy() for model, of in blank.errors.items()}
    for of in errors.values():
        of[:, 1] = np.nan
    verdict = judge(Trial(OUTPUTS, errors), FOR)
    assert verdict.adopt
    assert "Sn" not in verdict.outputs
    assert "Sn" not in verdict.errors


def test_noble_elements_say_whether_it_is_the_same_scrap() -> None:
    assert content_evidence({"Cu": 1.0, "Sn": 2.0, "C": 50.0, "energy_kwh_per_t": 90.0}) == 3.0
    assert content_evidence({"C": 2.0, "P": 1.0}) == 3.0


def test_stretches_are_compared_and_not_heats() -> None:
    """Twice the same ten heats are not twice the evidence."""
    rng = np.random.default_rng(2)
    lots = np.repeat(rng.normal(0.3, 1.0, size=12), 10)
    assert standard_errors(lots) < 0.5 * lots.mean() / (lots.std(ddof=1) / np.sqrt(len(lots)))


def run_of(home: Participant, *others: Participant) -> tuple[Contract, Sums, Ballot]:
    plants = (home, *others)
    contract = agree([plant.offer() for plant in plants])
    ballots = {plant.plant: plant.ballot(contract) for plant in plants}
    tallied = tally(contract, ballots)
    return tallied.contract, total(tallied.sums.values()), ballots[home.plant]


@pytest.fixture(scope="module")
def same_world() -> tuple[Participant, tuple[Contract, Sums, Ballot]]:
    home = participant("eastport", HEATS)
    return home, run_of(home, participant("northmill", 400), participant("riverside", 300))


def test_a_plant_adopts_once_and_not_the_same_again(
    same_world: tuple[Participant, tuple[Contract, Sums, Ballot]], tmp_path: Path
) -> None:
    home, (contract, every, mine) = same_world
    registry = Registry(tmp_path / "models")
    first = adopted(home, registry, tmp_path, contract, every, mine, {}, "a head")
    assert first.version == "v0001"
    model, version = registry.active("eastport")
    assert version.manifest.metrics["gate"]["outputs"] == list(first.outputs)
    assert {element.value for element in home.log.elements} <= set(model.outputs)
    again = adopted(home, registry, tmp_path, contract, every, mine, {}, "a head")
    assert (again.version, registry.active_version("eastport")) == ("", "v0001")
    assert "not surely below the active model's" in again.reason


def test_what_a_person_went_back_to_stays(
    same_world: tuple[Participant, tuple[Contract, Sums, Ballot]], tmp_path: Path
) -> None:
    home, (contract, every, mine) = same_world
    registry = Registry(tmp_path / "models")
    for _ in range(2):
        registry.publish(home.first_model(contract, None), "eastport", home.log)
    registry.activate("eastport", "v0001", "A. Melter")
    found = adopted(home, registry, tmp_path, contract, every, mine, {}, "a head")
    assert (found.version, registry.active_version("eastport")) == ("", "v0001")
    assert "A. Melter went back to v0001" in found.reason


def test_a_plants_own_heats_count_once(same_world: tuple[Participant, tuple[Contract, Sums, Ballot]]) -> None:
    home, (contract, every, mine) = same_world
    others = home.others(contract, every, mine)
    alone = run_of(participant("northmill", 400), participant("riverside", 300))
    assert set(others) == set(alone[1])
    whole = home.others(contract, every, None)
    # Without its own sums the classes are less sure of what it charges.
    assert np.trace(others["Cu"].covariance) > np.trace(whole["Cu"].covariance)


def test_a_model_of_an_unrelated_world_is_not_adopted(tmp_path: Path) -> None:
    home = participant("eastport", HEATS)
    strangers = []
    for name, heats in (("northmill", 400), ("riverside", 300)):
        virtual = replace(virtual_plant(name), world_seed=999)
        materials = tuple(item.material for item in virtual.plant.charge_items())
        strangers.append(Participant(name, virtual.history(heats), materials))
    contract, every, mine = run_of(home, *strangers)
    found = adopted(home, Registry(tmp_path / "models"), tmp_path, contract, every, mine, {}, "a head")
    assert found.version == ""
    assert "speak against the other plants' scrap classes" in found.reason
    assert SURELY == 2.0


def test_what_only_this_plant_analyses_is_not_lost() -> None:
    home = participant("eastport", HEATS)
    few = tuple(element for element in home.log.elements if element.value not in ("V", "N"))
    others = [
        replace(plant, log=plant.log.with_elements(few))
        for plant in (participant("northmill", 400), participant("riverside", 300))
    ]
    contract, every, mine = run_of(home, *others)
    assert "V" not in contract.elements
    known = home.others(contract, every, mine)
    model = home.tuned_model(contract, known, home.log, outputs=("Cu", "energy_kwh_per_t"))
    assert {"V", "N"} <= set(model.outputs)
    assert np.isfinite(model.predict(home.log).mean["V"]).all()
