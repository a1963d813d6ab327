"""A message as it came: what was written, and what of it was read."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from plant_adapters.messages.codes import UnknownCodeError
from plant_adapters.messages.read_message import MessageReader, Raw
from steel.errors import InputError
from steel.messages import Kind, PlantMessage, as_told


@dataclass(frozen=True)
class Received:
    """A message that came.

    Attributes:
        kind: what it is to tell.
        raw: as it was written.
        message: what it tells; None where it could not be read.
        problem: why not.
        waits: whether it may be read later, once a code table has grown.
    """

    kind: Kind
    raw: Raw
    message: PlantMessage | None = None
    problem: str = ""
    waits: bool = False

    @property
    def content(self) -> dict[str, Any] | None:
        """What it tells, as JSON."""
        return None if self.message is None else as_told(self.message)

    @property
    def sha256(self) -> str:
        """Of what it tells, or of what was written where nothing could be read."""
        told = self.content or self.raw
        return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return f"unread {self.sha256[:16]}" if self.message is None else self.message.record_id


def receive(readers: Sequence[MessageReader], raw: Raw) -> list[Received]:
    """What a message tells by each of these that count it."""
    return [received(reader, raw) for reader in readers if reader.form.counts(raw)]


def received(reader: MessageReader, raw: Raw) -> Received:
    """A message as a reader reads it, or why it cannot be read."""
    try:
        return Received(reader.form.kind, raw, reader.read(raw))
    except UnknownCodeError as error:
        return Received(reader.form.kind, raw, None, str(error), waits=True)
    except InputError as error:
        return Received(reader.form.kind, raw, None, str(error))
