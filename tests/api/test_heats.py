"""Heats that are sent: each taken or set aside by itself, none twice, none lost."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application

HEAT: dict[str, Any] = {
    "heat_id": "NEW1", "tapped_at": "2030-01-01T06:30:00+02:00", "grade": "B500B",
    "charged_t": {"E3 old thick": 61.2, "E40 shredded": 48.0, "lime": 3.2}, "analysis_wt_pct": {"C": 0.07, "cu": 0.31},
    "tapped_t": 100.4, "energy_kwh_per_t": 396, "process": {"oxygen_nm3_per_t": 34.5},
}  # fmt: skip


@pytest.fixture
def client(application: Application) -> TestClient:
    return TestClient(create_app(application, pages=False))


def sent(client: TestClient, *heats: Any) -> dict[str, Any]:
    answer = client.post("/v1/heats", json={"plant": "northmill", "heats": list(heats)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_heat_is_stored_once_changed_with_its_history_and_known_again(
    client: TestClient, application: Application
) -> None:
    before = application.store.count("northmill")
    assert sent(client, HEAT)["rows"] == [{"row": 1, "heat_id": "NEW1", "verdict": "added", "problems": []}]
    assert sent(client, HEAT)["rows"][0]["verdict"] == "unchanged"
    assert sent(client, {**HEAT, "analysis_wt_pct": {"C": 0.07, "Cu": 0.29}})["rows"][0]["verdict"] == "changed"
    assert application.store.count("northmill") == before + 1
    assert application.store.revisions("northmill")[-1]["before"]["analysis_wt_pct"]["Cu"] == 0.31
    log = application.store.log("northmill")
    assert str(log.heat_ids[-1]) == "NEW1"
    assert str(log.tapped_at[-1]) == "2030-01-01T04:30:00"


@pytest.mark.parametrize(
    ("change", "reason", "where"),
    [
        ({"heat_id": ""}, "no heat number", "heat_id"),
        ({"heat_id": "Summe"}, "summary, no heat", "heat_id"),
        ({"charged_t": {"gold": 100}}, "unknown material", "charged_t.gold"),
        ({"charged_t": {"E3 old thick": -5}}, "unreadable value", "charged_t.E3 old thick"),
        ({"charged_t": {"E3 old thick": "61,2"}}, "unreadable value", "charged_t.E3 old thick"),
        ({"charged_t": {"E3 old thick": 0}}, "nothing charged", "charged_t"),
        ({"tapped_t": 10.0}, "tapped and charged do not fit", "tapped_t"),
        ({"analysis_wt_pct": {}}, "missing analysis", "analysis_wt_pct"),
        ({"analysis_wt_pct": {"Cu": 31.0}}, "implausible value", "analysis_wt_pct.Cu"),
        ({"analysis_wt_pct": {"Xx": 0.1}}, "unreadable value", "analysis_wt_pct"),
        ({"process": {"oxygen": 30}}, "unreadable value", "process"),
        ({"colour": "red"}, "unreadable value", "colour"),
        ({"tapped_at": "yesterday"}, "unreadable value", "tapped_at"),
        ({"grade": "\x00"}, None, None),
    ],
)
def test_a_wrong_row_is_set_aside_with_its_reason_and_costs_the_others_nothing(
    client: TestClient, application: Application, change: dict[str, Any], reason: str | None, where: str | None
) -> None:
    if reason is None:
        change, reason, where = {"heat_id": "a\x00b"}, "no heat number", "heat_id"
    before, kept = application.store.count("northmill"), len(application.store.quarantined("northmill"))
    good = {**HEAT, "heat_id": f"GOOD-{abs(hash(str(change)))}"}
    found = sent(client, {**HEAT, "heat_id": "BAD", **change}, good)
    assert (found["added"], found["quarantined"]) == (1, 1)
    first = found["rows"][0]
    assert first["verdict"] == "quarantined"
    assert reason in {problem["reason"] for problem in first["problems"]}
    assert any(problem["where"].startswith(str(where)) for problem in first["problems"])
    assert application.store.count("northmill") == before + 1
    assert len(application.store.quarantined("northmill")) == kept + len(first["problems"])


def test_the_same_heat_twice_in_one_request_is_taken_once(client: TestClient) -> None:
    found = sent(client, {**HEAT, "heat_id": "TWICE"}, {**HEAT, "heat_id": "TWICE", "tapped_t": 99.0})
    assert [row["verdict"] for row in found["rows"]] == ["added", "quarantined"]
    assert found["rows"][1]["problems"][0]["reason"] == "duplicate heat"


def test_the_same_heats_sent_at_once_are_stored_once(client: TestClient, application: Application) -> None:
    before = application.store.count("northmill")
    heats = [{**HEAT, "heat_id": f"AT-ONCE-{at}"} for at in range(20)]
    with ThreadPoolExecutor(8) as crowd:
        answers = [one.result() for one in [crowd.submit(sent, client, *heats) for _ in range(8)]]
    assert application.store.count("northmill") == before + 20
    assert sum(answer["added"] for answer in answers) == 20
    assert sum(answer["unchanged"] for answer in answers) == 7 * 20


def test_nothing_and_too_much_are_refused(client: TestClient) -> None:
    for heats in ([], [HEAT] * 1001, "nonsense"):
        answer = client.post("/v1/heats", json={"plant": "northmill", "heats": heats})
        assert answer.status_code == 422
    assert client.post("/v1/heats", json={"plant": "atlantis", "heats": [HEAT]}).status_code == 404
