"""The one database of an installation, SQLite or PostgreSQL: opened, brought to today's schema, written to."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

from steel.errors import InputError

METADATA = sa.MetaData()
"""Every table, in whatever room it is used; `migrations` makes them."""
SCHEMA = "0005"
"""The newest revision of the schema."""
CACHE_KIB = 512
"""What each connection to SQLite keeps of the file; the system keeps the rest."""
BUSY_S = 30.0
"""How long a writer waits for another one."""
_LOCK = 7_240_117
"""PostgreSQL's advisory lock under which one of several services changes the schema."""


class Database:
    """One database, at today's schema; safe to share between threads.

    Args:
        url: SQLAlchemy URL, such as `sqlite:///store.db` or `postgresql+psycopg://…`.

    Raises:
        InputError: it cannot be opened, or a newer Chargewise has changed it.
    """

    def __init__(self, url: str) -> None:
        try:
            self.engine = _engine(url)
            self._bring_up_to_date()
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise InputError(
                shown_url(url), "database", f"a database that can be opened ({driver_reason(error)})"
            ) from None

    @property
    def is_file(self) -> bool:
        """Whether it is SQLite's."""
        return self.engine.dialect.name == "sqlite"

    def absolute_url(self) -> str:
        """The database's URL as another process can open it from any folder, password included."""
        url = self.engine.url
        if self.is_file and url.database:
            url = url.set(database=str(Path(url.database).resolve()))
        return url.render_as_string(hide_password=False)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def reading(self) -> sa.Connection:
        """A connection that only reads, for a `with`."""
        return self.engine.connect()

    @contextmanager
    def writing(self, to: str | None = None) -> Iterator[sa.Connection]:
        """A transaction that writes, all or nothing; waits its turn where another one writes.

        Args:
            to: what it writes to: of several that write to the same, one waits for another, on PostgreSQL too.
        """
        with self.engine.connect().execution_options(writing=True) as connection, connection.begin():
            if to is not None and not self.is_file:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:to))"), {"to": to})
            yield connection

    def _bring_up_to_date(self) -> None:
        if self._revision() == SCHEMA:
            return
        # Alembic takes longer to import than the rest of a command does.
        from plant_adapters.store.migrations.upgrade import upgraded  # noqa: PLC0415

        with self.writing() as connection:
            if not self.is_file:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            upgraded(connection, SCHEMA)

    def _revision(self) -> str | None:
        with self.reading() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            return found


def _engine(url: str) -> sa.Engine:
    engine = sa.create_engine(
        url, pool_pre_ping=True, json_serializer=_json,
        json_deserializer=orjson.loads,
    )  # fmt: skip
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepared)
        sa.event.listen(engine, "begin", _begun)
    return engine


def _json(value: Any) -> str:
    # SQLAlchemy names some columns by strings of its own, and a row may be kept as a value.
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _prepared(connection: DBAPIConnection, _: Any) -> None:
    # SQLAlchemy begins transactions itself: what pysqlite begins on its own cannot hold a change of the schema.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(1000 * BUSY_S)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    cursor.close()


def _begun(connection: sa.Connection) -> None:
    # A writer that began as a reader fails where it should wait.
    immediate = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def stamp(time: datetime | None = None) -> str:
    """A time as it is kept: ISO 8601, UTC, to a millisecond; now unless given."""
    return (time or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")


def shown_url(url: str) -> str:
    """A database's URL as it may be shown: without its password."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "an address that is none"


def driver_reason(error: Exception) -> str:
    """What a driver says, in one line and without an address."""
    original = getattr(error, "orig", None) or error
    first = str(original).splitlines()[0] if str(original) else type(original).__name__
    return first if "://" not in first else type(original).__name__
