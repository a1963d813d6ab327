"""The inbox: what a plant's systems told, each message once, until it is taken or set aside with its reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa

from plant_adapters.messages.received import Received
from plant_adapters.store.connection_tables import INBOX
from plant_adapters.store.database import Database, stamp
from steel.complaints import meant
from steel.errors import InputError

State = Literal["waiting", "taken", "quarantined", "replaced"]
"""A replaced one was told again, otherwise, before it was taken."""
STATES: tuple[State, ...] = get_args(State)
HELD_FOR = timedelta(hours=24)
"""How long a message waits for its heat or for its code before it is set aside."""


@dataclass(frozen=True)
class InMessage:
    """A message of the inbox.

    Attributes:
        raw: as it was written.
        content: what it tells, as JSON; None where it could not be read.
        problem: why it waits or was set aside.
    """

    id: int
    plant: str
    connection: str
    kind: str
    record_id: str
    raw: dict[str, Any]
    content: dict[str, Any] | None
    state: State
    problem: str
    received_at: str
    changed_at: str

    @property
    def is_overdue(self) -> bool:
        """Whether it has waited for as long as any does."""
        return datetime.now(UTC) - datetime.fromisoformat(self.received_at) > HELD_FOR


_FIELDS = tuple(INBOX.c[name] for name in InMessage.__dataclass_fields__)


class Inbox:
    """Messages that came to the plants of one database.

    Args:
        database: whose.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, plant: str, connection: str, messages: Sequence[Received]) -> int:
        """Keep what came; what says the same as before is known. Returns how many are new."""
        if not messages:
            return 0
        new = 0
        with self._database.writing(to=f"inbox of {plant}") as transaction:
            latest = self._latest(transaction, plant, connection, {one.record_id for one in messages})
            for one in messages:
                key, sha256 = (one.kind, one.record_id), one.sha256
                if latest.get(key) == sha256:
                    continue
                latest[key] = sha256
                of = (INBOX.c.plant == plant) & (INBOX.c.connection == connection) & (INBOX.c.kind == one.kind)
                same = of & (INBOX.c.record_id == one.record_id) & INBOX.c.state.in_(("waiting", "quarantined"))
                transaction.execute(sa.update(INBOX).where(same).values(state="replaced", changed_at=stamp()))
                waits = one.message is not None or one.waits
                row = {
                    "plant": plant, "connection": connection, "kind": one.kind, "record_id": one.record_id,
                    "sha256": sha256, "raw": one.raw, "content": one.content, "problem": one.problem,
                    "state": "waiting" if waits else "quarantined", "received_at": stamp(), "changed_at": stamp(),
                }  # fmt: skip
                transaction.execute(sa.insert(INBOX), row)
                new += 1
        return new

    def _latest(
        self, transaction: sa.Connection, plant: str, connection: str, ids: set[str]
    ) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        every = sorted(ids)
        for first in range(0, len(every), 500):
            of = (INBOX.c.plant == plant) & (INBOX.c.connection == connection)
            query = (
                sa.select(INBOX.c.kind, INBOX.c.record_id, INBOX.c.sha256)
                .where(of & INBOX.c.record_id.in_(every[first : first + 500])).order_by(INBOX.c.id)
            )  # fmt: skip
            found |= {(row.kind, row.record_id): row.sha256 for row in transaction.execute(query)}
        return found

    def waiting(self, plant: str, most: int = 500) -> tuple[InMessage, ...]:
        """Messages that are not taken yet, the oldest first."""
        query = sa.select(*_FIELDS).where((INBOX.c.plant == plant) & (INBOX.c.state == "waiting"))
        with self._database.reading() as transaction:
            rows = transaction.execute(query.order_by(INBOX.c.id).limit(most)).mappings()
            return tuple(InMessage(**row) for row in rows)

    def told(self, message: InMessage, state: State, problem: str = "", content: dict[str, Any] | None = None) -> None:
        """What became of a message, and what it tells where it could be read only now."""
        values: dict[str, Any] = {"state": state, "problem": problem, "changed_at": stamp()}
        if content is not None:
            values["content"] = content
        with self._database.writing() as transaction:
            transaction.execute(sa.update(INBOX).where(INBOX.c.id == message.id).values(values))

    def correct(self, plant: str, number: int, changes: Mapping[str, Any]) -> None:
        """Put a message that was set aside in again, some of its fields written otherwise; it is read anew.

        Raises:
            InputError: it is not set aside, or it has no such field.
        """
        raw = dict(self.message(plant, number, "quarantined").raw)
        for name, value in changes.items():
            *within, last = [name] if name in raw else name.split(".")
            place = raw
            for part in within:
                inner = place.get(part)
                if not isinstance(inner, dict):
                    raise InputError(name, "fields", f"fields of the message{meant(name, list(raw))}")
                place[part] = place = dict(inner)
            place[last] = value
        values = {
            "raw": raw, "content": None, "state": "waiting", "problem": "", "received_at": stamp(),
            "changed_at": stamp(),
        }  # fmt: skip
        with self._database.writing() as transaction:
            transaction.execute(sa.update(INBOX).where(INBOX.c.id == number).values(values))

    def message(self, plant: str, number: int, state: State | None = None) -> InMessage:
        """One message.

        Raises:
            InputError: there is none of that number, or it is in another state.
        """
        query = sa.select(*_FIELDS).where((INBOX.c.plant == plant) & (INBOX.c.id == number))
        with self._database.reading() as transaction:
            row = transaction.execute(query).mappings().first()
        if row is None or (state is not None and row["state"] != state):
            raise InputError(number, "message", f"the number of one of {plant} that is {state or 'in the inbox'}")
        return InMessage(**row)

    def listed(self, plant: str, state: State | None, most: int, before: int | None = None) -> tuple[InMessage, ...]:
        """A plant's newest messages; before a number of one, or in one state only."""
        query = sa.select(*_FIELDS).where(INBOX.c.plant == plant).order_by(INBOX.c.id.desc()).limit(most)
        if state is not None:
            query = query.where(INBOX.c.state == state)
        if before is not None:
            query = query.where(INBOX.c.id < before)
        with self._database.reading() as transaction:
            return tuple(InMessage(**row) for row in transaction.execute(query).mappings())

    def counts(self, plant: str, connection: str) -> Counter[str]:
        """How many of a connection's messages wait, and how many are set aside; those that are taken are many."""
        open_ones = (INBOX.c.plant == plant) & INBOX.c.state.in_(("waiting", "quarantined"))
        of = open_ones & (INBOX.c.connection == connection)
        query = sa.select(INBOX.c.state, sa.func.count()).where(of).group_by(INBOX.c.state)
        with self._database.reading() as transaction:
            return Counter({str(state): int(count) for state, count in transaction.execute(query)})
