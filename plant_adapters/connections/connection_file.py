"""A plant's connections as one TOML file states them."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from plant_adapters.connections.connection_kinds import AnyConnection
from plant_adapters.connections.sink_kinds import AnySink
from plant_adapters.reading.toml_files import read_toml, validated
from steel.frozen import Frozen
from steel.names import as_one


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
