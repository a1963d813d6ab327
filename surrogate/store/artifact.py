"""A surrogate on disk, and what is known of it."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from steel.elements import Element
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.model.inputs import InputLevels
from surrogate.model.linear import Posterior
from surrogate.model.model import Output, Surrogate
from surrogate.model.motion import Motion
from surrogate.model.quantiles import Quantiles
from surrogate.model.schema import Schema
from surrogate.model.trees import Trees
from surrogate.store.sealed import Arrays, read_sealed, write_sealed

SCHEMA_VERSION = 4


@dataclass(frozen=True)
class Manifest:
    """What is known of a saved surrogate beside its arrays.

    Attributes:
        plant: whose heats it was fitted to.
        created_at: ISO time, UTC.
        data: heats, first and last heat, and the hash of what was fitted.
        metrics: whatever evaluation gave, by name.
        parent: version it was fine-tuned from, where there is one.
        versions: of the software that made it.
        sha256: of the tensor file.
    """

    plant: str
    created_at: str
    data: dict[str, Any]
    metrics: dict[str, Any]
    parent: str | None
    versions: dict[str, str]
    sha256: str


def data_summary(log: HeatLog) -> dict[str, Any]:
    """What a manifest says of the heats behind a model: their number, ends and a hash of their values."""
    digest = hashlib.sha256()
    for values in (log.charged_t, log.analysis_wt_pct, log.tapped_t, log.energy_kwh_per_t):
        digest.update(np.ascontiguousarray(values).tobytes())
    digest.update("|".join(log.heat_ids.tolist()).encode())
    return {
        "heats": len(log),
        "first_heat": str(log.heat_ids[0]),
        "last_heat": str(log.heat_ids[-1]),
        "sha256": digest.hexdigest(),
    }


def save_surrogate(
    model: Surrogate,
    folder: Path,
    plant: str,
    data: dict[str, Any],
    metrics: dict[str, Any] | None = None,
    parent: str | None = None,
) -> Manifest:
    """Write a surrogate to a new folder; either both files are there in the end or neither."""
    body = {
        "schema_version": SCHEMA_VERSION,
        "plant": plant,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": data,
        "metrics": metrics or {},
        "parent": parent,
        "versions": {name: version(name) for name in ("chargewise", "torch", "numpy")},
        "materials": [material.model_dump(mode="json") for material in model.schema.materials],
        "elements": [element.value for element in model.schema.elements],
        "process": list(model.schema.process),
    }
    return _manifest(write_sealed(folder, body, _tensors(model)))


def load_surrogate(folder: Path) -> tuple[Surrogate, Manifest]:
    """Read a surrogate back.

    Raises:
        ArtifactError: a file is missing, was altered, or has a schema this version does not know.
    """
    body, arrays = read_sealed(folder, SCHEMA_VERSION)
    return _surrogate(body, arrays), _manifest(body)


def _manifest(body: dict[str, Any]) -> Manifest:
    return Manifest(**{name: body[name] for name in Manifest.__dataclass_fields__})


def _tensors(model: Surrogate) -> Arrays:
    arrays: Arrays = {
        "yields": model.yields,
        "lot_t": np.array([model.lot_t]),
        "level_mean": model.levels.mean,
        "level_sd": model.levels.sd,
        "level_swing": model.levels.swing,
        "process_mean": model.schema.process_mean,
        "process_scale": model.schema.process_scale,
        "largest_share": model.schema.largest_share,
    }
    for name, output in model.outputs.items():
        arrays |= {
            f"{name}/mean": output.linear.mean,
            f"{name}/covariance": output.linear.covariance,
            f"{name}/pieces": output.pieces,
            f"{name}/lot_sd": output.lot_sd,
            f"{name}/noise": np.array([output.noise]),
            f"{name}/sampling_cv": np.array([output.sampling_cv]),
            f"{name}/quantiles": output.quantiles.values,
            f"{name}/slope": output.motion.slope,
            f"{name}/walk": output.motion.walk,
            f"{name}/spread": output.motion.spread,
            f"{name}/swing": np.array([output.motion.swing]),
            f"{name}/tree_feature": output.trees.feature,
            f"{name}/tree_threshold": output.trees.threshold,
            f"{name}/tree_leaf": output.trees.leaf,
        }
    return arrays


def _surrogate(body: dict[str, Any], arrays: Arrays) -> Surrogate:
    schema = Schema(
        materials=tuple(Material.model_validate(raw) for raw in body["materials"]),
        elements=tuple(Element(symbol) for symbol in body["elements"]),
        process=tuple(body["process"]),
        process_mean=arrays["process_mean"],
        process_scale=arrays["process_scale"],
        largest_share=arrays["largest_share"],
    )
    outputs = {
        name: Output(
            linear=Posterior(arrays[f"{name}/mean"], arrays[f"{name}/covariance"]),
            pieces=arrays[f"{name}/pieces"],
            lot_sd=arrays[f"{name}/lot_sd"],
            noise=float(arrays[f"{name}/noise"][0]),
            sampling_cv=float(arrays[f"{name}/sampling_cv"][0]),
            quantiles=Quantiles(arrays[f"{name}/quantiles"]),
            motion=Motion(
                arrays[f"{name}/slope"],
                arrays[f"{name}/walk"],
                arrays[f"{name}/spread"],
                float(arrays[f"{name}/swing"][0]),
            ),
            trees=Trees(
                arrays[f"{name}/tree_feature"].astype(np.int64),
                arrays[f"{name}/tree_threshold"],
                arrays[f"{name}/tree_leaf"],
            ),
        )
        for name in schema.outputs
    }
    levels = InputLevels(arrays["level_mean"], arrays["level_sd"], arrays["level_swing"])
    return Surrogate(schema, arrays["yields"], outputs, levels, float(arrays["lot_t"][0]))
