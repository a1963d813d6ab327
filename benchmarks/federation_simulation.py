"""Sixty-eight plants and a network of 30-64-64-12: all at once, one after another, and under Flower's Ray engine."""

import time
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch.utils.data import TensorDataset

from benchmarks.report import Results
from federation.ledger.ledger import Ledger
from federation.modules.client_app import app_for
from federation.modules.cohort import train_cohort
from federation.modules.coordinate import ModuleResult, run_modules
from federation.modules.in_process import InProcessGrid
from federation.modules.settings import ModuleRun
from federation.modules.simulation import simulate
from federation.modules.task import Partition
from federation.modules.training import Weights

PLANTS, HEATS, INPUTS, OUTPUTS = 68, 500, 30, 12
RUN = ModuleRun(
    participants=PLANTS, rounds=6, epochs=8, batch_size=128, learning_rate=0.02, averaging="fedavg", momentum=0.9
)


class Charges:
    """A made-up charge-to-chemistry task; every plant's own shift away from what all share."""

    def module(self) -> torch.nn.Module:
        """30-64-64-12 with first weights that are the same everywhere."""
        torch.manual_seed(0)
        sizes = (INPUTS, 64, 64, OUTPUTS)
        layers: list[torch.nn.Module] = []
        for wide, narrow in pairwise(sizes):
            layers += [torch.nn.Linear(wide, narrow), torch.nn.ReLU()]
        return torch.nn.Sequential(*layers[:-1])

    @cache  # noqa: B019  # a benchmark's task lives as long as its process
    def partition(self, plant: str) -> Partition:
        """The heats of `plant-k`."""
        rng = np.random.default_rng(int(plant.rpartition("-")[2]))
        common = np.random.default_rng(1).normal(size=(INPUTS, OUTPUTS)) / np.sqrt(INPUTS)
        x = rng.normal(size=(HEATS + 100, INPUTS))
        y = np.tanh(x @ common) + 0.1 * rng.normal(size=(1, OUTPUTS)) + 0.1 * rng.normal(size=(len(x), OUTPUTS))
        rows = [torch.tensor(part, dtype=torch.float32) for part in (x[:HEATS], y[:HEATS], x[HEATS:], y[HEATS:])]
        return Partition(TensorDataset(*rows[:2]), TensorDataset(*rows[2:]))

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean squared error."""
        return torch.nn.functional.mse_loss(outputs, targets)

    def metrics(self, outputs: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
        """Mean absolute error."""
        return {"mae": float((outputs - targets).abs().mean())}


def measure_simulation(results: Results, quick: bool) -> None:
    """Seconds of two ways, in the full run of three, and how far apart they end."""
    task, name = Charges(), "benchmarks.federation_simulation:Charges"
    plants = [f"plant-{number}" for number in range(PLANTS)]
    partitions = {plant: task.partition(plant) for plant in plants}
    started = time.perf_counter()
    shared, _ = train_cohort(task, partitions, RUN)
    results["sim_68_plants_s"] = time.perf_counter() - started
    with TemporaryDirectory() as folder:
        started = time.perf_counter()
        ray = simulate(name, RUN, Ledger(Path(folder) / "ray.jsonl"))
        results["sim_68_flower_ray_s"] = time.perf_counter() - started
        results["sim_68_speedup_vs_flower_ray"] = results["sim_68_flower_ray_s"] / results["sim_68_plants_s"]
        results["sim_68_largest_difference_to_flower_ray"] = _apart(shared, ray)
        if quick:
            return
        grid = InProcessGrid(
            app_for(lambda context: (str(context.node_config["plant"]), name)), [{"plant": plant} for plant in plants]
        )
        started = time.perf_counter()
        plain = run_modules(grid, RUN, Ledger(Path(folder) / "plain.jsonl"), "benchmark", wait_s=600.0)
        results["sim_68_plain_loop_s"] = time.perf_counter() - started
        results["sim_68_speedup_vs_plain_loop"] = results["sim_68_plain_loop_s"] / results["sim_68_plants_s"]
        results["sim_68_largest_difference_to_plain_loop"] = _apart(shared, plain)


def _apart(shared: Weights, other: ModuleResult) -> float:
    return max(float((shared[name] - torch.from_numpy(weight)).abs().max()) for name, weight in other.weights.items())
