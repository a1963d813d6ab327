"""The cohort trainer against the plain loop."""

from pathlib import Path

import pytest
import torch

from federation.ledger.ledger import Ledger
from federation.modules.cohort import train_cohort
from federation.modules.coordinate import run_modules
from federation.modules.in_process import InProcessGrid
from federation.modules.settings import ModuleRun
from steel.errors import InputError
from tests.federation.digits import PLANTS, Digits, app

TASK = "tests.federation.digits:Digits"


@pytest.mark.parametrize(
    "more", [{}, {"averaging": "fedprox", "proximal_mu": 0.5}, {"batch_size": 97, "momentum": 0.0}]
)
def test_the_cohort_is_the_plain_loop_to_five_digits(more: dict[str, object], tmp_path: Path) -> None:
    run = ModuleRun.model_validate({"participants": 3, "rounds": 2, "epochs": 2, "learning_rate": 0.1, **more})
    grid = InProcessGrid(app, [{"plant": plant, "task": TASK} for plant in PLANTS])
    plain = run_modules(grid, run, Ledger(tmp_path / "ledger.jsonl"), "a test", wait_s=60.0)
    task = Digits()
    shared, told = train_cohort(task, {plant: task.partition(plant) for plant in PLANTS}, run)
    for name, weight in plain.weights.items():
        torch.testing.assert_close(shared[name], torch.from_numpy(weight), rtol=1e-5, atol=1e-5)
    for round_, metrics in zip(plain.rounds, told, strict=True):
        for plant in PLANTS:
            assert metrics[plant]["loss"] == pytest.approx(round_[plant]["loss"], rel=1e-4)


class Normalised(Digits):
    def module(self) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.BatchNorm1d(64), torch.nn.Linear(64, 10))


def test_what_the_cohort_cannot_do_is_refused() -> None:
    run = ModuleRun(participants=3)
    partitions = {plant: Digits().partition(plant) for plant in PLANTS}
    with pytest.raises(InputError, match="buffers"):
        train_cohort(Normalised(), partitions, run)
    with pytest.raises(InputError, match="fedavg or fedprox"):
        train_cohort(Digits(), partitions, run.model_copy(update={"averaging": "median"}))
