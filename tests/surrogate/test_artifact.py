import json
from pathlib import Path

import numpy as np
import pytest

from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.model.model import Surrogate
from surrogate.store.artifact import data_summary, load_surrogate, save_surrogate
from surrogate.store.registry import Registry
from surrogate.store.sealed import MANIFEST, TENSORS, ArtifactError


@pytest.fixture(scope="module")
def model(history: HeatLog, materials: tuple[Material, ...]) -> Surrogate:
    return fit(history.rows(slice(0, 100)), materials, FitOptions(remainders=("convex",)))


@pytest.fixture
def folder(tmp_path: Path, model: Surrogate, history: HeatLog) -> Path:
    save_surrogate(model, tmp_path / "m", "northmill", data_summary(history), {"Cu": 0.1}, parent="v0")
    return tmp_path / "m"


def test_a_saved_surrogate_predicts_the_same(folder: Path, model: Surrogate, history: HeatLog) -> None:
    back, manifest = load_surrogate(folder)
    first, second = model.predict(history), back.predict(history)
    for name in first.mean:
        assert np.array_equal(first.mean[name], second.mean[name])
        assert np.array_equal(first.sd[name], second.sd[name])
    assert (manifest.plant, manifest.parent, manifest.metrics) == ("northmill", "v0", {"Cu": 0.1})
    assert manifest.data["heats"] == len(history)
    assert set(manifest.versions) == {"chargewise", "torch", "numpy"}


def test_altered_tensors_are_refused(folder: Path) -> None:
    content = bytearray((folder / TENSORS).read_bytes())
    content[-1] ^= 1
    (folder / TENSORS).write_bytes(bytes(content))
    with pytest.raises(ArtifactError, match="sha256"):
        load_surrogate(folder)


def test_an_altered_manifest_is_refused(folder: Path) -> None:
    body = json.loads((folder / MANIFEST).read_text("utf-8"))
    body["data"]["heats"] = 99999
    (folder / MANIFEST).write_text(json.dumps(body), "utf-8")
    with pytest.raises(ArtifactError, match="unaltered"):
        load_surrogate(folder)


def test_an_unknown_schema_version_is_refused(folder: Path) -> None:
    body = json.loads((folder / MANIFEST).read_text("utf-8"))
    body["schema_version"] = 99
    (folder / MANIFEST).write_text(json.dumps(body), "utf-8")
    with pytest.raises(ArtifactError, match="schema version 4"):
        load_surrogate(folder)


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / TENSORS).unlink()
    with pytest.raises(ArtifactError, match=TENSORS):
        load_surrogate(folder)


def test_the_registry_serves_the_newest_until_rolled_back(tmp_path: Path, model: Surrogate, history: HeatLog) -> None:
    registry = Registry(tmp_path / "models")
    assert registry.plants() == ()
    assert registry.publish(model, "works", history) == "v0001"
    assert registry.publish(model, "works", history) == "v0002"
    assert registry.active("works")[1].version == "v0002"
    registry.activate("works", "v0001", "A. Melter")
    assert registry.active("works")[1].version == "v0001"
    assert [version.active for version in registry.versions("works")] == [True, False]
    with pytest.raises(ValueError, match="v0001, v0002"):
        registry.activate("works", "v0009", "A. Melter")
    with pytest.raises(ValueError, match="train"):
        registry.active("elsewhere")
