"""A task that is no steel at all: scikit-learn's digits, each participant with its own rows."""

import torch
from sklearn.datasets import load_digits
from torch.utils.data import TensorDataset

from federation.modules.client_app import app_for
from federation.modules.task import Partition

PLANTS = ("alpha", "beta", "gamma")
SHARES = (0, 300, 800, 1797)
"""Unequal record sizes, so that weighting by sample size shows."""


class Digits:
    """Ten classes of 8 x 8 pictures."""

    def module(self) -> torch.nn.Module:
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))

    def partition(self, plant: str) -> Partition:
        pictures, digits = load_digits(return_X_y=True)
        order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(1))
        number = PLANTS.index(plant)
        rows = order[SHARES[number] : SHARES[number + 1]]
        x, y = torch.tensor(pictures / 16.0, dtype=torch.float32)[rows], torch.tensor(digits)[rows]
        cut = int(0.8 * len(rows))
        return Partition(TensorDataset(x[:cut], y[:cut]), TensorDataset(x[cut:], y[cut:]))

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(outputs, targets)

    def metrics(self, outputs: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(dim=1) == targets).float().mean())}


class Wider(Digits):
    """The same with another hidden layer's width: another module."""

    def module(self) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))


class NoNumbers(Digits):
    """A participant whose loss is broken, so that its weights become NaN."""

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return super().loss(outputs, targets) * float("nan")


class Exaggerating(Digits):
    """A participant that pulls a hundred times as hard."""

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return 100.0 * super().loss(outputs, targets)


class Shared(Digits):
    """The same for participants that a simulation numbers."""

    def partition(self, plant: str) -> Partition:
        return super().partition(PLANTS[int(plant.rpartition("-")[2])])


app = app_for(lambda context: (str(context.node_config["plant"]), str(context.node_config["task"])))
"""Participants whose task their node's configuration names."""
