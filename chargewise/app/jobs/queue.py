"""The queue of jobs in the database: asked, claimed by lease, renewed, ended; never lost, never ended twice.

No library that was looked at keeps a queue in SQLite and PostgreSQL alike with leases: procrastinate and pgqueuer need
PostgreSQL, huey loses what a killed worker was doing, APScheduler 4 is no release yet.
"""

import time
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

import sqlalchemy as sa

from plant_adapters.store.database import METADATA, Database
from steel.errors import InputError

State = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")
LEASE_S = 30.0
"""After which a job whose worker was not heard of is another one's."""
MOST_ATTEMPTS = 3
MOST_WAITING = 100
"""Jobs that wait at most; who asks for more is to come again."""
JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("job_id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("asked_by", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("started_at", sa.Float),
    sa.Column("ended_at", sa.Float),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("share", sa.Float, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease", sa.String),
    sa.Column("lease_until", sa.Float),
    sa.Column("cancel_asked", sa.Boolean, nullable=False),
    sa.Column("problem", sa.JSON),
    sa.Column("result", sa.JSON),
    sa.Index("jobs_in_order", "created_at", "job_id"),
    sa.Index("jobs_waiting", "state", "created_at"),
)
_LIGHT = [column for column in JOBS.c if column.name != "result"]


class TooManyJobsError(Exception):
    """The queue is full."""


@dataclass(frozen=True)
class Job:
    """One job, all but its result.

    Attributes:
        asked: what was asked for.
        created_at: seconds since 1970, UTC; as are the others.
        stage: what it is doing, in words.
        share: of it that is done.
        attempts: how often it was begun.
        cancel_asked: whether somebody wants it stopped.
        problem: why it failed, as `title` and `detail`.
    """

    job_id: str
    kind: str
    plant: str
    asked: dict[str, Any]
    asked_by: str
    state: State
    created_at: float
    started_at: float | None
    ended_at: float | None
    stage: str
    share: float
    attempts: int
    lease: str | None
    lease_until: float | None
    cancel_asked: bool
    problem: dict[str, Any] | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ENDED


class JobQueue:
    """The jobs of one installation; safe to share between threads and processes.

    Args:
        database: that keeps them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, kind: str, plant: str, asked: dict[str, Any], by: str) -> Job:
        """Ask for a job.

        Raises:
            TooManyJobsError: so many wait already that this one would not begin soon.
        """
        row: dict[str, Any] = {
            "job_id": uuid4().hex[:16], "kind": kind, "plant": plant, "asked": asked, "asked_by": by,
            "state": "queued", "created_at": time.time(), "started_at": None, "ended_at": None, "stage": "waiting",
            "share": 0.0, "attempts": 0, "lease": None, "lease_until": None, "cancel_asked": False, "problem": None,
        }  # fmt: skip
        with self._database.writing() as connection:
            waiting = connection.scalar(sa.select(sa.func.count()).where(JOBS.c.state == "queued"))
            if waiting is not None and waiting >= MOST_WAITING:
                raise TooManyJobsError(f"{waiting} jobs wait already; ask again when some of them are done")
            connection.execute(sa.insert(JOBS), row)
        return Job(**row)

    def job(self, job_id: str) -> Job | None:
        """A job; None where there is no such job."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(*_LIGHT).where(JOBS.c.job_id == job_id)).mappings().first()
        return None if row is None else Job(**row)

    def result(self, job_id: str) -> Any:
        """What a job that is done came to."""
        with self._database.reading() as connection:
            return connection.scalar(sa.select(JOBS.c.result).where(JOBS.c.job_id == job_id))

    def newest(self, most: int, plants: frozenset[str] | None, before: tuple[str, str] | None = None) -> list[Job]:
        """The newest jobs, the newest first.

        Args:
            most: so many.
            plants: of these; of all where None.
            before: when and number of the one after which to go on.
        """
        query = sa.select(*_LIGHT).order_by(JOBS.c.created_at.desc(), JOBS.c.job_id.desc()).limit(most)
        if plants is not None:
            query = query.where(JOBS.c.plant.in_(plants))
        if before is not None:
            at, number = float(before[0]), before[1]
            earlier = (JOBS.c.created_at < at) | ((JOBS.c.created_at == at) & (JOBS.c.job_id < number))
            query = query.where(earlier)
        with self._database.reading() as connection:
            return [Job(**row) for row in connection.execute(query).mappings()]

    def counts(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        query = sa.select(JOBS.c.state, sa.func.count()).group_by(JOBS.c.state)
        with self._database.reading() as connection:
            return {state: int(count) for state, count in connection.execute(query).tuples()}

    def claim(self, kinds: tuple[str, ...], lease_s: float = LEASE_S) -> Job | None:
        """Take the oldest job of some kinds that nobody does; None where there is none.

        A job whose worker was not heard of in time is taken over, three times at most.
        """
        now = time.time()
        of_kinds, lost = JOBS.c.kind.in_(kinds), (JOBS.c.state == "running") & (JOBS.c.lease_until < now)
        with self._database.writing() as connection:
            spent = lost & (JOBS.c.attempts >= MOST_ATTEMPTS)
            problem = {
                "title": "Worker lost",
                "detail": f"its worker was lost {MOST_ATTEMPTS} times; it is not tried again",
            }
            given_up = {"state": "failed", "ended_at": now, "lease": None, "problem": problem, "stage": "failed"}
            connection.execute(sa.update(JOBS).where(of_kinds & spent).values(given_up))
            connection.execute(
                sa.update(JOBS).where(of_kinds & lost & JOBS.c.cancel_asked)
                .values(state="cancelled", ended_at=now, lease=None, stage="cancelled")
            )  # fmt: skip
            free = (JOBS.c.state == "queued") | (lost & (JOBS.c.attempts < MOST_ATTEMPTS))
            query = sa.select(JOBS.c.job_id).where(of_kinds & free).order_by(JOBS.c.created_at).limit(1)
            job_id = connection.scalar(query.with_for_update(skip_locked=True))
            if job_id is None:
                return None
            taken = {
                "state": "running", "lease": uuid4().hex, "lease_until": now + lease_s, "started_at": now,
                "attempts": JOBS.c.attempts + 1, "stage": "starting", "share": 0.0,
            }  # fmt: skip
            connection.execute(sa.update(JOBS).where(JOBS.c.job_id == job_id).values(taken))
            row = connection.execute(sa.select(*_LIGHT).where(JOBS.c.job_id == job_id)).mappings().one()
        return Job(**row)

    def renew(self, job: Job, stage: str, share: float, lease_s: float = LEASE_S) -> bool:
        """Say that a job is still being done and how far it is; False where it is to be stopped or is another one's."""
        values = {"lease_until": time.time() + lease_s, "stage": stage[:200], "share": min(max(share, 0.0), 1.0)}
        with self._database.writing() as connection:
            held = connection.execute(sa.update(JOBS).where(_held(job)).values(values)).rowcount
            return bool(held) and not connection.scalar(
                sa.select(JOBS.c.cancel_asked).where(JOBS.c.job_id == job.job_id)
            )

    def finish(self, job: Job, result: Any) -> bool:
        """A job is done; False where it was another one's by then, and this result does not count."""
        return self._end(job, {"state": "done", "result": result, "share": 1.0, "stage": "done"})

    def fail(self, job: Job, title: str, detail: str) -> bool:
        """A job failed for a reason that trying again does not mend."""
        return self._end(job, {"state": "failed", "problem": {"title": title, "detail": detail}, "stage": "failed"})

    def try_again(self, job: Job) -> None:
        """A job whose process was lost waits for its next attempt."""
        self._requeue(job, job.attempts)

    def give_back(self, job: Job) -> None:
        """A worker that ends leaves its job to others, as if it had not begun."""
        self._requeue(job, job.attempts - 1)

    def _requeue(self, job: Job, attempts: int) -> None:
        values = {
            "state": "queued", "lease": None, "lease_until": None, "stage": "waiting", "attempts": attempts,
        }  # fmt: skip
        with self._database.writing() as connection:
            connection.execute(sa.update(JOBS).where(_held(job)).values(values))

    def stopped(self, job: Job) -> bool:
        """A job was stopped, for somebody wanted it so."""
        return self._end(job, {"state": "cancelled", "stage": "cancelled"})

    def cancel(self, job_id: str) -> Job:
        """Want a job stopped: one that waits ends at once, one that runs within seconds, one that has ended stays.

        Raises:
            InputError: there is no such job.
        """
        of = JOBS.c.job_id == job_id
        ended = {"state": "cancelled", "ended_at": time.time(), "stage": "cancelled"}
        with self._database.writing() as connection:
            connection.execute(sa.update(JOBS).where(of & (JOBS.c.state == "queued")).values(ended))
            connection.execute(sa.update(JOBS).where(of & (JOBS.c.state == "running")).values(cancel_asked=True))
            row = connection.execute(sa.select(*_LIGHT).where(of)).mappings().first()
        if row is None:
            raise InputError(job_id[:50], "job", "the number of a job")
        return Job(**row)

    def erase(self, ended_before: float) -> int:
        """Erase jobs that ended before a time (seconds since 1970) with their results; returns how many."""
        old = JOBS.c.state.in_(ENDED) & (JOBS.c.ended_at < ended_before)
        with self._database.writing() as connection:
            return int(connection.execute(sa.delete(JOBS).where(old)).rowcount)

    def _end(self, job: Job, values: dict[str, Any]) -> bool:
        ended = {**values, "ended_at": time.time(), "lease": None, "lease_until": None}
        with self._database.writing() as connection:
            return bool(connection.execute(sa.update(JOBS).where(_held(job)).values(ended)).rowcount)


def _held(job: Job) -> sa.ColumnElement[bool]:
    """Whether a job is still this worker's."""
    return (JOBS.c.job_id == job.job_id) & (JOBS.c.state == "running") & (JOBS.c.lease == job.lease)
