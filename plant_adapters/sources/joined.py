"""Several tables of a record as one, a row a heat: lifts added up, analyses by element, the sample that counts."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from plant_adapters.mapping.mapping import Mapping
from plant_adapters.mapping.part import PartMap
from plant_adapters.reading.columns import read_columns
from plant_adapters.reading.files import read_table
from plant_adapters.reading.numbers import NumberForm
from plant_adapters.reading.quarantine import ColumnReading, Reason, Rejection
from plant_adapters.reading.table import Table, as_number, once
from plant_adapters.reading.times import read_times
from steel.elements import parse_element
from steel.errors import InputError

Cells = dict[str, dict[int, Any]]
"""By column, a heat's cell by its place among the heats."""
Finds = Callable[[PartMap], Iterable[tuple[str, Table]]]
Places = NDArray[np.int_]


@dataclass(frozen=True)
class Joined:
    """One table of several.

    Attributes:
        table: a row a heat.
        rows: read in the further tables.
        rejections: rows of these that belong to no heat, or fit no columns.
        readings: how their columns of numbers were read.
    """

    table: Table
    rows: int = 0
    rejections: tuple[Rejection, ...] = ()
    readings: tuple[ColumnReading, ...] = ()


def joined(source: str, main: Table, mapping: Mapping, find: Finds) -> Joined:
    """Join what a mapping says of further tables to the heats.

    Args:
        source: what the heats' table is called.
        main: it.
        mapping: with its parts.
        find: the tables of a part that is not the heats' own, each with what it is called.

    Raises:
        InputError: a further table is not there or cannot be read, or a column stands in two of them.
    """
    if not mapping.tables:
        return Joined(main)
    heats, places = _heats(main, mapping)
    rows = 0
    rejections: list[Rejection] = []
    readings: list[ColumnReading] = []
    cells: Cells = {}
    for part in mapping.tables:
        found: Cells = {}
        own_rows = part.file is None and part.sheet is None
        for name, table in [(source, main)] if own_rows else find(part):
            once(part.named, table, name)
            own, at, strays = _rows_of(part, table, name, places, source)
            if table is not main:
                rows += len(table.cells) + len(table.misfits)
                rejections += strays
            own, at = _in_order(part, own, at, mapping)
            read = _masses if part.material is not None else _values if part.element is not None else _columns
            readings += read(part, own, at, mapping, found)
        doubled = sorted((found.keys() & cells.keys()) | (found.keys() & set(heats.columns)))
        if doubled:
            raise InputError(doubled, "columns of several tables", "each in one of them")
        cells |= found
    for name in mapping.columns((*heats.columns, *cells)):
        if name not in heats.columns:
            cells.setdefault(name, {})
    size = range(len(heats))
    more = {name: [by_place.get(at, "") for at in size] for name, by_place in cells.items()}
    whole = pd.concat([heats, pd.DataFrame(more, index=heats.index, dtype=object)], axis=1)
    return Joined(replace(main, cells=whole), rows, tuple(rejections), tuple(readings))


def _heats(main: Table, mapping: Mapping) -> tuple[pd.DataFrame, dict[str, int]]:
    """The heats' own rows, one each where the table has several of a heat, and the place of each number."""
    once([mapping.heat_id], main, "the heats' table")
    cells = main.cells
    by_rows = [part for part in mapping.tables if part.file is None and part.sheet is None]
    if by_rows:
        read = {name for part in by_rows for name in (part.material, part.mass, part.element, part.value) if name}
        first = ~cells[mapping.heat_id].map(as_number).duplicated()
        cells = cells.loc[first, [name for name in cells.columns if name not in read]]
    ids = cells[mapping.heat_id].map(as_number).tolist()
    places = {number: at for at, number in reversed(list(enumerate(ids))) if number}
    # 00123 of one system is 123 of another, where no other heat is meant.
    bare: dict[str, list[int]] = {}
    for number, at in places.items():
        bare.setdefault(number.lstrip("0"), []).append(at)
    for number, ats in bare.items():
        if len(ats) == 1:
            places.setdefault(number, ats[0])
    return cells, places


def beside(path: Path, part: PartMap, mapping: Mapping, folder: Path) -> Iterator[tuple[str, Table]]:
    """A part's tables among the files of a folder, or in the heats' own file, each with its file's name.

    Raises:
        InputError: there is none, or one cannot be read.
    """
    files = [path] if part.file is None else sorted(folder.glob(part.file))
    if not files:
        raise InputError(part.file, "tables: file", f"a file beside {path.name}")

    def heads(names: tuple[str, ...]) -> bool:
        return set(part.named) <= set(names)

    for file in files:
        form = mapping.model_copy(update={"sheet": part.sheet, "header_row": None, "separator": None})
        yield file.name, read_table(file, form, heads)


def _rows_of(
    part: PartMap, table: Table, name: str, places: dict[str, int], heats: str
) -> tuple[pd.DataFrame, Places, list[Rejection]]:
    """Rows that count, the place of each one's heat, and what belongs to none."""
    rejections = [
        Rejection(
            row=line, heat_id="", reason=Reason.MISFIT_ROW, column=f"{name}: all", value=text,
            expected=f"as many cells as there are columns, {len(table.columns)}",
        )
        for line, text in table.misfits.items()
    ]  # fmt: skip
    cells = table.cells
    for column, said in part.where.items():
        known = {text.casefold() for text in said}
        cells = cells[[as_number(cell).casefold() in known for cell in cells[column]]]
    at = np.array([_place(as_number(cell), places) for cell in cells[part.heat_id]], dtype=int)
    for row in np.flatnonzero(at < 0).tolist():
        number = as_number(cells[part.heat_id].iloc[row])
        told = " | ".join(str(cell) for cell in cells.iloc[row])
        rejections.append(
            Rejection(
                row=int(cells.index[row]), heat_id=number, reason=Reason.UNKNOWN_HEAT,
                column=f"{name}: {part.heat_id}", value=told, expected=f"the number of a heat of {heats}",
            )
        )  # fmt: skip
    return cells[at >= 0], at[at >= 0], rejections


def _in_order(part: PartMap, cells: pd.DataFrame, at: Places, mapping: Mapping) -> tuple[pd.DataFrame, Places]:
    """Rows from the first to the last, by numbers or else by times."""
    if part.order is None or not len(cells):
        return cells, at
    said = cells[part.order].tolist()
    numbers, _ = read_columns({part.order: (said, NumberForm(part.order, groups=""))}, mapping.decimal)
    if numbers[part.order].bad:
        keys: Any = read_times(said, part.order, mapping.timezone, mapping.date_order, datetime.now(UTC)).times
    else:
        keys = numbers[part.order].values
    by = np.argsort(keys, kind="stable")
    return cells.iloc[by], at[by]


def _masses(part: PartMap, cells: pd.DataFrame, at: Places, mapping: Mapping, found: Cells) -> list[ColumnReading]:
    """T of each code in each heat: all its rows together; what cannot be read stands as it was written."""
    assert part.material is not None and part.mass is not None  # noqa: PT018  (the map has both or neither)
    unit = mapping.materials.unit
    form = NumberForm(part.mass, part.unit or unit, unit, mapping.groups, exact=True)
    numbers, readings = read_columns({part.mass: (cells[part.mass].tolist(), form)}, mapping.decimal)
    values, bad = numbers[part.mass].values, numbers[part.mass].bad
    for row, (code, place) in enumerate(zip(cells[part.material], at.tolist(), strict=True)):
        column = found.setdefault(mapping.materials.column_of(as_number(code)), {})
        _add(column, place, str(cells[part.mass].iloc[row]) if row in bad else float(np.nan_to_num(values[row])))
    return readings


def _values(part: PartMap, cells: pd.DataFrame, at: Places, mapping: Mapping, found: Cells) -> list[ColumnReading]:
    """Each element's value of each heat, as it was written."""
    assert part.element is not None and part.value is not None  # noqa: PT018  (the map has both or neither)
    columns: dict[str, str] = {}
    for symbol, value, place in zip(cells[part.element], cells[part.value], at.tolist(), strict=True):
        text = as_number(symbol)
        if text not in columns:
            try:
                columns[text] = mapping.analysis.column_of(parse_element(text), ())
            except InputError:
                columns[text] = text
        column = found.setdefault(columns[text], {})
        if value != "" and (part.keep == "last" or place not in column):
            column[place] = value
    return []


def _columns(part: PartMap, cells: pd.DataFrame, at: Places, mapping: Mapping, found: Cells) -> list[ColumnReading]:
    """The columns that the mapping names, of the row that counts or of all rows together."""
    wanted = [name for name in mapping.columns(tuple(cells.columns)) if name in cells.columns and name != part.heat_id]
    if part.keep != "sum":
        for name in wanted:
            column = found.setdefault(name, {})
            for value, place in zip(cells[name], at.tolist(), strict=True):
                if part.keep == "last" or place not in column:
                    column[place] = value
        return []
    asked = {name: (cells[name].tolist(), NumberForm(name, groups=mapping.groups)) for name in wanted}
    numbers, readings = read_columns(asked, mapping.decimal)
    for name in wanted:
        column, values, bad = found.setdefault(name, {}), numbers[name].values, numbers[name].bad
        for row, place in enumerate(at.tolist()):
            _add(column, place, str(cells[name].iloc[row]) if row in bad else float(np.nan_to_num(values[row])))
    return readings


def _add(column: dict[int, Any], place: int, value: float | str) -> None:
    """Add to a heat's sum; what cannot be read stands in its place, whatever else comes."""
    before = column.get(place, 0.0)
    if isinstance(before, float):
        column[place] = value if isinstance(value, str) else before + value


def _place(number: str, places: dict[str, int]) -> int:
    """The place of a heat's number, -1 where there is none."""
    return places.get(number, places.get(number.lstrip("0"), -1)) if number else -1
