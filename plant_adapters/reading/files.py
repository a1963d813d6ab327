"""A file as tables of cells: whole, or a block of rows after the other, so that a long one takes no more memory."""

import csv
import itertools
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException
from pyarrow.parquet import ParquetFile

from plant_adapters.reading import sheets, text_rows
from plant_adapters.reading.headers import HEADER_WITHIN, Header, find_header
from plant_adapters.reading.table import Line, Table, TableFormat, Wanted, as_name, stripped
from plant_adapters.reading.text_rows import TextRows
from steel.errors import InputError

MOST_ROWS = 120_000
"""Rows of a file that is read whole; ten years of a melt shop."""
BLOCK_ROWS = 25_000
"""Rows of a long file that are read at a time."""
PARQUET = ".parquet"


def read_table(path: Path, form: TableFormat, wanted: Wanted) -> Table:
    """Read a file's cells, all at once.

    Args:
        path: CSV or other separated text, packed or not, a workbook, or Parquet.
        form: what is stated of it.
        wanted: whether these column names are those of the header.

    Raises:
        InputError: it is no table that can be read, is too long, or no line of it is the header.
    """
    return next(_blocks(path, form, wanted, None))


def read_blocks(path: Path, form: TableFormat, wanted: Wanted) -> Iterator[Table]:
    """Read a file's cells, a block of rows after the other; at least one.

    Raises:
        InputError: as `read_table`; text and Parquet may be of any length.
    """
    return _blocks(path, form, wanted, BLOCK_ROWS)


def is_long(path: Path, form: TableFormat, wanted: Wanted) -> bool:
    """Whether a file has more rows than are read at a time.

    Raises:
        InputError: it is no table that can be read.
    """
    with _told(path):
        if path.suffix.lower() == PARQUET:
            return int(ParquetFile(path).metadata.num_rows) > BLOCK_ROWS
        return text_rows.is_text(path) and TextRows(path, form, wanted).rows > BLOCK_ROWS


class _told:  # noqa: N801  (reads as a word)
    """What a library raises, as what is wrong with a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        wrong = (OSError, ValueError, KeyError, csv.Error, ParseError, InvalidFileException, zipfile.BadZipFile)
        if isinstance(error, wrong) and not isinstance(error, InputError):
            raise InputError(str(self._path), "table file", f"a readable table ({error})") from error


def _blocks(path: Path, form: TableFormat, wanted: Wanted, rows: int | None) -> Iterator[Table]:
    ending = path.suffix.lower()
    known = (*text_rows.ENDINGS, *sheets.EXCEL, *sheets.OTHERS, PARQUET)
    if not text_rows.is_text(path) and ending not in known:
        expected = f"one that ends in {', '.join(known)}, or in .csv{text_rows.PACKED}"
        raise InputError(path.name, "table file", expected)
    with _told(path):
        if ending == PARQUET:
            yield from _parquet(path, rows)
            return
        lines: Iterable[Line]
        if text_rows.is_text(path):
            lines = text = TextRows(path, form, wanted)
            if rows is None:
                _check_rows(text.rows, path)
        else:
            lines = written = sheets.workbook_lines(path, form)
            _check_rows(len(written), path)
        header = find_header(lines, form, wanted, path.name)
        yield _table(header, itertools.islice(header.rest, rows), path)
        while rows is not None and (more := list(itertools.islice(header.rest, rows))):
            yield _table(header, more, path)


def _parquet(path: Path, rows: int | None) -> Iterator[Table]:
    file = ParquetFile(path)
    if rows is None:
        _check_rows(file.metadata.num_rows, path)
    first = 2
    for batch in file.iter_batches(batch_size=rows or max(1, file.metadata.num_rows)):
        table = batch.to_pandas().astype(object)
        table = table.where(table.notna(), "")
        names = [as_name(name) for name in table.columns]
        table.columns = pd.Index(names)
        doubled = tuple(name for name, count in Counter(names).items() if count > 1)
        table.index = pd.RangeIndex(first, first + len(table))
        yield Table(table.drop(columns=list(doubled)).map(stripped), doubled=doubled)
        first += len(table)
    if first == 2:
        yield Table(pd.DataFrame(columns=[as_name(name) for name in file.schema_arrow.names], dtype=object))


def _check_rows(rows: int, path: Path) -> None:
    if rows > MOST_ROWS + HEADER_WITHIN:
        expected = f"at most {MOST_ROWS:,} rows in a file that is read whole; split it, and read one after the other"
        raise InputError(f"{rows:,} rows", path.name, expected)


def _table(header: Header, lines: Iterable[Line], path: Path) -> Table:
    """Lines as a table under their header."""
    width, doubled = len(header.names), header.doubled
    keep = [at for at, name in enumerate(header.names) if name and name not in doubled]
    columns: list[list[Any]] = [[] for _ in header.names]
    index: list[int] = []
    misfits: dict[int, str] = {}
    known: dict[str, str] = {}
    # A line of text that ends before its columns do was cut off; a workbook leaves out cells that are empty.
    fewest = width if text_rows.is_text(path) else 0
    for number, written in lines:
        cells = [stripped(cell) for cell in written]
        if len(cells) < fewest or any(cell != "" for cell in cells[width:]):
            misfits[number] = " | ".join(str(cell) for cell in cells)
            continue
        index.append(number)
        for at in keep:
            cell = cells[at] if at < len(cells) else ""
            # The same text a thousand times over is kept once.
            columns[at].append(known.setdefault(cell, cell) if isinstance(cell, str) else cell)
    table = pd.DataFrame({header.names[at]: columns[at] for at in keep}, index=index, dtype=object)
    return Table(table, misfits, doubled, header.row, header.units)
