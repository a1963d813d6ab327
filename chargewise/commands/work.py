"""`chargewise work`: does the jobs that the service was asked for."""

import signal
import threading
from types import FrameType
from typing import Annotated

import typer

from chargewise.app.jobs.kinds import Lane
from chargewise.app.jobs.worker import Worker
from chargewise.app.retention import sweep_daily
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from chargewise.commands.console.output import err, reporting_errors

LANES: tuple[Lane, ...] = ("quick", "long")


def work(
    each: Annotated[int, typer.Option(min=1, max=64, help="Jobs of each lane, quick and long, at a time.")] = 1,
) -> None:
    """Do jobs until told to stop; any number of machines may work on one database."""
    with reporting_errors():
        settings = Settings.read()
        workers = [Worker(settings, lane) for lane in LANES for _ in range(each)]

    stopping = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        stopping.set()
        for worker in workers:
            worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    threads = [threading.Thread(target=worker.run, name=f"worker-{at}") for at, worker in enumerate(workers)]
    sweeping = (Workplace(settings=settings), settings.retention, stopping)
    threads.append(threading.Thread(target=sweep_daily, args=sweeping, name="retention"))
    for thread in threads:
        thread.start()
    err.print(f"{len(workers)} workers, a half for jobs that take long")
    for thread in threads:
        thread.join()
