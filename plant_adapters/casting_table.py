"""The casting table: a foundry's CSV, Excel or Parquet file, one row a casting.

A mapping names the columns measured at pouring and the property measured of the casting. Exact repeats of earlier
rows are set aside: a model judged on castings it has already seen looks better than it is.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from plant_adapters.mapping import TableFormat
from plant_adapters.plant_file import read_shipped
from plant_adapters.quarantine import IngestReport, Reason, Rejection
from plant_adapters.table import read_rows
from steel.castings import CastingLog
from steel.errors import InputError
from steel.frozen import Frozen

_SHIPPED = resources.files("plant_adapters").joinpath("casting_mappings")


class PropertyMap(Frozen):
    """The property column, and the name with its unit that results carry."""

    name: str = Field(min_length=1)
    column: str = Field(min_length=1)


class CastingMapping(TableFormat):
    """A casting mapping file.

    Attributes:
        inputs: names of the columns measured at pouring; `*` stands for anything.
        casting_id: column of the foundry's casting numbers; the row's number where there is none.
    """

    name: str
    title: str = ""
    casting_id: str | None = None
    inputs: Annotated[tuple[str, ...], Field(min_length=1)]
    property: PropertyMap

    def input_columns(self, columns: list[str]) -> tuple[str, ...]:
        """The columns of a table that are inputs, in its order."""
        asked = [column for column in columns if any(fnmatchcase(column, pattern) for pattern in self.inputs)]
        return tuple(column for column in asked if column not in (self.property.column, self.casting_id))


@dataclass(frozen=True)
class CastingBatch:
    """Castings that passed, and the report on everything that was read."""

    log: CastingLog
    report: IngestReport


def read_casting_mapping(name_or_path: str) -> CastingMapping:
    """Read a shipped casting mapping by name, or a file by path.

    Raises:
        InputError: there is none, or a value in it cannot be used.
    """
    return read_shipped(name_or_path, _SHIPPED, "casting mapping", CastingMapping)


def read_castings(path: Path, mapping: CastingMapping, measured: bool = True) -> CastingBatch:
    """Read, check and convert every row, in the record's order.

    Args:
        path: CSV, Excel or Parquet file.
        mapping: how to read it.
        measured: whether every casting must have its property; castings to predict need none, and no such column.

    Raises:
        InputError: the file cannot be read, or has no input or property column.
    """
    table = read_rows(path, mapping)
    if not measured and mapping.property.column not in table.columns:
        table[mapping.property.column] = ""
    inputs = mapping.input_columns([str(column) for column in table.columns])
    missing = [c for c in (mapping.property.column, mapping.casting_id) if c is not None and c not in table.columns]
    if missing or not inputs:
        wanted = missing or list(mapping.inputs)
        raise InputError(wanted, f"columns of {path.name}", f"columns among {', '.join(map(str, table.columns))}")
    text = table[[*inputs, mapping.property.column]]
    plain = text.map(lambda cell: cell.strip().replace(mapping.decimal, "."))
    numbers = plain.apply(pd.to_numeric, errors="coerce").astype(np.float64)
    rejections = _rejections(text, numbers, mapping.property.column if measured else None)
    kept = np.ones(len(table), dtype=bool)
    kept[[rejection.row - 2 for rejection in rejections]] = False
    ids = table[mapping.casting_id] if mapping.casting_id else pd.Series(np.arange(len(table)) + 2).astype(str)
    report = IngestReport(
        source=path.name,
        rows_read=len(table),
        rows_valid=int(kept.sum()),
        rejections=rejections,
        raw={r.row: {k: str(v) for k, v in table.iloc[r.row - 2].items()} for r in rejections},
    )
    good = numbers.to_numpy()[kept]
    log = CastingLog(ids.to_numpy(dtype=np.str_)[kept], inputs, good[:, :-1], mapping.property.name, good[:, -1])
    return CastingBatch(log, report)


def _rejections(text: pd.DataFrame, numbers: pd.DataFrame, measured: str | None) -> tuple[Rejection, ...]:
    """Why rows are set aside: unreadable cells, no property, exact repeats; an empty input is only missing."""
    found = []
    unreadable = numbers.isna().to_numpy() & (text != "").to_numpy()
    repeats = text.duplicated().to_numpy()
    first: dict[tuple[str, ...], int] = {}
    for position, row in enumerate(text.itertuples(index=False, name=None)):
        line = position + 2
        earlier = first.setdefault(row, line)
        if unreadable[position].any():
            column = int(np.argmax(unreadable[position]))
            found.append(_rejection(line, Reason.UNREADABLE_VALUE, str(text.columns[column]), row[column], "a number"))
        elif measured is not None and row[-1] == "":
            found.append(_rejection(line, Reason.MISSING_PROPERTY, measured, "", "a measured value"))
        elif measured is not None and repeats[position]:
            found.append(_rejection(line, Reason.DUPLICATE_ROW, "all columns", f"row {earlier} again", "a new casting"))
    return tuple(found)


def _rejection(line: int, reason: Reason, column: str, value: str, expected: str) -> Rejection:
    return Rejection(row=line, heat_id="", reason=reason, column=column, value=value, expected=expected)
