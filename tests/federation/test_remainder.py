"""A convex remainder that plants learn together: found, kept only where it surely helps, used by the small plant."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.clientapp import ClientApp
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from federation.ledger.ledger import Ledger, read_ledger
from federation.ledger.quorum import Round
from federation.modules.in_process import InProcessGrid
from federation.remainder.client import add_handlers
from federation.remainder.remainder import surely_better, usual_run
from federation.remainder.rounds import learn_remainder
from federation.run import SumsRun, run_sums
from federation.sums.contract import agree
from federation.sums.hierarchy import Pieces
from federation.sums.participant import Participant
from federation.sums.shares import tally
from steel.elements import Element
from steel.heats import HeatLog
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.model.pieces import greatest, sum_of_pieces
from surrogate.store.artifact import load_surrogate
from tests.federation.local import given_plants, grid_of
from tests.federation.participants import participant

HEATS = {"northmill": 360, "riverside": 240, "eastport": 240}
STEEP, KINK = 0.10, 0.10
"""wt% of phosphorus per share of old scrap beyond the kink: more than the linear balance can follow."""


def bent(plant: Participant) -> Participant:
    """A plant at which phosphorus rises steeply with the share of old thick scrap beyond a kink."""
    return replace(plant, log=with_bend(plant.log, plant))


def bend(plant: Participant, log: HeatLog) -> np.ndarray:
    old = [m.material_class in ("E3", "E1") for m in plant.materials]
    names = [m.name for m, is_old in zip(plant.materials, old, strict=True) if is_old]
    share = log.charged_in(tuple(names)).sum(axis=1) / log.charged_t.sum(axis=1)
    return np.asarray(STEEP * np.maximum(0.0, share - KINK))


def with_bend(log: HeatLog, plant: Participant) -> HeatLog:
    analysis = log.analysis_wt_pct.copy()
    analysis[:, log.elements.index(Element.P)] += bend(plant, log)
    return replace(log, analysis_wt_pct=analysis)


@pytest.fixture(scope="module")
def plants() -> dict[str, Participant]:
    return {name: bent(participant(name, heats)) for name, heats in HEATS.items()}


def learned(plants: dict[str, Participant], ledger: Path, averaging: str = "fedavg") -> tuple[Pieces, list[Any]]:
    contract = agree([plant.offer() for plant in plants.values()])
    tallied = tally(contract, {name: plant.ballot(contract) for name, plant in plants.items()})
    contract, shared = tallied.contract, tallied.shared
    app = ClientApp()
    add_handlers(app, lambda context: plants[str(context.node_config["plant"])])
    grid = InProcessGrid(app, [{"plant": name} for name in plants])
    round_ = Round(grid, 60.0, len(plants), Ledger(ledger))
    pieces = learn_remainder(grid, round_, list(grid.get_node_ids()), contract, shared, usual_run(averaging))
    return pieces, [contract, shared]


def test_what_no_linear_balance_follows_is_found_and_only_that_is_kept(
    plants: dict[str, Participant], tmp_path: Path
) -> None:
    pieces, (contract, shared) = learned(plants, tmp_path / "ledger.jsonl")
    assert set(pieces) == {"P"}
    (end,) = [entry.body for entry in read_ledger(tmp_path / "ledger.jsonl") if entry.kind == "remainder_end"]
    assert end["kept"] == ["P"]
    assert end["standard_errors_gained"]["P"] > 2.0
    small = bent(participant("eastport", 120))
    few, later = small.log.rows(slice(0, 60)), small.log.rows(slice(60, None))
    truth = later.analysis_wt_pct[:, later.elements.index(Element.P)]
    errors = [
        float(np.nanmean(np.abs(small.tuned_model(contract, shared, few, of).predict(later).mean["P"] - truth)))
        for of in ({}, pieces)
    ]
    assert errors[1] < 0.9 * errors[0]


def test_what_does_not_gain_on_held_back_heats_is_not_kept(tmp_path: Path) -> None:
    plain = {name: participant(name, 120) for name in HEATS}
    pieces, _ = learned(plain, tmp_path / "ledger.jsonl")
    (end,) = [entry.body for entry in read_ledger(tmp_path / "ledger.jsonl") if entry.kind == "remainder_end"]
    assert end["standard_errors_gained"]["S"] < 0.0
    assert "S" not in pieces


def test_adaptive_averaging_is_a_matter_of_configuration(plants: dict[str, Participant], tmp_path: Path) -> None:
    few = {name: replace(plant, log=plant.log.rows(slice(0, 80))) for name, plant in plants.items()}
    learned(few, tmp_path / "ledger.jsonl", "fedyogi")
    (run,) = [entry.body for entry in read_ledger(tmp_path / "ledger.jsonl") if entry.kind == "remainder_run"]
    assert run["run"]["averaging"] == "fedyogi"


def test_a_gain_counts_over_all_plants_together() -> None:
    one = {"P/heats": 50.0, "P/gain": 5.0, "P/square": 50.0}
    alone, together = (surely_better([one] * count, ("P",))["P"] for count in (1, 16))
    assert together == pytest.approx(4.0 * alone)
    assert surely_better([{"P/heats": None}], ("P",)) == {"P": 0.0}


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), one=st.integers(0, 4), other=st.integers(0, 4))
def test_pieces_of_a_sum_are_the_sum_of_pieces(seed: int, one: int, other: int) -> None:
    rng = np.random.default_rng(seed)
    features, first, second = rng.normal(size=(7, 3)), rng.normal(size=(one, 3)), rng.normal(size=(other, 3))
    expected = sum((greatest(features, of) for of in (first, second) if len(of)), start=np.zeros(7))
    found = sum_of_pieces(first, second)
    assert (greatest(features, found) if len(found) else np.zeros(7)) == pytest.approx(expected)


def test_a_fit_learns_beside_pieces_that_are_known(plants: dict[str, Participant]) -> None:
    plant = plants["eastport"]
    width = fit(plant.log, plant.materials, FitOptions(remainders=())).schema.width
    known = np.vstack([np.zeros(width), np.eye(1, width, 0)[0] * 1e-3])
    model = fit(plant.log, plant.materials, FitOptions(remainders=()), given={"P": known})
    assert np.array_equal(model.outputs["P"].pieces, known)
    assert not len(model.outputs["S"].pieces)


def test_a_whole_run_hands_the_remainder_to_every_plant(plants: dict[str, Participant], tmp_path: Path) -> None:
    grid = grid_of(given_plants(tmp_path, plants))
    run = SumsRun(plants=3, secure=False, remainder="fedavg", started_by="a test", wait_s=60.0)
    result = run_sums(grid, run, Ledger(tmp_path / "ledger.jsonl"), tmp_path, "1")
    assert result["remainder"] == ["P"]
    assert load_file(tmp_path / "shared.safetensors")["P/pieces"].shape[0] == 3
    adopted = {plant: told["version"] for plant, told in result["adopted"].items() if told["version"]}
    assert adopted
    for plant, version in adopted.items():
        model, _ = load_surrogate(tmp_path / "models" / plant / version)
        assert len(model.outputs["P"].pieces) >= 3
