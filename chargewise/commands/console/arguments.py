"""Options that several commands share, and `NAME=NUMBER` pairs."""

from pathlib import Path
from typing import Annotated

import typer

from optimizer.problem.options import Objective
from plant_adapters.reading.cells import UnreadableError, read_entry
from steel.errors import InputError
from steel.names import folded

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
PlantName = Annotated[str, typer.Option("--plant", "-p", help="Name of the plant.")]
HeatsFile = Annotated[Path, typer.Option("--heats", help="Heats: CSV, Excel or Parquet.")]
Grade = Annotated[str, typer.Option("--grade", "-g", help="A grade of the plant's own or of the catalogue.")]
Maxima = Annotated[list[str] | None, typer.Option("--max", metavar="EL=WT%", help="An upper limit.")]
Minima = Annotated[list[str] | None, typer.Option("--min", metavar="EL=WT%", help="A lower limit.")]
PricesToday = Annotated[list[str] | None, typer.Option("--price", metavar="MATERIAL=€/t", help="A price today.")]
StockToday = Annotated[list[str] | None, typer.Option("--stock", metavar="MATERIAL=T", help="Stock today.")]
Confidence = Annotated[float, typer.Option("--confidence", help="Probability each limit must hold with.")]
MostMaterials = Annotated[int | None, typer.Option("--max-materials", min=1, help="Most metal-bearing materials.")]
MappingName = Annotated[str, typer.Option("--mapping", help="A mapping file, or the name of a shipped mapping.")]

SHORT = {
    "cost": Objective.COST,
    "energy": Objective.ENERGY,
    "emissions": Objective.EMISSIONS,
    "headroom": Objective.HEADROOM,
}
"""Objectives as people type them."""


def objective_of(name: str, where: str) -> Objective:
    """An objective by its short name.

    Raises:
        InputError: there is none of that name.
    """
    if name.strip() not in SHORT:
        raise InputError(name.strip(), where, f"one of {', '.join(SHORT)}")
    return SHORT[name.strip()]


def pairs(given: list[str] | None, where: str) -> dict[str, float]:
    """Numbers by name from `NAME=NUMBER` arguments.

    Raises:
        InputError: an argument has no `=`, its number is none, or a name stands twice.
    """
    found: dict[str, float] = {}
    for text in given or []:
        name, separator, number = text.rpartition("=")
        if not separator or not name:
            raise InputError(text, where, "NAME=NUMBER, such as Cu=0.20")
        try:
            value = read_entry(number)
        except UnreadableError as error:
            raise InputError(text, where, f"NAME=NUMBER with {error}") from None
        if folded(name) in {folded(other) for other in found}:
            raise InputError(text, where, f"each name once; {name.strip()} is there already")
        found[name.strip()] = value
    return found
