"""All participants of a study trained at once: one batched step instead of one step a participant.

Step for step the same numbers as each training alone and FedAvg over them, to rounding; only that this machine's cores
do all participants' matrices together (`torch.func`). For studies: it needs everybody's data in one place.
"""

from collections.abc import Mapping

import torch
import torch._dynamo  # the first gradient imports it otherwise, a second in the middle of a study
from torch.func import functional_call, grad, vmap
from torch.utils.data import TensorDataset

from federation.modules.client_app import order_key
from federation.modules.settings import ModuleRun
from federation.modules.task import Partition, Task
from federation.modules.training import Weights, judge, shuffled
from steel.errors import InputError


def train_cohort(
    task: Task, partitions: Mapping[str, Partition], run: ModuleRun
) -> tuple[Weights, list[dict[str, dict[str, float]]]]:
    """Federate by (weighted) FedAvg or FedProx in this process.

    Args:
        task: its loss a mean over rows, its module without buffers such as batch normalisation keeps.
        partitions: by participant.
        run: of as many participants; neither clipped nor noisy.

    Returns:
        The shared weights, and of each round every participant's test metrics.

    Raises:
        InputError: the module has buffers, or the run asks for another average.
    """
    module = task.module()
    if any(True for _ in module.buffers()):
        raise InputError(type(module).__name__, "module", "one without buffers")
    if run.averaging not in ("fedavg", "fedprox") or run.clip_norm is not None:
        raise InputError(run.averaging, "averaging", "fedavg or fedprox, without clip_norm")
    names = list(partitions)
    train = [partitions[name].train for name in names]
    rows = torch.tensor([float(len(data)) for data in train])
    shared = {name: weight.detach() for name, weight in module.named_parameters()}
    scores = []
    for round_ in range(1, run.rounds + 1):
        orders = [order_key(run, name, round_) for name in names]
        trained = _train_all(task, module, shared, train, run, orders)
        shared = {name: torch.tensordot(rows / rows.sum(), weight, dims=1) for name, weight in trained.items()}
        module.load_state_dict(shared)
        scores.append({name: judge(task, module, partitions[name].test) for name in names})
    return shared, scores


def _train_all(
    task: Task,
    module: torch.nn.Module,
    shared: Weights,
    train: list[TensorDataset],
    run: ModuleRun,
    orders: list[tuple[int, ...]],
) -> Weights:
    """Every participant's weights after its local epochs, stacked."""

    def pull(weights: Weights) -> torch.Tensor:
        if run.proximal_mu == 0:
            return torch.zeros(())
        return run.proximal_mu / 2 * torch.stack([((weights[n] - shared[n]) ** 2).sum() for n in weights]).sum()

    def full(weights: Weights, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return task.loss(functional_call(module, weights, (x,)), y) + pull(weights)

    def part(weights: Weights, x: torch.Tensor, y: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
        outputs = functional_call(module, weights, (x,))
        by_row = vmap(lambda output, target: task.loss(output[None], target[None]))(outputs, y)
        return (by_row * share).sum() + pull(weights)

    of_full, of_part = vmap(grad(full)), vmap(grad(part))
    plants = len(train)
    weights = {name: weight.expand(plants, *weight.shape).clone() for name, weight in shared.items()}
    momentum = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    features, targets = (_stacked([data.tensors[k] for data in train]) for k in range(2))
    lengths = torch.tensor([len(data) for data in train])
    who = torch.arange(plants)[:, None]
    for epoch in range(run.epochs):
        order = _stacked([shuffled(len(data), (*key, epoch)) for data, key in zip(train, orders, strict=True)])
        for start in range(0, int(lengths.max()), run.batch_size):
            picked = order[:, start : start + run.batch_size]
            x, y = features[who, picked], targets[who, picked]
            taken = (lengths - start).clamp(0, run.batch_size)
            # Row by row is several times slower, so only where batches differ in length.
            if bool((taken == picked.shape[1]).all()):
                found = of_full(weights, x, y)
            else:
                within = torch.arange(picked.shape[1]) < taken[:, None]
                found = of_part(weights, x, y, within / taken.clamp(min=1)[:, None])
            # A participant whose rows are used up rests until the others' are.
            for name, weight in weights.items():
                busy = (taken > 0).view(-1, *[1] * (weight.dim() - 1))
                momentum[name].mul_(torch.where(busy, run.momentum, 1.0)).add_(found[name] * busy)
                weight.sub_(momentum[name] * (run.learning_rate * busy))
    return weights


def _stacked(tensors: list[torch.Tensor]) -> torch.Tensor:
    """(participants, most rows, ...), filled up with zeros."""
    most = max(len(tensor) for tensor in tensors)
    filled = [torch.cat([t, t.new_zeros(most - len(t), *t.shape[1:])]) for t in tensors]
    return torch.stack(filled)
