"""A workbook that unpacks to far more than it is: refused unread."""

import resource
import zipfile
from pathlib import Path

import openpyxl
import pytest

from plant_adapters.reading.files import TableFormat, read_table
from steel.errors import InputError


def test_a_workbook_that_is_a_bomb_is_refused_and_takes_no_memory(tmp_path: Path) -> None:
    small, bomb = tmp_path / "small.xlsx", tmp_path / "bomb.xlsx"
    book = openpyxl.Workbook()
    book.create_sheet("heats", 0).append(["heat", "Cu"])
    book.save(small)
    with zipfile.ZipFile(small) as whole, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in whole.infolist():
            if part.filename.endswith("sheet1.xml"):
                with packed.open(part.filename, "w") as sheet:
                    for _ in range(1000):
                        sheet.write(b"<row><c><v>1</v></c></row>" * 40_000)
            else:
                packed.writestr(part, whole.read(part))
    assert bomb.stat().st_size < 10_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="MB unpacked"):
        read_table(bomb, TableFormat(), lambda names: True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
