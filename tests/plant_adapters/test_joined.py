"""Records in several tables and in long format: lifts added up, samples picked, strays set aside."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plant_adapters.mapping.mapping import Mapping
from plant_adapters.reading.quarantine import Reason
from plant_adapters.sources.protocol import HeatBatch
from plant_adapters.sources.table import TableAdapter
from steel.elements import Element
from steel.errors import InputError

HEATS = """heat;tapped at;grade;tapped_t
00121;2026-03-01 06:10;B500B;98,4
00122;2026-03-01 07:05;B500B;99,1
00123;2026-03-01 08:02;S235JR;97,6
"""
LIFTS = """heat;basket;code;kg
121;1;SHR;31200
121;1;HMS;18400
121;2;SHR;29900
121;2;HMS;31000
122;1;SHR;60000
122;2;HMS;52000
122;2;HMS;-1500
123;1;SHR;55000
123;2;HMS;54000
999;1;SHR;1000
"""
SAMPLES = """heat;sample;place;element;result
121;1;bath;Cu;0,31
121;2;final;Cu;0,29
121;2;final;Mn;0,71
122;1;final;Cu;0,24
122;1;final;Mn;0,66
122;1;final;Sn;<0,005
123;2;final;Cu;0,22
123;1;final;Cu;0,35
123;1;final;Mn;0,55
"""
SAID: dict[str, Any] = {
    "name": "works",
    "heat_id": "heat",
    "tapped_at": "tapped at",
    "grade": "grade",
    "tapped": {"column": "tapped_t", "unit": "t"},
    "analysis": {"elements": ["Cu", "Mn", "Sn"]},
    "materials": {
        "pattern": "{code}", "unit": "kg", "max_per_heat": 120_000,
        "codes": {"SHR": {"class": "E40"}, "HMS": {"class": "E3"}},
    },
    "tables": [
        {"file": "lifts*.csv", "heat_id": "heat", "material": "code", "mass": "kg"},
        {"file": "samples.csv", "heat_id": "heat", "element": "element", "value": "result", "order": "sample",
         "where": {"place": ["final"]}},
    ],
}  # fmt: skip


def read(folder: Path, files: dict[str, str], **changes: Any) -> HeatBatch:
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return TableAdapter(folder / "heats.csv", Mapping.model_validate({**SAID, **changes})).read_heats()


USUAL = {"heats.csv": HEATS, "lifts.csv": LIFTS, "samples.csv": SAMPLES}


def test_lifts_are_added_up_and_the_last_final_sample_counts(tmp_path: Path) -> None:
    batch = read(tmp_path, USUAL)
    log = batch.log
    assert log.heat_ids.tolist() == ["00121", "00122", "00123"]
    masses = dict(zip(log.materials, log.charged_t.T.tolist(), strict=True))
    assert masses["SHR"] == pytest.approx([61.1, 60.0, 55.0])
    assert masses["HMS"] == pytest.approx([49.4, 50.5, 54.0])
    analysis = dict(zip(log.elements, log.analysis_wt_pct.T.tolist(), strict=True))
    assert analysis[Element.CU] == pytest.approx([0.29, 0.24, 0.22])
    assert analysis[Element.MN] == pytest.approx([0.71, 0.66, 0.55])
    assert np.isnan(analysis[Element.SN][0])
    assert analysis[Element.SN][1] == pytest.approx(0.0025)
    assert log.tapped_t.tolist() == pytest.approx([98.4, 99.1, 97.6])
    report = batch.report
    assert (report.rows_read, report.rows_valid, report.joined_rows) == (3, 3, 19)
    (stray,) = report.strays
    assert (stray.row, stray.heat_id, stray.reason) == (11, "999", Reason.UNKNOWN_HEAT)
    assert "1000" in stray.value
    assert "heats.csv" in stray.expected


def test_one_long_table_alone_is_a_row_a_heat(tmp_path: Path) -> None:
    rows = ["heat;tapped_t;Cu;code;kg"]
    rows += [f"{heat};98;0,2{heat};{code};{kg}" for heat in (1, 2) for code, kg in (("SHR", 50_000), ("HMS", 60_000))]
    batch = read(
        tmp_path, {"heats.csv": "\n".join(rows)}, tapped_at=None, grade=None, analysis={"elements": ["Cu"]},
        tables=[{"heat_id": "heat", "material": "code", "mass": "kg"}],
    )  # fmt: skip
    assert batch.log.heat_ids.tolist() == ["1", "2"]
    assert batch.log.charged_t.sum(axis=1).tolist() == pytest.approx([110.0, 110.0])
    assert batch.log.analysis_wt_pct[:, 0].tolist() == pytest.approx([0.21, 0.22])
    assert batch.report.strays == ()


def test_a_mass_that_cannot_be_read_sets_its_heat_aside_with_the_value(tmp_path: Path) -> None:
    batch = read(tmp_path, {**USUAL, "lifts.csv": LIFTS.replace("60000", "sixty")})
    assert batch.log.heat_ids.tolist() == ["00121", "00123"]
    (rejection,) = batch.report.rejections
    assert (rejection.heat_id, rejection.reason, rejection.value) == ("00122", Reason.UNREADABLE_VALUE, "sixty")


def test_a_code_that_nobody_mapped_sets_its_heat_aside(tmp_path: Path) -> None:
    heats = {**USUAL, "lifts.csv": LIFTS.replace("122;1;SHR", "122;1;XYZ")}
    batch = read(tmp_path, heats, materials={**SAID["materials"], "pattern": "m_{code}"})
    (rejection,) = batch.report.rejections
    assert (rejection.heat_id, rejection.reason) == ("00122", Reason.UNKNOWN_MATERIAL)
    assert "XYZ" in rejection.column


def test_several_files_of_a_part_are_one(tmp_path: Path) -> None:
    head, *rows = LIFTS.splitlines()
    parts = {"lifts-1.csv": "\n".join([head, *rows[:4]]), "lifts-2.csv": "\n".join([head, *rows[4:]])}
    batch = read(tmp_path, {"heats.csv": HEATS, "samples.csv": SAMPLES, **parts})
    assert batch.log.charged_t.sum() == pytest.approx(61.1 + 60.0 + 55.0 + 49.4 + 50.5 + 54.0)


def test_sheets_of_a_workbook_and_energies_of_several_burns(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "record.xlsx") as book:
        pd.DataFrame({"heat": [121, 122], "tapped_t": [98.0, 99.0], "Cu": [0.3, 0.2]}).to_excel(
            book, sheet_name="Heats", index=False
        )
        pd.DataFrame(
            {"heat": [121, 121, 122], "code": ["SHR", "SHR", "HMS"], "kg": [60_000, 50_000, 110_000]}
        ).to_excel(book, sheet_name="Lifts", index=False)
        pd.DataFrame({"heat": [121, 121, 122], "kWh": [21_000, 20_500.5, 40_000]}).to_excel(
            book, sheet_name="Burns", index=False
        )
    said = {
        **SAID, "tapped_at": None, "grade": None, "sheet": "Heats", "analysis": {"elements": ["Cu"]},
        "energy": {"column": "kWh", "unit": "kWh", "per": "heat"},
        "tables": [
            {"sheet": "Lifts", "heat_id": "heat", "material": "code", "mass": "kg"},
            {"sheet": "Burns", "heat_id": "heat", "keep": "sum"},
        ],
    }  # fmt: skip
    batch = TableAdapter(tmp_path / "record.xlsx", Mapping.model_validate(said)).read_heats()
    assert batch.log.charged_t.sum(axis=1).tolist() == pytest.approx([110.0, 110.0])
    assert batch.log.energy_kwh_per_t.tolist() == pytest.approx([41_500.5 / 98.0, 40_000 / 99.0])


def test_masses_in_another_unit_than_the_materials(tmp_path: Path) -> None:
    tonnes = "heat;code;t\n121;SHR;98,5\n122;SHR;101,25\n123;HMS;99\n"
    lifts = [{"file": "lifts.csv", "heat_id": "heat", "material": "code", "mass": "t", "unit": "t"}]
    batch = read(
        tmp_path, {**USUAL, "lifts.csv": tonnes}, tables=[*lifts, SAID["tables"][1]],
    )  # fmt: skip
    assert batch.log.charged_t.sum(axis=1).tolist() == pytest.approx([98.5, 101.25, 99.0])


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ([{"file": "nothing.csv", "heat_id": "heat"}], "a file beside heats.csv"),
        ([{"file": "lifts.csv", "heat_id": "charge", "material": "code", "mass": "kg"}], "charge"),
        ([{"file": "lifts.csv", "heat_id": "heat", "material": "code", "mass": "kg"}] * 2, "each in one of them"),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, tables: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, USUAL, tables=tables)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"heat_id": "heat", "material": "code"}, "come together"),
        ({"heat_id": "heat", "material": "a", "mass": "b", "element": "c", "value": "d"}, "not of both"),
        ({"heat_id": "heat", "element": "c", "value": "d", "keep": "sum"}, "not added up"),
        ({"heat_id": "heat", "file": "../else.csv"}, "without a folder"),
        ({"heat_id": "heat", "matrial": "code"}, "matrial"),
    ],
)
def test_a_part_that_says_two_things_is_refused(part: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Mapping.model_validate({**SAID, "tables": [part]})
