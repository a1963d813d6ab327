"""What a plant gave: the information the shared model would lack without it; and the report from a ledger."""

from pathlib import Path

import numpy as np
import pytest

from federation.ledger.ledger import Ledger, read_ledger
from federation.sums.contract import Contract, agree
from federation.sums.contributions import contributions, information_given
from federation.sums.hierarchy import combine
from federation.sums.screening import Sums
from surrogate.model.priors import OWN_FURNACE_SHARE
from tests.federation.participants import participant

HEATS = {"northmill": 300, "riverside": 100}


@pytest.fixture(scope="module")
def given() -> tuple[Contract, dict[str, Sums]]:
    plants = [participant(name, heats) for name, heats in HEATS.items()]
    contract = agree([plant.offer() for plant in plants])
    return contract, {plant.plant: plant.ballot(contract)[OWN_FURNACE_SHARE] for plant in plants}


def entropy_bits(contract: Contract, sums: Sums) -> float:
    """Of the classes' posterior, but for a constant."""
    total = 0.0
    for posterior in combine(contract, sums).values():
        free = np.diag(posterior.covariance) > 0
        total += 0.5 * np.linalg.slogdet(posterior.covariance[np.ix_(free, free)])[1] / np.log(2.0)
    return total


def test_a_plant_gave_the_entropy_that_its_sums_take_from_the_posterior(
    given: tuple[Contract, dict[str, Sums]],
) -> None:
    contract, sums = given
    bits = information_given(contract, sums)
    both = {name: sums["northmill"][name] + sums["riverside"][name] for name in sums["northmill"]}
    lacking = entropy_bits(contract, sums["northmill"]) - entropy_bits(contract, both)
    assert bits["riverside"] == pytest.approx(lacking, rel=1e-3)
    assert bits["northmill"] > bits["riverside"] > 0


def test_who_repeats_another_gives_less(given: tuple[Contract, dict[str, Sums]]) -> None:
    contract, sums = given
    alone = information_given(contract, {"northmill": sums["northmill"]})["northmill"]
    twice = information_given(contract, {"northmill": sums["northmill"], "echo": sums["northmill"]})
    assert twice["echo"] == pytest.approx(twice["northmill"])
    assert twice["echo"] < 0.5 * alone


def test_the_report_tells_every_plant_of_every_run(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for version in ("v0002", ""):
        ledger.append("run", {"started_by": "me"})
        ledger.append("contribution", {"plant": "alpha", "heats": 300, "bytes": 2048})
        ledger.append("contribution", {"plant": "beta", "heats": 9, "bytes": 2048})
        ledger.append("quarantine", {"plant": "beta", "reason": "not finite"})
        ledger.append("given", {"plant": "alpha", "bits": 40.0})
        errors = {"Cu": {"local": 0.02, "global": 0.03, "tuned": 0.018}}
        ledger.append("judgement", {"plant": "alpha", "version": version, "mean_absolute_errors": errors})
    found = contributions(read_ledger(tmp_path / "ledger.jsonl"))
    assert [(one.run, one.plant) for one in found] == [(1, "alpha"), (1, "beta"), (2, "alpha"), (2, "beta")]
    assert (found[0].bits, found[0].kilobytes, found[0].adopted) == (40.0, 2.0, "v0002")
    assert found[0].gain == pytest.approx(0.1)
    assert (found[1].put_aside, found[1].bits, found[2].adopted) == ("not finite", None, "")
