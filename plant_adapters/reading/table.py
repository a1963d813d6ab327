"""A file's cells as a table, and how a file writes its rows, whatever they mean."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from plant_adapters.reading.cells import Decimal
from plant_adapters.reading.times import DateOrder
from steel.errors import InputError
from steel.frozen import Frozen

Line = tuple[int, list[Any]]
"""A line's number and its cells."""
Wanted = Callable[[tuple[str, ...]], int]
"""How many of these column names are wanted; none where they are no header."""


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
    """A file's cells, or a block of them.

    Attributes:
        cells: by column name; its index is the line in the file. Text is stripped, a typed cell is as it was.
        misfits: by line, a row whose cells are more or fewer than the columns, as text.
        doubled: names that head more than one column; none of them is among the cells.
        header_row: line of the header.
        units: by column, what the header says that it is in.
    """

    cells: pd.DataFrame
    misfits: dict[int, str] = field(default_factory=dict)
    doubled: tuple[str, ...] = ()
    header_row: int = 1
    units: dict[str, str] = field(default_factory=dict)

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
    plain = unicodedata.normalize("NFC", "" if text is None else str(text)).replace("\ufeff", "").replace("\u00a0", " ")
    return " ".join(plain.split())


def as_number(cell: object) -> str:
    """A heat's number, or a code, as a person reads it: 12345.0 of a spreadsheet is 12345."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    text = str(cell).strip()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def stripped(cell: Any) -> Any:
    """A cell without blanks about it; empty text where there is nothing in it."""
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
