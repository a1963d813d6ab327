"""Jobs are never lost and never ended twice: leases, workers that are killed, databases of both kinds."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chargewise.app.jobs.queue import MOST_ATTEMPTS, Job, JobQueue
from plant_adapters.store.database import Database
from tests.conftest import Installation, database_urls

FRONT = {"plant": "northmill", "grade": "B500B", "points": 4}
KINDS = ("front",)


@pytest.fixture(params=["sqlite", "postgresql"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JobQueue]:
    with database_urls(request.param, tmp_path) as url:
        database = Database(url)
        yield JobQueue(database)
        database.close()


def test_the_oldest_job_is_claimed_first_and_each_by_one_worker_only(queue: JobQueue) -> None:
    asked = [queue.ask("front", "northmill", FRONT, "a test").job_id for _ in range(12)]
    claimed: list[str] = []

    def take() -> None:
        while (job := queue.claim(KINDS)) is not None:
            claimed.append(job.job_id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(asked)
    assert claimed[0] in asked[:4]


def test_a_job_whose_worker_is_lost_is_taken_over_and_the_first_ones_result_does_not_count(queue: JobQueue) -> None:
    job_id = queue.ask("front", "northmill", FRONT, "a test").job_id
    first = queue.claim(KINDS, lease_s=0.05)
    assert first is not None
    assert queue.claim(KINDS) is None
    time.sleep(0.1)
    second = queue.claim(KINDS)
    assert second is not None
    assert (second.job_id, second.attempts) == (job_id, 2)
    assert not queue.renew(first, "still here", 0.5)
    assert not queue.finish(first, ["the first one's"])
    assert queue.finish(second, ["the second one's"])
    assert not queue.finish(second, ["again"])
    assert queue.result(job_id) == ["the second one's"]


def test_a_job_that_loses_its_worker_again_and_again_fails_with_the_reason(queue: JobQueue) -> None:
    job_id = queue.ask("front", "northmill", FRONT, "a test").job_id
    for _ in range(MOST_ATTEMPTS):
        assert queue.claim(KINDS, lease_s=0.0) is not None
        time.sleep(0.01)
    assert queue.claim(KINDS) is None
    job = queue.job(job_id)
    assert job is not None
    assert job.state == "failed"
    assert job.problem is not None
    assert "lost 3 times" in job.problem["detail"]


def test_jobs_of_another_lane_and_ended_ones_are_nobodys_to_claim(queue: JobQueue) -> None:
    queue.ask("training", "northmill", {"plant": "northmill"}, "a test")
    done = queue.ask("front", "northmill", FRONT, "a test")
    queue.cancel(done.job_id)
    assert queue.claim(KINDS) is None
    assert queue.counts() == {"queued": 1, "cancelled": 1}
    assert queue.erase(time.time() + 1) == 1
    assert queue.job(done.job_id) is None


@pytest.mark.slow
@pytest.mark.parametrize("whom", ["the child", "the worker", "the worker again and again"])
def test_a_job_survives_a_worker_that_is_killed(installation: Installation, tmp_path: Path, whom: str) -> None:
    home = Path(shutil.copytree(installation.home, tmp_path / "home"))
    database = Database(f"sqlite:///{home / 'heats.db'}")
    queue = JobQueue(database)
    job_id = queue.ask("evaluation", "northmill", {"plant": "northmill"}, "a test").job_id
    command = [sys.executable, "-c", RUN, str(home)]
    kills = {"the child": 1, "the worker": 1, "the worker again and again": 2}[whom]
    process = subprocess.Popen(command)
    try:
        lease: str | None = None
        for _ in range(kills):
            running = _when_running(queue, job_id, lease)
            lease = running.lease
            beside = psutil.Process(process.pid).children()
            victims = [child for child in beside if "spawn_main" in " ".join(child.cmdline())]
            if whom == "the child":
                os.kill(victims[0].pid, signal.SIGKILL)
                continue
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            # A child does not outlive its worker: what it would say would be nobody's.
            _, alive = psutil.wait_procs(victims, timeout=10)
            assert not alive
            process = subprocess.Popen(command)
        deadline = time.monotonic() + 120
        while (job := queue.job(job_id)) is not None and not job.ended and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait()
    assert job is not None
    assert job.state == "done", job
    assert job.attempts == running.attempts + 1
    assert len(queue.result(job_id)["outputs"]) > 4
    database.close()


RUN = """
import signal, sys
from pathlib import Path
from chargewise.app.jobs.worker import Worker
from chargewise.app.settings import Settings
if __name__ == "__main__":
    worker = Worker(Settings(home=Path(sys.argv[1])), "long", lease_s=2.0)
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run()
"""


def _when_running(queue: JobQueue, job_id: str, before: str | None) -> Job:
    """A job that is being done and was so for a while, by another than before."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = queue.job(job_id)
        if job is not None and job.state == "running" and job.share > 0.02 and job.lease != before:
            return job
        assert job is not None
        assert not job.ended, job
        time.sleep(0.02)
    raise AssertionError("the job did not begin")
