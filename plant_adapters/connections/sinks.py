"""Where messages go: a folder, a table, an address; each may come again, under the key by which it is known."""

import re
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
import orjson
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from plant_adapters.store.database import driver_reason
from plant_adapters.store.outbox import PLANNED, Message
from steel.errors import InputError
from steel.whole_files import write_whole

ENDINGS = {"json": ".json", "b2mml": ".xml"}
TABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_.]*$")


class RefusedError(Exception):
    """A receiver does not take this message, whatever the network does."""


class Sink(Protocol):
    """A receiver of messages."""

    every_s: float

    def send(self, message: Message) -> bool:
        """Hand a message over, again if it was before; whether it is acknowledged with that.

        Raises:
            RefusedError: the receiver does not take it.
            OSError: it does not answer.
        """

    def is_acknowledged(self, message: Message) -> bool:
        """Whether the receiver has said since that it has it.

        Raises:
            OSError: it does not answer.
        """

    def check(self) -> str:
        """Try it without a message; what there is, in words.

        Raises:
            InputError: what is asked of it cannot be.
            OSError: it does not answer.
        """


class FolderSink:
    """A file for each message; whoever takes it away has acknowledged it.

    Args:
        name: of the connection.
        folder: that files are written to, each whole or not at all.
        every_s: how often it is looked after.
        form: JSON, or B2MML, which has documents for planned heats only: others are not written, and need no word.
    """

    def __init__(self, name: str, folder: Path, every_s: float, form: Literal["json", "b2mml"] = "json") -> None:
        self._name, self._folder, self.every_s, self._form = name, folder, every_s, form

    def send(self, message: Message) -> bool:
        """Write it, in place of the same one that lies there."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._form == "json":
            write_whole(self._file(message), orjson.dumps(told_as_json(message), option=orjson.OPT_INDENT_2))
            return False
        if message.kind != PLANNED:
            return True
        from plant_adapters.messages.b2mml import charge_document  # noqa: PLC0415  (not every plant has its library)

        write_whole(self._file(message), charge_document(message.key, message.content))
        return False

    def is_acknowledged(self, message: Message) -> bool:
        """Whether it was taken away."""
        if not self._folder.is_dir():
            raise FileNotFoundError(f"{self._folder} is not there")
        return not self._file(message).exists()

    def check(self) -> str:
        """How many files nobody has taken away yet."""
        if not self._folder.is_dir():
            raise InputError(str(self._folder), f"folder of {self._name}", "a folder that is there")
        waiting = len(list(self._folder.glob(f"*{ENDINGS[self._form]}")))
        return f"{waiting} message{'' if waiting == 1 else 's'} in {self._folder}"

    def _file(self, message: Message) -> Path:
        key = re.sub(r"[^A-Za-z0-9._-]+", "-", message.key)
        return self._folder / f"{message.id:08d}-{message.kind}-{key}{ENDINGS[self._form]}"


class HttpSink:
    """A POST for each message, with its key as `Idempotency-Key`; any 2xx is its acknowledgement.

    Args:
        name: of the connection.
        url: that is posted to.
        token: sent as a bearer's; none unless given.
        every_s: how often it is looked after.
        timeout_s: for an answer.
    """

    def __init__(self, name: str, url: str, token: str | None, every_s: float, timeout_s: float) -> None:
        self._name, self._url, self.every_s = name, url, every_s
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._timeout_s = timeout_s

    def send(self, message: Message) -> bool:
        """Post it."""
        headers = {**self._headers, "Content-Type": "application/json", "Idempotency-Key": message.key}
        try:
            answer = httpx.post(
                self._url, content=orjson.dumps(told_as_json(message)), headers=headers, timeout=self._timeout_s
            )
        except httpx.HTTPError as error:
            raise ConnectionError(f"{self._name}: {type(error).__name__}") from None
        if answer.is_success:
            return True
        said = f"{answer.status_code} {answer.text[:200]}"
        if answer.is_client_error and answer.status_code not in (401, 403, 408, 429):
            raise RefusedError(said)
        raise ConnectionError(f"{self._name}: {said}")

    def is_acknowledged(self, message: Message) -> bool:
        """An answer was its acknowledgement."""
        return True

    def check(self) -> str:
        """Whether the address answers at all."""
        try:
            answer = httpx.head(self._url, headers=self._headers, timeout=self._timeout_s)
        except httpx.HTTPError as error:
            raise ConnectionError(f"{self._name}: {type(error).__name__}") from None
        return f"answers {answer.status_code} to HEAD"


class SqlSink:
    """A row for each message in a table of the plant's, once by its key; the plant fills in `acknowledged_at`.

    The table has the columns `message_key` (its primary key), `kind`, `content` (text), `put_at` and `acknowledged_at`.

    Args:
        name: of the connection.
        url: SQLAlchemy URL.
        table: with its schema, where it is in one.
        every_s: how often it is looked after.
    """

    def __init__(self, name: str, url: str, table: str, every_s: float) -> None:
        if not TABLE.match(table):
            raise InputError(table, f"table of {name}", "a table's name, such as level2.chargewise_inbox")
        self._name, self._url, self.every_s = name, url, every_s
        schema, _, bare = table.rpartition(".")
        columns = (sa.Column("message_key", sa.String, primary_key=True), *(
            sa.Column(column, sa.String) for column in ("kind", "content", "put_at", "acknowledged_at")
        ))  # fmt: skip
        self._table = sa.Table(bare, sa.MetaData(), *columns, schema=schema or None)

    def send(self, message: Message) -> bool:
        """Insert it; one that is there already is left as it is."""
        key = self._table.c.message_key
        row = {
            "message_key": message.key, "kind": message.kind, "content": orjson.dumps(message.content).decode(),
            "put_at": message.put_at,
        }  # fmt: skip
        with self._connected() as connection:
            if connection.scalar(sa.select(key).where(key == message.key)) is None:
                connection.execute(sa.insert(self._table), row)
        return False

    def is_acknowledged(self, message: Message) -> bool:
        """Whether somebody has filled in when they had it."""
        column = self._table.c.acknowledged_at
        with self._connected() as connection:
            found = connection.scalar(sa.select(column).where(self._table.c.message_key == message.key))
        return found is not None

    def check(self) -> str:
        """How many rows wait for their acknowledgement."""
        with self._connected() as connection:
            query = sa.select(sa.func.count()).where(self._table.c.acknowledged_at.is_(None)).select_from(self._table)
            return f"{connection.scalar(query)} rows are not acknowledged"

    def _connected(self) -> "_Connected":
        return _Connected(self._name, self._url)


class _Connected:
    """A transaction of a plant's database; what its driver says becomes an `OSError` without an address."""

    def __init__(self, name: str, url: str) -> None:
        self._name, self._url = name, url

    def __enter__(self) -> sa.Connection:
        try:
            self._engine = sa.create_engine(self._url, poolclass=NullPool)
            self._begun = self._engine.begin()
            return self._begun.__enter__()
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise self._failed(error) from None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            self._begun.__exit__(kind, error, trace)
        except sa.exc.SQLAlchemyError as late:
            raise self._failed(late) from None
        if isinstance(error, sa.exc.SQLAlchemyError):
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> ConnectionError:
        return ConnectionError(f"{self._name}: {driver_reason(error)}")


def told_as_json(message: Message) -> dict[str, Any]:
    """A message as receivers get it."""
    return {
        "key": message.key, "kind": message.kind, "plant": message.plant, "put_at": message.put_at,
        "content": message.content,
    }  # fmt: skip
