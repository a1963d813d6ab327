"""Who comes in: keys, roles, plants, hosts and origins."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.gate import COOKIE
from chargewise.app import access as access_module
from chargewise.app.access import AccessKeys, Role
from chargewise.app.application import Application
from chargewise.app.identity import Access, checked_start
from plant_adapters.store.database import Database
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from tests.conftest import Installation

ORDER = {"plant": "northmill", "grade": "B500B", "compare": False}
Client = Callable[..., TestClient]


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AccessKeys]:
    monkeypatch.setattr(access_module, "REMEMBERED_S", 0.0)
    database = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    yield AccessKeys(database)
    database.close()


@pytest.fixture
def client(installation: Installation, keys: AccessKeys) -> Client:
    def made(role: Role | None = None, plants: tuple[str, ...] | None = None, **headers: str) -> TestClient:
        if role is not None:
            headers["Authorization"] = f"Bearer {keys.make('somebody', role, plants, 'a test')[0]}"
        return TestClient(create_app(installation.service, pages=False, access=Access(keys)), headers=headers)

    return made


def status(client: TestClient, method: str, path: str, body: Any = None) -> int:
    return int(client.request(method, path, json=body).status_code)


def test_without_any_key_nobody_is_asked_and_from_the_first_on_everybody_is(client: Client, keys: AccessKeys) -> None:
    assert status(client(), "GET", "/v1/models") == 200
    keys.make("first", Role.ADMIN, None, "a test")
    answer = client().get("/v1/models")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
    assert status(client(), "GET", "/healthz") == 200
    assert status(client(), "GET", "/metrics") == 401
    assert status(client(), "GET", "/openapi.json") == 401


@pytest.mark.parametrize(
    "wrong", ["", "cw_", "cw_0123456789ab_" + "A" * 43, "nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "cw_'--_x"]
)
def test_wrong_keys_open_nothing(client: Client, keys: AccessKeys, wrong: str) -> None:
    right, made = keys.make("first", Role.ADMIN, None, "a test")
    for header in ({"Authorization": f"Bearer {wrong}"}, {"X-API-Key": wrong}, {"Cookie": f"{COOKIE}={wrong}"}):
        assert status(client(**header), "POST", "/v1/recipes", ORDER) == 401
    altered = right[:-1] + ("A" if right[-1] != "A" else "B")
    assert status(client(**{"X-API-Key": altered}), "GET", "/v1/models") == 401
    swapped = f"cw_{made.key_id}_{keys.make('second', Role.ADMIN, None, 'a test')[0].split('_', 2)[2]}"
    assert status(client(**{"X-API-Key": swapped}), "GET", "/v1/models") == 401
    assert status(client(**{"X-API-Key": right}), "GET", "/v1/models") == 200


def test_a_revoked_and_an_expired_key_open_no_more(
    client: Client, keys: AccessKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, made = keys.make("first", Role.VIEWER, None, "a test", valid_days=1)
    asking = client(**{"X-API-Key": key})
    assert status(asking, "GET", "/v1/models") == 200
    later = time.time() + 2 * 86_400
    with monkeypatch.context() as then:
        then.setattr(time, "time", lambda: later)
        assert status(asking, "GET", "/v1/models") == 401
    keys.revoke(made.key_id)
    assert status(asking, "GET", "/v1/models") == 401
    with pytest.raises(InputError, match="keys list"):
        keys.revoke("nothing")


@pytest.mark.parametrize(
    ("role", "asks", "reads", "decides", "reports"),
    [
        (Role.VIEWER, 403, 200, 403, 403),
        (Role.MES, 200, 200, 403, 404),
        (Role.ENGINEER, 200, 200, 404, 404),
        (Role.SCIENTIST, 200, 200, 403, 403),
        (Role.ADMIN, 200, 200, 404, 404),
    ],
)
def test_roles_do_what_they_may(client: Client, role: Role, asks: int, reads: int, decides: int, reports: int) -> None:
    asking = client(role)
    assert status(asking, "POST", "/v1/recipes", ORDER) == asks
    assert status(asking, "GET", "/v1/recipes?plant=northmill") == reads
    assert status(asking, "POST", "/v1/recipes/0123456789ab/decisions", {"verdict": "accepted"}) == decides
    outcome = {"heat_id": "H1", "analysis_wt_pct": {"Cu": 0.1}}
    assert status(asking, "POST", "/v1/recipes/0123456789ab/outcome", outcome) == reports


def test_another_plants_key_sees_nothing_of_this_one(client: Client) -> None:
    recipe_id = client(Role.MES, ("northmill",)).post("/v1/recipes", json=ORDER).json()["recipe_id"]
    other = client(Role.ADMIN, ("riverside",))
    assert other.get("/v1/models").json() == []
    for method, path, body in (
        ("POST", "/v1/recipes", ORDER),
        ("POST", "/v1/alternatives", ORDER),
        ("POST", "/v1/campaigns", {"plant": "northmill", "heats": [{"grade": "B500B"}]}),
        ("POST", "/v1/predictions", {"plant": "northmill", "charge": {"charged_t": {"E1 old thin": 100}}}),
        ("POST", "/v1/scenarios", {"plant": "northmill", "scenario": "carbon-price"}),
        ("GET", "/v1/recipes?plant=northmill", None),
        ("GET", f"/v1/recipes/{recipe_id}", None),
        ("GET", f"/v1/recipes/{recipe_id}/reproduction", None),
        ("POST", f"/v1/recipes/{recipe_id}/decisions", {"verdict": "accepted"}),
        ("GET", "/v1/claims?plant=northmill", None),
        ("GET", "/v1/materials?plant=northmill", None),
        ("GET", "/v1/grades?plant=northmill", None),
        ("GET", "/v1/models?plant=northmill", None),
    ):
        answer = other.request(method, path, json=body)
        assert answer.status_code == 403, (path, answer.text)
        assert "riverside" in answer.json()["detail"]


def test_a_page_of_another_origin_cannot_post(client: Client) -> None:
    asking = client(Role.ADMIN)
    stranger = asking.post("/v1/recipes", json=ORDER, headers={"Origin": "https://elsewhere.example"})
    assert stranger.status_code == 403
    assert "elsewhere.example" in stranger.json()["detail"]
    assert asking.post("/v1/recipes", json=ORDER, headers={"Origin": "http://testserver"}).status_code == 200


def test_without_keys_only_this_machine_is_listened_to_and_answered(
    installation: Installation, keys: AccessKeys
) -> None:
    with pytest.raises(InputError, match="keys make"):
        checked_start(Access(keys), "0.0.0.0")
    own = checked_start(Access(keys), "127.0.0.1")
    rebound = TestClient(create_app(installation.service, pages=False, access=own), base_url="http://evil.example")
    assert rebound.get("/v1/models").status_code == 421
    assert rebound.get("/v1/models", headers={"Host": "127.0.0.1:8080"}).status_code == 200
    keys.make("first", Role.ADMIN, None, "a test")
    assert not checked_start(Access(keys), "0.0.0.0").loopback_only


def test_a_key_that_asks_too_often_is_told_when_to_come_again(installation: Installation, keys: AccessKeys) -> None:
    web = create_app(installation.service, pages=False, access=Access(keys), rate_per_minute=3)
    often, other = (TestClient(web, headers={"X-API-Key": keys.make(n, Role.VIEWER, None, "")[0]}) for n in "ab")
    answers = [often.get("/v1/claims?plant=northmill") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert other.get("/v1/claims?plant=northmill").status_code == 200


def test_metrics_tell_of_routes_solves_and_models(client: Client) -> None:
    asking = client(Role.MES)
    recipe = asking.post("/v1/recipes", json=ORDER).json()
    told = asking.get("/metrics").text
    assert 'chargewise_request_seconds_count{method="POST",route="/v1/recipes",status="200"}' in told
    assert 'chargewise_solve_seconds_count{plant="northmill"}' in told
    assert f'chargewise_model_info{{plant="northmill",version="{recipe["model_version"]}"}} 1.0' in told


def test_answers_keep_browsers_careful(client: Client) -> None:
    answer = client(Role.VIEWER).get("/v1/jobs", headers={"X-Request-ID": "mine-1"})
    assert answer.headers["X-Request-ID"] == "mine-1"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    strange = client(Role.VIEWER).get("/v1/models", headers={"X-Request-ID": "x" * 65})
    assert strange.headers["X-Request-ID"] != "x" * 65


def test_a_key_once_typed_comes_in_as_a_cookie_that_no_script_reads(client: Client, keys: AccessKeys) -> None:
    key, _ = keys.make("somebody", Role.VIEWER, None, "a test")
    browser = client()
    assert browser.get("/login").status_code == 200
    assert browser.post("/login", data={"key": "wrong"}).status_code == 401
    come_in = browser.post("/login", data={"key": key}, follow_redirects=False)
    assert come_in.status_code == 303
    assert {"HttpOnly", "SameSite=strict"} <= {part.strip() for part in come_in.headers["set-cookie"].split(";")}
    assert browser.get("/v1/models").status_code == 200
    browser.post("/logout")
    assert browser.get("/v1/models").status_code == 401


def test_keys_are_made_and_revoked_over_the_wire_and_each_change_is_written_down(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_module, "REMEMBERED_S", 0.0)
    store = HeatStore(f"sqlite:///{tmp_path / 'own.db'}")
    application = Application(installation.home / "plants", installation.home / "models", store)
    keys = AccessKeys(store.database)
    web = create_app(application, pages=False, access=Access(keys))

    def by(key: str) -> TestClient:
        return TestClient(web, headers={"Authorization": f"Bearer {key}"})

    admin = by(keys.make("admin", Role.ADMIN, None, "a test")[0])
    made = admin.post("/v1/keys", json={"name": "mes", "role": "mes", "plants": ["northmill"]}).json()
    assert by(made["key"]).get("/v1/models").status_code == 200
    assert by(made["key"]).post("/v1/keys", json={"name": "more", "role": "admin"}).status_code == 403
    assert "key" not in admin.get("/v1/keys").json()[-1]
    assert admin.delete(f"/v1/keys/{made['key_id']}").json()["revoked_at"] is not None
    assert by(made["key"]).get("/v1/models").status_code == 401
    assert admin.delete("/v1/keys/nothing").status_code == 404
    own = by(admin.post("/v1/keys", json={"name": "own", "role": "admin", "plants": ["northmill"]}).json()["key"])
    assert own.post("/v1/keys", json={"name": "all", "role": "viewer"}).status_code == 422
    assert own.post("/v1/keys", json={"name": "other", "role": "viewer", "plants": ["riverside"]}).status_code == 422
    assert own.get("/v1/audit").status_code == 403
    changes = admin.get("/v1/audit").json()
    assert [change["action"] for change in changes] == ["key made", "key revoked", "key made"]
    assert {change["principal"] for change in changes} == {"admin"}
    assert admin.get("/v1/audit", params={"before": changes[0]["number"]}).json() == changes[1:]
    activated = admin.post("/v1/models/activations", json={"plant": "northmill", "version": "v0001", "reason": "test"})
    assert activated.status_code == 201
    assert activated.json()["active"]
    assert admin.get("/v1/audit").json()[0]["details"] == {"reason": "test"}
    strange = admin.post("/v1/models/activations", json={"plant": "northmill", "version": "v9999"})
    assert strange.status_code == 422
    store.close()


def test_what_is_kept_of_a_key_opens_nothing(keys: AccessKeys, tmp_path: Path) -> None:
    key, _ = keys.make("somebody", Role.ADMIN, None, "a test")
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.split("_", 2)[2].encode() not in content


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "new\nline"])
def test_names_that_are_none_are_refused(keys: AccessKeys, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        keys.make(name, Role.VIEWER, None, "a test")
