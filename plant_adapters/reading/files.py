"""A file as a table of cells: where its header stands, what a line too many cells long is, what names stand twice."""

import csv
import io
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from xml.etree.ElementTree import ParseError

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException
from pyarrow.parquet import ParquetFile
from pydantic import Field

from plant_adapters.reading.cells import Decimal
from plant_adapters.reading.times import DateOrder
from steel.errors import InputError
from steel.frozen import Frozen

SEPARATORS = ",;\t|"
HEADER_WITHIN = 30
"""Lines in which a header is looked for."""
MOST_UNPACKED_BYTES = 100_000_000
"""A workbook that unpacks to more is refused unread."""
MOST_ROWS = 120_000
"""Rows of a file; ten years of a melt shop. A longer one is refused unread: it would fill the memory."""
TEXT, WORKBOOK = (".csv", ".txt", ".tsv"), (".xlsx", ".xlsm")
Line = tuple[int, list[Any]]


class TableFormat(Frozen):
    """How a file writes its rows, whatever they mean; what is not stated is found out from the file.

    Attributes:
        separator: between cells of a text file.
        decimal: the decimal sign of text; each column's cells tell where it is not stated.
        thousands: the one sign that sets three digits apart; any but the decimal sign unless stated, "" for none.
        date_order: DMY, MDY or YMD; each column's cells tell where it is not stated.
        encoding: of a text file; UTF-8, or else Western European, unless stated.
        sheet: of a workbook; the first unless stated.
        header_row: line that names the columns; the first that names those of the mapping unless stated.
    """

    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    decimal: Decimal | None = None
    thousands: Annotated[str, Field(max_length=1)] | None = None
    date_order: DateOrder | None = None
    encoding: str | None = None
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None

    @property
    def groups(self) -> str:
        """Signs that may set three digits apart."""
        if self.thousands is None:
            return ".,' "
        return " " if self.thousands in ("\u00a0", "\u202f") else "'" if self.thousands == "’" else self.thousands


@dataclass(frozen=True)
class Table:
    """A file's cells.

    Attributes:
        cells: by column name; its index is the line in the file. Text is stripped, a typed cell is as it was.
        misfits: by line, a row whose cells are more or fewer than the columns, as text.
        doubled: names that head more than one column; none of them is among the cells.
        header_row: line of the header.
    """

    cells: pd.DataFrame
    misfits: dict[int, str] = field(default_factory=dict)
    doubled: tuple[str, ...] = ()
    header_row: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that stand once."""
        return tuple(self.cells.columns)

    def as_sent(self, line: int) -> dict[str, str]:
        """A line's cells as text, by column; a misfit's all together."""
        if line in self.misfits:
            return {"cells": self.misfits[line]}
        return {str(name): str(cell) for name, cell in self.cells.loc[line].items()}


def as_name(text: object) -> str:
    """A column's name in one spelling: composed, without blanks about it, blanks in it plain."""
    plain = unicodedata.normalize("NFC", str(text)).replace("\ufeff", "").replace("\u00a0", " ")
    return " ".join(plain.split())


def read_table(path: Path, form: TableFormat, wanted: Callable[[tuple[str, ...]], bool]) -> Table:
    """Read a file's cells.

    Args:
        path: CSV or other separated text, Excel workbook, or Parquet.
        form: what is stated of it.
        wanted: whether these column names are those of the header.

    Raises:
        InputError: it is no table that can be read, or no line of it is the header.
    """
    ending = path.suffix.lower()
    known = (*TEXT, *WORKBOOK, ".parquet")
    if ending not in known:
        raise InputError(path.name, "table file", f"one that ends in {', '.join(known)}")
    try:
        if ending == ".parquet":
            return _parquet(path)
        lines = _workbook(path, form) if ending in WORKBOOK else _text(path, form, wanted)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, csv.Error, ParseError, InvalidFileException, zipfile.BadZipFile) as error:
        raise InputError(str(path), "table file", f"a readable table ({error})") from error
    return _headed(lines, form, wanted, path.name)


def _parquet(path: Path) -> Table:
    _check_rows(ParquetFile(path).metadata.num_rows, path)
    table = pd.read_parquet(path).astype(object)
    table = table.where(table.notna(), "")
    names = [as_name(name) for name in table.columns]
    table.columns = pd.Index(names)
    doubled = tuple(name for name, count in Counter(names).items() if count > 1)
    table.index = pd.RangeIndex(2, len(table) + 2)
    return Table(table.drop(columns=list(doubled)).map(_stripped), doubled=doubled)


def _check_rows(rows: int, path: Path) -> None:
    if rows > MOST_ROWS + HEADER_WITHIN:
        expected = f"at most {MOST_ROWS:,} rows in a file; split it, and read one part after the other"
        raise InputError(f"{rows:,} rows", path.name, expected)


def _text(path: Path, form: TableFormat, wanted: Callable[[tuple[str, ...]], bool]) -> list[Line]:
    with path.open("rb") as file:
        _check_rows(sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b"")), path)
    text = _decoded(path.read_bytes(), form.encoding)
    if not text.strip():
        raise InputError(path.name, "table file", "a header and rows; the file is empty")
    stated = form.separator
    skipped = 0
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        stated, text, skipped = stated or first.strip()[4], rest, 1
    tried = [stated] if stated else [s for s in SEPARATORS if s in text] or [","]
    split = {separator: _split(text, separator, skipped) for separator in tried}
    for separator in tried:
        lines = split[separator][:HEADER_WITHIN]
        if any(wanted(tuple(as_name(cell) for cell in cells)) for _, cells in lines):
            return split[separator]
    return max(split.values(), key=lambda lines: len(lines[0][1]) if lines else 0)


def _split(text: str, separator: str, skipped: int) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found: list[Line] = []
    start = skipped
    for cells in reader:
        if any(cell.strip() for cell in cells):
            found.append((start + 1, cells))
        start = skipped + reader.line_num
    return found


def _decoded(raw: bytes, encoding: str | None) -> str:
    if encoding is not None:
        try:
            return raw.decode("utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding).lstrip("\ufeff")
        except LookupError:
            raise InputError(encoding, "encoding", "one that Python knows, such as utf-8 or cp1252") from None
        except UnicodeDecodeError as error:
            raise InputError(encoding, "encoding", f"the file's own; byte {error.start} is none of it") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _workbook(path: Path, form: TableFormat) -> list[Line]:
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(part.file_size for part in packed.infolist())
    if unpacked > MOST_UNPACKED_BYTES:
        most = f"a workbook of at most {MOST_UNPACKED_BYTES // 1_000_000} MB unpacked"
        raise InputError(f"{unpacked // 1_000_000} MB", path.name, f"{most}; export the sheet as CSV")
    values, formulas = _sheet(path, form, data_only=True), _sheet(path, form, data_only=False)
    lines = []
    for number, (cells, written) in enumerate(zip(values, formulas, strict=True), start=1):
        # A formula that no spreadsheet has worked out yet has no value; as text it is set aside, never taken as empty.
        row = [text if cell is None and _is_formula(text) else cell for cell, text in zip(cells, written, strict=True)]
        if any(cell is not None and cell != "" for cell in row):
            lines.append((number, row))
    return lines


def _sheet(path: Path, form: TableFormat, data_only: bool) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=data_only)
    try:
        if form.sheet is not None and form.sheet not in book.sheetnames:
            raise InputError(form.sheet, f"sheet of {path.name}", f"one of {', '.join(book.sheetnames)}")
        sheet = book[form.sheet] if form.sheet is not None else book[book.sheetnames[0]]
        return list(sheet.iter_rows(values_only=True))
    finally:
        book.close()


def _is_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith("=")


def _headed(lines: list[Line], form: TableFormat, wanted: Callable[[tuple[str, ...]], bool], file: str) -> Table:
    """Lines as a table under their header."""
    at = _header_at(lines, form, wanted, file)
    header_row, heads = lines[at]
    names = [as_name("" if head is None else head) for head in heads]
    while names and not names[-1]:
        names.pop()
    rows: list[list[Any]] = []
    index: list[int] = []
    misfits: dict[int, str] = {}
    # A line of text that ends before its columns do was cut off; a workbook leaves out cells that are empty.
    fewest = len(names) if file.lower().endswith(TEXT) else 0
    for number, written in lines[at + 1 :]:
        cells = [_stripped(cell) for cell in written]
        if len(cells) < fewest or any(cell != "" for cell in cells[len(names) :]):
            misfits[number] = " | ".join(str(cell) for cell in cells)
            continue
        rows.append([*cells, *[""] * (len(names) - len(cells))][: len(names)])
        index.append(number)
    counted = Counter(name for name in names if name)
    doubled = tuple(name for name, count in counted.items() if count > 1)
    keep = [position for position, name in enumerate(names) if name and name not in doubled]
    table = pd.DataFrame({names[at]: [row[at] for row in rows] for at in keep}, index=index, dtype=object)
    return Table(table, misfits, doubled, header_row)


def _header_at(lines: list[Line], form: TableFormat, wanted: Callable[[tuple[str, ...]], bool], file: str) -> int:
    numbers = [number for number, _ in lines]
    if form.header_row is not None:
        if form.header_row not in numbers:
            raise InputError(form.header_row, f"header_row of {file}", f"a line up to {max(numbers, default=0)}")
        return numbers.index(form.header_row)
    for position, (_, cells) in enumerate(lines[:HEADER_WITHIN]):
        if wanted(tuple(as_name("" if cell is None else cell) for cell in cells)):
            return position
    if not lines:
        raise InputError(file, "table file", "a header and rows; there is nothing in it")
    return 0


def _stripped(cell: Any) -> Any:
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    return cell.strip() if isinstance(cell, str) else cell


def once(names: Iterable[str], table: Table, where: str) -> None:
    """Check that columns stand in a table, each once.

    Raises:
        InputError: some stand twice, or not at all; the message names them.
    """
    asked = list(dict.fromkeys(names))
    twice = [name for name in asked if name in table.doubled]
    if twice:
        raise InputError(twice, f"columns of {where}", "each name over one column; rename the others")
    missing = [name for name in asked if name not in table.columns]
    if missing:
        raise InputError(missing, f"columns of {where}", f"columns among {', '.join(table.columns)}")
