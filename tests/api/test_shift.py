"""A heat in progress over the wire: weighed, corrected, a bay empty, another grade, charged, tapped; restarts too."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application

ORDER = {"plant": "northmill", "grade": "B500B", "compare": False, "options": {"max_materials": 8}}
PLANT = {"plant": "northmill"}


@pytest.fixture
def client(application: Application) -> TestClient:
    return TestClient(create_app(application, pages=False))


def planned(client: TestClient, heat_id: str, **changes: Any) -> dict[str, Any]:
    recipe: dict[str, Any] = client.post("/v1/recipes", json={**ORDER, **changes}).json()
    found = client.put(f"/v1/heats/{heat_id}/plan", json={**PLANT, "recipe_id": recipe["recipe_id"]})
    assert found.status_code == 200, found.text
    assert found.json()["stage"] == "planned"
    return recipe


def lifts(recipe: dict[str, Any], basket: int, off: float = 1.0) -> list[dict[str, Any]]:
    return [
        {"lift_id": f"B{basket}-{at}", "material": line["material"], "mass_t": line["baskets_t"][basket - 1] * off}
        for at, line in enumerate(recipe["lines"])
        if line["baskets_t"] and line["baskets_t"][basket - 1] > 0.001
    ]


def weigh(client: TestClient, heat_id: str, basket: int, some: list[dict[str, Any]], status: int = 201) -> Any:
    answer = client.post(f"/v1/heats/{heat_id}/baskets/{basket}", json={**PLANT, "lifts": some})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_heat_from_its_plan_to_its_tap(client: TestClient, application: Application) -> None:
    recipe = planned(client, "NOR7001")
    first = weigh(client, "NOR7001", 1, lifts(recipe, 1))
    assert (first["stage"], first["rest"]["kept"]) == ("charging", True)
    # The scale sends the same again, then corrects a lift.
    assert weigh(client, "NOR7001", 1, lifts(recipe, 1))["baskets_t"] == first["baskets_t"]
    heavier = lifts(recipe, 1)[0] | {"mass_t": lifts(recipe, 1)[0]["mass_t"] + 3.0}
    second = weigh(client, "NOR7001", 1, [heavier])
    assert second["baskets_t"][0][heavier["material"]] == pytest.approx(heavier["mass_t"])
    gone = next(name for name in second["rest"]["rest_t"] if name != "lime")
    without = client.post("/v1/heats/NOR7001/missing", json={**PLANT, "materials": [gone]}).json()
    assert gone not in without["rest"]["rest_t"]
    assert all(one["met_after"] > 0.94 for one in without["rest"]["limits"])
    # A service that starts anew knows all of it.
    other = Application(application.plants._folder, application.registry.root, application.store)
    again = TestClient(create_app(other, pages=False)).get("/v1/heats/NOR7001", params=PLANT).json()
    assert again["baskets_t"] == without["baskets_t"]
    assert again["unavailable"] == [gone]
    rest = again["rest"]["recipe"]
    for number in range(2, len(rest["baskets"]) + 1):
        weigh(client, "NOR7001", number, lifts(rest, number))
    done = client.post("/v1/heats/NOR7001/charged", json=PLANT).json()
    assert (done["stage"], done["rest"]) == ("charged", None)
    story = client.get(f"/v1/recipes/{recipe['recipe_id']}").json()
    sums: dict[str, float] = {}
    for load in done["baskets_t"]:
        for name, mass in load.items():
            sums[name] = sums.get(name, 0.0) + mass
    assert story["charged"]["charged_t"] == pytest.approx(sums)
    weigh(client, "NOR7001", 3, lifts(recipe, 1), status=422)
    for stage in ("tapped", "done"):
        assert client.post("/v1/heats/NOR7001/stages", json={**PLANT, "stage": stage}).status_code == 201
    late = client.post("/v1/heats/NOR7001/stages", json={**PLANT, "stage": "cancelled"})
    assert late.status_code == 422
    assert "planned or charging or charged" in late.text
    assert [one["kind"] for one in done["steps"]][:3] == ["planned", "weighed", "weighed"]


def test_what_cannot_be_made_any_more_says_what_is_lost_and_what_still_can_be_made(client: TestClient) -> None:
    planned(client, "NOR7002", grade="SAE1008")
    dirty = [{"lift_id": "W1", "material": "E40 shredded", "mass_t": 48.0}]
    weigh(client, "NOR7002", 1, dirty)
    lost = weigh(client, "NOR7002", 2, [{"lift_id": "W2", "material": "E46 incinerated", "mass_t": 20.0}])
    assert lost["rest"] is None
    assert any("wt%" in words for words in lost["lost"]["requirements"])
    left = [one["grade"] for one in lost["lost"]["grades"]]
    assert left
    assert "SAE1008" not in left
    changed = client.post("/v1/heats/NOR7002/grade", json={**PLANT, "grade": left[0]}).json()
    assert (changed["grade"], changed["lost"]) == (left[0], None)
    assert changed["rest"]["recipe"]["grade"] == left[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mass_t": 31_000}, "1000"),
        ({"mass_t": 310}, "kilograms"),
        ({"material": "gold"}, "gold"),
        ({"mass_t": -1}, "-1"),
    ],
)
def test_what_no_crane_can_have_lifted_is_refused_and_not_kept(
    client: TestClient, change: dict[str, Any], words: str
) -> None:
    recipe = planned(client, "NOR7003") if client.get("/v1/heats/NOR7003", params=PLANT).status_code == 404 else {}
    wrong = {"lift_id": "W9", "material": "E40 shredded", "mass_t": 10.0, **change}
    answer = client.post("/v1/heats/NOR7003/baskets/1", json={**PLANT, "lifts": [wrong]})
    assert answer.status_code == 422
    assert words in answer.text
    found = client.get("/v1/heats/NOR7003", params=PLANT).json()
    assert (found["stage"], found["baskets_t"]) == ("planned", [])
    assert recipe is not None


def test_two_crane_drivers_at_once_lose_no_lift(application: Application) -> None:
    with TestClient(create_app(application, pages=False)) as client:
        planned(client, "NOR7004")

        def put(at: int) -> None:
            lift = {"lift_id": f"W{at}", "material": "E3 old thick", "mass_t": 2.0}
            weigh(client, "NOR7004", 1 + at % 2, [lift])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(put, range(12)))
        found = client.get("/v1/heats/NOR7004", params=PLANT).json()
    assert [load["E3 old thick"] for load in found["baskets_t"]] == [pytest.approx(12.0)] * 2
    assert [one["number"] for one in found["steps"]] == list(range(1, 14))


def test_a_heat_is_planned_once_by_a_recipe_that_is_not_charged_yet(client: TestClient) -> None:
    recipe = planned(client, "NOR7005")
    body = {**PLANT, "recipe_id": recipe["recipe_id"]}
    assert client.put("/v1/heats/NOR7005/plan", json=body).status_code == 200
    other = client.post("/v1/recipes", json={**ORDER, "mass_t": 97}).json()["recipe_id"]
    assert client.put("/v1/heats/NOR7005/plan", json={**PLANT, "recipe_id": other}).status_code == 422
    assert client.post("/v1/heats/NOR7005/stages", json={**PLANT, "stage": "cancelled"}).status_code == 201
    assert client.put("/v1/heats/NOR7005/plan", json={**PLANT, "recipe_id": other}).status_code == 200
    assert client.get("/v1/heats/NOR7099", params=PLANT).status_code == 404
    assert client.put("/v1/heats/NOR7098/plan", json={**PLANT, "recipe_id": "0" * 16}).status_code == 422


def test_a_crane_names_the_lot_and_an_unknown_one_is_refused(client: TestClient, application: Application) -> None:
    lots = [
        {"lot_id": name, "material": "E3 old thick", "delivered_at": f"2026-11-2{day}T06:00:00Z", "ticket_t": 60}
        for name, day in (("old", 1), ("new", 5))
    ]
    assert client.post("/v1/plants/northmill/lots", json={"lots": lots}).status_code == 201
    planned(client, "NOR7010")
    lift = {"lift_id": "W1", "material": "E3 old thick", "mass_t": 12.0, "lot_id": "new"}
    refused = weigh(client, "NOR7010", 1, [{**lift, "lot_id": "none such"}], status=422)
    assert "none such" in str(refused)
    weigh(client, "NOR7010", 1, [{**lift, "material": "E40 shredded"}], status=422)
    weigh(client, "NOR7010", 1, [lift, {**lift, "lift_id": "W2", "mass_t": 3.0, "lot_id": ""}])
    assert client.post("/v1/heats/NOR7010/charged", json=PLANT).status_code == 201
    drawn = application.plants.book.lot("northmill", "new"), application.plants.book.lot("northmill", "old")
    assert [state.drawn_t for state in drawn if state is not None] == pytest.approx([12.0, 3.0])


def test_a_basket_that_is_being_loaded_lift_by_lift_is_taken_to_be_filled_as_planned(client: TestClient) -> None:
    recipe = planned(client, "NOR4700")
    first = lifts(recipe, 1)
    for number, lift in enumerate(first, start=1):
        body = {**PLANT, "lifts": [lift], "is_open": True}
        now = client.post("/v1/heats/NOR4700/baskets/1", json=body).json()
        assert now["rest"]["kept"], number
        assert now["rest"]["dearer_by_eur_per_t"] == pytest.approx(0.0, abs=1e-3)
        assert sum(now["rest"]["charged_t"].values()) == pytest.approx(sum(one["mass_t"] for one in first[:number]))
        whole = sum(now["rest"]["charged_t"].values()) + sum(now["rest"]["rest_t"].values())
        assert whole == pytest.approx(sum(line["mass_t"] for line in recipe["lines"] if line["stage"] == "furnace"))


def test_what_is_not_to_be_had_is_not_taken_to_come_into_an_open_basket(client: TestClient) -> None:
    recipe = planned(client, "NOR4701")
    body = {**PLANT, "lifts": [lifts(recipe, 1)[0]], "is_open": True}
    client.post("/v1/heats/NOR4701/baskets/1", json=body)
    other = lifts(recipe, 1)[1]["material"]
    now = client.post("/v1/heats/NOR4701/missing", json={**PLANT, "materials": [other]}).json()
    assert other not in now["rest"]["rest_t"]
