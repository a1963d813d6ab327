"""What each process of a service runs, built from the settings alone."""

import gc
import logging
import logging.config
import multiprocessing
import os
import signal
import threading
import warnings
from typing import Any

import orjson
from fastapi import FastAPI

from api.app import create_app
from api.tracing import trace_requests
from chargewise.app.access import AccessKeys
from chargewise.app.identity import Access, Tokens, checked_start
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace


class JsonLines(logging.Formatter):
    """One JSON object a line, with what a record was given beside its message."""

    _USUAL = frozenset(vars(logging.makeLogRecord({})))

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname, "logger": record.name,
            "message": record.getMessage(),
        }  # fmt: skip
        line |= {key: value for key, value in vars(record).items() if key not in self._USUAL}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def log_configuration(settings: Settings) -> dict[str, Any]:
    """How a process of the service logs, for `logging.config.dictConfig`: every request, and what goes wrong."""
    text = {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    formatter: dict[str, Any] = {"()": JsonLines} if settings.log_format == "json" else text
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"chargewise": {"level": "INFO"}},
    }


def access_of(place: Workplace) -> Access:
    """Who may come in, as keys and settings have it.

    Raises:
        InputError: the service would be open to others than this machine.
    """
    settings = place.settings
    tokens = None if settings.oidc is None else Tokens(settings.oidc)
    return checked_start(Access(AccessKeys(place.store.database), tokens), settings.host)


def rest() -> FastAPI:
    """The REST routes alone, for one of several processes."""
    return _service(pages=False)


def with_pages() -> FastAPI:
    """REST routes and pages."""
    return _service(pages=True)


def _end_with_parent() -> None:
    """A worker whose service was killed ends too, and leaves the port to the next one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _service(pages: bool) -> FastAPI:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # NiceGUI looks at every object of the process once, which makes torch warn about one of its own.
    warnings.filterwarnings("ignore", message=".*torch.distributed.reduce_op.*")
    settings = Settings.read()
    logging.config.dictConfig(log_configuration(settings))
    place = Workplace(settings=settings)
    page_port = settings.page_port if settings.workers > 1 else None
    application = place.application()
    app = create_app(
        application, pages, settings.root_path, access_of(place), settings.rate_per_minute, page_port,
        settings.federation,
    )  # fmt: skip
    trace_requests(app, settings)
    # The garbage collector need not go through what stays for good: it stopped answers for 0.3 s at times.
    gc.collect()
    gc.freeze()
    return app
