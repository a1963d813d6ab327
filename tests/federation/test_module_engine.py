"""Modules on the deployed engine: real processes, TLS, registered keys."""

from pathlib import Path

import pytest
from safetensors.torch import load_file

from federation.engine import LocalPlant, local_engine
from federation.ledger.ledger import read_ledger
from federation.modules.settings import ModuleRun
from federation.modules.training import judge
from tests.federation.digits import PLANTS, Digits


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_digits_federate_through_flowers_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The task is installed at every participant; here it lies in the tests.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    task = "tests.federation.digits:Digits"
    plants = [LocalPlant(plant, "sqlite://", tmp_path, task) for plant in PLANTS]
    run = ModuleRun(participants=3, rounds=5, epochs=2, batch_size=128, learning_rate=0.5)
    with local_engine(tmp_path / "engine", plants) as engine:
        found = engine.run_modules(run)
        entries = read_ledger(engine.ledger, head=found["ledger_head"])
    assert [set(told) for told in found["rounds"]] == [set(PLANTS)] * 5
    accuracies = [metrics["accuracy"] for metrics in found["rounds"][-1].values()]
    assert min(accuracies) > 0.88
    assert [entry.kind for entry in entries].count("module_round") == 5
    module = Digits().module()
    module.load_state_dict(load_file(tmp_path / "engine" / found["weights"]))
    again = [judge(Digits(), module, Digits().partition(plant).test)["accuracy"] for plant in found["rounds"][-1]]
    assert again == pytest.approx(accuracies)
