"""The outbox: what goes to a plant's systems, written down with what it is about, and delivered at least once.

A message is put in the transaction of the decision that it tells of: neither is ever there without the other. Each has
a key by which a receiver knows one that comes again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from plant_adapters.store.connection_tables import DELIVERIES, OUTBOX
from plant_adapters.store.database import Database, stamp
from steel.errors import InputError

PLANNED, ADDITIONS = "planned", "additions"
"""Kinds of messages: a heat is planned, with its baskets and its additions; a melt is to get additions."""
State = Literal["failed", "delivered", "acknowledged", "dead"]
"""Of a message and a sink: a dead one was refused for good, and can be replayed."""


@dataclass(frozen=True)
class Message:
    """What goes out.

    Attributes:
        key: by which a receiver knows it again.
        put_at: when it was written down.
    """

    id: int
    plant: str
    kind: str
    key: str
    content: dict[str, Any]
    put_at: str


@dataclass(frozen=True)
class Delivery:
    """What became of a message at a sink."""

    message: Message
    sink: str
    state: State
    attempts: int
    problem: str
    changed_at: str


def put(connection: sa.Connection, plant: str, kind: str, key: str, content: Mapping[str, Any]) -> None:
    """Put a message into the outbox, in a transaction of the caller's."""
    row = {"plant": plant, "kind": kind, "key": key, "content": dict(content), "put_at": stamp()}
    connection.execute(sa.insert(OUTBOX), row)


class Outbox:
    """Messages of one database.

    Args:
        database: whose.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, plant: str) -> int:
        """The number of a plant's newest message; 0 where there is none."""
        query = sa.select(sa.func.coalesce(sa.func.max(OUTBOX.c.id), 0)).where(OUTBOX.c.plant == plant)
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def waiting(self, plant: str, sink: str, after: int, most: int = 100) -> tuple[Message, ...]:
        """Messages that a sink has not taken yet, the oldest first."""
        taken = DELIVERIES.c.state.in_(("delivered", "acknowledged", "dead"))
        done = sa.select(DELIVERIES.c.message).where((DELIVERIES.c.sink == sink) & taken)
        query = (
            sa.select(OUTBOX)
            .where((OUTBOX.c.plant == plant) & (OUTBOX.c.id > after) & OUTBOX.c.id.not_in(done))
            .order_by(OUTBOX.c.id).limit(most)
        )  # fmt: skip
        with self._database.reading() as connection:
            return tuple(Message(**row) for row in connection.execute(query).mappings())

    def unacknowledged(self, plant: str, sink: str, most: int = 100) -> tuple[Message, ...]:
        """Messages that a sink has taken and nobody has acknowledged yet."""
        state = (DELIVERIES.c.sink == sink) & (DELIVERIES.c.state == "delivered")
        query = (
            sa.select(OUTBOX).join(DELIVERIES, DELIVERIES.c.message == OUTBOX.c.id)
            .where((OUTBOX.c.plant == plant) & state).order_by(OUTBOX.c.id).limit(most)
        )  # fmt: skip
        with self._database.reading() as connection:
            return tuple(Message(**row) for row in connection.execute(query).mappings())

    def told(self, message: Message, sink: str, state: State, problem: str = "", tried: bool = True) -> int:
        """What became of a message at a sink, by one more try or since the last; returns how often it was tried."""
        this = (DELIVERIES.c.message == message.id) & (DELIVERIES.c.sink == sink)
        with self._database.writing() as connection:
            before = connection.scalar(sa.select(DELIVERIES.c.attempts).where(this))
            attempts = (before or 0) + tried
            row = {"state": state, "attempts": attempts, "problem": problem, "changed_at": stamp()}
            if before is None:
                connection.execute(sa.insert(DELIVERIES), {"message": message.id, "sink": sink, **row})
            else:
                connection.execute(sa.update(DELIVERIES).where(this).values(row))
        return int(attempts)

    def answered(self, plant: str, key: str, sink: str, is_accepted: bool, reason: str = "") -> bool:
        """A receiver's word on a message that was delivered to it; what it does not take is a dead letter.

        Args:
            plant: whose message.
            key: of it.
            sink: that answers; all that it went to where it says no name.
            is_accepted: whether it takes it.
            reason: why not.

        Returns:
            Whether the message is known to be delivered: an answer may be faster than that is written down.

        Raises:
            InputError: no such message went out.
        """
        of = sa.select(OUTBOX.c.id).where((OUTBOX.c.plant == plant) & (OUTBOX.c.key == key))
        these = DELIVERIES.c.message.in_(of) & (DELIVERIES.c.sink == sink if sink else sa.true())
        states = ("delivered", "failed") if is_accepted else ("delivered", "failed", "acknowledged")
        values = {"state": "acknowledged" if is_accepted else "dead", "problem": reason, "changed_at": stamp()}
        with self._database.writing() as connection:
            if connection.scalar(of) is None:
                raise InputError(key, "key", "the key of a message that went out")
            known = connection.scalar(sa.select(sa.func.count()).select_from(DELIVERIES).where(these))
            connection.execute(sa.update(DELIVERIES).where(these & DELIVERIES.c.state.in_(states)).values(values))
        return bool(known)

    def replay(self, plant: str, sink: str, key: str | None = None) -> int:
        """Have a sink's dead letters, or one message, delivered again; returns how many.

        Raises:
            InputError: there is no such message at this sink.
        """
        of = sa.select(OUTBOX.c.id).where(OUTBOX.c.plant == plant)
        here = DELIVERIES.c.sink == sink
        this = here & (DELIVERIES.c.state == "dead") if key is None else here
        if key is not None:
            of = of.where(OUTBOX.c.key == key)
        with self._database.writing() as connection:
            count = connection.execute(sa.delete(DELIVERIES).where(this & DELIVERIES.c.message.in_(of))).rowcount
        if key is not None and not count:
            raise InputError(key, "message", f"the key of one that went to {sink}")
        return int(count)

    def deliveries(self, plant: str, most: int = 100) -> tuple[Delivery, ...]:
        """What became of a plant's newest messages."""
        query = (
            sa.select(OUTBOX, DELIVERIES.c.sink, DELIVERIES.c.state, DELIVERIES.c.attempts, DELIVERIES.c.problem,
                      DELIVERIES.c.changed_at)
            .join(DELIVERIES, DELIVERIES.c.message == OUTBOX.c.id)
            .where(OUTBOX.c.plant == plant).order_by(OUTBOX.c.id.desc(), DELIVERIES.c.sink).limit(most)
        )  # fmt: skip
        names = tuple(Message.__dataclass_fields__)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            Delivery(
                Message(**{name: row[name] for name in names}), row["sink"], row["state"], row["attempts"],
                row["problem"], row["changed_at"],
            )
            for row in rows
        )  # fmt: skip
