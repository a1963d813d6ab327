"""Kinds of receivers that a plant's file states: folders, tables, addresses, topics and node sets."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from plant_adapters.connections.addresses import (
    DatabaseAddress,
    EverySeconds,
    MqttAddress,
    OpcUaAddress,
    TimeoutSeconds,
)
from steel.frozen import Frozen
from steel.texts import NameLine


class FolderSinkFile(Frozen):
    """A folder that messages are written to.

    Attributes:
        format: JSON, every message; or B2MML, planned heats only, for other messages have no document there.
    """

    kind: Literal["folder"]
    name: NameLine
    folder: Path
    format: Literal["json", "b2mml"] = "json"
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
    timeout_s: TimeoutSeconds = 15.0


class SqlSinkFile(DatabaseAddress):
    """A table that messages are inserted into."""

    kind: Literal["sql"]
    name: NameLine
    table: Annotated[str, Field(min_length=1)]
    every_s: EverySeconds = 5.0


class MqttSinkFile(MqttAddress):
    """A topic that messages are published to.

    Attributes:
        topic: `{kind}` and `{heat_id}` stand for the message's own. Its receiver answers with an acknowledgement, which
            comes in as a message of a connection.
    """

    kind: Literal["mqtt"]
    name: NameLine
    topic: Annotated[str, Field(min_length=1, pattern=r"^[^+#]+$")]
    every_s: EverySeconds = 5.0


class NodeSet(Frozen):
    """The nodes of one message, each by its path from the base; empty for none.

    Attributes:
        content: the whole message as JSON.
        heat_id: heat's number.
        materials: names of what is to be loaded, basket after basket; with `baskets` and `masses_t`.
        key: written last: who sees it change finds the rest whole.
        acknowledged: where the receiver writes the key that it has taken.
        refused: where it writes why it does not.
    """

    content: str = "Content"
    heat_id: str = "HeatId"
    materials: str = ""
    baskets: str = ""
    masses_t: str = ""
    key: str = "Key"
    acknowledged: str = "Acknowledged"
    refused: str = ""


class OpcUaSinkFile(OpcUaAddress):
    """A node set that messages are written to."""

    kind: Literal["opcua"]
    name: NameLine
    nodes: NodeSet = NodeSet()
    every_s: EverySeconds = 2.0


AnySink = Annotated[
    FolderSinkFile | HttpSinkFile | SqlSinkFile | MqttSinkFile | OpcUaSinkFile, Field(discriminator="kind")
]
