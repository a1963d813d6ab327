"""`/v1/jobs` and everything that takes longer than one waits: asked for here, looked at and fetched later."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict
from starlette.concurrency import run_in_threadpool

from api import context
from api.gate import needs
from api.paging import cursor_after, read_cursor
from api.problems import ConflictError, UnknownResourceError
from api.resources.common import (
    NO_PLANT,
    NUMBER,
    App,
    Asking,
    application_of,
    at_utc,
    at_utc_if,
    described_name,
    known_plant,
)
from chargewise.app.access import Right
from chargewise.app.application import Application
from chargewise.app.jobs.kinds import EvaluationOrder, FrontOrder, ScenarioOrder, ShadowOrder, TrainingOrder
from chargewise.app.jobs.queue import Job, JobQueue, State
from chargewise.app.month import MonthOrder, checked_month
from chargewise.app.orders import CampaignOrder
from steel.frozen import Frozen

router = APIRouter(prefix="/v1", tags=["jobs"])
LOOK_S = 0.5
"""How often a job is looked at whose progress somebody follows."""
ALIVE_LOOKS = 30
"""Looks after which a word is sent though nothing happened, so that no proxy takes the connection for dead."""
ASKS, TEACHES, READS = [needs(Right.ASK)], [needs(Right.TEACH)], [needs(Right.READ)]
NO_JOB: dict[int | str, dict[str, Any]] = {404: {"description": "No such job"}}
FULL = NO_PLANT | {429: {"description": "Too many jobs wait already"}}


class JobStatus(Frozen):
    """One job.

    Attributes:
        kind: what it does.
        stage: what it is doing, in words.
        share: of it that is done, 0 to 1.
        attempts: how often it was begun; a worker that is lost is followed by another.
        cancel_asked: whether somebody wants it stopped.
        problem: why it failed.
        result: where what it came to is fetched; None until it is done.
    """

    job_id: str
    kind: str
    plant: str
    state: State
    stage: str
    share: float
    asked: dict[str, Any]
    asked_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int
    cancel_asked: bool
    problem: dict[str, Any] | None
    result: str | None

    @classmethod
    def of(cls, job: Job) -> "JobStatus":
        """What a client sees of a job."""
        return cls(
            job_id=job.job_id, kind=job.kind, plant=job.plant, state=job.state, stage=job.stage, share=job.share,
            asked=job.asked, asked_by=job.asked_by, attempts=job.attempts, cancel_asked=job.cancel_asked,
            created_at=at_utc(job.created_at), started_at=at_utc_if(job.started_at),
            ended_at=at_utc_if(job.ended_at), problem=job.problem,
            result=f"/v1/jobs/{job.job_id}/result" if job.state == "done" else None,
        )  # fmt: skip


class JobPage(Frozen):
    """Some jobs, the newest first.

    Attributes:
        next: cursor of the next page; None on the last.
    """

    jobs: tuple[JobStatus, ...]
    next: str | None = None


class JobResult(Frozen):
    """What a job came to.

    Attributes:
        result: as its kind has it.
    """

    job_id: str
    kind: str
    result: Any


class FrontRequest(FrontOrder):
    """An order, and the objectives between which its recipes are to be spread."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "grade": "SAE1018",
                    "objectives": ["cost_eur_per_t", "emissions_kgco2e_per_t"],
                    "points": 12,
                }
            ]
        }
    )


class CampaignRequest(CampaignOrder):
    """Heats in the order of tapping, on today's stock and what arrives or can be bought meanwhile."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "heats": [{"grade": "B500B", "count": 12}, {"grade": "SAE1018", "count": 4}],
                    "available_t": {
                        "E3 old thick": 500,
                        "E8 new thin": 200,
                        "E40 shredded": 400,
                        "E2 new thick": 0,
                    },
                    "deliveries": [{"material": "E8 new thin", "mass_t": 150, "from_heat": 9}],
                    "offers": [
                        {
                            "material": "E2 new thick",
                            "most_t": 300,
                            "from_heat": 5,
                            "breaks": [
                                {"from_t": 50, "price_eur_per_t": 372},
                                {"from_t": 200, "price_eur_per_t": 366},
                            ],
                        }
                    ],
                    "time_limit_s": 5,
                }
            ]
        }
    )


class MonthRequest(MonthOrder):
    """A month's order book and what can be bought for it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "heats": [{"grade": "B500B", "count": 40}, {"grade": "SAE1018", "count": 20}],
                    "available_t": {"E8 new thin": 300, "E40 shredded": 700},
                    "offers": [
                        {
                            "offer_id": "Metz 4711", "material": "E8 new thin", "supplier": "Metz",
                            "price_eur_per_t": 361, "most_t": 900, "least_t": 200,
                        },
                        {"offer_id": "Port 12", "material": "E40 shredded", "price_eur_per_t": 330, "most_t": 2500},
                    ],
                    "time_limit_s": 20,
                }
            ]
        }
    )  # fmt: skip


class ScenarioRequest(ScenarioOrder):
    """A scenario for a plant: one of the gallery by its name, or one's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"plant": "northmill", "scenario": "carbon-price", "grades": ["B500B"]},
                {
                    "plant": "northmill",
                    "grades": ["B500B"],
                    "scenario": {
                        "title": "Shredded scrap is dear",
                        "case": [{"name": "+20 %", "price_factors": {"E40": 1.2}}],
                    },
                },
            ]
        }
    )


async def queue_of(app: Annotated[Application, Depends(application_of)]) -> JobQueue:
    """The jobs of this installation."""
    return app.jobs


Queue = Annotated[JobQueue, Depends(queue_of)]


@router.post("/fronts", status_code=202, responses=FULL, dependencies=ASKS)
def ask_front(asked: FrontRequest, app: App, queue: Queue, asking: Asking, response: Response) -> JobStatus:
    """Recipes over the Pareto front of two to four objectives, the best in the first of them first."""
    app.check_front(known_plant(app, asked), asked.objectives)
    return _asked("front", asked, FrontOrder, queue, asking.name, response)


@router.post("/campaigns", status_code=202, responses=FULL, dependencies=ASKS)
def ask_campaign(asked: CampaignRequest, app: App, queue: Queue, asking: Asking, response: Response) -> JobStatus:
    """The cheapest plan for many heats over one stock, with what arrives and can be bought meanwhile."""
    app.check_campaign(known_plant(app, asked))
    return _asked("campaign", asked, CampaignOrder, queue, asking.name, response)


@router.post("/months", status_code=202, responses=FULL, dependencies=ASKS)
def ask_month(asked: MonthRequest, app: App, queue: Queue, asking: Asking, response: Response) -> JobStatus:
    """Which offers to buy, hold or walk away from for a month's order book, with break-even prices."""
    checked_month(app.plants, known_plant(app, asked))
    return _asked("month", asked, MonthOrder, queue, asking.name, response)


@router.post("/scenarios", status_code=202, responses=FULL, dependencies=ASKS)
def ask_scenario(asked: ScenarioRequest, app: App, queue: Queue, asking: Asking, response: Response) -> JobStatus:
    """Every case of a scenario beside the plant as it is, over its grades."""
    plant = app.plant(known_plant(app, asked).plant).plant
    asked.stated()
    for grade in asked.grades:
        plant.grade(grade)
    return _asked("scenario", asked, ScenarioOrder, queue, asking.name, response)


@router.post("/trainings", status_code=202, responses=FULL, dependencies=TEACHES)
def ask_training(asked: TrainingOrder, app: App, queue: Queue, asking: Asking, response: Response) -> JobStatus:
    """Learn from the plant's heats: anew, anew if surely better, or the newest heats into the active surrogate."""
    if asked.how == "train":
        described_name(app, asked.plant)
    else:
        known_plant(app, asked)
    return _asked("training", asked, TrainingOrder, queue, asking.name, response)


@router.post("/evaluations", status_code=202, responses=FULL, dependencies=READS)
def ask_evaluation(asked: EvaluationOrder, app: App, queue: Queue, asking: Asking, response: Response) -> JobStatus:
    """The surrogate beside plain regressions, on heats later than those each has learned from."""
    described_name(app, asked.plant)
    return _asked("evaluation", asked, EvaluationOrder, queue, asking.name, response)


@router.post("/shadow-reports", status_code=202, responses=FULL, dependencies=READS)
def ask_shadow_report(asked: ShadowOrder, app: App, queue: Queue, asking: Asking, response: Response) -> JobStatus:
    """What Chargewise would have charged for recorded heats, with only what it knew by then."""
    known_plant(app, asked)
    return _asked("shadow", asked, ShadowOrder, queue, asking.name, response)


@router.get("/jobs", dependencies=READS)
def list_jobs(queue: Queue, limit: Annotated[int, Query(ge=1, le=100)] = 20, cursor: str | None = None) -> JobPage:
    """Jobs of the plants that one may see, the newest first."""
    before = None if cursor is None else read_cursor(cursor, of_time=True)
    found = queue.newest(limit + 1, context.principal.get().plants, before)
    last = found[limit - 1] if len(found) > limit else None
    return JobPage(
        jobs=tuple(JobStatus.of(job) for job in found[:limit]),
        next=None if last is None else cursor_after(repr(last.created_at), last.job_id),
    )


@router.get("/jobs/{job_id}", responses=NO_JOB, dependencies=READS)
def get_job(job_id: str, app: App, queue: Queue) -> JobStatus:
    """One job, and how far it is."""
    return JobStatus.of(_job(app, queue, job_id))


@router.get("/jobs/{job_id}/result", responses=NO_JOB | {409: {"description": "It is not done"}}, dependencies=READS)
def get_job_result(job_id: str, app: App, queue: Queue) -> JobResult:
    """What a job that is done came to."""
    found = _job(app, queue, job_id)
    if found.state != "done":
        why = "" if found.problem is None else f": {found.problem.get('detail', '')}"
        raise ConflictError(f"job {job_id} is {found.state}{why}; it has no result")
    return JobResult(job_id=job_id, kind=found.kind, result=queue.result(job_id))


@router.post("/jobs/{job_id}/cancel", responses=NO_JOB, dependencies=READS)
def cancel_job(job_id: str, app: App, queue: Queue, asking: Asking) -> JobStatus:
    """Want a job stopped: one that waits ends at once, one that runs within seconds, one that has ended stays."""
    found = _job(app, queue, job_id)
    if found.asked_by != asking.name and not asking.may(Right.CHANGE):
        raise ConflictError(f"job {job_id} is {found.asked_by}'s; only they, an engineer or an administrator stop it")
    return JobStatus.of(queue.cancel(job_id))


@router.get(
    "/jobs/{job_id}/events",
    responses=NO_JOB | {200: {"content": {"text/event-stream": {}}, "description": "Progress until the job has ended"}},
    response_class=StreamingResponse,
    dependencies=READS,
)
async def follow_job(job_id: str, request: Request, app: App, queue: Queue) -> StreamingResponse:
    """The job's progress as server-sent events, until it has ended."""
    await run_in_threadpool(_job, app, queue, job_id)
    return StreamingResponse(_followed(request, queue, job_id), media_type="text/event-stream")


async def _followed(request: Request, queue: JobQueue, job_id: str) -> AsyncIterator[str]:
    told, silent = "", 0
    while not await request.is_disconnected():
        found = await run_in_threadpool(queue.job, job_id)
        if found is None:
            return
        state = {"state": found.state, "stage": found.stage, "share": round(found.share, 4)}
        now = json.dumps(state, ensure_ascii=False)
        silent += 1
        if now != told or silent >= ALIVE_LOOKS:
            yield f"event: {'ended' if found.ended else 'progress'}\ndata: {now}\n\n"
            told, silent = now, 0
        if found.ended:
            return
        await asyncio.sleep(LOOK_S)


def _asked(
    kind: str, asked: Frozen, stored_as: type[Frozen], queue: JobQueue, by: str, response: Response
) -> JobStatus:
    """A job in the queue, and where to look at it."""
    kept = asked.model_dump(mode="json", include=set(stored_as.model_fields), exclude_defaults=True, by_alias=True)
    found = queue.ask(kind, kept["plant"], kept, by)
    response.headers["Location"] = f"/v1/jobs/{found.job_id}"
    return JobStatus.of(found)


def _job(app: Application, queue: JobQueue, job_id: str) -> Job:
    """A job that is there and whose plant whoever asks may see.

    Raises:
        UnknownResourceError: there is no such job.
    """
    found = queue.job(job_id) if NUMBER.fullmatch(job_id) else None
    if found is None:
        raise UnknownResourceError(job_id[:64], "job", "the number of a job")
    described_name(app, found.plant)
    return found
