"""Sums and posteriors as Flower records, and back."""

import hashlib

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, RecordDict

from federation.hierarchy import Shared
from surrogate.linear import Posterior, Statistics

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


def sums_to_record(sums: dict[str, Statistics]) -> ArrayRecord:
    """A plant's sums; the number of heats is not in them."""
    arrays = {}
    for name, found in sums.items():
        arrays[f"{name}/information"] = Array(np.ascontiguousarray(found.information))
        arrays[f"{name}/moment"] = Array(np.ascontiguousarray(found.moment))
    return ArrayRecord(arrays)


def sums_from_record(record: ArrayRecord) -> dict[str, Statistics]:
    """A plant's sums back."""
    names = dict.fromkeys(key.rpartition("/")[0] for key in record)
    return {n: Statistics(record[f"{n}/information"].numpy(), record[f"{n}/moment"].numpy(), 0) for n in names}


def shared_to_record(shared: Shared) -> ArrayRecord:
    """The classes' posterior."""
    arrays = {}
    for name, found in shared.items():
        arrays[f"{name}/mean"] = Array(np.ascontiguousarray(found.mean))
        arrays[f"{name}/covariance"] = Array(np.ascontiguousarray(found.covariance))
    return ArrayRecord(arrays)


def shared_from_record(record: ArrayRecord) -> Shared:
    """The classes' posterior back."""
    names = dict.fromkeys(key.rpartition("/")[0] for key in record)
    return {n: Posterior(record[f"{n}/mean"].numpy(), record[f"{n}/covariance"].numpy()) for n in names}
