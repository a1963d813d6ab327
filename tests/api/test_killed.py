"""The whole service, killed at random points: what it acknowledged is there, once, and it starts again."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from federation.engine import free_port
from plant_adapters.store.database import Database
from plant_adapters.store.yard_book import YardBook
from tests.conftest import Installation

KILLS = 24
"""Of the service; `tests/chargewise/test_killed_commands.py` kills commands as often."""
ORDER = {"plant": "northmill", "grade": "B500B", "compare": False}
HEAT: dict[str, Any] = {
    "charged_t": {"E3 old thick": 61.2, "E40 shredded": 48.0}, "analysis_wt_pct": {"Cu": 0.31}, "tapped_t": 100.4,
}  # fmt: skip

LOT: dict[str, Any] = {"material": "Pig iron", "ticket_t": 10, "delivered_at": "2026-11-01T00:00:00Z"}


class Service:
    """`chargewise serve` over a home of its own."""

    def __init__(self, home: Path, workers: int) -> None:
        self.port, self._home, self._workers = free_port(), home, workers
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = {
            "CHARGEWISE_HOME": str(self._home), "CHARGEWISE_PORT": str(self.port), "OMP_NUM_THREADS": "1",
            "CHARGEWISE_WORKERS": str(self._workers), "CHARGEWISE_PAGE_PORT": str(free_port()),
        }  # fmt: skip
        command = [sys.executable, "-m", "chargewise.commands.cli", "serve", "--json"]
        deadline = time.monotonic() + 60
        self.process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the service did not start again"
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("the service did not become ready")

    def kill(self, whole: bool, rng: random.Random) -> None:
        """Kill the service, or one of its processes that answer."""
        assert self.process is not None
        if not whole:
            rng.choice(_answering(self.process.pid)).kill()
            return
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait()
        _, alive = psutil.wait_procs(children, timeout=20)
        assert not alive, "what the service had started outlived it"

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)


def _answering(pid: int) -> list[psutil.Process]:
    """The processes of a service that answer."""
    found = [child for child in psutil.Process(pid).children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in found if "spawn_main" in " ".join(child.cmdline())]


class Client(threading.Thread):
    """Asks for recipes and sends heats, each until it is acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.url, self.ending = "", threading.Event()
        self.recipes: dict[str, str] = {}
        self.heats: list[str] = []
        self.lots: list[str] = []
        self.strange: list[str] = []

    def run(self) -> None:
        number = 0
        while not self.ending.is_set():
            number += 1
            recipe = self._until_acknowledged("/v1/recipes", {**ORDER, "mass_t": 90 + number % 20}, f"order-{number}")
            if recipe is not None:
                self.recipes[f"order-{number}"] = recipe["recipe_id"]
            heat = {"heat_id": f"KILL{number:05d}", **HEAT}
            if (
                self._until_acknowledged("/v1/heats", {"plant": "northmill", "heats": [heat]}, f"heat-{number}")
                is not None
            ):
                self.heats.append(heat["heat_id"])
            lot = {"lot_id": f"LOT{number:05d}", **LOT}
            if self._until_acknowledged("/v1/plants/northmill/lots", {"lots": [lot]}, f"lot-{number}") is not None:
                self.lots.append(f"LOT{number:05d}")

    def _until_acknowledged(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | None:
        while not self.ending.is_set():
            try:
                answer = httpx.post(f"{self.url}{path}", json=body, headers={"Idempotency-Key": key}, timeout=10)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code in (200, 201):
                found: dict[str, Any] = answer.json()
                return found
            if answer.status_code == 409:
                # It was being answered when it was killed: another key asks anew.
                key += "-again"
            elif answer.status_code != 503:
                self.strange.append(f"{answer.status_code} {answer.text[:200]}")
                return None
        return None


@pytest.mark.slow
def test_what_was_acknowledged_is_there_once_whenever_it_is_killed(installation: Installation, tmp_path: Path) -> None:
    home, rng = Path(shutil.copytree(installation.home, tmp_path / "home")), random.Random(4711)
    client, front = Client(), {"plant": "northmill", "grade": "B500B", "points": 40}
    with Service(home, workers=2) as service:
        service.start()
        asked = {"fronts": front, "trainings": {"plant": "northmill", "how": "train", "newest": 300}}
        jobs = [
            httpx.post(f"{service.url}/v1/{kind}", json=job, timeout=20).json()["job_id"] for kind, job in asked.items()
        ]
        client.url = service.url
        client.start()
        try:
            for kill in range(KILLS):
                time.sleep(rng.uniform(0.05, 1.5))
                whole = kill % 2 == 0
                service.kill(whole, rng)
                if whole:
                    service.start()
            time.sleep(2.0)
        finally:
            client.ending.set()
            client.join()
        for recipe_id in client.recipes.values():
            assert httpx.get(f"{service.url}/v1/recipes/{recipe_id}", timeout=20).status_code == 200
        ended = [_ended(service.url, job_id) for job_id in jobs]
        versions = httpx.get(f"{service.url}/v1/models", params={"plant": "northmill"}, timeout=20).json()
    for job in ended:
        assert job["state"] == "done" or "times before it was done" in json.dumps(job["problem"]), job
    # A training that was killed after it had published and begun again publishes nothing a second time.
    assert [one["version"] for one in versions if one["problem"] is None][: 1 + (ended[1]["state"] == "done")] == [
        one["version"] for one in versions if one["problem"] is None
    ]
    assert [one["active"] for one in versions].count(True) == 1
    assert client.strange == []
    assert len(client.recipes) > KILLS
    assert len(set(client.recipes.values())) == len(client.recipes)
    with sqlite3.connect(home / "heats.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = [row[0] for row in database.execute("SELECT heat_id FROM heats WHERE heat_id LIKE 'KILL%'")]
    assert len(stored) == len(set(stored))
    assert set(client.heats) <= set(stored)
    book = YardBook(Database(f"sqlite:///{home / 'heats.db'}"))
    booked = [one.lot.lot_id for one in book.lots("northmill")]
    assert len(booked) == len(set(booked))
    assert set(client.lots) <= set(booked)
    assert book.stocks("northmill")["Pig iron"].book_t == pytest.approx(10.0 * len(booked))


def _ended(url: str, job_id: str) -> dict[str, Any]:
    """A job, once it has ended."""
    deadline = time.monotonic() + 240
    while True:
        job: dict[str, Any] = httpx.get(f"{url}/v1/jobs/{job_id}", timeout=20).json()
        if job["state"] not in ("queued", "running"):
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.5)
