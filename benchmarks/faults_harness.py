"""What a case of a fault is, and the command as a user calls it, each time in a home of its own."""

import json
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from chargewise.commands.cli import app
from plant_adapters.store.store import HeatStore
from steel.heats import HeatLog


class Verdict(StrEnum):
    """What became of a case."""

    RIGHT = "right"
    WRONG = "wrong"
    SILENT = "silently wrong"


@dataclass(frozen=True)
class Outcome:
    """What a case ended in.

    Attributes:
        told: what was said.
        trace: whether a stack trace was shown, or would have been.
        status: of the service's worst answer; 0 for the command.
    """

    verdict: Verdict
    told: str
    trace: bool = False
    status: int = 0


@dataclass(frozen=True)
class Case:
    """One fault that was found."""

    name: str
    run: Callable[[], Outcome]


@dataclass(frozen=True)
class Said:
    """What a call of the command said."""

    code: int
    out: str
    err: str
    trace: bool

    def json(self) -> Any:
        """Standard output as strict JSON.

        Raises:
            ValueError: it is none.
        """

        def refuse(name: str) -> None:
            raise ValueError(f"{name} is no JSON")

        return json.loads(self.out, parse_constant=refuse)


@contextmanager
def at(home: Path) -> Iterator[None]:
    """Within, the command keeps everything in a folder."""
    before = os.environ.get("CHARGEWISE_HOME")
    os.environ["CHARGEWISE_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["CHARGEWISE_HOME"]
        else:
            os.environ["CHARGEWISE_HOME"] = before


def call(home: Path, *arguments: str) -> Said:
    """Call the command."""
    with at(home):
        done = CliRunner().invoke(app, list(arguments))
    broken = done.exception is not None and not isinstance(done.exception, SystemExit)
    text = "".join(traceback.format_exception(done.exception)) if broken else ""
    return Said(done.exit_code, done.stdout, done.stderr + text, broken or "Traceback" in done.output)


def heats(home: Path, plant: str) -> HeatLog:
    """The heats that a home's store has of a plant."""
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    try:
        return store.log(plant)
    finally:
        store.close()


def judged(said: Said, right: bool, wrong: Verdict = Verdict.SILENT) -> Outcome:
    """An outcome of a call: right, or else silently wrong where it said nothing and ended well."""
    told = " ".join((said.err or said.out).split())
    if right and not said.trace:
        return Outcome(Verdict.RIGHT, told)
    silent = said.code == 0 and not said.trace
    return Outcome(wrong if silent else Verdict.WRONG, told[-200:], trace=said.trace)


def refused(said: Said, *words: str, code: int = 2) -> Outcome:
    """Right where a call was refused with an exit code and words."""
    text = " ".join(said.err.split())
    return judged(said, said.code == code and all(word in text for word in words))
