"""Files that are no text: workbooks of every age, OpenDocument, Parquet, and what would fill a memory."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import xlwt

HEAD = "heat;at;tapped;Cu;Sn;SHR;HMS"
TYPED = (
    ("1001", datetime(2024, 3, 1, 6, 10), 98.5, 0.31, 0.012, 48000, 60000),
    ("1002", datetime(2024, 3, 1, 7, 0), 97.25, 0.28, 0.010, 50000, 58000),
)


def workbook(*rows: tuple[Any, ...], merged: tuple[str, ...] = ()) -> Callable[[Path], None]:
    """A workbook of these rows."""

    def write(path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.create_sheet("Heats", 0)
        for row in rows:
            sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
        book.save(path)

    return write


def parquet(path: Path) -> None:
    """The usual heats, with types."""
    pd.DataFrame(TYPED, columns=HEAD.split(";")).to_parquet(path)


def opendocument(path: Path) -> None:
    """The usual heats as a spreadsheet of OpenDocument."""

    def cell(value: Any) -> str:
        if isinstance(value, datetime):
            shown = f'office:value-type="date" office:date-value="{value.isoformat()}"'
            return f"<table:table-cell {shown}><text:p>{value}</text:p></table:table-cell>"
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        shown = f'office:value-type="float" office:value="{value}"'
        return f"<table:table-cell {shown}><text:p>{value}</text:p></table:table-cell>"

    lines = [HEAD.split(";"), *TYPED]
    rows = "".join(f"<table:table-row>{''.join(cell(value) for value in row)}</table:table-row>" for row in lines)
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Heats">{rows}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>'
    )
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", kind)
        packed.writestr("content.xml", content)
        packed.writestr("META-INF/manifest.xml", manifest)


def old_excel(path: Path) -> None:
    """The usual heats as Excel wrote them before 2007."""
    book = xlwt.Workbook()
    sheet, dated = book.add_sheet("Heats"), xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM")
    for line, row in enumerate([HEAD.split(";"), *TYPED]):
        for at, value in enumerate(row):
            sheet.write(line, at, value, *([dated] if isinstance(value, datetime) else []))
    book.save(str(path))


def bombed_workbook(path: Path) -> None:
    """A workbook whose sheet unpacks to a thousand times its size."""
    workbook(tuple(HEAD.split(";")), *TYPED)(path)
    whole = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in whole.infolist():
            if part.filename.endswith("sheet1.xml"):
                with packed.open(part.filename, "w") as sheet:
                    for _ in range(300):
                        sheet.write(b"<row><c><v>1</v></c></row>" * 40_000)
            else:
                packed.writestr(part, whole.read(part))


def entities(path: Path) -> None:
    """A workbook whose strings unfold to gigabytes, were they unfolded."""
    workbook(tuple(HEAD.split(";")), *TYPED)(path)
    whole = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    each = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 11))
    with zipfile.ZipFile(path, "w") as packed:
        for part in whole.infolist():
            text = whole.read(part)
            if part.filename.endswith("sheet1.xml"):
                text = text.replace(b"<worksheet", f'<!DOCTYPE w [<!ENTITY e0 "ha">{each}]><worksheet'.encode(), 1)
                text = text.replace(b"</row>", b'<c t="inlineStr"><is><t>&e10;</t></is></c></row>', 1)
            packed.writestr(part, text)
