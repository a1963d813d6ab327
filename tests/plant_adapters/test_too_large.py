"""Files that would fill the memory: refused unread."""

import resource
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from plant_adapters.reading.files import read_table
from plant_adapters.reading.table import TableFormat
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


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_of_a_million_rows_is_refused_unread(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"heats.{ending}"
    if ending == "csv":
        path.write_text("heat,Cu\n" + "H1,0.2\n" * 1_000_000, "utf-8")
    else:
        pd.DataFrame({"heat": ["H1"] * 1_000_000, "Cu": 0.2}).to_parquet(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="rows in a file that is read whole; split it"):
        read_table(path, TableFormat(), lambda names: True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
