"""Plants, yard, stock and prices over the wire: made, changed with versions, and in the next recipe."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.resources.plants import EXAMPLE
from chargewise.app.application import Application
from chargewise.app.audit import Audit

ORDER = {"plant": "northmill", "grade": "B500B", "compare": False}
YARD = "/v1/plants/northmill"


@pytest.fixture
def client(application: Application) -> TestClient:
    return TestClient(create_app(application, pages=False))


def recipe(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/recipes", json={**ORDER, **changes})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def masses(found: dict[str, Any]) -> dict[str, float]:
    return {line["material"]: line["mass_t"] for line in found["lines"]}


def test_a_plant_is_changed_by_who_saw_it_and_the_next_recipe_follows(
    client: TestClient, application: Application
) -> None:
    seen = client.get(YARD)
    content, tag = seen.json(), seen.headers["etag"]
    text = application.plants.file_of("northmill").read_text("utf-8")
    before = recipe(client)["cost_eur_per_t"]
    for entry in content["yard"]:
        entry["price_eur_per_t"] += 10
    assert client.put(YARD, json=content).status_code == 428
    made = client.put(YARD, json=content, headers={"If-Match": tag})
    assert made.status_code == 200, made.text
    assert client.put(YARD, json=content, headers={"If-Match": tag}).status_code == 412
    assert recipe(client)["cost_eur_per_t"] > before + 5
    assert client.get(YARD).headers["etag"] == made.headers["etag"] != tag
    versions = client.get(f"{YARD}/versions").json()
    assert [one["number"] for one in versions] == [2, 1]
    first = client.get(f"{YARD}/versions/1").json()["text"]
    assert first == text
    assert Audit(application.database).changes(1)[0].action == "plant changed"
    # What was there can be put back as it was, comments and all.
    application.plants.file_of("northmill").write_text(first, "utf-8")
    assert recipe(client)["cost_eur_per_t"] == pytest.approx(before)
    assert client.get(YARD).headers["etag"] == tag


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": "other"}, "name"),
        ({"yard": [{"name": "x", "class": "E40", "price_eur_per_t": 1, "availble_t": 3}]}, "yard.0.availble_t"),
        ({"yard": [{"name": "x", "class": "E41x", "price_eur_per_t": 1}]}, "class"),
        ({"grades": ["B500Q"]}, "grade"),
        ({"rules": {"file": "../../rules.py"}}, "rules"),
    ],
)
def test_a_change_that_cannot_be_used_changes_nothing(
    client: TestClient, application: Application, change: dict[str, Any], where: str
) -> None:
    seen = client.get(YARD)
    text = application.plants.file_of("northmill").read_text("utf-8")
    answer = client.put(YARD, json={**seen.json(), **change}, headers={"If-Match": seen.headers["etag"]})
    assert answer.status_code == 422
    assert where in answer.text
    assert application.plants.file_of("northmill").read_text("utf-8") == text


def test_a_new_plant_takes_heats_learns_and_answers(client: TestClient, application: Application) -> None:
    made = client.post("/v1/plants", json=EXAMPLE)
    assert made.status_code == 201, made.text
    assert client.post("/v1/plants", json=EXAMPLE).status_code == 422
    assert client.post("/v1/plants", json={**EXAMPLE, "name": "../evil"}).status_code == 422
    assert {"name": "southmill", "title": "southmill", "ready": False} in client.get("/v1/plants").json()
    heat = {"charged_t": {"E3 old thick": 60.0, "E40 shredded": 45.0, "lime": 3.2}, "analysis_wt_pct": {"Cu": 0.3}}
    heats = [{**heat, "heat_id": f"S{at}", "tapped_t": 96.0} for at in range(12)]
    sent = client.post("/v1/heats", json={"plant": "southmill", "heats": heats})
    assert sent.json()["added"] == 12, sent.text
    assert client.post("/v1/trainings", json={"plant": "southmill"}).status_code == 202
    assert client.post("/v1/recipes", json={**ORDER, "plant": "southmill"}).status_code == 404
    application.plants.file_of("southmill").unlink()


def test_stock_that_was_counted_limits_recipes_and_charges_book_it_down(client: TestClient) -> None:
    material = "E40 shredded"
    most = masses(recipe(client))[material]
    yard = client.put(f"{YARD}/stock", json={"counts": {material: {"mass_t": most / 2, "sd_t": 1}}})
    assert yard.status_code == 200, yard.text
    shown = next(one for one in yard.json() if one["material"] == material)
    assert shown["stock"]["mass_t"] == pytest.approx(most / 2)
    limited = recipe(client)
    assert masses(limited)[material] <= most / 2 + 1e-6
    charge = {"heat_id": "H7", "charged_t": {material: most / 4, "lime": 3}}
    path = f"/v1/recipes/{limited['recipe_id']}"
    assert client.put(f"{path}/charge", json=charge).status_code == 200
    assert client.put(f"{path}/charge", json=charge).status_code == 200
    left = next(one for one in client.get(f"{YARD}/yard").json() if one["material"] == material)
    assert left["stock"]["book_t"] == pytest.approx(most / 4)
    assert masses(recipe(client)).get(material, 0.0) <= most / 4 + 1e-6
    moved = client.get(f"{YARD}/movements", params={"limit": 1}).json()
    assert (moved[0]["kind"], moved[0]["heat_id"], moved[0]["mass_t"]) == ("charged", "H7", pytest.approx(-most / 4))
    again = client.get(f"{path}/reproduction").json()
    assert again["same"], again
    client.put(f"{YARD}/stock", json={"counts": {material: {"mass_t": 5000}}})


def test_lots_are_booked_in_once_and_fetched_by_their_number(client: TestClient) -> None:
    lot: dict[str, Any] = {
        "lot_id": "WB-1", "material": "E8 new thin", "bay": "3", "delivered_at": "2026-11-20T05:00:00Z",
        "ticket_t": 200.0, "moisture_share": 0.1, "price_per_t": 300, "currency": "USD", "eur_per_currency": 0.9,
    }  # fmt: skip
    material = client.get(f"{YARD}/yard").json()[0]["material"]
    lot["material"] = material
    assert client.post(f"{YARD}/lots", json={"lots": [lot]}).json() == {"new": 1, "known": 0}
    assert client.post(f"{YARD}/lots", json={"lots": [lot]}).json() == {"new": 0, "known": 1}
    assert client.post(f"{YARD}/lots", json={"lots": [{**lot, "ticket_t": 2.0}]}).status_code == 422
    found = client.get(f"{YARD}/lots/WB-1").json()
    assert found["remaining_t"] == pytest.approx(180)
    assert client.get(f"{YARD}/lots/WB-2").status_code == 404
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    wrong: list[dict[str, Any]] = [
        {"material": "gold"}, {"delivered_at": later}, {"moisture_share": 0.6, "sterile_share": 0.4},
        {"currency": "USD", "eur_per_currency": None}, {"ticket_t": -1}, {"tickt_t": 4},
    ]  # fmt: skip
    for at, change in enumerate(wrong):
        answer = client.post(f"{YARD}/lots", json={"lots": [{**lot, "lot_id": f"W{at}", **change}]})
        assert answer.status_code == 422, change
    client.put(f"{YARD}/stock", json={"bay": "3", "counts": {material: {"mass_t": 5000}}})


def test_prices_are_those_that_are_valid_now(client: TestClient) -> None:
    dear = recipe(client)["cost_eur_per_t"]
    names = [one["material"] for one in client.get(f"{YARD}/yard").json()]
    prices = {one["material"]: one["price_eur_per_t"] for one in client.get(f"{YARD}/yard").json()}
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    cheaper = {name: prices[name] - 20 for name in names}
    assert client.put(f"{YARD}/prices", json={"prices_eur_per_t": cheaper, "valid_from": later}).status_code == 200
    assert recipe(client)["cost_eur_per_t"] == pytest.approx(dear)
    assert client.put(f"{YARD}/prices", json={"prices_eur_per_t": cheaper}).status_code == 200
    assert recipe(client)["cost_eur_per_t"] < dear - 10
    offer = {"prices_eur_per_t": {names[0]: 1.0}, "supplier": "Rhein"}
    offers = client.put(f"{YARD}/prices", json=offer).json()[0]
    assert (offers["price_eur_per_t"], offers["offers"][0]["price_eur_per_t"]) == (pytest.approx(cheaper[names[0]]), 1)
    assert client.put(f"{YARD}/prices", json={"prices_eur_per_t": {"gold": 1}}).status_code == 422
    assert client.put(f"{YARD}/prices", json={"prices_eur_per_t": prices}).status_code == 200


def test_a_key_of_another_plant_sees_none_of_it(application: Application, tmp_path: Path) -> None:
    from chargewise.app.access import AccessKeys, Role  # noqa: PLC0415
    from chargewise.app.identity import Access  # noqa: PLC0415

    keys = AccessKeys(application.database)
    other, made = keys.make("other", Role.ENGINEER, ("riverside",), "test")
    viewer, seen = keys.make("viewer", Role.VIEWER, ("northmill",), "test")
    client = TestClient(create_app(application, pages=False, access=Access(keys)))
    try:
        for path in ("", "/yard", "/versions", "/movements", "/lots/WB-1"):
            assert client.get(YARD + path, headers={"Authorization": f"Bearer {other}"}).status_code == 403
        counts = {"counts": {"lime": {"mass_t": 1}}}
        for key in (other, viewer):
            head = {"Authorization": f"Bearer {key}"}
            assert client.put(f"{YARD}/stock", json=counts, headers=head).status_code == 403
            assert client.post("/v1/plants", json=EXAMPLE, headers=head).status_code == 403
    finally:
        keys.revoke(made.key_id)
        keys.revoke(seen.key_id)


def test_a_recipe_chooses_lots_of_the_yard(client: TestClient) -> None:
    dirty, clean = (
        {
            "lot_id": name, "material": "E40 shredded", "delivered_at": "2026-11-27T06:00:00Z", "ticket_t": 40.0,
            "supplier": name, "analysis_wt_pct": {"Cu": copper},
        }
        for name, copper in (("Dusty", 0.6), ("Proper", 0.1))
    )  # fmt: skip
    assert client.post(f"{YARD}/lots", json={"lots": [dirty, clean]}).status_code == 201
    order = {"plant": "northmill", "grade": "B500B"}
    answer = client.post("/v1/lot-recipes", json=order)
    assert answer.status_code == 200, answer.text
    masses = {line["material"]: line["mass_t"] for line in answer.json()["lines"]}
    assert masses["E40 shredded lot Proper"] > masses.get("E40 shredded lot Dusty", 0.0)


def test_how_many_baskets_over_the_wire(client: TestClient) -> None:
    answer = client.post("/v1/basket-choices", json={"plant": "northmill", "grade": "B500B"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["best"] in [one["count"] for one in found["choices"]]


def test_a_recipe_says_and_prices_what_is_not_surely_there(client: TestClient) -> None:
    sure = recipe(client)
    assert sure["stock_doubt"] is None
    wanted = max((line for line in sure["lines"] if line["stage"] == "furnace"), key=lambda line: line["mass_t"])
    name, need_t = wanted["material"], wanted["mass_t"]
    counts = {name: {"mass_t": need_t * 1.1, "sd_t": need_t * 0.3}}
    assert client.put(f"{YARD}/stock", json={"counts": counts}).status_code == 200
    doubt = recipe(client)["stock_doubt"]
    (line,) = [one for one in doubt["materials"] if one["material"] == name]
    assert line["surely_t"] == pytest.approx(need_t * (1.1 - 1.645 * 0.3), rel=1e-3)
    assert line["planned_t"] > line["surely_t"]
    assert doubt["dearer_by_eur_per_t"] > 0
    assert any("surely there" in note for note in recipe(client)["notes"])
    # Who says what is there knows it.
    told = recipe(client, available_t={name: need_t * 1.2})
    assert told["stock_doubt"] is None
