"""Flower's own processes on loopback: TLS, registered keys, one SuperLink, three SuperNodes."""

import json
import subprocess
from pathlib import Path

import pytest
from federation.credentials import make_credentials
from federation.deployment import EngineError, PlantNode

from api.onboarding import set_up_bundled
from federation.contributions import contributions
from federation.engine import Coordinator, local_engine
from federation.ledger import read_ledger
from plant_adapters.store import HeatStore
from steel.errors import InputError
from surrogate.artifact import load_surrogate
from surrogate.registry import Registry

HEATS = {"northmill": 300, "riverside": 150, "eastport": 100}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_three_plants_federate_through_flowers_engine(tmp_path: Path) -> None:
    store, registry = HeatStore(f"sqlite:///{tmp_path / 'heats.db'}"), Registry(tmp_path / "models")
    for name, heats in HEATS.items():
        set_up_bundled(name, heats, tmp_path / "plants", store, registry)
    nodes = [PlantNode(name, store.absolute_url(), tmp_path / "models") for name in HEATS]
    with local_engine(tmp_path / "engine", nodes) as engine:
        hidden = engine.run(len(nodes), secure=True)
        found = engine.run(len(nodes), remainder="fedavg")
        idle = engine.run(len(nodes), if_proposed=True)
        entries = read_ledger(engine.ledger, head=found["ledger_head"])
    # No heat came after those that the models know, so nobody wants a round.
    assert (idle["ran"], idle["proposed"]) == (False, {})
    assert entries[-1].kind == "not_proposed"
    (end,) = [entry.body for entry in entries if entry.kind == "remainder_end"]
    assert found["remainder"] == end["kept"]
    assert set(end["standard_errors_gained"]) == {"P", "S", "energy_kwh_per_t"}
    report = contributions(entries)
    assert {(one.run, one.plant) for one in report} == {(run, plant) for run in (1, 2) for plant in HEATS}
    assert all(one.bits is None for one in report if one.run == 1)
    assert all((one.bits or 0.0) > 0.0 for one in report if one.run == 2)
    for output, mean in found["shared"].items():
        assert hidden["shared"][output] == pytest.approx(mean, rel=1e-4, abs=1e-6)
    assert [entry.body.get("masked", False) for entry in entries if entry.kind == "contribution"] == 3 * [True] + 3 * [
        False
    ]
    assert found["heats"] == {name: round(0.7 * heats) for name, heats in HEATS.items()}
    assert set(found["errors"]) == set(HEATS)
    for plant, errors in found["errors"].items():
        assert set(errors["Cu"]) == {"local", "global", "tuned"}
        verdict = found["adopted"][plant]
        assert verdict["reason"].startswith("adopted") == bool(verdict["version"])
        if verdict["version"]:
            _, manifest = load_surrogate(tmp_path / "models" / plant / verdict["version"])
            assert manifest.parent == "federation"
            assert registry.active_version(plant) == verdict["version"]
    leaked = (tmp_path / "engine" / "result.json").read_text("utf-8")
    assert "charged_t" not in leaked
    assert str(store.log("northmill").heat_ids[0]) not in leaked


def test_a_secure_run_learns_no_remainder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its weights would show"):
        Coordinator(tmp_path, {}, tmp_path / "ledger.jsonl").run(3, secure=True, remainder="fedavg")


@pytest.mark.timeout(120)
def test_a_run_without_enough_plants_says_so(tmp_path: Path) -> None:
    with local_engine(tmp_path / "engine", []) as engine, pytest.raises(EngineError, match="0 of 2 plants"):
        engine.run(2, wait_s=3.0)


def test_credentials_are_private_and_signed_by_the_ca(tmp_path: Path) -> None:
    keys = make_credentials(tmp_path / "keys", ("alpha",))
    assert oct(keys.server_key.stat().st_mode)[-3:] == "600"
    assert oct(keys.plant_key("alpha").stat().st_mode)[-3:] == "600"
    assert keys.plant_public_key("alpha").read_text("utf-8").startswith("ecdsa-sha2-nistp384 ")
    checked = subprocess.run(
        ["openssl", "verify", "-CAfile", str(keys.ca), str(keys.server_certificate)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


def test_the_bundle_brings_no_code() -> None:
    bundle = Path(__file__).parents[2] / "federation" / "bundle"
    assert sorted(file.name for file in bundle.iterdir() if file.is_file()) == ["LICENSE", "pyproject.toml"]
    assert json.dumps(sorted(path.suffix for path in bundle.rglob("*.py"))) == "[]"
