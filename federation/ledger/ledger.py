"""The federation's ledger: append-only, every entry sealed with the hash of the one before.

One JSON object a line. Whoever changes, removes or reorders a line breaks the chain from there on; whoever cuts its end
off is caught by a hash that a plant wrote down when it adopted a model (`head` in the model's manifest). The chain
is no signature: who holds the file can write it anew from any line on, and only those heads at the plants show it.

A crash or a full disk can leave half a line at the end. By rule it is cut off when the ledger is opened to be written
again, and what was cut off is written down as an entry, so that nobody need do it by hand and nobody can hide it.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from steel.frozen import Frozen

FIRST = "0" * 64
"""What the first entry follows."""
OPENING, CLOSING = ("begin",), ("end", "failed", "stopped", "broken_off", "not_proposed", "module_end")
"""Entries that begin a run, and those that end it."""
SHOWN = 200
"""Signs of a torn line that are kept in words; its hash and length are kept whole."""


class LedgerError(Exception):
    """A ledger is not what was written, or is being written by another; the message says which."""


class LedgerInUseError(LedgerError):
    """Another process writes the ledger just now."""


class Entry(Frozen):
    """One thing that happened.

    Attributes:
        index: 0 is the first.
        at: ISO time, UTC.
        kind: begin, run, contribution, quarantine, given, shared, judgement, end, or how else a run ended, and others.
        previous: hash of the entry before.
        sha256: hash of this one without its own.
    """

    index: int
    at: str
    kind: str
    body: dict[str, Any]
    previous: str
    sha256: str


def _sealed(index: int, at: str, kind: str, body: dict[str, Any], previous: str) -> Entry:
    content = {"index": index, "at": at, "kind": kind, "body": body, "previous": previous}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Entry(**content, sha256=hashlib.sha256(text.encode()).hexdigest())


class Ledger:
    """A ledger on disk; one process writes it at a time.

    Args:
        path: of the file, made with the first entry.

    Raises:
        LedgerError: the file is there and its chain is broken, or another process writes it; nothing is added then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_suffix(".lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise LedgerInUseError(
                f"a run is going on (it is being written to {path}); wait for its end, or stop it"
            ) from error
        try:
            entries = read_ledger(path) if path.is_file() else ()
            torn = _mend_end(path)
        except LedgerError:
            self._lock.close()
            raise
        self._next = len(entries)
        self.head = entries[-1].sha256 if entries else FIRST
        if torn:
            shown = torn[:SHOWN].decode("utf-8", errors="replace")
            body = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest(), "began": shown}
            self.append("repaired", body)
        if is_open(entries):
            self.append("broken_off", {"reason": "its process ended without a word"})

    def append(self, kind: str, body: dict[str, Any]) -> Entry:
        """Write what happened, for good before this returns.

        Raises:
            OSError: it could not be written; what part of it was is taken back.
        """
        # Through JSON and back, so that what is sealed is what will be read.
        plain = json.loads(json.dumps(body))
        entry = _sealed(self._next, datetime.now(UTC).isoformat(timespec="milliseconds"), kind, plain, self.head)
        opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(opened, "ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            line = entry.model_dump_json().encode() + b"\n"
            try:
                if file.write(line) != len(line):
                    raise OSError("the disk is full")
                os.fsync(file.fileno())
            except OSError:
                file.truncate(before)
                raise
        self._next, self.head = self._next + 1, entry.sha256
        return entry

    @contextmanager
    def run(self, body: dict[str, Any]) -> Iterator[None]:
        """A run from its beginning; however it ends, that is an entry."""
        self.append("begin", body)
        try:
            yield
        except KeyboardInterrupt:
            self.append("stopped", {"reason": "stopped by its operator"})
            raise
        except Exception as error:
            self.append("failed", {"reason": f"{error}"[:2000] or type(error).__name__})
            raise

    def close(self) -> None:
        """Let others write."""
        self._lock.close()


@contextmanager
def opened_ledger(path: Path) -> Iterator[Ledger]:
    """A ledger to write, and others' again afterwards.

    Raises:
        LedgerError: as `Ledger` says.
    """
    ledger = Ledger(path)
    try:
        yield ledger
    finally:
        ledger.close()


def is_open(entries: tuple[Entry, ...]) -> bool:
    """Whether the last run in a ledger has no end."""
    last = next((entry.kind for entry in reversed(entries) if entry.kind in (*OPENING, *CLOSING)), None)
    return last in OPENING


def read_ledger(path: Path, head: str | None = None) -> tuple[Entry, ...]:
    """Every entry of a ledger whose chain holds; half a line at its end is not one yet.

    Args:
        path: of the file.
        head: a hash that a plant wrote down, which must be among the entries'.

    Raises:
        LedgerError: the file is missing, an entry was changed, removed or moved, or the end was cut off.
    """
    if not path.is_file():
        raise LedgerError(f"{path}: no ledger there")
    found: list[Entry] = []
    *lines, rest = path.read_bytes().split(b"\n")
    if rest and not _is_torn(rest):
        lines.append(rest)  # all of it was written but the line's end
    for index, line in enumerate(lines):
        try:
            entry = Entry.model_validate_json(line)
        except (ValidationError, UnicodeDecodeError) as error:
            raise LedgerError(f"{path}: entry {index} cannot be read; written by hand, or damaged") from error
        previous = found[-1].sha256 if found else FIRST
        if entry.index != index or entry.previous != previous:
            raise LedgerError(f"{path}: entry {index} does not follow the one before; something was removed or moved")
        if _sealed(entry.index, entry.at, entry.kind, entry.body, entry.previous).sha256 != entry.sha256:
            raise LedgerError(f"{path}: entry {index} ({entry.kind}) was changed after it was written")
        found.append(entry)
    if head is not None and head not in {entry.sha256 for entry in found}:
        raise LedgerError(f"{path}: no entry has the hash {head[:16]}…; its end was cut off, or it is another's")
    return tuple(found)


def torn_line(path: Path) -> bytes:
    """Half a line at a ledger's end, as a crash or a full disk leaves it; empty if there is none."""
    rest = path.read_bytes().split(b"\n")[-1] if path.is_file() else b""
    return rest if rest and _is_torn(rest) else b""


def _is_torn(rest: bytes) -> bool:
    """Whether a line was cut, and not changed: nothing whole stands at its beginning."""
    try:
        json.JSONDecoder().raw_decode(rest.decode("utf-8", errors="ignore"))
    except ValueError:
        return True
    return False


def _mend_end(path: Path) -> bytes:
    """Cut half a line off, or end a whole one; returns what was cut off."""
    torn = torn_line(path)
    if not path.is_file() or path.stat().st_size == 0:
        return torn
    with path.open("r+b") as file:
        if torn:
            file.truncate(path.stat().st_size - len(torn))
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        os.fsync(file.fileno())
    return torn
