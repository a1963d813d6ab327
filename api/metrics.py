"""What a monitoring system reads: Prometheus metrics of every worker, put together."""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client import REGISTRY as OWN
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which workers leave their metrics for one another."""
FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_requests = Histogram(
    "chargewise_request_seconds", "Time to answer, by route and status.", ("method", "route", "status"), buckets=FAST
)
_solves = Histogram("chargewise_solve_seconds", "Time of the solver for a recipe.", ("plant",), buckets=FAST)
_gaps = Histogram(
    "chargewise_optimality_gap",
    "Proven relative gap of recipes.",
    ("plant",),
    buckets=(1e-6, 1e-5, 1e-4, 1e-3, 1e-2),
)
_refused = Counter("chargewise_refused_total", "Requests that were refused for want of room.", ("reason",))
_waiting = Gauge("chargewise_waiting", "Questions that are being answered or wait for it.", multiprocess_mode="livesum")
_jobs = Gauge("chargewise_jobs", "Jobs, by state.", ("state",), multiprocess_mode="mostrecent")
_models = Gauge("chargewise_model_info", "The model in service.", ("plant", "version"), multiprocess_mode="mostrecent")
_claims = Gauge(
    "chargewise_claims_kept", "Share of recipes that kept a limit, claimed and realised.",
    ("plant", "element", "side", "kind"), multiprocess_mode="mostrecent",
)  # fmt: skip


_drift = Gauge(
    "chargewise_drift_alarms", "Outputs and inputs that left the level their model knows.",
    ("plant", "kind"), multiprocess_mode="mostrecent",
)  # fmt: skip


_connections = Gauge(
    "chargewise_connection", "Connections: lag of the newest record, failures in a row, rows, set aside, waiting.",
    ("plant", "connection", "what"), multiprocess_mode="mostrecent",
)  # fmt: skip


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """One request was answered."""
    _requests.labels(method, route, str(status)).observe(seconds)


def solved(plant: str, solve_ms: float, gap: float) -> None:
    """One recipe was found."""
    _solves.labels(plant).observe(solve_ms / 1000.0)
    _gaps.labels(plant).observe(gap)


def refused(reason: str) -> None:
    """One request was refused for want of room."""
    _refused.labels(reason).inc()


def waiting(by: int) -> None:
    """One question more, or one less, is being answered or waits."""
    _waiting.inc(by)


def set_jobs(by_state: dict[str, int]) -> None:
    """How many jobs there are in each state."""
    for state, count in by_state.items():
        _jobs.labels(state).set(count)


def set_model(plant: str, version: str) -> None:
    """The version that a plant is answered with."""
    _models.labels(plant, version).set(1)


def set_claim(plant: str, element: str, side: str, claimed: float, realised: float) -> None:
    """The share of recipes that were to keep a limit, and that did."""
    _claims.labels(plant, element, side, "claimed").set(claimed)
    _claims.labels(plant, element, side, "realised").set(realised)


def set_drift(plant: str, by_kind: dict[str, int]) -> None:
    """How many alarms of each kind the newest heats raise."""
    for kind, count in by_kind.items():
        _drift.labels(plant, kind).set(count)


def set_connection(plant: str, connection: str, figures: dict[str, float]) -> None:
    """How a connection is, by figure."""
    for what, value in figures.items():
        _connections.labels(plant, connection, what).set(value)


def exposition() -> tuple[bytes, str]:
    """All metrics as text, and its media type."""
    if FOLDER not in os.environ:
        return generate_latest(OWN), CONTENT_TYPE_LATEST
    every = CollectorRegistry()
    MultiProcessCollector(every, path=os.environ[FOLDER])  # type: ignore[no-untyped-call]
    return generate_latest(every), CONTENT_TYPE_LATEST
