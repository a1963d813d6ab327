"""What a person would look at when an installation does not do what it should."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from chargewise.app.access import AccessKeys
from chargewise.app.application import Application
from chargewise.app.jobs.queue import JobQueue
from chargewise.app.settings import Settings
from plant_adapters.store.database import Database, shown_url
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from surrogate.store.registry import Registry, Spoilt

State = Literal["well", "look", "broken"]
LEAST_FREE_GB = 1.0
GB = 1e9
OLDEST = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        state: well, worth a look, or broken.
        found: in words.
        advice: what would mend it; empty where all is well.
    """

    what: str
    state: State
    found: str
    advice: str = ""


def checkup(settings: Settings) -> Iterator[Finding]:
    """Everything about an installation, one thing after another; what cannot be looked at is a finding too."""
    checks: tuple[tuple[str, Callable[[Settings], Iterator[Finding]]], ...] = (
        ("machine", _machine), ("home", _home), ("database", _database), ("plants", _plants), ("service", _service),
    )  # fmt: skip
    for what, check in checks:
        try:
            yield from check(settings)
        except (InputError, OSError, SQLAlchemyError) as error:
            said = (
                f"the database does not answer ({type(error).__name__})"
                if isinstance(error, SQLAlchemyError)
                else error
            )
            yield Finding(what, "broken", str(said)[:300], "mend this first; what hangs on it was not looked at")


def _machine(settings: Settings) -> Iterator[Finding]:
    well = sys.version_info[:2] >= OLDEST
    yield Finding(
        "Python", "well" if well else "broken", platform.python_version(), "" if well else "use 3.11 or newer"
    )
    cores = os.cpu_count() or 1
    many = settings.workers > cores
    found = f"{cores} cores, {settings.workers} workers, {2 * settings.jobs} for jobs"
    yield Finding("cores", "look" if many else "well", found, "more workers than cores only wait" if many else "")


def _home(settings: Settings) -> Iterator[Finding]:
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=settings.home):
        yield Finding("home", "well", f"{settings.home.resolve()} can be written to")
    free = shutil.disk_usage(settings.home).free / GB
    little = free < LEAST_FREE_GB
    yield Finding("disk", "broken" if little else "well", f"{free:.1f} GB free", "make room" if little else "")
    open_to_all = bool(settings.home.stat().st_mode & 0o007)
    yield Finding(
        "permissions", "look" if open_to_all else "well", oct(settings.home.stat().st_mode & 0o777),
        "every user of this machine can read heats and prices: chmod o= the home" if open_to_all else "",
    )  # fmt: skip


def _database(settings: Settings) -> Iterator[Finding]:
    url = settings.store_url()
    database = Database(url)
    yield Finding("database", "well", f"{shown_url(url)} opens, schema as this version has it")
    if database.is_file:
        with database.reading() as connection:
            said = str(connection.scalar(sa.text("PRAGMA quick_check")))
        yield Finding(
            "integrity", "well" if said == "ok" else "broken", said[:200],
            "" if said == "ok" else "restore a backup: `chargewise restore`",
        )  # fmt: skip
    counts = JobQueue(database).counts()
    waiting = counts.get("queued", 0)
    shown = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"
    idle = waiting > 0 and settings.jobs == 0
    advice = "nobody does them here: `chargewise work`, or jobs above 0" if idle else ""
    yield Finding("jobs", "look" if idle else "well", shown, advice)
    database.close()


def _plants(settings: Settings) -> Iterator[Finding]:
    store, registry = HeatStore(settings.store_url()), Registry(settings.models)
    application = Application(settings.plants, settings.models, store)
    readiness = application.plants.readiness()
    if not readiness:
        yield Finding("plants", "look", "none is set up", "`chargewise demo`, or `chargewise ingest` and `train`")
    for name, reason in readiness.items():
        yield Finding(f"plant {name}", "well" if reason is None else "broken", reason or "is answered for")
        spoilt = [one.version for one in registry.versions(name) if isinstance(one, Spoilt)]
        if spoilt:
            yield Finding(
                f"models of {name}", "look", f"not usable: {', '.join(spoilt)}", "restore them, or leave them"
            )
    for path in sorted(settings.plants.glob("*.toml")) if settings.plants.is_dir() else ():
        if path.stem not in readiness:
            found = "has a plant file and no model"
            yield Finding(f"plant {path.stem}", "look", found, f"`chargewise train --plant {path.stem}`")
    store.close()


def _service(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.store_url())
    keys = AccessKeys(database).all()
    guarded = bool(keys) or settings.oidc is not None
    advice = "" if guarded else "fine on this machine alone; `chargewise keys make` before others may ask"
    yield Finding("access", "well" if guarded else "look", f"{len(keys)} keys were made", advice)
    for name, path in (("tls_certificate", settings.tls_certificate), ("tls_key", settings.tls_key)):
        if path is not None:
            there = Path(path).is_file()
            yield Finding(name, "well" if there else "broken", str(path), "" if there else "a PEM file that is there")
    database.close()
