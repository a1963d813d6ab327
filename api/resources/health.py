"""`/healthz`, `/readyz` and `/metrics`: whether the process answers, for which plants, and how it does."""

import math

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from api import metrics
from api.problems import Problem, problem_response
from api.resources.common import App
from chargewise.app.connection_status import statuses
from steel.frozen import Frozen

router = APIRouter()


class Health(Frozen):
    """Whether the service is up, and what it can answer for.

    Attributes:
        plants: that can be answered for.
        not_ready: others, and why they cannot.
    """

    status: str
    plants: tuple[str, ...] = ()
    not_ready: dict[str, str] = {}


@router.get("/healthz", tags=["health"])
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/metrics", include_in_schema=False)
def read_metrics(app: App) -> Response:
    """What a monitoring system reads (Prometheus)."""
    for name, loaded in app.plants.in_memory().items():
        metrics.set_model(name, loaded.version.version)
        metrics.set_drift(name, app.findings.alarms(loaded))
        for claim in loaded.feedback.kept():
            metrics.set_claim(name, claim.element.value, claim.side, 1.0 - claim.claimed, 1.0 - claim.missed)
    metrics.set_jobs(app.jobs.counts())
    for one in statuses(app.database):
        metrics.set_connection(one.plant, one.name, {
            "lag_seconds": math.nan if one.lag_s is None else one.lag_s, "failures": one.failures, "rows": one.rows,
            "quarantined": one.quarantined, "waiting": one.waiting, "set_aside": one.set_aside,
        })  # fmt: skip
    content, media_type = metrics.exposition()
    return Response(content, media_type=media_type)


@router.get("/readyz", tags=["health"], response_model=Health, response_model_exclude_defaults=True)
def readyz(app: App) -> Health | JSONResponse:
    """At least one plant can be answered for; those that cannot are named, with the reason."""
    found = app.plants.readiness()
    ready = tuple(name for name, reason in found.items() if reason is None)
    rest = {name: reason for name, reason in found.items() if reason is not None}
    if ready:
        return Health(status="ready", plants=ready, not_ready=rest)
    reasons = "; ".join(f"{name}: {reason}" for name, reason in rest.items())
    detail = reasons or "no plant has a model yet; run `chargewise demo` or `chargewise train`"
    return problem_response(Problem(title="Not ready", status=503, detail=detail))
