"""What plants' systems told: put to work once, held until it can be, set aside with the reason, corrected."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application
from chargewise.app.inflow import Inflow
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.messages.read_message import MessageReader
from plant_adapters.messages.received import received
from plant_adapters.store.connection_tables import INBOX
from plant_adapters.store.inbox import Inbox
from tests.api.test_shift import PLANT, lifts, planned, weigh

READERS = {
    ("northmill", "level2", kind): MessageReader(MessageMap.model_validate({"kind": kind}))
    for kind in ("lift", "sample", "stage", "order", "lot", "price", "stock", "heat", "addition")
}


@pytest.fixture
def client(application: Application) -> Iterator[TestClient]:
    with TestClient(create_app(application, pages=False)) as found:
        yield found


@pytest.fixture
def inbox(application: Application) -> Inbox:
    with application.database.writing() as connection:
        connection.execute(sa.delete(INBOX))
    return Inbox(application.database)


def told(application: Application, kind: str, *raws: dict[str, Any]) -> list[str]:
    """Messages come, and are put to work; what was said of them."""
    reader = READERS["northmill", "level2", kind]
    Inbox(application.database).put("northmill", "level2", [received(reader, raw) for raw in raws])
    return settled(application)


def settled(application: Application) -> list[str]:
    said: list[str] = []
    Inflow(application, READERS).settle("northmill", said.append)
    return said


def states(inbox: Inbox) -> list[str]:
    return [one.state for one in reversed(inbox.listed("northmill", None, 100))]


def as_lift(heat: str, basket: int, lift: dict[str, Any]) -> dict[str, Any]:
    return {
        "heat_id": heat, "basket": basket, "lift_id": lift["lift_id"], "material": lift["material"],
        "mass": lift["mass_t"],
    }  # fmt: skip


def test_a_lift_before_its_heat_waits_and_is_weighed_once_it_is_planned(
    client: TestClient, application: Application, inbox: Inbox
) -> None:
    early = {"heat_id": "NOR9001", "basket": 1, "lift_id": "W1", "material": "E40 shredded", "mass": 20.0}
    told(application, "lift", early)
    assert [one.problem for one in inbox.waiting("northmill")] == ["heat NOR9001 is not planned yet"]
    planned(client, "NOR9001")
    settled(application)
    assert states(inbox) == ["taken"]
    now = client.get("/v1/heats/NOR9001", params=PLANT).json()
    assert now["baskets_t"] == [{"E40 shredded": 20.0}]


def test_the_same_lift_twice_is_one_and_another_mass_corrects_it(
    client: TestClient, application: Application, inbox: Inbox
) -> None:
    planned(client, "NOR9002")
    first = {"heat_id": "NOR9002", "basket": 1, "lift_id": "W1", "material": "E40 shredded", "mass": 20.0}
    told(application, "lift", first, first)
    told(application, "lift", first)
    assert states(inbox) == ["taken"]
    told(application, "lift", {**first, "mass": 18.0})
    told(application, "lift", {**first, "mass": 20.0})
    now = client.get("/v1/heats/NOR9002", params=PLANT).json()
    assert now["baskets_t"] == [{"E40 shredded": 20.0}]
    assert [step["kind"] for step in now["steps"]] == ["planned", "weighed", "weighed", "weighed"]


def test_what_was_put_to_work_and_not_written_down_changes_nothing_when_it_is_again(
    client: TestClient, application: Application, inbox: Inbox
) -> None:
    planned(client, "NOR9003")
    lift = {"heat_id": "NOR9003", "basket": 1, "lift_id": "W1", "material": "E40 shredded", "mass": 20.0}
    told(application, "lift", lift)
    with application.database.writing() as connection:
        connection.execute(sa.update(INBOX).values(state="waiting"))
    settled(application)
    steps = client.get("/v1/heats/NOR9003", params=PLANT).json()["steps"]
    assert [step["kind"] for step in steps] == ["planned", "weighed"]


def test_a_whole_heat_by_messages_out_of_order(client: TestClient, application: Application, inbox: Inbox) -> None:
    recipe = planned(client, "NOR9004")
    told(application, "stage", {"heat_id": "NOR9004", "stage": "charged"})
    numbers = range(1, len(recipe["baskets"]) + 1)
    every = [as_lift("NOR9004", number, one) for number in numbers for one in lifts(recipe, number)]
    told(application, "lift", *every)
    settled(application)
    late = {"heat_id": "NOR9004", "basket": 1, "lift_id": "W99", "material": "E40 shredded", "mass": 1.0}
    assert "planned or charging" in told(application, "lift", late)[0]
    melt = {one["element"]: one["wt_pct"] for one in _now(client, "NOR9004")["melt"]["contents"]}
    sample = {"sample_id": "S1", "heat_id": "NOR9004", "taken_at": _ago(1), "C": melt["C"], "Cu": melt["Cu"]}
    told(application, "stage", {"heat_id": "NOR9004", "stage": "done"})
    told(application, "sample", sample)
    told(application, "addition", {"heat_id": "NOR9004", "lift_id": "A1", "material": "SiMn", "mass": 0.5})
    told(application, "stage", {"heat_id": "NOR9004", "stage": "tapped"})
    settled(application)
    assert _now(client, "NOR9004")["stage"] == "done"
    assert states(inbox).count("quarantined") == 1


def _now(client: TestClient, heat: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/heats/{heat}", params=PLANT).json()
    return found


def _ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def test_what_cannot_be_used_is_set_aside_and_holds_nothing_up(
    client: TestClient, application: Application, inbox: Inbox
) -> None:
    planned(client, "NOR9005")
    good = {"heat_id": "NOR9005", "basket": 1, "lift_id": "W2", "material": "E40 shredded", "mass": 20.0}
    said = told(application, "lift", {**good, "lift_id": "W1", "material": "moon dust"}, good)
    assert states(inbox) == ["quarantined", "taken"]
    assert "moon dust" in said[0]


def test_a_message_that_waited_a_day_is_set_aside(application: Application, inbox: Inbox) -> None:
    told(application, "stage", {"heat_id": "NOBODY", "stage": "tapped"})
    with application.database.writing() as connection:
        connection.execute(sa.update(INBOX).values(received_at=_ago(25)))
    said = settled(application)
    assert states(inbox) == ["quarantined"]
    assert "heat NOBODY is not planned yet" in said[0]


def test_a_message_is_corrected_by_rest_and_put_to_work(
    client: TestClient, application: Application, inbox: Inbox
) -> None:
    planned(client, "NOR9006")
    wrong = {"heat_id": "NOR9006", "basket": 1, "lift_id": "W1", "material": "E40 shredded", "mass": "2O.0"}
    told(application, "lift", wrong)
    (aside,) = client.get("/v1/inbox", params={**PLANT, "state": "quarantined"}).json()
    assert "2O.0" in aside["problem"]
    assert aside["raw"] == wrong
    path = f"/v1/inbox/{aside['id']}/corrections"
    assert client.post("/v1/inbox/999999/corrections", json={**PLANT, "fields": {"mass": 1}}).status_code == 404
    answer = client.post(path, json={**PLANT, "fields": {"mass": 20.0}})
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert client.post(path, json={**PLANT, "fields": {"mass": 21.0}}).status_code == 404
    settled(application)
    assert _now(client, "NOR9006")["baskets_t"] == [{"E40 shredded": 20.0}]


def test_orders_are_booked_by_version_and_cancelled(client: TestClient, application: Application, inbox: Inbox) -> None:
    order = {"heat_id": "O1", "version": 1, "grade": "B500B", "mass": 100, "due_at": "2026-12-01T06:00:00Z"}
    told(application, "order", order, {**order, "heat_id": "O2", "due_at": "2026-12-01T05:00:00Z"})
    listed = [one["order"]["heat_id"] for one in client.get("/v1/heat-orders", params=PLANT).json()]
    assert listed == ["O2", "O1"]
    told(application, "order", {**order, "version": 2, "mass": 90})
    assert client.get("/v1/heat-orders", params=PLANT).json()[1]["order"]["mass_t"] == 90
    assert "version" in told(application, "order", {**order, "version": 1})[0]
    assert "grade" in told(application, "order", {**order, "heat_id": "O3", "grade": "GOLD"})[0].lower()
    told(application, "order", {**order, "version": 3, "cancelled": True})
    assert [one["order"]["heat_id"] for one in client.get("/v1/heat-orders", params=PLANT).json()] == ["O2"]


def test_lots_prices_and_stock_reach_the_yard_and_heats_the_store(
    client: TestClient, application: Application, inbox: Inbox
) -> None:
    yard = {"material": "E3 old thick", "bay": "4"}
    told(application, "lot", {"lot_id": "L9", **yard, "mass": 25.0, "delivered_at": _ago(2)})
    told(application, "price", {"material": "E3 old thick", "price": 301.5, "valid_from": _ago(1)})
    told(application, "stock", {"material": "E1 old thin", "bay": "5", "mass": 812.4, "at": _ago(1)})
    shown = {one["material"]: one for one in client.get("/v1/plants/northmill/yard").json()}
    assert shown["E3 old thick"]["price_eur_per_t"] == 301.5
    assert [one["lot"]["lot_id"] for one in shown["E3 old thick"]["lots"]] == ["L9"]
    assert shown["E1 old thin"]["stock"]["mass_t"] == pytest.approx(812.4)
    made = {"heat_id": "NOR8888", "charged": {"E40 shredded": 60.0, "E3 old thick": 50.0}, "tapped": 100.0, "Cu": 0.3}
    before = application.store.count("northmill")
    told(application, "heat", made, {**made, "heat_id": "NOR8889", "tapped": 10.0})
    assert application.store.count("northmill") == before + 1
    assert states(inbox)[-2:] == ["taken", "quarantined"]


def test_status_tells_what_waits_and_what_was_set_aside(application: Application, inbox: Inbox) -> None:
    told(application, "stage", {"heat_id": "NOBODY", "stage": "tapped"}, {"heat_id": "X", "stage": "flying"})
    assert inbox.counts("northmill", "level2") == {"waiting": 1, "quarantined": 1}


def test_weighing_by_hand_goes_on_beside_messages(client: TestClient, application: Application, inbox: Inbox) -> None:
    recipe = planned(client, "NOR9007")
    weigh(client, "NOR9007", 1, lifts(recipe, 1))
    told(application, "lift", *(as_lift("NOR9007", 1, one) for one in lifts(recipe, 1)))
    kinds = [step["kind"] for step in _now(client, "NOR9007")["steps"]]
    assert kinds == ["planned", "weighed"]
