"""The service under load: two workers, random orders, jobs beside them, twice what they can bear.

    python -m benchmarks.service [--quick] --json FILE

The service is `chargewise serve --workers 2` on loopback over SQLite, journal and all; whoever asks it shares its two
cores. What it could do if only the solver cost anything is measured in this process on the same orders.
"""

import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil

from benchmarks import report
from benchmarks.report import Results
from chargewise.app.demo_plants import bundled_names, set_up_bundled
from chargewise.app.orders import HeatOrder
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from federation.engine import free_port

HEATS = 500
WORKERS, CLIENTS = 2, 8
"""Connections that always ask; a little more than the workers answer at once."""
CROWD = 160
"""Connections that are more than can be answered or wait."""
MEMORY_REQUESTS = 20_000
SOLVED = 300
"""Orders by which the solver's own time is measured."""
MB = 2**20
HEADERS = {"content-type": "application/json"}


@dataclass
class Load:
    """What a stretch of load came to.

    Attributes:
        took_ms: of each answer with a recipe.
        statuses: how many answers of each.
        seconds: it lasted.
    """

    took_ms: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        """Recipes a second."""
        return len(self.took_ms) / self.seconds

    def quantile(self, share: float) -> float:
        """Time within which a share of the recipes came, ms."""
        return sorted(self.took_ms)[min(len(self.took_ms) - 1, int(share * len(self.took_ms)))]


def orders(seed: int) -> Iterator[dict[str, Any]]:
    """Orders as an MES places them: any plant and grade, the day's prices, some of the stock."""
    rng = random.Random(seed)
    place = _yards()
    while True:
        name = rng.choice(sorted(place))
        grades, prices, stock = place[name]
        yield {
            "plant": name,
            "grade": rng.choice(grades),
            "compare": False,
            "prices_eur_per_t": {m: p * rng.uniform(0.9, 1.1) for m, p in prices.items()},
            "available_t": {m: t * rng.uniform(0.5, 1.2) for m, t in stock.items()},
        }


def _yards() -> dict[str, tuple[list[str], dict[str, float], dict[str, float]]]:
    from scenarios.bundled import virtual_plant  # noqa: PLC0415

    found = {}
    for name in bundled_names():
        plant = virtual_plant(name).plant
        scrap = [item for item in plant.charge_items() if item.material.metallic_yield > 0]
        stocked = {item.material.name: item.available_t for item in scrap[:5] if item.available_t is not None}
        found[name] = (list(plant.grades), {item.material.name: item.price_eur_per_t for item in scrap}, stocked)
    return found


def _ask(port: int, seed: int, until: float, requests: int | None, load: Load, kinds: int | None) -> None:
    """One connection that always asks, until a time or so many times; so many kinds of orders, or ever others."""
    connection, asked = http.client.HTTPConnection("127.0.0.1", port, timeout=60), orders(seed)
    kept = [json.dumps(next(asked)) for _ in range(kinds or 0)]
    count = 0
    while time.time() < until and (requests is None or count < requests):
        body = kept[count % len(kept)] if kept else json.dumps(next(asked))
        started = time.perf_counter()
        try:
            connection.request("POST", "/v1/recipes", body, HEADERS)
            answer = connection.getresponse()
            answer.read()
            status, again = answer.status, float(answer.headers.get("Retry-After", 0))
        except (OSError, http.client.HTTPException):
            connection.close()
            status, again = 0, 0.1
        if status == 200:
            load.took_ms.append(1000.0 * (time.perf_counter() - started))
        load.statuses[status] = load.statuses.get(status, 0) + 1
        count += 1
        if again:
            time.sleep(min(again, 1.0))


def _crowd(
    port: int, clients: int, seconds: float, requests: int | None, seed: int, kinds: int | None, answer: Any
) -> None:
    loads = [Load() for _ in range(clients)]
    until, started = time.time() + seconds, time.perf_counter()
    threads = [
        threading.Thread(target=_ask, args=(port, seed + at, until, requests, load, kinds))
        for at, load in enumerate(loads)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Load(seconds=time.perf_counter() - started)
    for load in loads:
        whole.took_ms += load.took_ms
        for status, count in load.statuses.items():
            whole.statuses[status] = whole.statuses.get(status, 0) + count
    answer.send(whole)


def loaded(
    port: int, clients: int, seconds: float, requests: int | None = None, seed: int = 0, kinds: int | None = None
) -> Load:
    """Load a service from a process of its own.

    Args:
        port: of the service.
        clients: connections that always ask.
        seconds: after which they stop.
        requests: of each, after which it stops earlier.
        seed: of the orders.
        kinds: of orders of each, asked in turn; ever others unless given.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_crowd, args=(port, clients, seconds, requests, seed, kinds, theirs))
    process.start()
    theirs.close()
    found: Load = ours.recv()
    process.join()
    return found


@contextmanager
def serving(home: Path) -> Iterator[tuple[int, psutil.Process]]:
    """A service of two workers; its port and its process."""
    port, page_port = free_port(), free_port()
    environment = {
        **os.environ, "CHARGEWISE_HOME": str(home), "CHARGEWISE_PORT": str(port), "CHARGEWISE_WORKERS": str(WORKERS),
        "CHARGEWISE_PAGE_PORT": str(page_port), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    with (home / "serve.log").open("wb") as log:
        command = [sys.executable, "-m", "chargewise.commands.cli", "serve"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _when_ready(port)
            # Every worker loads every plant before anything counts.
            loaded(port, CLIENTS, 8.0, seed=1)
            yield port, psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _when_ready(port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("the service did not become ready")


def _post(port: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, json.dumps(body), HEADERS)
    answer = connection.getresponse()
    found: dict[str, Any] = json.loads(answer.read())
    if answer.status >= 400:
        raise ValueError(f"{path}: {answer.status} {found}")
    return found


def _memory_mb(process: psutil.Process) -> float:
    workers = [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]
    return sum(worker.memory_info().rss for worker in workers) / MB


def _in_process_ms(home: Path) -> list[float]:
    """What each of some orders takes without a service."""
    application, asked, took = Workplace(settings=Settings(home=home)).application(), orders(7), []
    for at in range(SOLVED + 60):
        order = HeatOrder.model_validate({k: v for k, v in next(asked).items() if k != "compare"})
        started = time.perf_counter()
        application.recipe(order, compare=False)
        if at >= 60:
            took.append(1000.0 * (time.perf_counter() - started))
    return took


def _recovery_s(port: int, usual_ms: float) -> float:
    """After how long the median of ten answers takes no more than twice the usual time again."""
    started, asked = time.perf_counter(), orders(99)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while time.perf_counter() - started < 60:
        began, took = time.perf_counter() - started, []
        for _ in range(10):
            before = time.perf_counter()
            connection.request("POST", "/v1/recipes", json.dumps(next(asked)), HEADERS)
            answer = connection.getresponse()
            answer.read()
            took.append(1000.0 * (time.perf_counter() - before) if answer.status == 200 else 60_000.0)
        if statistics.median(took) <= 2.0 * usual_ms:
            return began
    return 60.0


def measure(quick: bool) -> Results:
    """Throughput, latency, overhead, jobs beside, overload, memory."""
    results: Results = {}
    seconds = 30.0 if quick else 120.0
    with tempfile.TemporaryDirectory(prefix="chargewise-service-") as folder:
        home = Path(folder)
        place = Workplace(settings=Settings(home=home))
        for name in bundled_names():
            set_up_bundled(name, HEATS, place.settings.plants, place.store, place.registry)
        own = _in_process_ms(home)
        place.store.close()
        with serving(home) as (port, process):
            alone = loaded(port, 1, 60.0, requests=SOLVED, seed=7)
            results["solve_in_process_ms_median"] = statistics.median(own)
            results["api_overhead_ms_median"] = statistics.median(alone.took_ms) - statistics.median(own)
            before, asked = _memory_mb(process), 0
            usual = loaded(port, CLIENTS, seconds, seed=100)
            bound = 1000.0 * WORKERS / statistics.mean(own)
            results |= {
                "recipes_per_s": usual.per_s, "p50_ms": usual.quantile(0.5), "p99_ms": usual.quantile(0.99),
                "errors": sum(count for status, count in usual.statuses.items() if status != 200),
                "solver_bound_per_s": bound, "recipes_per_s_over_solver_bound": usual.per_s / bound,
            }  # fmt: skip
            asked += sum(usual.statuses.values())
            campaign = {
                "plant": "northmill", "heats": [{"grade": "B500B", "count": 30}, {"grade": "SAE1018", "count": 30}],
                "time_limit_s": 600, "options": {"gap": 1e-6},
            }  # fmt: skip
            _post(port, "/v1/campaigns", campaign)
            _post(port, "/v1/trainings", {"plant": "riverside"})
            time.sleep(4.0)
            beside = loaded(port, CLIENTS, seconds, seed=200)
            results["recipes_per_s_with_jobs"] = beside.per_s
            results["p99_with_jobs_over_without"] = beside.quantile(0.99) / usual.quantile(0.99)
            asked += sum(beside.statuses.values())
            too_many = loaded(port, CROWD, 10.0, seed=300)
            total = sum(too_many.statuses.values())
            results["overload_429_share"] = too_many.statuses.get(429, 0) / total
            results["overload_5xx"] = sum(n for status, n in too_many.statuses.items() if status >= 500 or status == 0)
            results["overload_recipes_per_s"] = too_many.per_s
            results["recovery_s"] = _recovery_s(port, statistics.median(alone.took_ms))
            asked += total
            left = max(0, MEMORY_REQUESTS - asked)
            more = loaded(port, CLIENTS, 120.0 if quick else 600.0, -(-left // CLIENTS), seed=400, kinds=20)
            results["memory_requests"] = asked + sum(more.statuses.values())
            results["memory_growth_mb"] = _memory_mb(process) - before
    return results


if __name__ == "__main__":
    report.run("service", measure)
