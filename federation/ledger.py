"""The federation's ledger: append-only, every entry sealed with the hash of the one before.

One JSON object a line. Whoever changes, removes or reorders a line breaks the chain from there on; whoever cuts its end
off is caught by a hash that a plant wrote down when it adopted a model (`head` in the model's manifest).
"""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from steel.frozen import Frozen

FIRST = "0" * 64
"""What the first entry follows."""


class LedgerError(Exception):
    """A ledger is not what was written; the message says from which entry on."""


class Entry(Frozen):
    """One thing that happened.

    Attributes:
        index: 0 is the first. at: ISO time, UTC.
        kind: run, contribution, quarantine, given, shared, judgement or end, or one of a run of modules.
        previous, sha256: hashes of the entry before, and of this one without its own.
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
    """A ledger on disk; one process writes it.

    Args:
        path: of the file, made with the first entry.

    Raises:
        LedgerError: the file is there and its chain is broken; nothing is added to such a ledger.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        entries = read_ledger(path) if path.is_file() else ()
        self._next = len(entries)
        self.head = entries[-1].sha256 if entries else FIRST

    def append(self, kind: str, body: dict[str, Any]) -> Entry:
        """Write what happened, for good before this returns."""
        # Through JSON and back, so that what is sealed is what will be read.
        plain = json.loads(json.dumps(body))
        entry = _sealed(self._next, datetime.now(UTC).isoformat(timespec="milliseconds"), kind, plain, self.head)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(entry.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._next, self.head = self._next + 1, entry.sha256
        return entry


def read_ledger(path: Path, head: str | None = None) -> tuple[Entry, ...]:
    """Every entry of a ledger whose chain holds.

    Args:
        path: of the file.
        head: a hash that a plant wrote down, which must be among the entries'.

    Raises:
        LedgerError: the file is missing, an entry was changed, removed or moved, or the end was cut off.
    """
    if not path.is_file():
        raise LedgerError(f"{path}: no ledger there")
    found: list[Entry] = []
    for index, line in enumerate(path.read_bytes().splitlines()):
        try:
            entry = Entry.model_validate_json(line)
        except (ValidationError, UnicodeDecodeError) as error:
            raise LedgerError(f"{path}: entry {index} cannot be read; written only in part, or by hand") from error
        previous = found[-1].sha256 if found else FIRST
        if entry.index != index or entry.previous != previous:
            raise LedgerError(f"{path}: entry {index} does not follow the one before; something was removed or moved")
        if _sealed(entry.index, entry.at, entry.kind, entry.body, entry.previous).sha256 != entry.sha256:
            raise LedgerError(f"{path}: entry {index} ({entry.kind}) was changed after it was written")
        found.append(entry)
    if head is not None and head not in {entry.sha256 for entry in found}:
        raise LedgerError(f"{path}: no entry has the hash {head[:16]}…; its end was cut off, or it is another's")
    return tuple(found)
