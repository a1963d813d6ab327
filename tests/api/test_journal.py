"""Recipes over the wire: written down, fetched again, decided on, charged, made again, asked for twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application

ORDER = {"plant": "northmill", "grade": "B500B", "compare": False, "prices_eur_per_t": {"E40 shredded": 333}}


@pytest.fixture
def client(application: Application) -> TestClient:
    return TestClient(create_app(application, pages=False))


def made(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/recipes", json={**ORDER, **changes})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_recipe_says_what_it_is_and_is_fetched_again_as_it_was(client: TestClient) -> None:
    recipe = made(client)
    assert recipe["plant"] == "northmill"
    assert recipe["model_version"] == "v0001"
    assert recipe["cost_eur_per_t"] == pytest.approx(sum(recipe["costs_eur_per_t"].values()))
    story = client.get(f"/v1/recipes/{recipe['recipe_id']}").json()
    assert story["recipe"] == recipe
    assert story["asked"] == {key: value for key, value in ORDER.items() if key != "compare"}
    assert story["decisions"] == []
    assert story["charged"] is None


def test_pages_go_on_where_they_were_whatever_comes_in_meanwhile(client: TestClient) -> None:
    numbers = [made(client, mass_t=90 + at)["recipe_id"] for at in range(5)]
    first = client.get("/v1/recipes", params={"plant": "northmill", "limit": 2}).json()
    made(client, mass_t=99)
    second = client.get("/v1/recipes", params={"plant": "northmill", "limit": 3, "cursor": first["next"]}).json()
    seen = [story["recipe"]["recipe_id"] for page in (first, second) for story in page["recipes"]]
    assert seen == numbers[::-1]
    assert client.get("/v1/recipes", params={"plant": "northmill", "cursor": "x"}).status_code == 422


@pytest.mark.parametrize("changes", [{}, {"options": {"max_materials": 5}}, {"grade": "SAE1018", "mass_t": 96}])
def test_a_recipe_is_made_again_to_the_same_numbers_whatever_the_plant_is_by_then(
    client: TestClient, application: Application, changes: dict[str, Any]
) -> None:
    recipe_id = made(client, **changes)["recipe_id"]
    outcome = {"heat_id": "H0", "analysis_wt_pct": {"Cu": 0.9}}
    other = made(client, grade="SAE1008")["recipe_id"]
    assert client.post(f"/v1/recipes/{other}/outcome", json=outcome).status_code == 201
    path = next(application.plants._folder.glob("northmill.toml"))
    text = path.read_text("utf-8")
    path.write_text(text.replace("price_eur_per_t = 3", "price_eur_per_t = 4"), "utf-8")
    try:
        assert made(client, **changes)["cost_eur_per_t"] > 1.01 * made_cost(client, recipe_id)
        again = client.get(f"/v1/recipes/{recipe_id}/reproduction").json()
    finally:
        path.write_text(text, "utf-8")
    assert again["same"], again
    assert again["predictions_differ_by"] < 1e-6
    assert again["solved_again_eur_per_t"] == pytest.approx(again["cost_eur_per_t"], rel=1e-4)


def made_cost(client: TestClient, recipe_id: str) -> float:
    return float(client.get(f"/v1/recipes/{recipe_id}").json()["recipe"]["cost_eur_per_t"])


def test_what_people_decide_and_charge_hangs_on_the_recipe(client: TestClient) -> None:
    recipe = made(client)
    path = f"/v1/recipes/{recipe['recipe_id']}"
    assert client.post(f"{path}/decisions", json={"verdict": "rejected"}).status_code == 422
    assert client.post(f"{path}/decisions", json={"verdict": "changed"}).status_code == 422
    strange = {"verdict": "changed", "charged_t": {"gold": 1}}
    assert client.post(f"{path}/decisions", json=strange).status_code == 422
    rejected = client.post(f"{path}/decisions", json={"verdict": "rejected", "reason": "bay 7 is flooded"})
    assert rejected.status_code == 201
    assert client.post(f"{path}/decisions", json={"verdict": "accepted"}).status_code == 201
    charge = {"heat_id": "H7", "charged_t": {"E3 old thick": 61.2}, "additions_t": {"FeSi75": 0.3}}
    first = client.put(f"{path}/charge", json=charge)
    assert first.status_code == 200
    assert client.put(f"{path}/charge", json=charge).json() == first.json()
    other = client.put(f"{path}/charge", json={**charge, "heat_id": "H8"})
    assert other.status_code == 422
    assert "H7" in other.json()["detail"]
    late = client.post(f"{path}/decisions", json={"verdict": "rejected", "reason": "too late"})
    assert late.status_code == 422
    copper = next(line for line in recipe["analysis"] if line["element"] == "Cu")["predicted"]
    analysis = {"Cu": copper["mean"], "Sn": 5.0}
    assert client.post(f"{path}/outcome", json={"heat_id": "H7", "analysis_wt_pct": analysis}).status_code == 201
    story = client.get(path).json()
    assert [one["verdict"] for one in story["decisions"]] == ["rejected", "accepted"]
    assert story["charged"]["charged_t"] == {"E3 old thick": 61.2}
    assert (story["foreseen"]["Cu"]["inside"], story["foreseen"]["Sn"]["inside"]) == (True, False)


def test_a_plant_may_charge_only_what_a_person_approved(client: TestClient, application: Application) -> None:
    path = next(application.plants._folder.glob("northmill.toml"))
    text = path.read_text("utf-8")
    path.write_text("approval_required = true\n" + text, "utf-8")
    try:
        recipe = f"/v1/recipes/{made(client)['recipe_id']}"
        charge = {"heat_id": "H9", "charged_t": {"E3 old thick": 61.2}}
        refused = client.put(f"{recipe}/charge", json=charge)
        assert refused.status_code == 422
        assert "accepted" in refused.json()["detail"]
        client.post(f"{recipe}/decisions", json={"verdict": "accepted"})
        assert client.put(f"{recipe}/charge", json=charge).status_code == 200
    finally:
        path.write_text(text, "utf-8")


def test_a_request_that_is_sent_again_is_answered_once(client: TestClient) -> None:
    headers = {"Idempotency-Key": "order-4711"}
    first = client.post("/v1/recipes", json=ORDER, headers=headers)
    again = client.post("/v1/recipes", json=ORDER, headers=headers)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    other = client.post("/v1/recipes", json={**ORDER, "grade": "SAE1008"}, headers=headers)
    assert other.status_code == 422
    assert "another request" in other.json()["detail"]
    wrong = client.post("/v1/recipes", json={**ORDER, "grade": "NOPE"}, headers={"Idempotency-Key": "order-4712"})
    assert wrong.status_code == 422
    mended = client.post("/v1/recipes", json={**ORDER, "grade": "NOPE"}, headers={"Idempotency-Key": "order-4712"})
    assert mended.headers["Idempotent-Replayed"] == "true"
    assert client.post("/v1/recipes", json=ORDER, headers={"Idempotency-Key": "with blank"}).status_code == 422


def test_the_same_request_at_once_is_done_once(client: TestClient) -> None:
    before = {story["recipe"]["recipe_id"] for story in pages(client)}
    with ThreadPoolExecutor(8) as crowd:
        headers = {"Idempotency-Key": "at-once"}
        asked = [
            crowd.submit(client.post, "/v1/recipes", json={**ORDER, "mass_t": 97.5}, headers=headers) for _ in range(8)
        ]
        answers = [one.result() for one in asked]
    assert {answer.status_code for answer in answers} <= {200, 409}
    numbers = {answer.json()["recipe_id"] for answer in answers if answer.status_code == 200}
    assert len(numbers) == 1
    assert {story["recipe"]["recipe_id"] for story in pages(client)} - before == numbers


def pages(client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/recipes", params={"plant": "northmill", "limit": 100}).json()[
        "recipes"
    ]
    return found


@pytest.mark.parametrize("recipe_id", ["0123456789abcdef", "nonsense", "' OR 1=1 --", "..%2f..%2fetc", "%00"])
def test_recipes_that_are_not_there(client: TestClient, recipe_id: str) -> None:
    assert client.get(f"/v1/recipes/{recipe_id}").status_code == 404
    assert client.post(f"/v1/recipes/{recipe_id}/decisions", json={"verdict": "accepted"}).status_code == 404


def test_old_recipes_are_erased_but_not_those_that_margins_learn_from(
    application: Application, client: TestClient
) -> None:
    kept, gone = made(client)["recipe_id"], made(client)["recipe_id"]
    client.post(f"/v1/recipes/{gone}/decisions", json={"verdict": "accepted"})
    client.post(f"/v1/recipes/{kept}/outcome", json={"heat_id": "H1", "analysis_wt_pct": {"Cu": 0.1}})
    assert application.plants.journal.erase("northmill", "2000-01-01") == 0
    assert application.plants.journal.erase("northmill", "2999-01-01") > 0
    assert client.get(f"/v1/recipes/{gone}").status_code == 404
    assert client.get(f"/v1/recipes/{kept}").status_code == 200
    assert made(client)["recipe_id"]
