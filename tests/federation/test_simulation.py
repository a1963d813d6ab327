"""The deployed apps under Flower's simulation engine, where Ray is installed."""

from pathlib import Path

import pytest

from federation.ledger.ledger import Ledger
from federation.modules.settings import ModuleRun

pytest.importorskip("ray", reason="Ray is not installed; it comes with the extra `simulation`")
simulation = pytest.importorskip("federation.modules.simulation")


@pytest.mark.slow
def test_the_simulation_engine_runs_the_same_apps(tmp_path: Path) -> None:
    run = ModuleRun(participants=3, rounds=2, epochs=1)
    found = simulation.simulate("tests.federation.digits:Shared", run, Ledger(tmp_path / "ledger.jsonl"))
    assert [set(told) for told in found.rounds] == [{"plant-0", "plant-1", "plant-2"}] * 2
    losses = [sum(metrics["loss"] for metrics in told.values()) for told in found.rounds]
    assert losses[1] < losses[0]
