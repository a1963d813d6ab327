"""Options that several commands share, and `NAME=NUMBER` pairs."""

import math
from pathlib import Path
from typing import Annotated

import typer

from steel.errors import InputError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
PlantName = Annotated[str, typer.Option("--plant", "-p", help="Name of the plant.")]
HeatsFile = Annotated[Path, typer.Option("--heats", help="Heats: CSV, Excel or Parquet.")]
MappingName = Annotated[str, typer.Option("--mapping", help="A mapping file, or the name of a shipped mapping.")]


def pairs(given: list[str] | None, where: str) -> dict[str, float]:
    """Numbers by name from `NAME=NUMBER` arguments.

    Raises:
        InputError: an argument has no `=`, or its number is none.
    """
    found = {}
    for text in given or []:
        name, separator, number = text.rpartition("=")
        if not separator or not name:
            raise InputError(text, where, "NAME=NUMBER, such as Cu=0.20")
        try:
            value = float(number)
        except ValueError:
            raise InputError(text, where, "NAME=NUMBER, such as Cu=0.20") from None
        if not math.isfinite(value):
            raise InputError(text, where, "a finite number")
        found[name.strip()] = value
    return found
