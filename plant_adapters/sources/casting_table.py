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
from pydantic import Field

from plant_adapters.mapping.mapping import ColumnName
from plant_adapters.reading.columns import read_columns
from plant_adapters.reading.files import read_table
from plant_adapters.reading.numbers import NumberColumn, NumberForm
from plant_adapters.reading.quarantine import IngestReport, Reason, Rejection
from plant_adapters.reading.table import Table, TableFormat, once
from plant_adapters.reading.toml_files import read_shipped
from steel.castings import CastingLog
from steel.errors import InputError
from steel.frozen import Frozen

_SHIPPED = resources.files("plant_adapters").joinpath("casting_mappings")


class PropertyMap(Frozen):
    """The property column, and the name with its unit that results carry."""

    name: str = Field(min_length=1)
    column: ColumnName


class CastingMapping(TableFormat):
    """A casting mapping file.

    Attributes:
        inputs: names of the columns measured at pouring; `*` stands for anything.
        casting_id: column of the foundry's casting numbers; the row's number where there is none.
    """

    name: str
    title: str = ""
    casting_id: ColumnName | None = None
    inputs: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    property: PropertyMap

    def heads(self, names: tuple[str, ...]) -> bool:
        """Whether these are the columns' names, and no title above them."""
        return len(self.input_columns(names)) > 0

    def input_columns(self, columns: tuple[str, ...]) -> tuple[str, ...]:
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
    table = read_table(path, mapping, mapping.heads)
    name = mapping.property.column
    unmeasured = not measured and name not in table.columns and name not in table.doubled
    inputs = mapping.input_columns((*table.columns, *table.doubled))
    if not inputs:
        expected = f"columns among {', '.join(table.columns)}"
        raise InputError(list(mapping.inputs), f"columns of {path.name}", expected)
    once([*inputs, *([mapping.casting_id] if mapping.casting_id else []), *([] if unmeasured else [name])], table,
         path.name)  # fmt: skip
    asked = {column: (table.cells[column].tolist(), NumberForm(column, groups=mapping.groups)) for column in inputs}
    rows = len(table.cells)
    asked[name] = ([""] * rows if unmeasured else table.cells[name].tolist(), NumberForm(name, groups=mapping.groups))
    numbers, readings = read_columns(asked, mapping.decimal)
    rejections, cells = _set_aside(table, numbers, name if measured else None)
    bad = {rejection.row for rejection in rejections}
    kept = np.array([line not in bad for line in table.cells.index], dtype=bool)
    ids = table.cells[mapping.casting_id].astype(str) if mapping.casting_id else table.cells.index.astype(str)
    report = IngestReport(
        source=path.name,
        rows_read=rows + len(table.misfits),
        rows_valid=int(kept.sum()),
        rejections=(*rejections, *_misfits(table)),
        cells=tuple(cell for cell in cells if cell.row not in bad),
        raw={line: table.as_sent(line) for line in (*bad, *table.misfits)},
        readings=tuple(readings),
        header_row=table.header_row,
    )
    good = np.column_stack([numbers[column].values for column in (*inputs, name)])[kept]
    log = CastingLog(np.array(ids, dtype=np.str_)[kept], inputs, good[:, :-1], mapping.property.name, good[:, -1])
    return CastingBatch(log, report)


def _set_aside(
    table: Table, numbers: dict[str, NumberColumn], measured: str | None
) -> tuple[tuple[Rejection, ...], list[Rejection]]:
    """Rows set aside, without a property or exact repeats, and cells: an input that cannot be read is only missing."""
    rejections, cells = [], []
    first: dict[tuple[str, ...], int] = {}
    columns = list(numbers)
    present = [column for column in columns if column in table.columns]
    texts = table.cells[present].astype(str)
    for at, (line, row) in enumerate(zip(table.cells.index, texts.itertuples(index=False, name=None), strict=True)):
        for column in columns:
            if at in numbers[column].bad and column != measured:
                written = str(table.cells[column].iloc[at])
                expected = numbers[column].bad[at]
                cells.append(_rejection(line, Reason.UNREADABLE_VALUE, column, written, expected))
        earlier = first.setdefault(row, line)
        if measured is None:
            continue
        if at in numbers[measured].bad:
            written = str(table.cells[measured].iloc[at])
            expected = numbers[measured].bad[at]
            rejections.append(_rejection(line, Reason.UNREADABLE_VALUE, measured, written, expected))
        elif not np.isfinite(numbers[measured].values[at]):
            rejections.append(_rejection(line, Reason.MISSING_PROPERTY, measured, "", "a measured value"))
        elif earlier != line:
            again = _rejection(line, Reason.DUPLICATE_ROW, "all columns", f"row {earlier} again", "a new casting")
            rejections.append(again)
    return tuple(rejections), cells


def _misfits(table: Table) -> tuple[Rejection, ...]:
    expected = f"as many cells as there are columns, {len(table.columns)}"
    return tuple(
        _rejection(line, Reason.MISFIT_ROW, "all columns", text, expected) for line, text in table.misfits.items()
    )


def _rejection(line: int, reason: Reason, column: str, value: str, expected: str) -> Rejection:
    return Rejection(row=int(line), heat_id="", reason=reason, column=column, value=value, expected=expected)
