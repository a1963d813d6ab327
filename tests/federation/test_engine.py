"""A whole federation on loopback: TLS, registered keys, a coordinator, three plants, a process each."""

import json
import subprocess
from pathlib import Path

import pytest

from chargewise.app.demo_plants import set_up_bundled
from federation.engine import LocalPlant, local_engine
from federation.flower.bundles import bundle_hash
from federation.keys.credentials import make_credentials
from federation.ledger.errors import TooFewPlantsError
from federation.ledger.ledger import read_ledger
from federation.plant.outbox import Outbox
from federation.run import SumsRun
from federation.sums.contributions import contributions
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from surrogate.store.artifact import load_surrogate
from surrogate.store.registry import Registry

HEATS = {"northmill": 300, "riverside": 150, "eastport": 100}


def run(secure: bool = False, **more: object) -> SumsRun:
    return SumsRun.model_validate({"plants": 3, "secure": secure, "started_by": "a test", **more})


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_three_plants_federate_through_flowers_engine(tmp_path: Path) -> None:
    store, registry = HeatStore(f"sqlite:///{tmp_path / 'heats.db'}"), Registry(tmp_path / "models")
    for name, heats in HEATS.items():
        set_up_bundled(name, heats, tmp_path / "plants", store, registry)
    plants = [LocalPlant(name, store.absolute_url(), tmp_path / "models") for name in HEATS]
    told: list[str] = []
    with local_engine(tmp_path / "engine", plants) as engine:
        hidden = engine.run(run(secure=True), told.append)
        found = engine.run(run(remainder="fedavg"))
        idle = engine.run(run(if_proposed=True))
        entries = read_ledger(engine.ledger, head=found["ledger_head"])
    assert [what.partition(":")[0] for what in told] == [
        "waiting for 3 plants", "hello", "key", "offer", "reveal", "key", "contribute", "reveal", "adopt",
    ]  # fmt: skip
    # No heat came after those that the models know, so nobody wants a round.
    assert (idle["ran"], idle["proposed"]) == (False, {})
    assert entries[-1].kind == "not_proposed"
    (end,) = [entry.body for entry in entries if entry.kind == "remainder_end"]
    assert found["remainder"] == end["kept"]
    assert set(end["standard_errors_gained"]) == {"P", "S", "energy_kwh_per_t"}
    report = contributions(entries)
    assert {(one.run, one.plant) for one in report} == {(number, plant) for number in (1, 2) for plant in HEATS}
    assert all((one.bits, one.heats) == (None, None) for one in report if one.run == 1)
    assert all((one.bits or 0.0) > 0.0 for one in report if one.run == 2)
    for output, mean in found["shared"].items():
        assert hidden["shared"][output] == pytest.approx(mean, rel=1e-4, abs=1e-6)
    masked = [entry.body.get("stage") for entry in entries if entry.kind == "contribution"]
    assert masked == 3 * ["offers"] + 3 * ["sums"] + 3 * [None]
    assert (hidden["heats"], found["heats"]) == ({}, HEATS)
    assert set(found["errors"]) == set(HEATS)
    for errors in found["errors"].values():
        assert {"local", "global", "tuned"} <= set(errors["Cu"])
    for result in (hidden, found):
        for plant, verdict in result["adopted"].items():
            assert verdict["reason"].startswith("adopted") == bool(verdict["version"]) == bool(verdict["outputs"])
            if verdict["version"]:
                _, manifest = load_surrogate(tmp_path / "models" / plant / verdict["version"])
                assert manifest.parent == "federation"
    leaked = (tmp_path / "engine" / "result.json").read_text("utf-8")
    assert "charged_t" not in leaked
    assert str(store.log("northmill").heat_ids[0]) not in leaked
    sent = Outbox(tmp_path / "engine" / "plants" / "northmill" / "outbox.jsonl").lines()
    assert not [line for line in sent if line.refused]
    assert {line.message for line in sent} >= {
        "query.offer",
        "query.contribute",
        "query.reveal",
        "train.adopt",
        "train",
    }


def test_a_secure_run_learns_no_remainder() -> None:
    with pytest.raises(InputError, match="its weights would show"):
        run(secure=True, remainder="fedavg").check()


@pytest.mark.timeout(120)
def test_a_run_without_enough_plants_says_so(tmp_path: Path) -> None:
    with local_engine(tmp_path / "engine", []) as engine:
        with pytest.raises(TooFewPlantsError, match="0 of 2 plants"):
            engine.run(run(plants=2, wait_s=3.0))
        entries = read_ledger(engine.ledger)
    assert [entry.kind for entry in entries] == ["begin", "failed"]


def test_credentials_are_private_and_signed_by_the_ca(tmp_path: Path) -> None:
    keys = make_credentials(tmp_path / "keys", ("alpha",))
    for private in (keys.server_key, keys.ca_key, keys.plant_key("alpha")):
        assert oct(private.stat().st_mode)[-3:] == "600"
    assert keys.plant_public_key("alpha").read_text("utf-8").startswith("ecdsa-sha2-nistp384 ")
    checked = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-CAfile", str(keys.ca), str(keys.server_certificate)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


def test_the_bundles_bring_no_code() -> None:
    folder = Path(__file__).parents[2] / "federation" / "flower" / "bundle"
    assert sorted(file.name for file in folder.iterdir()) == ["LICENSE", "modules.toml", "sums.toml"]
    assert json.dumps(sorted(path.suffix for path in folder.rglob("*.py"))) == "[]"
    assert bundle_hash("sums") != bundle_hash("modules")
