"""Sums and posteriors as Flower records, and back."""

import hashlib

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, RecordDict
from safetensors.numpy import load, save

from federation.hierarchy import Shared
from federation.published import arrays_of, shared_of
from steel.heats import FloatArray
from surrogate.linear import Statistics

PACKED = "safetensors"
OFFER, CONTRIBUTE, ADOPT = "query.offer", "query.contribute", "train.adopt"
"""Message types, in the order of a run."""


def text_record(**texts: str) -> ConfigRecord:
    """A record of texts."""
    return ConfigRecord(dict(texts))


def text_of(content: RecordDict, key: str) -> str:
    """A text out of a message's `text` record."""
    return str(content.config_records["text"][key])


def digest(record: ArrayRecord) -> str:
    """SHA-256 of a record's arrays, by name."""
    found = hashlib.sha256()
    for name in sorted(record):
        found.update(name.encode() + b"\0" + record[name].data)
    return found.hexdigest()


def _packed(arrays: dict[str, FloatArray]) -> ArrayRecord:
    """Arrays as one: Flower stores and fetches every array of a record by a request of its own."""
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return ArrayRecord({PACKED: Array(np.frombuffer(content, dtype=np.uint8))})


def _unpacked(record: ArrayRecord) -> dict[str, FloatArray]:
    return dict(load(record[PACKED].numpy().tobytes()))


def sums_to_record(sums: dict[str, Statistics]) -> ArrayRecord:
    """A plant's sums; the number of heats is not in them."""
    arrays = {f"{name}/information": found.information for name, found in sums.items()}
    return _packed(arrays | {f"{name}/moment": found.moment for name, found in sums.items()})


def sums_from_record(record: ArrayRecord) -> dict[str, Statistics]:
    """A plant's sums back."""
    found = _unpacked(record)
    names = dict.fromkeys(key.rpartition("/")[0] for key in found)
    return {n: Statistics(found[f"{n}/information"], found[f"{n}/moment"], 0) for n in names}


def shared_to_record(shared: Shared) -> ArrayRecord:
    """The classes' posterior."""
    return _packed(arrays_of(shared))


def shared_from_record(record: ArrayRecord) -> Shared:
    """The classes' posterior back."""
    return shared_of(_unpacked(record))
