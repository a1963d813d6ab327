"""What a participant brings: a module, its own data, and how they are judged."""

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, runtime_checkable

import torch
from torch.utils.data import TensorDataset

from steel.errors import InputError


@dataclass(frozen=True)
class Partition:
    """One participant's data; it never leaves."""

    train: TensorDataset
    test: TensorDataset


class Trained(Protocol):
    """What training asks of a task."""

    def module(self) -> torch.nn.Module:
        """A module with its first weights, the same at every participant."""

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """What training minimises, a mean over rows."""


@runtime_checkable
class Penalised(Trained, Protocol):
    """A task that weighs its weights too; the cohort trainer does not know of it."""

    def penalty(self, module: torch.nn.Module) -> torch.Tensor:
        """What training minimises beside the loss."""


@runtime_checkable
class Task(Trained, Protocol):
    """A learning task that several participants share; each has it installed itself."""

    def partition(self, plant: str) -> Partition:
        """The data of one participant."""

    def metrics(self, outputs: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
        """What people look at, of a test set."""


def load_task(name: str) -> Task:
    """The task that `package.module:name` names, a class without arguments or an instance.

    Raises:
        InputError: there is no such task, or it lacks a method.
    """
    where, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(where), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(name, "task", "`package.module:Task` of a package installed here") from error
    task = found() if isinstance(found, type) else found
    if not isinstance(task, Task):
        raise InputError(name, "task", "an object with module, partition, loss and metrics")
    return task
