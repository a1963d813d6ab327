"""What left a plant, and what it refused to send: a line a message, in words and bytes, kept at the plant."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from steel.errors import InputError
from steel.frozen import Frozen


class Sent(Frozen):
    """One message that was answered or refused.

    Attributes:
        at: ISO time, UTC.
        run: the run's number.
        message: what was asked.
        sent: what was answered, in words; empty if nothing was.
        refused: why not, empty if it was.
        bytes: how many the answer had.
        sha256: hash of the answer's arrays and texts.
    """

    at: str
    run: str
    message: str
    sent: str = ""
    refused: str = ""
    bytes: int = 0
    sha256: str = ""


class Outbox:
    """A plant's outbox on disk.

    Args:
        path: of the file, made with the first line, readable by its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, run: str, message: str, sent: str = "", refused: str = "", size: int = 0, sha256: str = "") -> Sent:
        """Write a line down before anything leaves."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = Sent(at=at, run=run, message=message, sent=sent, refused=refused, bytes=size, sha256=sha256)
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(opened, "ab") as file:
            file.write(line.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return line

    def lines(self) -> list[Sent]:
        """Everything written; a last line that a crash cut is left out.

        Raises:
            InputError: another line cannot be read.
        """
        if not self._path.is_file():
            return []
        found: list[Sent] = []
        every = self._path.read_bytes().split(b"\n")
        for number, line in enumerate(every, start=1):
            if not line:
                continue
            try:
                found.append(Sent.model_validate(json.loads(line)))
            except (ValidationError, ValueError) as error:
                if number == len(every):
                    break
                raise InputError(line[:60], f"{self._path}, line {number}", "a line as it was written") from error
        return found
