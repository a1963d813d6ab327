"""A worker: claims jobs of one lane, does each in a process of its own, says how far it is, ends it when it must."""

import logging
import multiprocessing
import os
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from chargewise.app.jobs.kinds import KINDS, Lane, kinds_of
from chargewise.app.jobs.queue import LEASE_S, MOST_ATTEMPTS, Job, JobQueue
from chargewise.app.plants import NotReadyError
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.solve.errors import SolverError
from steel.errors import InputError

LOG = logging.getLogger("chargewise.jobs")
LOOK_S = 0.5
"""How often a worker looks for a job, and whether one is to be stopped."""
ENDS_S = 5.0
"""For how long a process that is told to end is waited for."""
NICE = 10
"""Jobs step back behind recipes."""


class Worker:
    """Does the jobs of one lane, one at a time.

    Args:
        settings: of the installation.
        lane: whose jobs.
        lease_s: after which others take over what this one does not renew.
    """

    def __init__(self, settings: Settings, lane: Lane, lease_s: float = LEASE_S) -> None:
        self._settings, self._kinds, self._lease_s = settings, kinds_of(lane), lease_s
        self._queue = JobQueue(Workplace(settings=settings).store.database)
        self._stop = threading.Event()

    def stop(self) -> None:
        """End soon; a job that is being done is left to others."""
        self._stop.set()

    def run(self) -> None:
        """Do jobs until told to stop; a database that is away is waited for."""
        while not self._stop.is_set():
            try:
                job = self._queue.claim(self._kinds, self._lease_s)
                if job is not None:
                    self._do(job)
                    continue
            except SQLAlchemyError as error:
                LOG.warning("the database does not answer (%s); trying again", type(error).__name__)
            self._stop.wait(LOOK_S)

    def _do(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_child, args=(theirs, self._settings.model_dump(), job), daemon=False)
        process.start()
        theirs.close()
        LOG.info("%s %s begun", job.kind, job.job_id)
        try:
            self._attend(job, process, ours)
        finally:
            _end(process)
            ours.close()

    def _attend(self, job: Job, process: SpawnProcess, pipe: Connection) -> None:
        """Renew the lease while a job is being done, and end it as it ends."""
        stage, share, told = "starting", 0.0, 0.0
        while True:
            message = _received(pipe)
            if message is not None and message[0] == "progress":
                stage, share = message[1], message[2]
            elif message is not None:
                self._ended(job, message)
                return
            elif not process.is_alive():
                self._broken(job, process.exitcode)
                return
            if self._stop.is_set():
                self._queue.give_back(job)
                return
            now = time.monotonic()
            if now - told >= min(LOOK_S, self._lease_s / 3):
                told = now
                if not self._renewed(job, stage, share):
                    _end(process)
                    self._queue.stopped(job)
                    return

    def _renewed(self, job: Job, stage: str, share: float) -> bool:
        try:
            return self._queue.renew(job, stage, share, self._lease_s)
        except SQLAlchemyError:
            # The lease may run out meanwhile: then another worker's result counts, and this one's does not.
            return True

    def _ended(self, job: Job, message: tuple[Any, ...]) -> None:
        if message[0] == "done":
            self._queue.finish(job, message[1])
        else:
            self._queue.fail(job, message[1], message[2])
        LOG.info("%s %s %s", job.kind, job.job_id, message[0])

    def _broken(self, job: Job, code: int | None) -> None:
        if job.attempts >= MOST_ATTEMPTS:
            detail = f"its process ended {job.attempts} times before it was done, the last time with code {code}"
            self._queue.fail(job, "Worker lost", detail)
        else:
            self._queue.try_again(job)


def _received(pipe: Connection) -> tuple[Any, ...] | None:
    """What a job's process says; None where it says nothing for a while, or no more."""
    try:
        return pipe.recv() if pipe.poll(LOOK_S / 2) else None
    except (EOFError, OSError):
        time.sleep(LOOK_S / 10)
        return None


def _end(process: SpawnProcess) -> None:
    if process.is_alive():
        process.terminate()
        process.join(ENDS_S)
    if process.is_alive():
        process.kill()
    process.join()


def _child(pipe: Connection, settings: dict[str, Any], job: Job) -> None:
    """Do one job; the process ends with its worker, however that ends."""
    os.nice(NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        pipe.send(_done(pipe, Settings.model_validate(settings), job))
    except Exception as error:  # whatever it is, the job failed of it
        LOG.exception("%s %s failed", job.kind, job.job_id)
        pipe.send(("failed", "Internal error", f"the job failed ({type(error).__name__}); the log says where"))


def _done(pipe: Connection, settings: Settings, job: Job) -> tuple[Any, ...]:
    kind = KINDS[job.kind]

    def progress(stage: str, share: float) -> None:
        pipe.send(("progress", stage, share))

    try:
        return "done", kind.run(
            Workplace(settings=settings), kind.asked.model_validate(job.asked), job.job_id, progress
        )
    except (InputError, NotReadyError) as error:
        return "failed", "Input cannot be used", str(error)[:1000]
    except ImpossibleOrderError as error:
        return "failed", "No recipe meets every requirement", str(error)[:1000]
    except SolverError as error:
        return "failed", "The solver gave no answer", str(error)[:1000]


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
