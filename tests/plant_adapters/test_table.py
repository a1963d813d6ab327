from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plant_adapters.mapping.mapping import Mapping, read_mapping
from plant_adapters.reading.quarantine import Reason
from plant_adapters.sources.protocol import HeatBatch
from plant_adapters.sources.table import TableAdapter
from steel.elements import Element
from steel.errors import InputError

MAPPING = """
name = "works"
separator = ";"
decimal = ","
timezone = "Europe/Berlin"
heat_id = "Charge"
tapped_at = "Abstich"
grade = "Guete"
tapped = { column = "Gewicht", unit = "kg" }
energy = { column = "Strom", unit = "MWh", per = "heat" }

[process]
oxygen_nm3_per_t = { column = "O2", unit = "Nm3", per = "heat" }
tap_temperature_c = { column = "T", unit = "degC" }

[analysis]
pattern = "{element}_ppm"
unit = "ppm"
elements = ["Cu", "Sn"]

[materials]
pattern = "M{code}"
unit = "kg"
max_per_heat = 90000

[materials.codes]
100 = { class = "E40", name = "Shredder" }
200 = { class = "lime" }
"""
HEADER = "Charge;Abstich;Guete;Gewicht;Strom;O2;T;cu_ppm;sn_ppm;M100;M200"
GOOD = "A1;2024-07-01 12:00;B500B;95.000,0;36,1;3.200;1.625;2.500;120;100.000,5;3.000"


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    path = tmp_path / "works.toml"
    path.write_text(MAPPING, "utf-8")
    return read_mapping(str(path))


def read(tmp_path: Path, mapping: Mapping, *rows: str, header: str = HEADER) -> HeatBatch:
    path = tmp_path / "heats.csv"
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    # 100 t of shredder in one heat is more than this mapping believes.
    wide = mapping.model_copy(update={"materials": mapping.materials.model_copy(update={"max_per_heat": 150000.0})})
    return TableAdapter(path, wide).read_heats()


def test_german_numbers_units_and_times_become_the_vocabularys(tmp_path: Path, mapping: Mapping) -> None:
    log = read(tmp_path, mapping, GOOD).log
    assert log.heat_ids.tolist() == ["A1"]
    assert str(log.tapped_at[0]) == "2024-07-01T10:00:00"
    assert log.tapped_t[0] == 95.0
    assert log.energy_kwh_per_t[0] == pytest.approx(36100 / 95)
    assert log.process["oxygen_nm3_per_t"][0] == pytest.approx(3200 / 95)
    assert log.process["tap_temperature_c"][0] == 1625
    assert log.elements == (Element.CU, Element.SN)
    assert log.analysis_wt_pct[0] == pytest.approx([0.25, 0.012])
    assert dict(zip(log.materials, log.charged_t[0], strict=True)) == {"Shredder": pytest.approx(100.0005), "200": 3.0}


def test_heats_come_in_the_order_they_were_tapped(tmp_path: Path, mapping: Mapping) -> None:
    later = GOOD.replace("A1", "A2").replace("12:00", "13:00").replace("120", "130")
    assert read(tmp_path, mapping, later, GOOD).log.heat_ids.tolist() == ["A1", "A2"]


@pytest.mark.parametrize("ending", [".xlsx", ".parquet"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_excel_and_parquet_say_the_same_as_csv(tmp_path: Path, mapping: Mapping, ending: str, decimal: str) -> None:
    plain = mapping.model_copy(
        update={"decimal": decimal, "materials": mapping.materials.model_copy(update={"max_per_heat": 150000.0})}
    )
    row = ["A1", "2024-07-01 12:00", "B500B", 95000.0, 36.1, 3200, 1625, 2500, 120, 100000.5, 3000]
    table = pd.DataFrame([row], columns=HEADER.split(";"))
    path = tmp_path / f"heats{ending}"
    if ending == ".xlsx":
        table.to_excel(path, index=False)
    else:
        table.to_parquet(path)
    found = TableAdapter(path, plain).read_heats().log
    wanted = read(tmp_path, mapping, GOOD).log
    assert np.allclose(found.charged_t, wanted.charged_t)
    assert np.allclose(found.analysis_wt_pct, wanted.analysis_wt_pct)
    assert found.tapped_at[0] == wanted.tapped_at[0]


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        (GOOD.replace("A1", "A2").replace(";3.000", ";-3.000"), Reason.NEGATIVE_WEIGHT, "M200"),
        (GOOD.replace("A1", "A2").replace("100.000,5", "900.000"), Reason.ABSURD_WEIGHT, "M100"),
        (GOOD.replace("A1", "A2").replace("2.500;120", ";"), Reason.MISSING_ANALYSIS, "cu_ppm"),
        (GOOD.replace("A1", "A2").replace("100.000,5", "10.00.0"), Reason.UNREADABLE_VALUE, "M100"),
        (GOOD.replace("A1", "A2").replace("100.000,5", "####"), Reason.UNREADABLE_VALUE, "M100"),
        (GOOD.replace("A1", "A2").replace("95.000,0", "9.500,0"), Reason.IMPLAUSIBLE_HEAT, "Gewicht"),
        (GOOD.replace("A1", "A2").replace("100.000,5;3.000", "0;"), Reason.NOTHING_CHARGED, "Charge"),
        (GOOD.replace("A1", "Mittelwert"), Reason.SUMMARY_ROW, "Charge"),
        (GOOD.replace("36,1", "36,2"), Reason.DUPLICATE_HEAT, "Charge"),
        (GOOD.replace("A1", "A2"), Reason.DUPLICATE_HEAT, "Charge"),
        (GOOD.replace("A1", ""), Reason.NO_HEAT_ID, "Charge"),
    ],
)
def test_a_wrong_row_is_set_aside_with_its_reason_and_the_rest_goes_on(
    tmp_path: Path, mapping: Mapping, row: str, reason: Reason, column: str
) -> None:
    batch = read(tmp_path, mapping, GOOD, row, GOOD.replace("A1", "A9").replace("120", "130"))
    assert batch.log.heat_ids.tolist() == ["A1", "A9"]
    assert batch.report.rows_read == 3
    assert batch.report.rows_quarantined == 1
    found = [r for r in batch.report.rejections if r.reason is reason]
    assert [(r.row, r.column) for r in found] == [(3, column)]
    assert batch.report.raw[3]["M200"] == row.rsplit(";", maxsplit=1)[-1]


@pytest.mark.parametrize(
    ("cell", "instead", "reason"),
    [
        ("36,1", "viel", Reason.UNREADABLE_VALUE),
        ("36,1", "36.1", Reason.UNREADABLE_VALUE),
        ("1.625", "25", Reason.IMPLAUSIBLE_VALUE),
        ("2.500", "2.500.000", Reason.IMPLAUSIBLE_VALUE),
        ("2024-07-01 12:00", "2024-02-30 12:00", Reason.IMPLAUSIBLE_VALUE),
        ("2024-07-01 12:00", "9999-07-01 12:00", Reason.IMPLAUSIBLE_VALUE),
    ],
)
def test_a_wrong_cell_costs_that_cell_and_not_its_heat(
    tmp_path: Path, mapping: Mapping, cell: str, instead: str, reason: Reason
) -> None:
    batch = read(tmp_path, mapping, GOOD, GOOD.replace("A1", "A2").replace("120", "130").replace(cell, instead))
    assert batch.log.heat_ids.tolist() == ["A1", "A2"]
    assert [(r.row, r.reason, r.value) for r in batch.report.cells] == [(3, reason, instead)]


def test_a_negative_booking_is_kept_as_a_correction(tmp_path: Path, mapping: Mapping) -> None:
    report = read(tmp_path, mapping, GOOD, GOOD.replace("A1", "A2").replace(";3.000", ";-3.000")).report
    assert [(c.heat_id, c.material, c.mass_t) for c in report.corrections] == [("A2", "200", -3.0)]


def test_an_unmapped_material_is_named_only_where_it_was_used(tmp_path: Path, mapping: Mapping) -> None:
    header = HEADER + ";M300"
    batch = read(tmp_path, mapping, GOOD + ";0", GOOD.replace("A1", "A2").replace("120", "130") + ";50", header=header)
    assert batch.log.heat_ids.tolist() == ["A1"]
    assert [(r.reason, r.column) for r in batch.report.rejections] == [(Reason.UNKNOWN_MATERIAL, "M300")]


def test_a_missing_column_is_a_clear_error(tmp_path: Path, mapping: Mapping) -> None:
    with pytest.raises(InputError, match="Strom"):
        read(tmp_path, mapping, GOOD, header=HEADER.replace("Strom", "Energie"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('class = "E40"', 'class = "E99"', "E99"),
        ("Europe/Berlin", "Europe/Atlantis", "IANA"),
        ('unit = "MWh"', 'unit = "parsec"', "kWh"),
        ('unit = "kg" }', 'unit = "mt" }', "one of t, tonne"),
        ("heat_id", "heat_no", "heat_id"),
        ('name = "Shredder"', 'nmae = "Shredder"', "did you mean 'name'"),
        ('{ class = "lime" }', '{ class = "lime", name = "SHREDDER" }', "named twice"),
        ('pattern = "M{code}"', 'pattern = "M"', "in one place"),
        ("tap_temperature_c", "tap_mood", "tap_mood"),
        ('"Cu", "Sn"', '"Cu", "Xx"', "Xx"),
    ],
)
def test_a_wrong_mapping_names_the_wrong_value(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "works.toml"
    path.write_text(MAPPING.replace(old, new), "utf-8")
    with pytest.raises(InputError, match=message):
        read(tmp_path, read_mapping(str(path)), GOOD)


def test_unknown_files_and_mappings_say_what_would_do(tmp_path: Path, mapping: Mapping) -> None:
    with pytest.raises(InputError, match="dsp120_eaf"):
        read_mapping("nothing")
    with pytest.raises(InputError, match="csv"):
        TableAdapter(tmp_path / "heats.doc", mapping).read_heats()
    with pytest.raises(InputError, match="readable"):
        TableAdapter(tmp_path / "absent.csv", mapping).read_heats()
