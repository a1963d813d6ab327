"""Sums that must not be added are named; sums of honest plants are added exactly."""

from dataclasses import replace

import numpy as np
import pytest

from federation.ledger.errors import NothingToAddError
from federation.sums.contract import Contract, agree
from federation.sums.hierarchy import combine
from federation.sums.screening import Sums, screen, total
from federation.sums.shares import SHARES, tally
from scenarios.bundled import names, virtual_plant
from surrogate.judge.recorded import recorded
from surrogate.model.linear import Statistics
from surrogate.model.priors import OWN_FURNACE_SHARE
from tests.federation.participants import participant

HEATS = {"northmill": 500, "riverside": 150, "eastport": 60}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return agree([participant(name, HEATS[name]).offer() for name in names()])


@pytest.fixture(scope="module")
def sums(contract: Contract) -> dict[str, Sums]:
    return {name: participant(name, HEATS[name]).ballot(contract)[OWN_FURNACE_SHARE] for name in names()}


def changed(sums: Sums, name: str, information: float = 1.0, moment: float = 1.0) -> Sums:
    one = sums[name]
    return {**sums, name: Statistics(information * one.information, moment * one.moment, one.heats)}


def test_honest_plants_are_all_added_exactly(contract: Contract, sums: dict[str, Sums]) -> None:
    tallied = tally(contract, {name: dict.fromkeys(SHARES, one) for name, one in sums.items()})
    shared = tallied.shared
    assert tallied.quarantined == {}
    first, second, third = sums.values()
    wanted = combine(contract, {name: first[name] + second[name] + third[name] for name in first})
    assert shared["Cu"].mean == pytest.approx(wanted["Cu"].mean)


@pytest.mark.parametrize("plant", HEATS)
def test_numbers_that_are_none_are_named(contract: Contract, sums: dict[str, Sums], plant: str) -> None:
    poisoned = {**sums, plant: changed(sums[plant], "Sn", information=float("nan"))}
    accepted, quarantined = screen(contract, poisoned)
    assert list(quarantined) == [plant]
    assert "Sn: a sum is not a finite number" in quarantined[plant]
    assert set(accepted) == set(HEATS) - {plant}


def test_sums_of_the_wrong_shape_or_outputs_are_named(contract: Contract, sums: dict[str, Sums]) -> None:
    short = {**sums["northmill"], "Cu": Statistics(np.eye(3), np.zeros(3), 0)}
    assert "shape (3, 3)" in screen(contract, {**sums, "northmill": short})[1]["northmill"]
    without = {name: one for name, one in sums["northmill"].items() if name != "Cu"}
    assert "sums of Cu missing" in screen(contract, {**sums, "northmill": without})[1]["northmill"]


def test_information_that_cannot_be_is_named(contract: Contract, sums: dict[str, Sums]) -> None:
    assert "below zero" in screen(contract, {**sums, "eastport": changed(sums["eastport"], "Cu", -1.0)})[1]["eastport"]
    crooked = sums["eastport"]["Cu"].information.copy()
    crooked[0, 1] += 0.1 * np.abs(crooked).max()
    twisted = {**sums["eastport"], "Cu": Statistics(crooked, sums["eastport"]["Cu"].moment, 0)}
    assert "not symmetric" in screen(contract, {**sums, "eastport": twisted})[1]["eastport"]


def test_a_hundredfold_update_is_at_odds_with_the_others(contract: Contract, sums: dict[str, Sums]) -> None:
    loud: Sums = {}
    for name, one in sums["northmill"].items():
        loud[name] = Statistics(100 * one.information, 100 * one.moment, one.heats)
    _, quarantined = screen(contract, {**sums, "northmill": loud})
    assert list(quarantined) == ["northmill"]
    assert "at odds with all other plants" in quarantined["northmill"]


def test_labels_shifted_by_half_are_at_odds_with_the_others(contract: Contract, sums: dict[str, Sums]) -> None:
    honest = participant("riverside", HEATS["riverside"])
    shifted = replace(honest.log, analysis_wt_pct=2.0 * honest.log.analysis_wt_pct)
    bad = replace(honest, log=shifted).ballot(contract)[OWN_FURNACE_SHARE]
    assert list(screen(contract, {**sums, "riverside": bad})[1]) == ["riverside"]


def test_two_plants_cannot_tell_who_is_odd(contract: Contract, sums: dict[str, Sums]) -> None:
    loud: Sums = {}
    for name, one in sums["northmill"].items():
        loud[name] = Statistics(100 * one.information, 100 * one.moment, one.heats)
    assert screen(contract, {"northmill": loud, "riverside": sums["riverside"]})[1] == {}


def test_nothing_left_to_add_is_an_error_that_says_why(contract: Contract, sums: dict[str, Sums]) -> None:
    empty = {"northmill": dict.fromkeys(SHARES, changed(sums["northmill"], "Cu", float("inf")))}
    with pytest.raises(NothingToAddError, match="northmill: Cu: a sum is not a finite number"):
        tally(contract, empty)


def test_a_plant_without_heats_gets_the_shared_classes(contract: Contract, sums: dict[str, Sums]) -> None:
    others = {name: one for name, one in sums.items() if name != "eastport"}
    shared = combine(contract, total(others.values()))
    newcomer = participant("eastport", HEATS["eastport"])
    truth = virtual_plant("eastport").expected(newcomer.log)
    models = [newcomer.first_model(contract, shared), newcomer.first_model(contract, None)]
    ratios = []
    for symbol in ("Cu", "Sn", "Ni", "Cr", "Mo"):
        wanted = recorded(truth, symbol)
        given, catalogue = (np.abs(model.predict(newcomer.log).mean[symbol] - wanted).mean() for model in models)
        ratios.append(given / catalogue)
    assert np.mean(ratios) < 0.9
