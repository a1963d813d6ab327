"""Kinds of connections that a plant's file states: folders, databases, brokers, OPC UA servers, B2MML, others'."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, JsonValue, Tag

from plant_adapters.connections.addresses import DatabaseAddress, EverySeconds, MqttAddress, OpcUaAddress
from plant_adapters.connections.message_files import RowsForm
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.reading.table import TableFormat
from plant_adapters.reading.times import ZoneName
from steel.frozen import Frozen
from steel.quantities import Number
from steel.texts import NameLine

Messages = Annotated[tuple[MessageMap, ...], Field(min_length=1, max_length=50)]


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


class MessagesConnection(Frozen):
    """A folder that files of messages are put into: samples, tickets, stock and price lists.

    Attributes:
        table: how they write their rows.
        rows: how rows make messages.
        messages: what they mean; each row is read as every one of these that counts it.
    """

    kind: Literal["messages"]
    name: NameLine
    folder: Path
    pattern: Annotated[str, Field(min_length=1)] = "*.csv"
    table: TableFormat = TableFormat()
    rows: RowsForm = RowsForm()
    messages: Messages
    every_s: EverySeconds = 10.0
    settle_s: Annotated[Number, Field(ge=0, le=3600)] = 5.0


class B2mmlConnection(Frozen):
    """A folder that B2MML documents are put into: schedules, performances, lots, acknowledgements.

    Attributes:
        schemas: folder of the published schemas that documents are to keep.
        codes: file of the code table.
        timezone: of times that say none.
    """

    kind: Literal["b2mml"]
    name: NameLine
    folder: Path
    pattern: Annotated[str, Field(min_length=1)] = "*.xml"
    schemas: Path | None = None
    codes: str | None = None
    timezone: ZoneName = "UTC"
    every_s: EverySeconds = 10.0
    settle_s: Annotated[Number, Field(ge=0, le=3600)] = 5.0


class TopicMap(MessageMap):
    """What the messages of a topic mean.

    Attributes:
        topic: `{field}` stands for a level that is a field; `+` and `#` as MQTT has them.
    """

    topic: Annotated[str, Field(min_length=1)]


class MqttConnection(MqttAddress):
    """Topics of a broker, JSON or Sparkplug B."""

    kind: Literal["mqtt"]
    name: NameLine
    messages: Annotated[tuple[TopicMap, ...], Field(min_length=1, max_length=100)]
    every_s: EverySeconds = 5.0


class NodesMap(MessageMap):
    """What is registered at nodes of a server.

    Attributes:
        nodes: by the message's field, a path from the base.
        trigger: path of the counter or number that tells a new registration.
        acknowledge: path that it is written to once it is kept.
    """

    nodes: Annotated[dict[str, str], Field(min_length=1)]
    trigger: Annotated[str, Field(min_length=1)]
    acknowledge: str = ""


class OpcUaConnection(OpcUaAddress):
    """Registrations of an OPC UA server."""

    kind: Literal["opcua"]
    name: NameLine
    messages: Annotated[tuple[NodesMap, ...], Field(min_length=1, max_length=100)]
    every_s: EverySeconds = 0.5


class OtherConnection(Frozen):
    """A source that another package offers.

    Attributes:
        options: as that package has them.
    """

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    name: NameLine
    options: dict[str, JsonValue] = {}


OWN = ("folder", "sql", "messages", "b2mml", "mqtt", "opcua")


def _tag(stated: Any) -> str:
    """Which of our kinds it is, or another package's."""
    kind = stated.get("kind") if isinstance(stated, dict) else getattr(stated, "kind", None)
    return kind if kind in OWN else "other"


AnyConnection = Annotated[
    Annotated[FolderConnection, Tag("folder")]
    | Annotated[SqlConnection, Tag("sql")]
    | Annotated[MessagesConnection, Tag("messages")]
    | Annotated[B2mmlConnection, Tag("b2mml")]
    | Annotated[MqttConnection, Tag("mqtt")]
    | Annotated[OpcUaConnection, Tag("opcua")]
    | Annotated[OtherConnection, Tag("other")],
    Discriminator(_tag),
]
