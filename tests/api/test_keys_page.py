"""Keys on a page: made and revoked by an administrator, and by nobody else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.access import AccessKeys, Role
from chargewise.app.application import Application
from chargewise.app.audit import Audit
from chargewise.app.identity import Access
from plant_adapters.store.store import HeatStore
from tests.conftest import Installation

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def application(installation: Installation, tmp_path: Path) -> Iterator[Application]:
    store = HeatStore(f"sqlite:///{tmp_path / 'keys.db'}")
    yield Application(installation.home / "plants", installation.home / "models", store)
    store.close()


def client(application: Application, role: Role | None, plants: tuple[str, ...] | None = None) -> TestClient:
    keys = AccessKeys(application.database)
    headers = {} if role is None else {"Authorization": f"Bearer {keys.make(f'a {role}', role, plants, 'test')[0]}"}
    web = create_app(application, pages=False, access=Access(keys))
    return TestClient(web, headers=headers, follow_redirects=False)


def test_an_administrator_makes_and_revokes_keys(application: Application) -> None:
    admin = client(application, Role.ADMIN)
    made = admin.post("/keys", data={"do": "make", "name": HOSTILE, "role": "mes", "plants": "northmill"})
    assert made.status_code == 200
    assert "<script" not in made.text
    assert made.headers["cache-control"] == "no-store"
    key = re.findall(r"cw_[0-9a-f]{12}_[\w-]{43}", made.text)[0]
    assert client(application, None).get("/v1/models", headers={"X-API-Key": key}).status_code == 200
    assert key not in admin.get("/keys").text
    key_id = key.split("_")[1]
    assert admin.post("/keys", data={"do": "revoke", "key_id": key_id}).status_code == 200
    assert [one.action for one in Audit(application.database).changes(2)] == ["key revoked", "key made"]
    for wrong in ({"role": "king"}, {"role": "mes", "valid_days": "x"}, {"role": "mes", "name": ""}):
        answer = admin.post("/keys", data={"do": "make", "name": "x", **wrong})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    assert admin.post("/keys", data={"do": "revoke", "key_id": "none"}).status_code == 422


def test_others_make_none_and_who_administers_one_plant_only_its(application: Application) -> None:
    other = client(application, Role.ADMIN, ("northmill",))
    assert other.post("/keys", data={"do": "make", "name": "x", "role": "admin"}).status_code == 422
    assert (
        other.post("/keys", data={"do": "make", "name": "x", "role": "admin", "plants": "northmill"}).status_code == 200
    )
    everyone = next(k for k in AccessKeys(application.database).all() if k.plants == ("northmill",))
    admin = client(application, Role.ADMIN)
    mine = next(k for k in AccessKeys(application.database).all() if k.plants is None)
    assert other.post("/keys", data={"do": "revoke", "key_id": mine.key_id}).status_code == 422
    assert admin.post("/keys", data={"do": "revoke", "key_id": everyone.key_id}).status_code == 200
    for role in (Role.VIEWER, Role.ENGINEER, Role.MES, Role.SCIENTIST):
        assert client(application, role).get("/keys").status_code == 403
        assert (
            client(application, role).post("/keys", data={"do": "make", "name": "x", "role": "mes"}).status_code == 403
        )
    assert client(application, None).get("/keys").status_code == 303
    foreign = admin.post("/keys", data={"do": "make", "name": "x", "role": "mes"}, headers={"Origin": "https://evil"})
    assert foreign.status_code == 403
