"""Odd requests: every method, content type and body gets a problem document, and leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.problems import MEDIA_TYPE
from chargewise.app.application import Application
from plant_adapters.store.store import HeatStore
from tests.conftest import Installation

JSON = {"content-type": "application/json"}
ORDER: dict[str, Any] = {"plant": "northmill", "grade": "B500B", "compare": False}


@pytest.fixture(scope="module")
def client(installation: Installation) -> TestClient:
    return TestClient(create_app(installation.service, pages=False), raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("HEAD", "/healthz", 200, None), ("HEAD", "/v1/grades", 200, None), ("GET", "/v1/reviews", 405, "POST"),
        ("TRACE", "/v1/reviews", 405, "POST"), ("OPTIONS", "/v1/reviews", 405, "POST"),
        ("DELETE", "/v1/models", 405, "GET, HEAD"), ("POST", "/healthz", 405, "GET, HEAD"),
        ("GET", "/v1/nothing", 404, None), ("PUT", "/v1/", 404, None), ("GET", "/v1/models?plants=x", 422, None),
    ],
)  # fmt: skip
def test_a_path_is_asked_as_it_may_be_or_says_how(
    client: TestClient, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers.get("allow") == allow
    if method != "HEAD":
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        ("{bad", JSON, 400, "line 1, column 2"),
        ("[" * 50_000, JSON, 400, "too deep"),
        (b"\xff\xfe", JSON, 400, "UTF-8"),
        ('{"plant":"\\ud800"}', JSON, 422, "no character"),
        ('{"plant":"a","plant":"b"}', JSON, 422, "stands twice"),
        ('{"a":{"Cu":1,"Cu":2}}', JSON, 422, "'Cu' stands twice"),
        ('{"mass_t": NaN}', JSON, 422, "NaN"),
        ("{}", {"content-type": "text/plain"}, 415, "application/json"),
        ("{}", {}, 415, "application/json"),
        (b"\x1f\x8b", {**JSON, "content-encoding": "gzip"}, 415, "as it is"),
        ('{"plant":"' + "x" * 1_100_000 + '"}', JSON, 413, "1,000,000"),
        ("null", JSON, 422, "body"),
        ("[1]", JSON, 422, "a table of names and values"),
    ],
)
def test_a_body_that_cannot_be_used_says_why(
    client: TestClient, body: str | bytes, headers: dict[str, str], status: int, says: str
) -> None:
    answer = client.post("/v1/recipes", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mass_t": True}, "a number"), ({"mass_t": "100"}, "a number"), ({"compare": 0}, "true or false"),
        ({"mass_t": 5e-324}, "at least 0.001"), ({"prices_eur_per_t": {"E40 shredded": 1e308}}, "at most 100000"),
        ({"options": {"max_materials": 10**30}}, "at most 1000"), ({"options": {"confidense": 0.9}}, "'confidence'"),
        ({"maximum_wt_pct": {"Cu": 0.4, "cu": 0.2}}, "Cu is there already"), ({"grade": "B501B"}, "'B500B'"),
        ({"prices_eur_per_t": {"E40 shreded": 1}}, "'E40 shredded'"), ({"available_t": {"lime": -1}}, "at least 0"),
        ({"options": {"time_limit_s": 0.001}}, "at least 0.01"),
    ],
)  # fmt: skip
def test_a_value_out_of_its_range_is_named(client: TestClient, changes: dict[str, Any], says: str) -> None:
    answer = client.post("/v1/recipes", json=ORDER | changes)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert client.post("/v1/recipes", json=ORDER).status_code == 200


@given(number=st.floats(allow_nan=False, allow_infinity=False), of=st.sampled_from(["mass", "price", "stock", "limit"]))
@settings(max_examples=30, deadline=None)
def test_no_number_whatever_ends_the_service_or_spoils_the_next_answer(
    installation: Installation, number: float, of: str
) -> None:
    asked: dict[str, Any] = {
        "mass": {"mass_t": number}, "price": {"prices_eur_per_t": {"E40 shredded": number}},
        "stock": {"available_t": {"E40 shredded": number}}, "limit": {"maximum_wt_pct": {"Cu": number}},
    }  # fmt: skip
    client = TestClient(create_app(installation.service, pages=False), raise_server_exceptions=False)
    odd = client.post("/v1/recipes", content=json.dumps(ORDER | dict(asked[of])), headers=JSON)
    assert odd.status_code in (200, 409, 422), odd.text
    # What the next one is asked differs, so that it is solved and not remembered.
    nxt = client.post("/v1/recipes", json=ORDER | {"electricity_eur_per_kwh": 0.08 + abs(hash(number)) % 1000 * 1e-6})
    assert nxt.status_code == 200


def test_the_same_question_is_the_same_recipe(client: TestClient) -> None:
    first = client.post("/v1/recipes", json=ORDER | {"options": {"max_materials": 6}}).json()
    client.post("/v1/recipes", json=ORDER | {"options": {"max_materials": 6}, "mass_t": 90})
    again = client.post("/v1/recipes", json=ORDER | {"options": {"max_materials": 6}}).json()
    # Each time it is asked for it is written down anew.
    assert again["recipe_id"] != first["recipe_id"]
    assert again | {key: first[key] for key in ("recipe_id", "made_at")} == first


def test_a_limit_looser_than_the_grade_is_noted(client: TestClient) -> None:
    notes = client.post("/v1/recipes", json=ORDER | {"maximum_wt_pct": {"Cu": 0.6}}).json()["notes"]
    assert "Cu ≤ 0.6 wt% is looser than the 0.45 wt% of B500B" in notes


def test_the_documents_own_examples_are_answered(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    paths = {
        "RecipeRequest": "recipes", "RankingRequest": "ranked-recipes", "ReviewRequest": "reviews",
        "PredictionRequest": "predictions", "PrioritiesRequest": "priorities", "CampaignRequest": "campaigns",
        "FrontRequest": "fronts", "ScenarioRequest": "scenarios",
    }  # fmt: skip
    for name, path in paths.items():
        for example in schemas[name]["examples"]:
            assert client.post(f"/v1/{path}", json=example).status_code in (200, 202), name


def test_errors_are_described_as_they_are_sent(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for operations in document["paths"].values():
        for operation in operations.values():
            told = {status: set(r["content"]) for status, r in operation["responses"].items() if status >= "400"}
            assert told
            assert all(kinds == {MEDIA_TYPE} for kinds in told.values())


@pytest.mark.parametrize("root", ["", "/chargewise"])
@pytest.mark.parametrize("taken_off", [True, False])
def test_the_description_needs_no_internet_and_no_root(installation: Installation, root: str, taken_off: bool) -> None:
    behind = TestClient(create_app(installation.service, pages=False, root_path=root))
    prefix = "" if taken_off else root
    page = behind.get(f"{prefix}/docs").text
    assert "http" not in page
    for name in ("docs/assets/swagger-ui-bundle.js", "docs/assets/swagger-ui.css", "openapi.json"):
        asset = f"{root}/{name}"
        assert asset in page
        assert behind.get(asset.removeprefix(root) if taken_off else asset).status_code == 200


def test_one_broken_plant_is_named_and_the_others_go_on(installation: Installation, tmp_path: Path) -> None:
    plants = tmp_path / "plants"
    plants.mkdir()
    text = (installation.home / "plants" / "northmill.toml").read_text("utf-8")
    (plants / "northmill.toml").write_text(text, "utf-8")
    store = HeatStore(f"sqlite:///{installation.home / 'heats.db'}")
    service = Application(plants, installation.home / "models", store)
    here = TestClient(create_app(service, pages=False), raise_server_exceptions=False)
    assert here.get("/readyz").json() == {"status": "ready", "plants": ["northmill"]}
    cost = here.post("/v1/recipes", json=ORDER).json()["costs_eur_per_t"]["charge"]
    (plants / "northmill.toml").write_text(text.replace("price_eur_per_t = 338", "price_eur_per_t = 438"), "utf-8")
    assert here.post("/v1/recipes", json=ORDER).json()["costs_eur_per_t"]["charge"] > cost
    (plants / "northmill.toml").write_text(text.replace("available_t", "availible_t", 1), "utf-8")
    refused = here.post("/v1/recipes", json=ORDER)
    assert (refused.status_code, refused.headers["content-type"]) == (503, MEDIA_TYPE)
    assert str(tmp_path) not in refused.text
    told = here.get("/readyz")
    assert told.status_code == 503
    assert "did you mean 'available_t'" in told.json()["detail"]
    assert here.get("/v1/models").status_code == 200
    (plants / "northmill.toml").write_text(text, "utf-8")
    assert here.post("/v1/recipes", json=ORDER).status_code == 200
    store.close()
