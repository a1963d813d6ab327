"""Sums and posteriors as Flower records, and back."""

import hashlib

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, RecordDict
from safetensors import SafetensorError
from safetensors.numpy import load, save

from federation.exchange.masking import Whole
from federation.sums.hierarchy import Shared
from federation.sums.published import arrays_of, shared_of
from steel.errors import InputError
from steel.heats import FloatArray
from surrogate.model.linear import Statistics

PACKED, MASKED = "safetensors", "masked"
HELLO, KEY, OFFER, CONTRIBUTE, REVEAL = "query.hello", "query.key", "query.offer", "query.contribute", "query.reveal"
ADOPT = "train.adopt"
"""Message types, in the order of a run; keys are asked for, and seeds revealed, where it is secure."""
OFFERS, SUMS = "offers", "sums"
"""What is summed, and so masked."""


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


def packed_bytes(arrays: dict[str, FloatArray]) -> bytes:
    """Arrays by name as bytes."""
    return bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def unpacked(content: bytes) -> dict[str, FloatArray]:
    """Arrays by name out of bytes."""
    return dict(load(content))


def arrays_to_record(arrays: dict[str, FloatArray]) -> ArrayRecord:
    """Arrays as one: Flower stores and fetches every array of a record by a request of its own."""
    return ArrayRecord({PACKED: Array(np.frombuffer(packed_bytes(arrays), dtype=np.uint8))})


def arrays_from_record(record: ArrayRecord) -> dict[str, FloatArray]:
    """Arrays by name back."""
    return unpacked(record[PACKED].numpy().tobytes())


def sums_to_record(sums: dict[str, Statistics]) -> ArrayRecord:
    """A plant's sums; the number of heats is not in them."""
    arrays: dict[str, FloatArray] = {}
    for name, found in sums.items():
        arrays |= {f"{name}/information": found.information, f"{name}/moment": found.moment}
        arrays[f"{name}/evidence"] = np.array([found.evidence])
    return arrays_to_record(arrays)


def sums_from_record(record: ArrayRecord) -> dict[str, Statistics]:
    """A plant's sums back.

    Raises:
        InputError: there are none in it.
    """
    try:
        found = arrays_from_record(record)
        names = dict.fromkeys(key.rpartition("/")[0] for key in found)
        return {
            n: Statistics(found[f"{n}/information"], found[f"{n}/moment"], 0, float(found[f"{n}/evidence"][0]))
            for n in names
        }
    except (KeyError, IndexError, TypeError, ValueError, SafetensorError) as error:
        raise InputError(sorted(record), "sums", f"matrices and vectors as safetensors ({error})") from error


def masked_from_record(record: ArrayRecord, length: int) -> Whole:
    """A plant's masked sums back.

    Raises:
        InputError: they are no whole numbers, or not so many.
    """
    try:
        found = record[MASKED].numpy()
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(sorted(record), "masked sums", f"an array of {length} whole numbers ({error})") from error
    if found.shape != (length,) or found.dtype != np.uint64:
        raise InputError(f"{found.dtype} {found.shape}", "masked sums", f"{length} whole numbers of 64 bits")
    return np.asarray(found, dtype=np.uint64)


def record_of(content: RecordDict, name: str) -> ArrayRecord:
    """The arrays of a message; none where it has none of that name."""
    return content.array_records[name] if name in content.array_records else ArrayRecord()


def size_and_digest(content: RecordDict) -> tuple[int, str]:
    """Bytes of a message's arrays and texts, and the SHA-256 of them all."""
    found, size = hashlib.sha256(), 0
    for name in sorted(content):
        record = content[name]
        values = [one.data for one in record.values()] if isinstance(record, ArrayRecord) else []
        texts = [] if values else [f"{key}={record[key]}".encode() for key in sorted(record)]
        for part in (name.encode(), *values, *texts):
            found.update(len(part).to_bytes(8, "big") + part)
            size += len(part)
    return size, found.hexdigest()


def shared_to_record(shared: Shared) -> ArrayRecord:
    """The classes' posterior."""
    return arrays_to_record(arrays_of(shared))


def shared_from_record(record: ArrayRecord) -> Shared:
    """The classes' posterior back."""
    return shared_of(arrays_from_record(record))
