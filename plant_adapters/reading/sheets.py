"""Workbooks as lines of cells: Excel's of today and of long ago, and OpenDocument's."""

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
from python_calamine import CalamineError, CalamineWorkbook

from plant_adapters.reading.table import Line, TableFormat
from steel.errors import InputError

MOST_UNPACKED_BYTES = 100_000_000
"""A workbook that unpacks to more is refused unread."""
EXCEL, OTHERS = (".xlsx", ".xlsm"), (".xls", ".xlsb", ".ods")


def workbook_lines(path: Path, form: TableFormat) -> list[Line]:
    """Lines of a sheet that are not empty.

    Raises:
        InputError: there is no such sheet, or it unpacks to too much, or it is none.
    """
    if path.suffix.lower() != ".xls":
        _check_unpacked(path)
    if path.suffix.lower() in OTHERS:
        rows = _calamine(path, form)
    else:
        values, formulas = _excel(path, form, data_only=True), _excel(path, form, data_only=False)
        # A formula that no spreadsheet has worked out yet has no value; as text it is set aside, never taken as empty.
        rows = [
            [text if cell is None and _is_formula(text) else cell for cell, text in zip(cells, written, strict=True)]
            for cells, written in zip(values, formulas, strict=True)
        ]
    return [
        (number, row)
        for number, row in enumerate(rows, start=1)
        if any(cell is not None and cell != "" for cell in row)
    ]


def _check_unpacked(path: Path) -> None:
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(part.file_size for part in packed.infolist())
    if unpacked > MOST_UNPACKED_BYTES:
        most = f"a workbook of at most {MOST_UNPACKED_BYTES // 1_000_000} MB unpacked"
        raise InputError(f"{unpacked // 1_000_000} MB", path.name, f"{most}; export the sheet as CSV")


def _calamine(path: Path, form: TableFormat) -> list[list[Any]]:
    try:
        book = CalamineWorkbook.from_path(path)
        name = _sheet(path, form, book.sheet_names)
        sheet = book.get_sheet_by_name(name)
        empty: list[list[Any]] = [[] for _ in range(sheet.start[0])] if sheet.start else []
        return empty + sheet.to_python(skip_empty_area=False)[len(empty) :]
    except CalamineError as error:
        raise InputError(path.name, "table file", f"a readable workbook ({error})") from None


def _excel(path: Path, form: TableFormat, data_only: bool) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=data_only)
    try:
        return list(book[_sheet(path, form, book.sheetnames)].iter_rows(values_only=True))
    finally:
        book.close()


def _sheet(path: Path, form: TableFormat, names: list[str]) -> str:
    if form.sheet is not None and form.sheet not in names:
        raise InputError(form.sheet, f"sheet of {path.name}", f"one of {', '.join(names)}")
    return form.sheet if form.sheet is not None else names[0]


def _is_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith("=")
