"""States of a plant's connections: read, moved on, failed; files by their content."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plant_adapters.store.connection_tables import CONNECTIONS, FILES
from plant_adapters.store.database import Database, stamp

ALONE = "at"
"""Key of a position that is no table: SQLite makes a number of JSON that is one, and cannot read it back."""
LONGEST_WAIT_S = 300.0
"""A connection that fails is tried again after a second, two, four and so on, at most so long."""


@dataclass(frozen=True)
class ConnectionState:
    """How a connection is.

    Attributes:
        position: how far it was read, as its source has it; None at the beginning.
        read_at: when it was last looked at without a failure.
        newest_at: when the newest record was tapped that came through it.
        rows: that came, over all time.
        quarantined: of these.
        failures: one after another, until it works again.
        problem: why it failed last; empty where it did not.
        next_try_at: when it is tried again.
    """

    plant: str
    name: str
    kind: str
    position: Any = None
    read_at: str | None = None
    newest_at: str | None = None
    rows: int = 0
    quarantined: int = 0
    failures: int = 0
    problem: str = ""
    next_try_at: str | None = None


@dataclass(frozen=True)
class FileRead:
    """A file that was read.

    Attributes:
        problem: why it could not be; empty where it could.
    """

    sha256: str
    file: str
    read_at: str
    rows: int
    quarantined: int
    problem: str


class ConnectionStates:
    """States of all connections of one database.

    Args:
        database: whose.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, plant: str, name: str, kind: str) -> ConnectionState:
        """A connection's state; one that nobody has read yet is at its beginning."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(CONNECTIONS).where(_is(plant, name))).mappings().first()
        return ConnectionState(plant, name, kind) if row is None else ConnectionState(**{**_state(row), "kind": kind})

    def every(self) -> tuple[ConnectionState, ...]:
        """All of them, by plant and name."""
        query = sa.select(CONNECTIONS).order_by(CONNECTIONS.c.plant, CONNECTIONS.c.name)
        with self._database.reading() as connection:
            return tuple(ConnectionState(**_state(row)) for row in connection.execute(query).mappings())

    def moved(
        self, state: ConnectionState, position: Any, rows: int, quarantined: int, newest_at: str | None
    ) -> ConnectionState:
        """A connection that was read on."""
        newest = max((one for one in (state.newest_at, newest_at) if one), default=None)
        return self._keep(state, {
            "position": position, "read_at": stamp(), "newest_at": newest, "rows": state.rows + rows,
            "quarantined": state.quarantined + quarantined, "failures": 0, "problem": "", "next_try_at": None,
        })  # fmt: skip

    def failed(self, state: ConnectionState, problem: str) -> ConnectionState:
        """A connection that could not be read; it is tried again later, and ever later."""
        wait = timedelta(seconds=min(2.0**state.failures, LONGEST_WAIT_S))
        then = stamp(datetime.now(UTC) + wait)
        return self._keep(state, {"failures": state.failures + 1, "problem": problem, "next_try_at": then})

    def file(self, plant: str, name: str, sha256: str) -> FileRead | None:
        """A file that was read, by its content."""
        this = (FILES.c.plant == plant) & (FILES.c.name == name) & (FILES.c.sha256 == sha256)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(FILES).where(this)).mappings().first()
        return None if row is None else FileRead(**{key: row[key] for key in FileRead.__dataclass_fields__})

    def keep_file(self, plant: str, name: str, read: FileRead) -> None:
        """Remember a file that was read."""
        this = (FILES.c.plant == plant) & (FILES.c.name == name) & (FILES.c.sha256 == read.sha256)
        with self._database.writing() as connection:
            connection.execute(sa.delete(FILES).where(this))
            connection.execute(sa.insert(FILES), {"plant": plant, "name": name, **vars(read)})

    def _keep(self, state: ConnectionState, changes: Mapping[str, Any]) -> ConnectionState:
        now = ConnectionState(**{**vars(state), **changes})
        with self._database.writing(to=f"connection {state.name} of {state.plant}") as connection:
            connection.execute(sa.delete(CONNECTIONS).where(_is(state.plant, state.name)))
            kept = now.position if now.position is None or isinstance(now.position, dict) else {ALONE: now.position}
            connection.execute(sa.insert(CONNECTIONS), {**vars(now), "position": kept})
        return now


def _state(row: "sa.RowMapping") -> dict[str, Any]:
    position = row["position"]
    return {**row, "position": position[ALONE] if isinstance(position, dict) and set(position) == {ALONE} else position}


def _is(plant: str, name: str) -> sa.ColumnElement[bool]:
    return (CONNECTIONS.c.plant == plant) & (CONNECTIONS.c.name == name)
