"""A casting model on disk."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.model.casting_model import CastingModel
from surrogate.model.quantiles import Quantiles
from surrogate.model.trees import Trees
from surrogate.store.sealed import read_sealed, write_sealed

SCHEMA_VERSION = 1
_VECTORS = ("usual", "slope", "least", "most")
_SCALARS = ("intercept", "sd", "swing")
_TREES = ("boosted", "random")
_PARTS = ("feature", "threshold", "leaf")


def save_castings(model: CastingModel, folder: Path, product: str, castings: int, metrics: dict[str, Any]) -> None:
    """Write a casting model to a folder, in place of one that is there."""
    body = {
        "schema_version": SCHEMA_VERSION,
        "product": product,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "castings": castings,
        "metrics": metrics,
        "inputs": list(model.inputs),
        "property": model.property_name,
    }
    arrays = {name: getattr(model, name) for name in _VECTORS} | {"quantiles": model.quantiles.values}
    arrays |= {name: np.array([getattr(model, name)]) for name in _SCALARS}
    arrays |= {f"{name}_{part}": getattr(getattr(model, name), part) for name in _TREES for part in _PARTS}
    write_sealed(folder, body, arrays)


def load_castings(folder: Path) -> CastingModel:
    """Read a casting model back.

    Raises:
        ArtifactError: a file is missing, was altered, or has a schema this version does not know.
    """
    body, arrays = read_sealed(folder, SCHEMA_VERSION)
    boosted, random = (Trees(*(arrays[f"{name}_{part}"] for part in _PARTS)) for name in _TREES)
    usual, slope, least, most = (arrays[name] for name in _VECTORS)
    intercept, sd, swing = (float(arrays[name][0]) for name in _SCALARS)
    return CastingModel(
        inputs=tuple(body["inputs"]),
        property_name=body["property"],
        usual=usual,
        slope=slope,
        intercept=intercept,
        boosted=boosted,
        random=random,
        sd=sd,
        quantiles=Quantiles(arrays["quantiles"]),
        swing=swing,
        least=least,
        most=most,
    )
