"""A model's folder: arrays as safetensors, everything else in a JSON manifest, both sealed by hashes.

A seal shows damage, and changes by whoever cannot write the seal anew. It is no signature: somebody who can write the
whole folder can seal it again. Who fetches a model from elsewhere compares its hash with one that he was given.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from steel.errors import InputError
from steel.whole_files import write_whole

TENSORS, MANIFEST = "model.safetensors", "manifest.json"
Arrays = dict[str, np.ndarray]


class ArtifactError(InputError):
    """A model on disk that must not be used: altered, incomplete or of an unknown schema."""


def write_sealed(folder: Path, body: Mapping[str, Any], arrays: Arrays) -> dict[str, Any]:
    """Write a manifest and arrays to a folder, each whole or not at all; returns the manifest with its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    whole = {**body, "sha256": hashlib.sha256(tensors).hexdigest()}
    write_whole(folder / TENSORS, tensors)
    write_whole(folder / MANIFEST, json.dumps({**whole, "seal": _seal(whole)}, indent=1, ensure_ascii=False).encode())
    return whole


def read_sealed(folder: Path, schema_version: int) -> tuple[dict[str, Any], Arrays]:
    """Read a manifest and its arrays back.

    Raises:
        ArtifactError: a file is missing, was altered, or has another schema version.
    """
    try:
        body = json.loads((folder / MANIFEST).read_text("utf-8"))
        tensors = (folder / TENSORS).read_bytes()
    except (OSError, ValueError) as error:
        raise ArtifactError(str(folder), "model", f"a folder with {TENSORS} and {MANIFEST} ({error})") from error
    seal = body.pop("seal", None)
    if body.get("schema_version") != schema_version:
        raise ArtifactError(body.get("schema_version"), f"model {folder}", f"schema version {schema_version}")
    if seal != _seal(body):
        raise ArtifactError(seal, f"manifest of {folder}", "an unaltered manifest; fit or fetch the model again")
    found = hashlib.sha256(tensors).hexdigest()
    if found != body["sha256"]:
        raise ArtifactError(found, f"tensors of {folder}", f"sha256 {body['sha256']}; fit or fetch the model again")
    return body, load(tensors)


def _seal(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
