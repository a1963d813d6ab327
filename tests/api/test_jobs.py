"""What takes long is asked for, looked at and fetched: fronts, campaigns, scenarios, training."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.access import AccessKeys, Role
from chargewise.app.identity import Access
from chargewise.app.jobs import queue as queue_module
from chargewise.app.jobs.queue import ENDED
from chargewise.app.jobs.worker import Worker
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from tests.conftest import Installation

FRONT = {"plant": "northmill", "grade": "SAE1018", "points": 6}


@pytest.fixture(scope="module")
def home(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(installation.home, tmp_path_factory.mktemp("jobs") / "home"))


@pytest.fixture(scope="module")
def place(home: Path) -> Iterator[Workplace]:
    place = Workplace(settings=Settings(home=home))
    yield place
    place.store.close()


@pytest.fixture(scope="module")
def working(place: Workplace) -> Iterator[None]:
    workers = [Worker(place.settings, lane) for lane in ("quick", "long")]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    yield
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join()


@pytest.fixture(scope="module")
def client(place: Workplace) -> TestClient:
    return TestClient(create_app(place.application(), pages=False))


def ended(client: TestClient, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """A job as it ended."""
    answer = client.post(path, json=asked)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json()['job_id']}"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(answer.headers["Location"]).json()
        if job["state"] in ENDED:
            return job
        time.sleep(0.2)
    raise AssertionError(f"{path} did not end: {job}")


def result(client: TestClient, path: str, asked: dict[str, Any]) -> Any:
    job = ended(client, path, asked)
    assert job["state"] == "done", job
    assert (job["share"], job["attempts"]) == (1.0, 1)
    return client.get(job["result"]).json()["result"]


@pytest.mark.usefixtures("working")
def test_a_front_trades_cost_for_emissions(client: TestClient) -> None:
    found = result(client, "/v1/fronts", FRONT)
    costs = [point["objectives"]["cost_eur_per_t"] for point in found]
    gas = [point["objectives"]["emissions_kgco2e_per_t"] for point in found]
    assert len(found) >= 4
    assert costs == sorted(costs)
    assert gas == sorted(gas, reverse=True)
    assert gas[-1] < 0.8 * gas[0]


@pytest.mark.usefixtures("working")
def test_a_campaign_shares_its_stock(client: TestClient) -> None:
    heats = [{"grade": "B500B", "count": 5}, {"grade": "SAE1008", "count": 4}]
    stock = {"E8 new thin": 120, "Pig iron": 60}
    plan = result(client, "/v1/campaigns", {"plant": "northmill", "heats": heats, "available_t": stock})
    assert [heat["grade"] for heat in plan["heats"]] == ["B500B"] * 5 + ["SAE1008"] * 4
    assert plan["unmade"] == []
    for name, available in stock.items():
        used = sum(heat["masses_t"].get(name, 0.0) for heat in plan["heats"])
        assert used + plan["stock_left_t"][name] == pytest.approx(available, abs=1e-4)
    assert plan["gap"] <= 0.005
    assert plan["one_by_one_eur"] is None or plan["cost_eur"] <= plan["one_by_one_eur"] * (1 + 1e-9)


@pytest.mark.usefixtures("working")
def test_scenarios_over_the_wire_and_no_file_of_the_service_is_read(client: TestClient) -> None:
    assert "carbon-price" in client.get("/v1/scenarios").json()
    asked = {"plant": "northmill", "scenario": "carbon-price", "grades": ["B500B"]}
    assert len(result(client, "/v1/scenarios", asked)["cases"]) == 8
    own = {"title": "dear", "case": [{"name": "+20 %", "price_factors": {"E40": 1.2}}]}
    dear = result(client, "/v1/scenarios", {**asked, "scenario": own})
    assert dear["cases"][1]["cost_eur_per_t"] >= dear["cases"][0]["cost_eur_per_t"]
    for wrong in ("/etc/hostname", "../gallery/carbon-price", "carbon-pric"):
        answer = client.post("/v1/scenarios", json={**asked, "scenario": wrong})
        assert answer.status_code == 422
        assert "carbon-price" in answer.text
    strange = client.post("/v1/scenarios", json={**asked, "scenario": {**own, "colour": "red"}})
    assert strange.status_code == 422
    assert "colour" in strange.text


@pytest.mark.usefixtures("working")
def test_training_makes_a_version_that_is_served_and_names_its_job(client: TestClient, place: Workplace) -> None:
    before = place.registry.active_version("northmill")
    job = ended(client, "/v1/trainings", {"plant": "northmill", "newest": 120})
    assert job["state"] == "done", job
    version = client.get(job["result"]).json()["result"]["version"]
    assert version != before
    assert place.registry.active_version("northmill") == version
    assert place.registry.approvals("northmill")[-1].by == f"job {job['job_id']}"
    recipe = client.post("/v1/recipes", json={"plant": "northmill", "grade": "B500B", "compare": False}).json()
    assert recipe["model_version"] == version


@pytest.mark.slow
@pytest.mark.usefixtures("working")
def test_evaluations_and_shadow_reports_are_jobs_too(client: TestClient) -> None:
    outputs = result(client, "/v1/evaluations", {"plant": "northmill"})["outputs"]
    assert {"Cu", "energy_kwh_per_t"} <= {row["output"] for row in outputs}
    days = {"first": "2024-01-25", "last": "2024-01-25"}
    found = result(client, "/v1/shadow-reports", {"plant": "northmill", **days})
    assert found["saving_eur_per_t"]["mean"] > 0
    none = ended(client, "/v1/shadow-reports", {"plant": "northmill", "first": "2035-01-01", "last": "2035-01-02"})
    assert none["state"] == "failed"
    assert "days between" in none["problem"]["detail"]
    answer = client.get(f"/v1/jobs/{none['job_id']}/result")
    assert answer.status_code == 409
    assert "days between" in answer.json()["detail"]


@pytest.mark.usefixtures("working")
def test_progress_is_followed_until_the_job_has_ended(client: TestClient) -> None:
    job_id = client.post("/v1/fronts", json=FRONT).json()["job_id"]
    with client.stream("GET", f"/v1/jobs/{job_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in stream.iter_lines() if line]
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    shares = [json.loads(line.removeprefix("data: "))["share"] for line in lines if line.startswith("data: ")]
    assert kinds[-1] == "ended"
    assert set(kinds[:-1]) <= {"progress"}
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.usefixtures("working")
def test_a_job_is_stopped_by_who_asked_for_it(client: TestClient) -> None:
    heats = [{"grade": grade, "count": 100} for grade in ("B500B", "SAE1018", "SAE1008")]
    asked = {"plant": "northmill", "heats": heats, "time_limit_s": 300, "options": {"gap": 1e-9, "max_materials": 4}}
    job_id = client.post("/v1/campaigns", json=asked).json()["job_id"]
    deadline = time.monotonic() + 60
    while client.get(f"/v1/jobs/{job_id}").json()["state"] != "running" and time.monotonic() < deadline:
        time.sleep(0.2)
    client.post(f"/v1/jobs/{job_id}/cancel")
    while client.get(f"/v1/jobs/{job_id}").json()["state"] not in ENDED and time.monotonic() < deadline:
        time.sleep(0.2)
    assert client.get(f"/v1/jobs/{job_id}").json()["state"] == "cancelled"
    assert client.post(f"/v1/jobs/{job_id}/cancel").json()["state"] == "cancelled"


def test_a_queue_that_is_full_says_when_to_come_again(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "MOST_WAITING", 0)
    answer = TestClient(create_app(place.application(), pages=False)).post("/v1/fronts", json=FRONT)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_jobs_are_listed_page_by_page_and_none_of_another_plant(place: Workplace, home: Path) -> None:
    application = place.application()
    made = [application.jobs.ask("front", "northmill", FRONT, "a test").job_id for _ in range(5)]
    application.jobs.ask("front", "elsewhere", FRONT, "a test")
    keys = AccessKeys(place.store.database)
    key, kept = keys.make("viewer", Role.VIEWER, ("northmill",), "a test")
    viewer = TestClient(create_app(application, pages=False, access=Access(keys)), headers={"X-API-Key": key})
    seen: list[str] = []
    page: dict[str, Any] = {"next": None}
    while True:
        more = {"limit": 2} | ({} if page["next"] is None else {"cursor": page["next"]})
        page = viewer.get("/v1/jobs", params=more).json()
        assert {job["plant"] for job in page["jobs"]} <= {"northmill"}
        seen += [job["job_id"] for job in page["jobs"]]
        if page["next"] is None:
            break
    assert len(seen) == len(set(seen))
    assert seen[:5] == made[::-1]
    elsewhere = application.jobs.newest(1, frozenset({"elsewhere"}))[0].job_id
    assert viewer.get(f"/v1/jobs/{elsewhere}").status_code == 403
    assert viewer.post(f"/v1/jobs/{made[0]}/cancel").status_code == 409
    assert viewer.get("/v1/jobs", params={"cursor": "nonsense"}).status_code == 422
    for job_id in made:
        application.jobs.cancel(job_id)
    keys.revoke(kept.key_id)


def test_jobs_that_are_not_there(client: TestClient) -> None:
    for job_id in ("0123456789abcdef", "nonsense", "..%2f", "%00"):
        for path in ("", "/result", "/events"):
            assert client.get(f"/v1/jobs/{job_id}{path}").status_code == 404
