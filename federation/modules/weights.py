"""A module's weights as they travel: one flat array a number type, whatever the module is made of.

Flower stores and fetches every array of a record by a request of its own; a strategy averages flat ones just as well.
"""

import json

import numpy as np
import torch
from flwr.app import Array, ArrayRecord

Layout = dict[str, tuple[str, tuple[int, ...]]]
"""Number type and shape by name, in the module's order."""


def layout_of(module: torch.nn.Module) -> Layout:
    """What a module's weights look like."""
    return {name: (str(weight.numpy().dtype), tuple(weight.shape)) for name, weight in module.state_dict().items()}


def layout_to_text(layout: Layout) -> str:
    """A layout as JSON."""
    return json.dumps(layout)


def layout_from_text(text: str) -> Layout:
    """A layout back."""
    return {name: (kind, tuple(shape)) for name, (kind, shape) in json.loads(text).items()}


def weights_of(module: torch.nn.Module) -> ArrayRecord:
    """A module's weights, flat."""
    flat: dict[str, list[np.ndarray]] = {}
    for weight in module.state_dict().values():
        array = weight.detach().numpy()
        flat.setdefault(str(array.dtype), []).append(array.ravel())
    return ArrayRecord({kind: Array(np.concatenate(parts)) for kind, parts in flat.items()})


def named_weights(record: ArrayRecord, layout: Layout) -> dict[str, np.ndarray]:
    """Flat weights by name and in shape."""
    flat, taken, found = {kind: array.numpy() for kind, array in record.items()}, dict.fromkeys(record, 0), {}
    for name, (kind, shape) in layout.items():
        size = int(np.prod(shape))
        found[name] = flat[kind][taken[kind] : taken[kind] + size].reshape(shape)
        taken[kind] += size
    return found


def load_weights(module: torch.nn.Module, record: ArrayRecord) -> None:
    """Put flat weights into a module."""
    named = named_weights(record, layout_of(module))
    module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in named.items()})
