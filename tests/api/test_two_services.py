"""Two services on one PostgreSQL, asked at once: heats, lots, repeats and jobs are there once, whoever took them."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application
from chargewise.app.jobs.worker import Worker
from chargewise.app.settings import Settings
from plant_adapters.store.store import HeatStore
from tests.conftest import Installation, database_urls

ORDER = {"plant": "northmill", "grade": "B500B", "compare": False}
YARD = "/v1/plants/northmill"
ROUNDS = 12


@pytest.fixture
def services(installation: Installation, tmp_path: Path) -> Iterator[tuple[Settings, list[TestClient]]]:
    home = Path(shutil.copytree(installation.home, tmp_path / "home"))
    with database_urls("postgresql", tmp_path) as url:
        stores = [HeatStore(url), HeatStore(url)]
        known = HeatStore(f"sqlite:///{home / 'heats.db'}")
        stores[0].add("northmill", known.log("northmill"), known.materials("northmill"))
        known.close()
        apps = [Application(home / "plants", home / "models", store) for store in stores]
        settings = Settings(home=home, database_url=url)
        with ExitStack() as stack:
            # Each has one event loop for all of its requests, as a service has.
            webs = [create_app(app, pages=False) for app in apps]
            yield settings, [stack.enter_context(TestClient(web, raise_server_exceptions=False)) for web in webs]
        for store in stores:
            store.close()


def test_two_services_keep_one_journal_one_yard_and_one_of_everything(
    services: tuple[Settings, list[TestClient]],
) -> None:
    settings, clients = services
    worker = Worker(settings, "quick")
    working = threading.Thread(target=worker.run)
    working.start()
    front = {"plant": "northmill", "grade": "B500B", "points": 2, "options": {"time_limit_s": 2}}

    def ask(at: int) -> list[tuple[str, int, Any]]:
        client, number = clients[at % 2], at // 2
        heat = {
            "heat_id": f"TWO{number:03d}", "charged_t": {"E3 old thick": 61.2, "E40 shredded": 48.0},
            "analysis_wt_pct": {"Cu": 0.31}, "tapped_t": 100.4,
        }  # fmt: skip
        lot = {"lot_id": f"L{number}", "material": "Pig iron", "ticket_t": 10, "delivered_at": "2026-11-01T00:00:00Z"}
        asked = (
            ("recipe", client.post("/v1/recipes", json=ORDER, headers={"Idempotency-Key": f"two-{number}"})),
            ("heats", client.post("/v1/heats", json={"plant": "northmill", "heats": [heat]})),
            ("lots", client.post(f"{YARD}/lots", json={"lots": [lot]})),
            ("job", client.post("/v1/fronts", json=front, headers={"Idempotency-Key": f"job-{number % 3}"})),
        )
        return [(what, answer.status_code, answer.json()) for what, answer in asked]

    try:
        with ThreadPoolExecutor(6) as pool:
            told = [one for found in pool.map(ask, range(2 * ROUNDS)) for one in found]
        statuses = {(what, status) for what, status, _ in told}
        # A request that is being answered by the other service is told so.
        assert statuses <= {
            ("recipe", 200), ("recipe", 409), ("heats", 200), ("lots", 201), ("job", 202), ("job", 409)
        }  # fmt: skip
        recipes = {body["recipe_id"] for what, status, body in told if (what, status) == ("recipe", 200)}
        listed = clients[1].get("/v1/recipes", params={"plant": "northmill", "limit": 100}).json()["recipes"]
        assert {story["recipe"]["recipe_id"] for story in listed} == recipes
        assert len(recipes) == ROUNDS
        assert sum(body["added"] for what, _, body in told if what == "heats") == ROUNDS
        assert sum(body["new"] for what, _, body in told if what == "lots") == ROUNDS
        for client in clients:
            yard = {one["material"]: one for one in client.get(f"{YARD}/yard").json()}
            assert yard["Pig iron"]["stock"]["book_t"] == pytest.approx(10 * ROUNDS)
        # What one service is told of, the other answers with: the stock is no more than what is left of it.
        clients[0].put(f"{YARD}/stock", json={"counts": {"Pig iron": {"mass_t": 3}}})
        used = {line["material"]: line["mass_t"] for line in clients[1].post("/v1/recipes", json=ORDER).json()["lines"]}
        assert used.get("Pig iron", 0.0) <= 3 + 1e-6
        jobs = {body["job_id"] for what, status, body in told if (what, status) == ("job", 202)}
        assert len(jobs) == 3
        for job in jobs:
            events = clients[0].get(f"/v1/jobs/{job}/events").text
            assert "event: ended" in events
            found = clients[1].get(f"/v1/jobs/{job}").json()
            assert (found["state"], found["attempts"]) == ("done", 1)
    finally:
        worker.stop()
        working.join()
