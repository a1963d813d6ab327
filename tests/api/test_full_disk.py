"""A disk that is full, and a home that cannot be written to: said clearly, nothing half done, and all well after."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from chargewise.app.application import Application
from chargewise.commands.cli import app as command
from chargewise.commands.console.output import EXIT_SYSTEM
from plant_adapters.store.store import HeatStore
from tests.conftest import Installation

ORDER = {"plant": "northmill", "grade": "B500B", "compare": False}
PLANT = "/v1/plants/northmill"
HEAT = {
    "heat_id": "FULL1", "charged_t": {"E3 old thick": 61.2, "E40 shredded": 48.0}, "analysis_wt_pct": {"Cu": 0.31},
    "tapped_t": 100.4,
}  # fmt: skip


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 16 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], capture_output=True, check=False
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def application(installation: Installation, disk: Path) -> Iterator[Application]:
    home = Path(shutil.copytree(installation.home, disk / "home"))
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    # A journal that others have made long has room of its own on a disk that is full.
    with store.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    yield Application(home / "plants", home / "models", store)
    store.close()


def filled(disk: Path) -> Path:
    """Fill a disk to its last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def test_a_full_disk_keeps_nothing_half_and_goes_on_when_there_is_room(
    application: Application, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = TestClient(create_app(application, pages=False), raise_server_exceptions=False)
    assert client.post("/v1/recipes", json=ORDER).status_code == 200
    seen, text = client.get(PLANT), application.plants.file_of("northmill").read_bytes()
    filler = filled(disk)
    changed = {**seen.json(), "title": "another"}
    statuses = {
        "recipe": client.post("/v1/recipes", json=ORDER),
        "heats": client.post("/v1/heats", json={"plant": "northmill", "heats": [HEAT]}),
        "stock": client.put(f"{PLANT}/stock", json={"counts": {"lime": {"mass_t": 5}}}),
        "plant": client.put(PLANT, json=changed, headers={"If-Match": seen.headers["etag"]}),
    }
    for what, answer in statuses.items():
        assert answer.status_code == 503, (what, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert str(disk) not in answer.text
        assert int(answer.headers["Retry-After"]) > 0
    assert application.plants.file_of("northmill").read_bytes() == text
    assert client.post("/v1/alternatives", json=ORDER).status_code == 200
    monkeypatch.setenv("CHARGEWISE_HOME", str(disk / "home"))
    failed = CliRunner().invoke(command, ["train", "-p", "northmill", "--newest", "60"])
    assert failed.exit_code == EXIT_SYSTEM, failed.output
    assert "Traceback" not in failed.output
    assert len(failed.output.splitlines()) <= 3
    filler.unlink()
    assert [one.version for one in application.registry.versions("northmill")] == ["v0001"]
    assert client.post("/v1/recipes", json=ORDER).status_code == 200
    sent = client.post("/v1/heats", json={"plant": "northmill", "heats": [HEAT]})
    assert (sent.status_code, sent.json()["added"]) == (200, 1)
    done = client.put(PLANT, json=changed, headers={"If-Match": seen.headers["etag"]})
    assert done.status_code == 200, done.text
    assert client.get(PLANT).json()["title"] == "another"


def test_a_home_that_cannot_be_written_to_still_answers_what_keeps_nothing(
    application: Application, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = TestClient(create_app(application, pages=False), raise_server_exceptions=False)
    seen = client.get(PLANT)
    assert client.post("/v1/alternatives", json=ORDER).status_code == 200
    # A file that is open for writing keeps a disk from being made read-only.
    application.database.close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert client.post("/v1/alternatives", json=ORDER).status_code == 200
    for answer in (
        client.post("/v1/recipes", json=ORDER),
        client.post("/v1/heats", json={"plant": "northmill", "heats": [HEAT]}),
        client.put(PLANT, json={**seen.json(), "title": "x"}, headers={"If-Match": seen.headers["etag"]}),
    ):
        assert answer.status_code == 503, answer.text
        assert str(disk) not in answer.text
    monkeypatch.setenv("CHARGEWISE_HOME", str(disk / "home"))
    for arguments in (["update", "-p", "northmill"], ["models", "-p", "northmill", "--activate", "v0001"]):
        failed = CliRunner().invoke(command, arguments)
        assert failed.exit_code in (2, EXIT_SYSTEM), failed.output
        assert "Traceback" not in failed.output
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert client.post("/v1/recipes", json=ORDER).status_code == 200
