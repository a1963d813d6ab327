"""Training and judging a module at one participant."""

import numpy as np
import torch
from torch.utils.data import TensorDataset

from federation.modules.settings import ModuleRun
from federation.modules.task import Penalised, Task, Trained

Weights = dict[str, torch.Tensor]


def train(task: Trained, module: torch.nn.Module, data: TensorDataset, run: ModuleRun, key: tuple[int, ...]) -> float:
    """Train in place by stochastic gradient descent; returns the mean loss of the last epoch.

    Args:
        task: its loss.
        module: starts from the shared weights, which FedProx pulls towards.
        data: this participant's.
        run: epochs, batch size, learning rate, proximal term.
        key: makes the order of batches this participant's and round's own, and repeatable.
    """
    shared = [weight.detach().clone() for weight in module.parameters()]
    optimiser = torch.optim.SGD(module.parameters(), lr=run.learning_rate, momentum=run.momentum)
    features, targets = data.tensors
    last = 0.0
    module.train()
    for epoch in range(run.epochs):
        last = 0.0
        for rows in torch.split(shuffled(len(data), (*key, epoch)), run.batch_size):
            optimiser.zero_grad()
            loss = task.loss(module(features[rows]), targets[rows])
            last += float(loss.detach()) * len(rows) / len(data)
            if isinstance(task, Penalised):
                loss = loss + task.penalty(module)
            if run.proximal_mu > 0:
                pulls = zip(module.parameters(), shared, strict=True)
                loss = loss + run.proximal_mu / 2 * sum((weight - old).square().sum() for weight, old in pulls)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return last


def shuffled(rows: int, key: tuple[int, ...]) -> torch.Tensor:
    """Row numbers in the order of one epoch."""
    return torch.from_numpy(np.random.default_rng(key).permutation(rows))


def judge(task: Task, module: torch.nn.Module, data: TensorDataset) -> dict[str, float]:
    """Loss and metrics on held-back data."""
    features, targets = data.tensors
    module.eval()
    with torch.no_grad():
        outputs = module(features)
        return {"loss": float(task.loss(outputs, targets)), **task.metrics(outputs, targets)}
