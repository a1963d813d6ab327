"""Numbers, times, units and tables as plants write them: read as they were meant, or refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant_adapters.mapping.mapping import Mapping
from plant_adapters.reading.cells import UnreadableError, read_cell, read_entry
from plant_adapters.reading.numbers import NumberForm, decide_decimals, read_numbers
from plant_adapters.reading.quarantine import Reason
from plant_adapters.reading.times import read_times
from plant_adapters.reading.units import conversion
from plant_adapters.sources.table import TableAdapter
from plant_adapters.store.store import HeatStore
from steel.elements import Element
from steel.errors import InputError
from steel.heats import time_order

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SHARE, MASS = NumberForm("Cu", "wt%", "wt%", groups=""), NumberForm("M100", "kg", "t")


@pytest.mark.parametrize(
    ("cell", "decimal", "value"),
    [
        ("0,312", ",", 0.312), ("120 ppm", ".", 0.012), ("0.312*", ".", 0.312), ("302.35-", ".", -302.35),
        ("−0,5", ",", -0.5), ("1,92E-1", ",", 0.192), ("+.5", ".", 0.5), ("0,19 %", ",", 0.19),
    ],
)  # fmt: skip
def test_a_content_is_what_the_laboratory_meant(cell: str, decimal: str, value: float) -> None:
    assert read_numbers([cell], SHARE, decimal).values[0] == pytest.approx(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "decimal"),
    [("0.02", ","), ("0,312", "."), ("1.234", ","), ("1.2.3", ","), ("0,19,2", ","), ("1 2", "."), ("0x10", "."),
     ("1e999", "."), ("٣", "."), ("3 apples", "."), ("1_000", ".")],
)  # fmt: skip
def test_what_could_be_another_content_is_refused(cell: str, decimal: str) -> None:
    found = read_numbers([cell], SHARE, decimal)  # type: ignore[arg-type]
    assert (list(found.bad), bool(np.isfinite(found.values[0]))) == ([0], False)


@pytest.mark.parametrize(
    ("cell", "decimal", "value_t"),
    [("34.402", ",", 34.402), ("34,402.5", ".", 34.4025), ("38 358", ",", 38.358), ("51'351", ".", 51.351),
     ("1 234 567,8", ",", 1234.5678), ("36879 kg", ".", 36.879), ("36,9 t", ",", 36.9)],
)  # fmt: skip
def test_groups_of_three_are_taken_for_what_they_are(cell: str, decimal: str, value_t: float) -> None:
    assert read_numbers([cell], MASS, decimal).values[0] == pytest.approx(value_t)  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["", "-", "--", "n.a.", "BDL", "NULL", "#N/A", "####", "NaN", "n.n."])
def test_ways_of_saying_nothing_are_nothing(cell: str) -> None:
    found = read_numbers([cell], SHARE, ".")
    assert (found.bad, bool(np.isnan(found.values[0]))) == ({}, True)


def test_a_mass_that_is_lost_or_bounded_is_no_mass() -> None:
    exact = NumberForm("M100", "kg", "t", exact=True)
    assert list(read_numbers(["####", "#N/A", "<5", "-", "12"], exact, ".").bad) == [0, 1, 2]


def test_a_limit_of_detection_is_kept_and_half_of_it_learned() -> None:
    found = read_numbers(["<0.005", "< 50 ppm", ">5", "0.01"], SHARE, ".")
    assert found.below[:2] == pytest.approx([0.005, 0.005])
    assert found.values[:2] == pytest.approx([0.0025, 0.0025])
    assert (found.above, bool(np.isnan(found.values[2])), float(found.values[3])) == ((2,), True, 0.01)


@given(values=st.lists(st.floats(0, 9000, allow_nan=False), min_size=1, max_size=30), comma=st.booleans(),
       group=st.sampled_from(["", ".", ",", " ", "'"]), digits=st.integers(0, 4))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_a_column_written_in_one_convention_is_read_back_or_refused(
    values: list[float], comma: bool, group: str, digits: int
) -> None:
    decimal = "," if comma else "."
    separator = "" if group == decimal else group
    texts = []
    for value in values:
        whole, _, part = f"{value:.{digits}f}".partition(".")
        grouped = f"{int(whole):,}".replace(",", separator)
        texts.append(grouped + (decimal + part if part else ""))
    form = NumberForm("x", groups=".,' ")
    try:
        found = decide_decimals({"x": (texts, form)}, None)["x"]
    except InputError:
        return
    read = read_numbers(texts, form, found)
    for at, value in enumerate(values):
        assert at in read.bad or read.values[at] == pytest.approx(round(value, digits), abs=1e-9), (texts, found)


@given(text=st.text(max_size=12))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_number_or_refused_and_never_another_error(text: str) -> None:
    for read in (lambda: read_entry(text), lambda: read_cell(text, ","), lambda: read_cell(text, ".")):
        try:
            found = read()
        except UnreadableError:
            continue
        assert isinstance(found, float) or found.missing or np.isfinite(found.value)


def test_a_column_that_says_both_or_neither_is_refused_with_its_cells() -> None:
    with pytest.raises(InputError, match=r"0,186.*state `decimal"):
        decide_decimals({"cu": (["0.24", "0,186", "0,2"], SHARE)}, None)
    with pytest.raises(InputError, match=r"34,402.*no other cell tells"):
        decide_decimals({"M100": (["34,402", "51,351"], MASS)}, None)
    both = {"M100": (["34,402"], MASS), "cu": (["0.24"], SHARE)}
    assert decide_decimals(both, None) == {"M100": ".", "cu": "."}
    mostly = [f"0,{number}" for number in range(101, 130)]
    assert decide_decimals({"cu": ([*mostly, "0.24"], SHARE)}, None) == {"cu": ","}


@pytest.mark.parametrize(
    ("unit", "to", "value", "wanted"),
    [
        ("degF", "°C", 2957.0, 1625.0), ("K", "°C", 1898.15, 1625.0), ("mass%", "wt%", 0.2, 0.2),
        ("ppm", "wt%", 80, 0.008), ("lb", "t", 90000, 40.8233133), ("ton", "t", 110, 99.7903214),
        ("s", "min", 2520, 42), ("MWh", "kWh", 45.1, 45100), ("scf", "Nm³", 1000, 26.7928), ("mg/kg", "wt%", 200, 0.02),
    ],
)  # fmt: skip
def test_units_are_converted(unit: str, to: str, value: float, wanted: float) -> None:
    assert conversion(unit, to, "x")(value) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(("unit", "to"), [("mt", "t"), ("kWh", "t"), ("t", "°C"), ("parsec", "kWh"), ("", "t")])
def test_a_unit_of_something_else_is_refused(unit: str, to: str) -> None:
    with pytest.raises(InputError, match="one of"):
        conversion(unit, to, "x")


ORDERS = {"DMY": "%d{0}%m{0}%Y %H:%M", "MDY": "%m{0}%d{0}%Y %H:%M", "YMD": "%Y{0}%m{0}%d %H:%M"}


@given(
    days=st.lists(st.integers(0, 9000), min_size=1, max_size=20), order=st.sampled_from(sorted(ORDERS)),
    sign=st.sampled_from("/-."), stated=st.booleans(),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_dates_written_in_one_order_are_read_back_or_refused(
    days: list[int], order: str, sign: str, stated: bool
) -> None:
    if sign == "." and order == "MDY":
        return
    meant = [datetime(2001, 1, 1, 6, 10) + timedelta(days=day) for day in days]
    texts = [each.strftime(ORDERS[order].format(sign)) for each in meant]
    if stated:
        assert read_times(texts, "Tapped", "UTC", order, NOW).times.tolist() == meant  # type: ignore[arg-type]
        return
    try:
        found = read_times(texts, "Tapped", "UTC", None, NOW)
    except InputError:
        return
    assert found.times.tolist() == meant


@pytest.mark.parametrize(
    ("cell", "utc"),
    [
        ("2024-03-01T06:10:00+02:00", "2024-03-01T04:10:00"), ("45474.25", "2024-07-01T04:00:00"),
        (45474.25, "2024-07-01T04:00:00"), ("20240301", "2024-02-29T23:00:00"),
        ("1. März 2024 06:10", "2024-03-01T05:10:00"), ("Mar 1, 2024 6:10 PM", "2024-03-01T17:10:00"),
        ("2024-07-01 24:00", "2024-07-01T22:00:00"),
    ],
)  # fmt: skip
def test_times_are_read_with_their_zone(cell: object, utc: str) -> None:
    assert str(read_times([cell], "t", "Europe/Berlin", None, NOW).times[0]) == utc


def test_the_hour_that_comes_twice_follows_the_row_above() -> None:
    texts = ["2024-10-27 01:30", "2024-10-27 02:30", "2024-10-27 02:10", "2024-10-27 03:10"]
    found = read_times(texts, "t", "Europe/Berlin", None, NOW)
    assert found.bad == {}
    assert (np.diff(found.times).astype(int) > 0).all()
    assert found.times[2] == np.datetime64(
        datetime(2024, 10, 27, 2, 10, fold=1, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC).replace(tzinfo=None)
    )


@pytest.mark.parametrize("cell", ["2024-02-30 12:00", "9999-01-01", "2027-11-26", "2024-03-31 02:30", "soon"])
def test_a_time_that_never_was_costs_its_cell(cell: str) -> None:
    found = read_times(["2024-01-01 06:00", cell], "t", "Europe/Berlin", None, NOW)
    assert (list(found.bad), bool(np.isnat(found.times[1]))) == ([1], True)


def test_a_heat_without_a_time_stays_behind_the_one_it_came_after() -> None:
    times = np.array(["2024-03-01", "NaT", "2024-01-01", "2024-02-01"], dtype="datetime64[s]")
    assert time_order(times).tolist() == [2, 3, 0, 1]


def mapping(**changes: object) -> Mapping:
    codes = {"100": {"class": "E40", "name": "Shred"}, "200": {"class": "E3", "name": "HMS"}}
    return Mapping.model_validate(
        {
            "name": "works",
            "heat_id": "Heat",
            "tapped_at": "Time",
            "tapped": {"column": "Tap", "unit": "t"},
            "analysis": {"elements": ["C", "Cu", "Sn", "N"]},
            "materials": {"pattern": "M{code}", "unit": "kg", "max_per_heat": 150000, "codes": codes},
            **changes,
        }
    )


HEADER = "Heat,Time,Tap,C,Cu,Sn,N,M100,M200"
ROWS = (
    "1,2024-07-01 10:00,98,0.08,0.20,0.010,0.0081,40000,65000",
    "2,2024-07-01 11:00,97,0.09,0.21,0.011,0.0082,41000,64000",
)


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "heats.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_elements_have_units_and_columns_of_their_own(tmp_path: Path) -> None:
    analysis = {"elements": ["C", "Cu", "Sn", "N"], "units": {"N": "ppm"}, "columns": {"Sn": "Zinn"}}
    path = written(tmp_path, HEADER.replace("Sn", "Zinn"), ROWS[0].replace("0.0081", "81"))
    log = TableAdapter(path, mapping(analysis=analysis)).read_heats().log
    assert log.analysis_wt_pct[0] == pytest.approx([0.08, 0.20, 0.010, 0.0081])
    with pytest.raises(InputError, match="say which"):
        TableAdapter(written(tmp_path, HEADER + ",cu", ROWS[0] + ",1"), mapping()).read_heats()


def test_the_header_is_found_below_titles_and_said(tmp_path: Path) -> None:
    report = (
        TableAdapter(written(tmp_path, "Daily report", "printed 2024", HEADER, *ROWS), mapping()).read_heats().report
    )
    assert (report.rows_valid, report.header_row) == (2, 3)
    assert [(r.row, r.column) for r in report.rejections] == []


def test_rows_that_are_no_heats_are_set_aside_by_their_line(tmp_path: Path) -> None:
    lines = (
        HEADER,
        ROWS[0],
        ROWS[1] + ",7",
        "Average,,97,0.08,0.2,0.01,0.008,40000,64000",
        "3,2024",
        ",,t,%,%,%,%,kg,kg",
    )
    report = TableAdapter(written(tmp_path, *lines), mapping()).read_heats().report
    found = {(r.row, r.reason) for r in report.rejections}
    assert {(3, Reason.MISFIT_ROW), (4, Reason.SUMMARY_ROW), (5, Reason.MISFIT_ROW), (6, Reason.NO_HEAT_ID)} <= found
    assert report.rows_valid == 1


def test_columns_nobody_reads_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + ",Crew", *(row + ",2" for row in ROWS))
    assert TableAdapter(path, mapping()).read_heats().report.left_over == ("Crew",)


def test_a_formula_without_a_value_is_not_taken_for_nothing(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (HEADER, *ROWS):
        sheet.append([float(cell) if cell.replace(".", "").isdigit() else cell for cell in line.split(",")])
    sheet["E2"] = "=0.2+0.02"
    path = tmp_path / "heats.xlsx"
    book.save(path)
    batch = TableAdapter(path, mapping()).read_heats()
    assert [(cell.row, cell.column, cell.value) for cell in batch.report.cells] == [(2, "Cu", "=0.2+0.02")]
    assert batch.log.heat_ids.tolist() == ["1", "2"]


def test_how_columns_were_read_is_told_with_examples(tmp_path: Path) -> None:
    lines = (line.replace(",", ";").replace(".", ",") for line in (HEADER, *ROWS))
    report = TableAdapter(written(tmp_path, *lines), mapping()).read_heats().report
    told = {reading.column: reading for reading in report.readings}
    assert told["Time"].examples[0] == ("2024-07-01 10:00", "1 July 2024 10:00")
    assert told["Cu"].how == "decimal comma, wt%"
    assert told["M100"].examples[0] == ("40000", "40 t")


def test_heats_and_materials_of_late_files_add_up_in_the_order_of_tapping(tmp_path: Path) -> None:
    store = HeatStore(f"sqlite:///{tmp_path / 'heats.db'}")
    newer = TableAdapter(written(tmp_path, HEADER, *ROWS), mapping()).read_heats()
    store.add("works", newer.log, newer.materials, newer.report)
    codes = {"300": {"class": "pig_iron", "name": "Pig"}}
    other = mapping(materials={"pattern": "M{code}", "unit": "kg", "max_per_heat": 150000, "codes": codes})
    row = "0,2024-06-01 10:00,98,0.08,0.20,<0.002,0.0081,104000"
    older = TableAdapter(written(tmp_path, HEADER.replace("M100,M200", "M300"), row), other).read_heats()
    store.add("works", older.log, older.materials, older.report)
    log = store.log("works")
    assert log.heat_ids.tolist() == ["0", "1", "2"]
    assert set(log.materials) == {"Shred", "HMS", "Pig"}
    assert [material.name for material in store.materials("works")] == ["Shred", "HMS", "Pig"]
    assert log.below_wt_pct is not None
    assert log.below_wt_pct[0, log.elements.index(Element.SN)] == 0.002
    assert log.heat(0).below_wt_pct == {Element.SN: 0.002}
    assert Element.SN not in log.heat(0).analysis_wt_pct
    with pytest.raises(InputError, match="another name"):
        store.add("Works", newer.log, newer.materials)
    store.close()
