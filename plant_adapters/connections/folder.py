"""A folder that files of heats are put into: each read once by its content, then moved away with its report beside."""

import hashlib
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from plant_adapters.connections.protocol import Arrival
from plant_adapters.mapping.mapping import Mapping
from plant_adapters.messages.received import Received
from plant_adapters.reading.quarantine import IngestReport
from plant_adapters.sources.protocol import HeatBatch
from plant_adapters.sources.table import TableAdapter
from plant_adapters.store.connection_states import ConnectionStates, FileRead
from plant_adapters.store.database import stamp
from steel.errors import InputError
from steel.whole_files import write_whole

DONE, QUARANTINE, REPORT = "done", "quarantine", ".report.json"
LATE_S = 21 * 86_400.0
"""For how long a heat's further tables, such as an analysis that comes days later, are looked for."""
ReadsFile = Callable[[Path], tuple[list[Received], int]]
MOST_TOLD = 1000
"""Problems that a report spells out; the inbox keeps every message."""


@dataclass(frozen=True)
class FileArrival(Arrival):
    """A file that came.

    Attributes:
        path: of it.
        sha256: of its content.
        rows: that it has.
        aside: of these, that were set aside.
        report: of all of it, as JSON; None where nothing could be read.
    """

    path: Path = Path()
    sha256: str = ""
    rows: int = 0
    aside: int = 0
    report: Any = None


class WatchedFolder(ABC):
    """Files of one folder, network shares too.

    Args:
        plant: whose.
        name: of the connection.
        folder: that is watched; `done` and `quarantine` are made in it.
        pattern: of the files' names.
        states: which files were read.
        every_s: how often it is looked into.
        settle_s: how long a file must not have changed, for it may still be written.
    """

    def __init__(
        self, plant: str, name: str, folder: Path, pattern: str, states: ConnectionStates, every_s: float,
        settle_s: float,
    ) -> None:  # fmt: skip
        self._plant, self._name, self._folder, self._pattern = plant, name, folder, pattern
        self._states, self._settle_s = states, settle_s
        self.every_s = every_s
        self._seen: dict[Path, tuple[int, int]] = {}

    @abstractmethod
    def read(self, path: Path, sha256: str, position: Any) -> Iterator[Arrival]:
        """What a file holds; the last arrival is the file's own."""

    def arrivals(self, position: Any) -> Iterator[Arrival]:
        """Files that are whole and were not read before, by name.

        Raises:
            OSError: the folder cannot be looked into.
        """
        for path in self._waiting():
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            known = self._states.file(self._plant, self._name, sha256)
            if known is not None:
                # It was read, and whoever read it was stopped before it could move it; or it was sent again.
                self._move(path, sha256, QUARANTINE if known.problem else DONE)
                continue
            yield from self.read(path, sha256, position)

    def stored(self, arrival: Arrival) -> None:
        """Remember a file by its content, then move it away, its report beside it.

        Raises:
            OSError: it cannot be moved; it is not read again all the same.
        """
        if not isinstance(arrival, FileArrival):
            return
        read = FileRead(
            arrival.sha256, arrival.path.name, stamp(), arrival.rows, arrival.aside, arrival.problem
        )  # fmt: skip
        self._states.keep_file(self._plant, self._name, read)
        moved = self._move(arrival.path, arrival.sha256, QUARANTINE if arrival.problem else DONE)
        told = {"problem": arrival.problem, "report": arrival.report}
        write_whole(moved.with_name(f"{moved.name}{REPORT}"), orjson.dumps(told, option=orjson.OPT_INDENT_2))

    def check(self) -> str:
        """How many files wait.

        Raises:
            InputError: there is no such folder.
            OSError: it cannot be looked into, or not written to.
        """
        if not self._folder.is_dir():
            raise InputError(str(self._folder), f"folder of {self._name}", "a folder that is there")
        if not os.access(self._folder, os.R_OK | os.W_OK):
            raise PermissionError(f"{self._folder} may not be read and written by this user")
        waiting = len(self._files())
        return f"{waiting} file{'' if waiting == 1 else 's'} in {self._folder}"

    def _files(self) -> list[Path]:
        found = (path for path in self._folder.glob(self._pattern) if path.is_file() and not path.name.startswith("."))
        return sorted(path for path in found if not path.name.endswith(REPORT))

    def _waiting(self) -> list[Path]:
        """Files that have not changed for a while, nor since they were looked at last."""
        whole, now, seen = [], time.time(), {}
        for path in self._files():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            seen[path] = (status.st_size, status.st_mtime_ns)
            # A clock that is an hour off makes a file of the future: then that it rests must do.
            rested = abs(now - status.st_mtime) >= self._settle_s
            if rested and self._seen.get(path, seen[path]) == seen[path]:
                whole.append(path)
        self._seen = seen
        return whole

    def _move(self, path: Path, sha256: str, to: str) -> Path:
        folder = self._folder / to
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        if target.exists():
            target = folder / f"{path.stem}-{sha256[:8]}{path.suffix}"
        path.replace(target)
        return target


class FolderSource(WatchedFolder):
    """Files of heats.

    Args:
        plant: whose.
        name: of the connection.
        folder: that is watched.
        pattern: of the files' names.
        mapping: how to read them.
        states: which files were read.
        every_s: how often it is looked into.
        settle_s: how long a file must not have changed.
    """

    def __init__(
        self, plant: str, name: str, folder: Path, pattern: str, mapping: Mapping, states: ConnectionStates,
        every_s: float, settle_s: float,
    ) -> None:  # fmt: skip
        super().__init__(plant, name, folder, pattern, states, every_s, settle_s)
        self._mapping = mapping

    def arrivals(self, position: Any) -> Iterator[Arrival]:
        """Files that were not read before; and those of the last weeks again where a further table came or changed.

        Raises:
            OSError: the folder cannot be looked into.
        """
        parts = self._parts()
        now = position if parts is None else {"parts": parts}
        yield from super().arrivals(now)
        if parts is None or not isinstance(position, dict) or position["parts"] == parts:
            return
        for path in self._read_lately():
            try:
                batch = TableAdapter(path, self._mapping, beside=self._folder).read_heats()
            except InputError:
                continue  # It was set aside for that, and is still.
            yield Arrival(batch, now)

    def _parts(self) -> dict[str, list[int]] | None:
        """Size and time of the further tables' files that have come to rest; None where the mapping has none."""
        names = [part.file for part in self._mapping.tables if part.file is not None]
        if not names:
            return None
        found = {path.name: path.stat() for name in names for path in sorted(self._folder.glob(name))}
        now = time.time()
        rested = {name: one for name, one in found.items() if abs(now - one.st_mtime) >= self._settle_s}
        return {name: [one.st_size, one.st_mtime_ns] for name, one in rested.items()}

    def _read_lately(self) -> list[Path]:
        since = time.time() - LATE_S
        every = (path for place in (DONE, QUARANTINE) for path in (self._folder / place).glob(self._pattern))
        return sorted(path for path in every if path.stat().st_mtime >= since and not path.name.endswith(REPORT))

    def read(self, path: Path, sha256: str, position: Any) -> Iterator[Arrival]:
        """A file's heats, a long one's in blocks; the last of them carries the report of all."""
        report: IngestReport | None = None
        last: HeatBatch | None = None
        try:
            for batch in TableAdapter(path, self._mapping).read_in_blocks():
                if last is not None:
                    yield Arrival(last, position)
                last = batch
                report = batch.report if report is None else report.followed_by(batch.report)
        except InputError as error:
            yield FileArrival(None, position, str(error), path=path, sha256=sha256)
            return
        assert report is not None
        problem = "no row of it can be used" if report.rows_read and not report.rows_valid else ""
        aside = report.rows_quarantined + len(report.strays)
        yield FileArrival(
            last, position, problem, path=path, sha256=sha256, rows=report.rows_read, aside=aside,
            report=report.model_dump(mode="json"),
        )  # fmt: skip


class MessageFolder(WatchedFolder):
    """Files of messages: samples, tickets, stock and price lists.

    Args:
        plant: whose.
        name: of the connection.
        folder: that is watched.
        pattern: of the files' names.
        read_file: a file's messages, and how many rows it has.
        states: which files were read.
        every_s: how often it is looked into.
        settle_s: how long a file must not have changed.
    """

    def __init__(
        self, plant: str, name: str, folder: Path, pattern: str, read_file: ReadsFile, states: ConnectionStates,
        every_s: float, settle_s: float,
    ) -> None:  # fmt: skip
        super().__init__(plant, name, folder, pattern, states, every_s, settle_s)
        self._read_file = read_file

    def read(self, path: Path, sha256: str, position: Any) -> Iterator[Arrival]:
        """A file's messages."""
        try:
            messages, rows = self._read_file(path)
        except InputError as error:
            yield FileArrival(None, position, str(error), path=path, sha256=sha256)
            return
        wrong = [one for one in messages if one.problem]
        told = {"rows": rows, "messages": len(messages), "problems": [
            {"message": one.raw, "problem": one.problem} for one in wrong[:MOST_TOLD]
        ]}  # fmt: skip
        problem = "no row of it can be used" if messages and len(wrong) == len(messages) else ""
        yield FileArrival(
            None, position, problem, tuple(messages), path=path, sha256=sha256, rows=rows, aside=len(wrong), report=told
        )  # fmt: skip
