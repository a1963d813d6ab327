"""A plant's connections as one TOML file states them, and the sources that it means."""

import os
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, JsonValue, Tag, model_validator

from plant_adapters.connections.folder import FolderSource
from plant_adapters.connections.protocol import HeatSource
from plant_adapters.connections.sinks import FolderSink, HttpSink, Sink, SqlSink
from plant_adapters.connections.sql_query import SqlSource
from plant_adapters.mapping.mapping import read_mapping
from plant_adapters.reading.toml_files import read_toml, validated
from plant_adapters.store.connection_states import ConnectionStates
from steel.complaints import meant
from steel.errors import InputError
from steel.frozen import Frozen
from steel.names import as_one
from steel.quantities import Number
from steel.texts import NameLine

GROUP = "chargewise.sources"
"""Entry points by which a package offers a kind of source: called with plant, name, options and states."""
EverySeconds = Annotated[Number, Field(ge=0.1, le=86_400)]


class FolderConnection(Frozen):
    """A folder that files of heats are put into.

    Attributes:
        mapping: a shipped one, or a file beside this one.
        every_s: how often it is looked into.
        settle_s: how long a file must not have changed before it is read.
    """

    kind: Literal["folder"]
    name: NameLine
    folder: Path
    pattern: Annotated[str, Field(min_length=1)] = "*.csv"
    mapping: str
    every_s: EverySeconds = 10.0
    settle_s: Annotated[Number, Field(ge=0, le=3600)] = 5.0


class DatabaseAddress(Frozen):
    """Where a database is.

    Attributes:
        url: SQLAlchemy URL without a password.
        url_env: name of a variable of the environment that holds the URL, password and all.

    Raises:
        ValueError: there is no URL, or two.
    """

    url: str | None = None
    url_env: str | None = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("url, or url_env where it holds a password; one of them")
        return self


class SqlConnection(DatabaseAddress):
    """A query of a database.

    Attributes:
        query: of the heats; `:since` is the watermark less the overlap.
        parts: queries of the mapping's further tables, by what their `file` says.
        watermark: column that says how new a row is.
        start: where it begins.
        overlap: by which it is set back for what comes late: hours of a time, or units of a number.
    """

    kind: Literal["sql"]
    name: NameLine
    query: Annotated[str, Field(min_length=1)]
    parts: dict[str, str] = {}
    mapping: str
    watermark: str | None = None
    start: datetime | Number | str | None = None
    overlap: Annotated[Number, Field(ge=0)] = 48.0
    every_s: EverySeconds = 60.0
    timeout_s: Annotated[Number, Field(ge=1, le=600)] = 30.0
    most_rows: Annotated[int, Field(ge=1, le=100_000)] = 20_000


class OtherConnection(Frozen):
    """A source that another package offers.

    Attributes:
        options: as that package has them.
    """

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    name: NameLine
    options: dict[str, JsonValue] = {}


class FolderSinkFile(Frozen):
    """A folder that messages are written to."""

    kind: Literal["folder"]
    name: NameLine
    folder: Path
    every_s: EverySeconds = 5.0


class HttpSinkFile(Frozen):
    """An address that messages are posted to.

    Attributes:
        token_env: name of a variable of the environment that holds a bearer's token.
    """

    kind: Literal["http"]
    name: NameLine
    url: Annotated[str, Field(pattern="^https?://")]
    token_env: str | None = None
    every_s: EverySeconds = 5.0
    timeout_s: Annotated[Number, Field(ge=1, le=600)] = 15.0


class SqlSinkFile(DatabaseAddress):
    """A table that messages are inserted into."""

    kind: Literal["sql"]
    name: NameLine
    table: Annotated[str, Field(min_length=1)]
    every_s: EverySeconds = 5.0


def _tag(stated: Any) -> str:
    """Which of our kinds it is, or another package's."""
    kind = stated.get("kind") if isinstance(stated, dict) else getattr(stated, "kind", None)
    return kind if kind in ("folder", "sql") else "other"


AnyConnection = Annotated[
    Annotated[FolderConnection, Tag("folder")]
    | Annotated[SqlConnection, Tag("sql")]
    | Annotated[OtherConnection, Tag("other")],
    Discriminator(_tag),
]


AnySink = Annotated[FolderSinkFile | HttpSinkFile | SqlSinkFile, Field(discriminator="kind")]


class ConnectionFile(Frozen):
    """All connections of a plant.

    Attributes:
        connections: that heats come from.
        sinks: that recipes and what was charged go to.

    Raises:
        ValueError: two share a name, or there is none.
    """

    connections: Annotated[tuple[AnyConnection, ...], Field(max_length=50)] = ()
    sinks: Annotated[tuple[AnySink, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _apart(self) -> "ConnectionFile":
        names = [one.name for one in (*self.connections, *self.sinks)]
        alike = as_one(names)
        if alike:
            raise ValueError(f"connections: {', '.join(alike)} named twice; name each once")
        if not names:
            raise ValueError("one of [[connections]] or [[sinks]] at least")
        return self


def read_connections(file: Path) -> ConnectionFile:
    """A plant's connections.

    Raises:
        InputError: the file cannot be read, or a value in it cannot be used; the message names it.
    """
    return validated(ConnectionFile, read_toml(file), str(file))


def source_of(
    plant: str, stated: FolderConnection | SqlConnection | OtherConnection, beside: Path, states: ConnectionStates
) -> HeatSource:
    """The source that a connection means.

    Args:
        plant: whose.
        stated: in the file.
        beside: folder of the file, from which its own paths are.
        states: of all connections.

    Raises:
        InputError: its mapping or its kind is not there, or the environment holds no URL.
    """
    if isinstance(stated, OtherConnection):
        offered = {one.name: one for one in entry_points(group=GROUP)}
        if stated.kind not in offered:
            known = ("folder", "sql", *offered)
            raise InputError(
                stated.kind, f"kind of {stated.name}", f"one of {', '.join(known)}{meant(stated.kind, known)}"
            )
        made: HeatSource = offered[stated.kind].load()(plant, stated.name, stated.options, states)
        return made
    local = beside / stated.mapping
    mapping = read_mapping(str(local) if local.is_file() else stated.mapping)
    if isinstance(stated, FolderConnection):
        folder = stated.folder if stated.folder.is_absolute() else beside / stated.folder
        return FolderSource(
            plant, stated.name, folder, stated.pattern, mapping, states, stated.every_s, stated.settle_s
        )  # fmt: skip
    return SqlSource(
        stated.name, _url(stated), stated.query, stated.parts, mapping, stated.watermark, stated.start,
        stated.overlap, stated.every_s, stated.timeout_s, stated.most_rows,
    )  # fmt: skip


def sink_of(stated: FolderSinkFile | HttpSinkFile | SqlSinkFile, beside: Path) -> Sink:
    """The sink that a connection means.

    Args:
        stated: in the file.
        beside: folder of the file, from which its own paths are.

    Raises:
        InputError: the environment holds no URL or token, or a table's name is none.
    """
    if isinstance(stated, FolderSinkFile):
        folder = stated.folder if stated.folder.is_absolute() else beside / stated.folder
        return FolderSink(stated.name, folder, stated.every_s)
    if isinstance(stated, HttpSinkFile):
        token = None if stated.token_env is None else _secret(stated.token_env, f"token_env of {stated.name}")
        return HttpSink(stated.name, stated.url, token, stated.every_s, stated.timeout_s)
    return SqlSink(stated.name, _url(stated), stated.table, stated.every_s)


def _url(stated: SqlConnection | SqlSinkFile) -> str:
    return stated.url if stated.url is not None else _secret(str(stated.url_env), f"url_env of {stated.name}")


def _secret(name: str, where: str) -> str:
    if name not in os.environ:
        raise InputError(name, where, "a variable of the environment that holds it")
    return os.environ[name]
