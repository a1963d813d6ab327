"""Cast sequences and the buyer's month over the wire."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application
from chargewise.app.month import MonthOrder, checked_month
from steel.errors import InputError

SEQUENCE: dict[str, Any] = {
    "plant": "northmill",
    "heats": [{"grade": "B500B", "count": 3}, {"grade": "SAE1018", "count": 2}],
    "available_t": {"E8 new thin": 120, "Returns": 20},
    "returns": {"material": "Returns", "share": 0.05, "after_heats": 2},
}
MONTH: dict[str, Any] = {
    "plant": "northmill",
    "heats": [{"grade": "B500B", "count": 8}, {"grade": "SAE1018", "count": 4}],
    "available_t": {"E8 new thin": 60},
    "offers": [{"offer_id": "Metz", "material": "E8 new thin", "price_eur_per_t": 200, "most_t": 300}],
    "time_limit_s": 20,
}


@pytest.fixture
def client(application: Application) -> TestClient:
    return TestClient(create_app(application, pages=False))


def planned(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/sequences", json={**SEQUENCE, **changes})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_sequence_rolls_over_the_wire(client: TestClient) -> None:
    plan = planned(client)
    assert [heat["number"] for heat in plan["heats"]] == [1, 2, 3, 4, 5]
    first = plan["heats"][0]
    left = {name: stock - first["masses_t"].get(name, 0.0) for name, stock in SEQUENCE["available_t"].items()}
    again = planned(
        client, heats_done=1, plan=plan, available_t=left,
        heel_wt_pct={name: first["bath_wt_pct"][name] for name in first["heel_wt_pct"]},
    )  # fmt: skip
    assert again["kept"]
    assert [heat["masses_t"] for heat in again["heats"]] == [heat["masses_t"] for heat in plan["heats"][1:]]
    dirty = planned(client, heats_done=1, plan=plan, available_t=left, heel_wt_pct={"Cu": 0.6})
    assert dirty["heats"][0]["met_with"] >= 0.95 - 1e-3
    assert dirty["heats"][0]["masses_t"] != again["heats"][0]["masses_t"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"heats_done": 5}, "fewer than the 5 heats"),
        ({"heats": [{"grade": "B500B", "count": 61}]}, "60 heats"),
        ({"returns": {"material": "gold", "share": 0.1}}, "gold"),
        ({"heel_wt_pct": {"Xx": 0.1}}, "Xx"),
        ({"plan_done": 3, "heats_done": 1, "plan": "PLAN"}, "plan_done"),
        ({"offers": []}, "offers"),
    ],
)
def test_a_sequence_that_cannot_be_is_refused(client: TestClient, change: dict[str, Any], words: str) -> None:
    body = {**SEQUENCE, **change}
    if body.get("plan") == "PLAN":
        body["plan"] = planned(client)
    answer = client.post("/v1/sequences", json=body)
    assert answer.status_code == 422, answer.text
    assert words in answer.text


def test_a_month_is_a_job_with_a_verdict_for_each_offer(client: TestClient, application: Application) -> None:
    asked = client.post("/v1/months", json=MONTH)
    assert asked.status_code == 202, asked.text
    found = application.month(MonthOrder.model_validate(MONTH))
    (metz,) = found.offers
    assert metz.verdict == "buy"
    assert metz.planned_t > 0
    assert client.post(f"/v1/jobs/{asked.json()['job_id']}/cancel").status_code in (200, 202)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"offers": []}, "one offer or more"),
        ({"offers": MONTH["offers"] * 2}, "each offer_id once"),
        ({"offers": [{**MONTH["offers"][0], "material": "gold"}]}, "gold"),
        ({"offers": [{**MONTH["offers"][0], "least_t": 400}]}, "exceeds most_t"),
        ({"heats": [{"grade": "nothing"}]}, "nothing"),
    ],
)
def test_a_month_that_cannot_be_is_refused(client: TestClient, change: dict[str, Any], words: str) -> None:
    answer = client.post("/v1/months", json={**MONTH, **change})
    assert answer.status_code == 422, answer.text
    assert words in answer.text


def test_prices_of_suppliers_lists_are_offers_while_they_are_valid(
    client: TestClient, application: Application
) -> None:
    now = datetime.now(UTC)
    for material, supplier, price, since in (
        ("E8 new thin", "Metz", 371.0, now - timedelta(days=1)), ("Pig iron", "Port", 420.0, now + timedelta(days=3)),
    ):  # fmt: skip
        listed = {"prices_eur_per_t": {material: price}, "supplier": supplier, "valid_from": since.isoformat()}
        assert client.put("/v1/plants/northmill/prices", json=listed).status_code == 200
    asked = MonthOrder.model_validate({**MONTH, "offers": [], "from_price_lists": True})
    _, offers = checked_month(application.plants, asked)
    assert [(one.supplier, one.material, one.price_eur_per_t) for one in offers] == [("Metz", "E8 new thin", 371.0)]
    with pytest.raises(InputError, match="one offer or more"):
        checked_month(application.plants, MonthOrder.model_validate({**MONTH, "offers": []}))
