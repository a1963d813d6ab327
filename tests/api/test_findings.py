"""What the heats say over the wire, and what a machine knows of its federation."""

from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application
from federation.ledger.ledger import Ledger


@pytest.fixture
def client(application: Application, tmp_path: Path) -> TestClient:
    return TestClient(create_app(application, pages=False, federation=tmp_path))


def test_what_is_in_the_scrap_by_the_heats(client: TestClient) -> None:
    found = client.get("/v1/plants/northmill/characterisation", params={"newest": 400}).json()
    assert found["heats"] == 400
    copper = {one["material"]: one["contents"]["Cu"] for one in found["materials"]}
    assert copper["E40 shredded"]["wt_pct"] > copper["E8 new thin"]["wt_pct"]
    assert all(one["low"] <= one["wt_pct"] <= one["high"] for one in copper.values())
    assert client.get("/v1/plants/nowhere/characterisation").status_code == 404


def test_the_newest_heats_beside_the_model_follow_what_comes_in(client: TestClient) -> None:
    before = client.get("/v1/plants/northmill/drift", params={"newest": 30}).json()
    assert (before["heats"], before["model_version"], before["alarms"]) == (30, "v0001", [])
    strange = [
        {
            "heat_id": f"odd{at}", "tapped_at": f"2027-01-01T{at:02d}:00:00Z", "tapped_t": 100.0,
            "charged_t": {"E3 old thick": 60, "E40 shredded": 48, "lime": 3}, "analysis_wt_pct": {"Cu": 0.95},
        }
        for at in range(20)
    ]  # fmt: skip
    sent = client.post("/v1/heats", json={"plant": "northmill", "heats": strange})
    assert sent.json()["added"] + sent.json()["quarantined"] == 20, sent.text
    assert sent.json()["added"] == 20, sent.text
    after = client.get("/v1/plants/northmill/drift", params={"newest": 30}).json()
    assert "Cu" in [alarm["output"] for alarm in after["alarms"]]


def test_the_federation_as_this_machine_sees_it(client: TestClient, tmp_path: Path) -> None:
    nothing = client.get("/v1/federation").json()
    assert nothing == {"models": [], "entries": None, "newest": [], "problem": None, "coordinator": None}
    with closing(Ledger(tmp_path / "ledger.jsonl")) as ledger:
        ledger.append("begin", {"started_by": "anna"})
        ledger.append("failed", {"reason": "a test"})
    found = client.get("/v1/federation").json()
    assert (found["entries"], [one["kind"] for one in found["newest"]]) == (2, ["failed", "begin"])
    path = tmp_path / "ledger.jsonl"
    path.write_text(path.read_text("utf-8").replace("anna", "eve"), "utf-8")
    assert client.get("/v1/federation").json()["problem"]


def test_alarms_of_the_newest_heats_are_a_metric(client: TestClient) -> None:
    client.get("/v1/plants/northmill/drift")
    found = client.get("/metrics").text
    assert 'chargewise_drift_alarms{kind="outputs",plant="northmill"}' in found
    assert 'chargewise_drift_alarms{kind="inputs",plant="northmill"}' in found


def test_metrics_are_told_while_a_plant_file_cannot_be_used(client: TestClient, application: Application) -> None:
    assert client.get("/v1/plants/northmill/drift").status_code == 200
    path = application.plants.file_of("northmill")
    text = path.read_text("utf-8")
    path.write_text("name = ", "utf-8")
    try:
        assert client.get("/v1/plants/northmill/drift").status_code == 503
        found = client.get("/metrics")
    finally:
        path.write_text(text, "utf-8")
    assert found.status_code == 200
    assert 'chargewise_drift_alarms{kind="outputs",plant="northmill"}' in found.text
