# ruff: noqa: E501  (a file a line)
"""Small files as plants have them, each with the values it means: read right, or refused with the reason and place."""

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.messy_writers import (
    HEAD,
    TYPED,
    bombed_workbook,
    entities,
    old_excel,
    opendocument,
    parquet,
    workbook,
)
from plant_adapters.mapping.mapping import Mapping
from plant_adapters.sources.protocol import HeatBatch
from plant_adapters.sources.table import TableAdapter
from steel.errors import InputError

Values = dict[str, float | str]
"""What is known of a heat: Cu and Sn in wt% (`Cu<` a limit), SHR and HMS in t, tapped in t, at in UTC."""
MAPPING: dict[str, Any] = {
    "name": "works", "heat_id": "heat", "tapped_at": "at", "timezone": "Europe/Berlin",
    "tapped": {"column": "tapped", "unit": "t"},
    "analysis": {"elements": ["Cu", "Sn"]},
    "materials": {
        "pattern": "{code}", "unit": "kg", "max_per_heat": 120000,
        "codes": {"SHR": {"class": "E40", "name": "SHR"}, "HMS": {"class": "E3", "name": "HMS"}},
    },
}  # fmt: skip
ROWS = ("1001;2024-03-01 06:10;98.5;0.31;0.012;48000;60000", "1002;2024-03-01 07:00;97.25;0.28;0.010;50000;58000")
FIRST: Values = {"Cu": 0.31, "Sn": 0.012, "SHR": 48.0, "HMS": 60.0, "tapped": 98.5, "at": "2024-03-01T05:10:00"}
SECOND: Values = {"Cu": 0.28, "Sn": 0.010, "SHR": 50.0, "HMS": 58.0, "tapped": 97.25, "at": "2024-03-01T06:00:00"}
BOTH: dict[str, Values] = {"1001": FIRST, "1002": SECOND}


@dataclass(frozen=True)
class Messy:
    """A file, and what it means.

    Attributes:
        name: what is odd about it.
        content: lines, or bytes, or what writes it.
        heats: by number, what each is; nothing else may be read.
        ending: of its name.
        says: what its mapping states beside the usual.
        aside: by line, the reason it is set aside for.
        refused: words of the reason, where all of it is.
        beside: further files, by name.
    """

    name: str
    content: tuple[str, ...] | bytes | Callable[[Path], None]
    heats: dict[str, Values] = field(default_factory=dict)
    ending: str = ".csv"
    says: dict[str, Any] = field(default_factory=dict)
    aside: dict[int, str] = field(default_factory=dict)
    refused: str = ""
    beside: dict[str, str] = field(default_factory=dict)


def changed(values: Values, **changes: float | str) -> Values:
    """A heat that is as usual but for some of it."""
    return {name: value for name, value in {**values, **changes}.items() if value != "unknown"}


def grouped(row: str, sign: str) -> str:
    """A row with its masses' digits set apart by threes."""
    return re.sub(r"(\d\d)000", rf"\1{sign}000", row)


def wrong_with(case: Messy, folder: Path) -> str:
    """What of a file was read wrong; empty where it was read right, or refused as it should be."""
    path = folder / f"heats{case.ending}"
    if callable(case.content):
        case.content(path)
    else:
        path.write_bytes(case.content if isinstance(case.content, bytes) else _text(case.content))
    for name, text in case.beside.items():
        (folder / name).write_text(text, "utf-8")
    mapping = Mapping.model_validate({**MAPPING, **case.says})
    try:
        batch = TableAdapter(path, mapping).read_heats()
    except InputError as error:
        if not case.refused:
            return f"refused: {error}"
        return "" if case.refused in str(error) else f"refused for another reason: {error}"
    if case.refused:
        return f"not refused: {_read(batch)}"
    found, aside = _read(batch), {each.row: each.reason.value for each in batch.report.rejections}
    if found.keys() != case.heats.keys():
        return f"heats {sorted(found)}, not {sorted(case.heats)}; {[str(each) for each in batch.report.rejections]}"
    for heat, values in case.heats.items():
        known = {name: value for name, value in found[heat].items() if not _same(value, values.get(name))}
        if known or values.keys() - found[heat].keys():
            return f"heat {heat}: {found[heat]}, not {values}"
    wanted = {line: reason for line, reason in case.aside.items() if aside.get(line) != reason}
    return f"set aside: {aside}, not {case.aside}" if wanted or aside.keys() != case.aside.keys() else ""


def _same(one: float | str, other: float | str | None) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one))
    return one == other


def _read(batch: HeatBatch) -> dict[str, Values]:
    log, found = batch.log, {}
    for at in range(len(log)):
        values: Values = {}
        for column, element in enumerate(log.elements):
            if np.isfinite(log.analysis_wt_pct[at, column]):
                values[element.value] = float(log.analysis_wt_pct[at, column])
            if log.below_wt_pct is not None and np.isfinite(log.below_wt_pct[at, column]):
                values[f"{element.value}<"] = float(log.below_wt_pct[at, column])
        values |= {name: float(log.charged_t[at, column]) for column, name in enumerate(log.materials)}
        if np.isfinite(log.tapped_t[at]):
            values["tapped"] = float(log.tapped_t[at])
        if not np.isnat(log.tapped_at[at]):
            values["at"] = str(log.tapped_at[at].astype("datetime64[s]"))
        found[str(log.heat_ids[at])] = values
    return found


def _text(lines: tuple[str, ...]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _long() -> dict[str, Any]:
    lifts = {"file": "lifts.csv", "heat_id": "charge", "material": "code", "mass": "kg"}
    lab = {"file": "lab.csv", "heat_id": "heat", "element": "el", "value": "val"}
    return {"tables": [lifts, {**lab, "keep": "last", "order": "no", "where": {"kind": ["final"]}}]}


UNREADABLE, MISFIT, SUMMARY = "unreadable value", "row that does not fit the columns", "summary, no heat"
CASES: tuple[Messy, ...] = (
    Messy("as it should be", (HEAD, *ROWS), BOTH),
    Messy("commas between", (HEAD.replace(";", ","), *(row.replace(";", ",") for row in ROWS)), BOTH),
    Messy("tabs between", (HEAD.replace(";", "\t"), *(row.replace(";", "\t") for row in ROWS)), BOTH, ".txt"),
    Messy("bars between", (HEAD.replace(";", "|"), *(row.replace(";", "|") for row in ROWS)), BOTH),
    Messy("sep= line", ("sep=;", HEAD, *ROWS), BOTH),
    Messy("separators behind", (f"{HEAD};;", *(f"{row};;" for row in ROWS)), BOTH),
    Messy("byte order mark, CRLF", b"\xef\xbb\xbf" + _text((HEAD, *ROWS)).replace(b"\n", b"\r\n"), BOTH),
    Messy("UTF-16", ("\n".join((HEAD, *ROWS)) + "\n").encode("utf-16"), BOTH),
    Messy(
        "cp1252 names", "\n".join((HEAD.replace("heat", "Gütenr"), *ROWS)).encode("cp1252"), BOTH,
        says={"heat_id": "Gütenr"},
    ),
    Messy(
        "composed otherwise", (HEAD.replace("heat", "Gu\u0308tenr"), *ROWS), BOTH, says={"heat_id": "Gütenr"},
    ),
    Messy("titles above", ("Melt shop daily report", "printed 2.3.2024;by R. Miller", HEAD, *ROWS), BOTH),
    Messy("units row", (HEAD, ";;t;%;%;kg;kg", *ROWS), BOTH),
    Messy("units row in brackets", (HEAD, "[-];[-];[t];[wt%];[wt%];[kg];[kg]", *ROWS), BOTH),
    Messy("units row of another unit", (HEAD, ";;t;%;%;t;t", *ROWS), refused="unit of column SHR"),
    Messy("units row in lb", (HEAD, ";;t;%;%;lb;lb", *ROWS), refused="unit of column SHR"),
    Messy("units row in ppm", (HEAD, ";;t;%;ppm;kg;kg", *ROWS), refused="unit of column Sn"),
    Messy(
        "unit in a name", (HEAD.replace("SHR;HMS", "SHR [lb];HMS [lb]"), *ROWS), refused="unit of column SHR [lb]",
        says={"materials": {**MAPPING["materials"], "pattern": "{code} [lb]"}},
    ),
    Messy(
        "header of two lines", ("heat;at;tapped;Lab;;Scrap;", ";;;Cu;Sn;SHR;HMS", *ROWS), BOTH,
        says={
            "analysis": {"elements": ["Cu", "Sn"], "pattern": "Lab {element}"},
            "materials": {**MAPPING["materials"], "pattern": "Scrap {code}"},
        },
    ),
    Messy(
        "merged header", workbook(
            ("heat", "at", "tapped", "Lab", None, "Scrap", None), (None, None, None, "Cu", "Sn", "SHR", "HMS"), *TYPED,
            merged=("A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:G1"),
        ), BOTH, ".xlsx",
        says={
            "analysis": {"elements": ["Cu", "Sn"], "pattern": "Lab {element}"},
            "materials": {**MAPPING["materials"], "pattern": "Scrap {code}"},
        },
    ),
    Messy("header again", (HEAD, ROWS[0], HEAD, ROWS[1]), BOTH, aside={3: SUMMARY}),
    Messy("totals beneath", (HEAD, *ROWS, "Total;;195.75;;;98000;118000"), BOTH, aside={4: SUMMARY}),
    Messy("averages beneath", (HEAD, *ROWS, "Mittelwert;;97.9;0.295;0.011;49000;59000"), BOTH, aside={4: SUMMARY}),
    Messy("a sum without a name", (HEAD, *ROWS, ";;195.75;;;98000;118000"), BOTH, aside={4: "no heat number"}),
    Messy("empty lines between", (HEAD, "", ROWS[0], ";;;;;;", ROWS[1], ""), BOTH),
    Messy("a line cut off", (HEAD, *ROWS, "1003;2024-03-01 08:0"), BOTH, aside={4: MISFIT}),
    Messy("a line too long", (HEAD, *ROWS, ROWS[0].replace("1001", "1003") + ";7"), BOTH, aside={4: MISFIT}),
    Messy("a quote never closed", (HEAD, '1000;"2024', *(ROWS * 30)), refused="line 2"),
    Messy("a name over two columns", (f"{HEAD};Cu", *(f"{row};0.2" for row in ROWS)), refused="'Cu'"),
    Messy("a column that vanished", (HEAD.replace(";Sn", ""), *ROWS), refused="'Sn'"),
    Messy("decimal comma", (HEAD, *(row.replace(".", ",") for row in ROWS)), BOTH),
    Messy(
        "decimal comma, groups of three", (HEAD, *(grouped(row.replace(".", ","), ".") for row in ROWS)), BOTH
    ),
    Messy(
        "decimal comma, a point in one cell", (HEAD, *(r.replace(".", ",") for r in ROWS[:1]),
        "1002;2024-03-01 07:00;97,25;0.28;0,010;50000;58000"),
        {"1001": FIRST, "1002": changed(SECOND, Cu="unknown")}, says={"decimal": ","},
    ),
    Messy(
        "groups of three by blanks", (HEAD, *(grouped(row, "\u00a0") for row in ROWS)), BOTH,
    ),
    Messy("groups of three by apostrophes", (HEAD, *(grouped(row, "'") for row in ROWS)), BOTH),
    Messy(
        "undecidable", ("heat;Cu;SHR", "1001;1;48,000"), refused="decimal",
        says={
            "tapped_at": None, "tapped": None, "analysis": {"elements": ["Cu"]},
            "materials": {**MAPPING["materials"], "codes": {"SHR": {"class": "E40", "name": "SHR"}}},
        },
    ),
    Messy("minus behind", (HEAD, ROWS[0], ROWS[1].replace("50000", "50000-")), {"1001": FIRST}, aside={3: "negative weight"}),
    Messy(
        "below detection", (HEAD, ROWS[0].replace("0.012", "<0.005"), ROWS[1].replace("0.010", "< 0.004")),
        {"1001": changed(FIRST, Sn=0.0025, **{"Sn<": 0.005}), "1002": changed(SECOND, Sn=0.002, **{"Sn<": 0.004})},
    ),
    Messy(
        "ways of saying nothing",
        (HEAD, *(ROWS[0].replace("1001", f"11{n:02d}").replace("0.012", said).replace("48000", f"{48000 + n}")
                 for n, said in enumerate(("n.a.", "-", "---", "BDL", "#N/A", "NA", "n.d.", "####")))),
        {f"11{n:02d}": changed(FIRST, Sn="unknown", SHR=48.0 + n / 1000.0) for n in range(8)},
    ),
    Messy("a flag behind", (HEAD, ROWS[0].replace("0.012", "0.012*"), ROWS[1].replace("0.28", "0.28!")), BOTH),
    Messy("above the range", (HEAD, ROWS[0].replace("0.31", ">5"), ROWS[1]), {**BOTH, "1001": changed(FIRST, Cu="unknown")}),
    Messy(
        "a unit in a cell", (HEAD, ROWS[0].replace("0.012", "120 ppm"), ROWS[1].replace("50000", "50 t")), BOTH,
    ),
    Messy("a mass that cannot be read", (HEAD, ROWS[0], ROWS[1].replace("50000", "5O000")), {"1001": FIRST}, aside={3: UNREADABLE}),
    Messy("24 % copper", (HEAD, ROWS[0].replace("0.31", "24"), ROWS[1]), {**BOTH, "1001": changed(FIRST, Cu="unknown")}),
    Messy(
        "pounds", (HEAD, ROWS[0].replace("48000", "105821.886").replace("60000", "132277.357")),
        {"1001": changed(FIRST, SHR=105821.886 * 0.45359237 / 1000, HMS=132277.357 * 0.45359237 / 1000)},
        says={"materials": {**MAPPING["materials"], "unit": "lb", "max_per_heat": 260000}},
    ),
    Messy(
        "short tons", (HEAD, ROWS[0].replace("48000", "52.9").replace("60000", "66.1")),
        {"1001": changed(FIRST, SHR=52.9 * 0.90718474, HMS=66.1 * 0.90718474)},
        says={"materials": {**MAPPING["materials"], "unit": "short ton", "max_per_heat": 140}},
    ),
    Messy(
        "ppm", (HEAD, ROWS[0].replace("0.012", "120")), {"1001": FIRST},
        says={"analysis": {"elements": ["Cu", "Sn"], "units": {"Sn": "ppm"}}},
    ),
    Messy(
        "day first", (HEAD, ROWS[0].replace("2024-03-01", "01/03/2024"), ROWS[1].replace("2024-03-01", "13/03/2024")),
        {"1001": FIRST, "1002": changed(SECOND, at="2024-03-13T06:00:00")},
    ),
    Messy(
        "month first", (HEAD, ROWS[0].replace("2024-03-01", "03/01/2024"), ROWS[1].replace("2024-03-01", "03/13/2024")),
        {"1001": FIRST, "1002": changed(SECOND, at="2024-03-13T06:00:00")},
    ),
    Messy("day or month first", (HEAD, *(row.replace("2024-03-01", "01/03/2024") for row in ROWS)), refused="date_order"),
    Messy(
        "points between day and month", (HEAD, *(row.replace("2024-03-01", "01.03.2024") for row in ROWS)), BOTH,
    ),
    Messy("spreadsheet's days", (HEAD, ROWS[0].replace("2024-03-01 06:10", "45352.256944444"), ROWS[1]), BOTH),
    Messy("time with a zone", (HEAD, ROWS[0].replace(" 06:10", "T05:10:00Z"), ROWS[1].replace(" 07:00", "T07:00:00+01:00")), BOTH),
    Messy(
        "half past two twice", (HEAD, ROWS[0].replace("03-01 06:10", "10-27 02:30"), ROWS[1].replace("03-01 07:00", "10-27 02:10")),
        {"1001": changed(FIRST, at="2024-10-27T00:30:00"), "1002": changed(SECOND, at="2024-10-27T01:10:00")},
    ),
    Messy(
        "half past two that never was", (HEAD, ROWS[0].replace("03-01 06:10", "03-31 02:30"), ROWS[1]),
        {**BOTH, "1001": changed(FIRST, at="unknown")},
    ),
    Messy("a time to come", (HEAD, ROWS[0].replace("2024", "2094"), ROWS[1]), {**BOTH, "1001": changed(FIRST, at="unknown")}),
    Messy("numbers with zeros before", (HEAD, ROWS[0].replace("1001", "00123"), ROWS[1]), {"00123": FIRST, "1002": SECOND}),
    Messy("numbers of a spreadsheet", workbook(tuple(HEAD.split(";")), (1001.0, *TYPED[0][1:]), TYPED[1]), BOTH, ".xlsx"),
    Messy("a heat twice", (HEAD, *ROWS, ROWS[0].replace("0.31", "0.30")), BOTH, aside={4: "duplicate heat"}),
    Messy("a row twice under two numbers", (HEAD, *ROWS, ROWS[0].replace("1001", "1003")), BOTH, aside={4: "duplicate heat"}),
    Messy("a code nobody knows", (f"{HEAD};NEW_kg", *(f"{row};0" for row in ROWS)), BOTH),
    Messy("Excel", workbook(tuple(HEAD.split(";")), *TYPED), BOTH, ".xlsx"),
    Messy("Excel with macros", workbook(tuple(HEAD.split(";")), *TYPED), BOTH, ".xlsm"),
    Messy("Excel of long ago", old_excel, BOTH, ".xls"),
    Messy("OpenDocument", opendocument, BOTH, ".ods"),
    Messy("Parquet", parquet, BOTH, ".parquet"),
    Messy("packed", gzip.compress(_text((HEAD, *ROWS))), BOTH, ".csv.gz"),
    Messy("packed and cut off", gzip.compress(_text((HEAD, *ROWS)))[:-12], refused="packed text that is whole", ending=".csv.gz"),
    Messy("packed and named otherwise", _text((HEAD, *ROWS)), refused="table file", ending=".csv.gz"),
    Messy("a gzip bomb", gzip.compress(b"0;" * 30_000_000), refused="unpacks to", ending=".csv.gz"),
    Messy("a zip bomb", bombed_workbook, refused="MB unpacked", ending=".xlsx"),
    Messy("an entity bomb", entities, refused="readable table", ending=".xlsx"),
    Messy(
        "a formula without a value", workbook(tuple(HEAD.split(";")), (*TYPED[0][:5], "=40000+8000", 60000), TYPED[1]),
        {"1002": SECOND}, ".xlsx", aside={2: UNREADABLE},
    ),
    Messy("a formula as text", (HEAD, ROWS[0].replace("48000", "=40000+8000"), ROWS[1]), {"1002": SECOND}, aside={2: UNREADABLE}),
    Messy("nothing in it", b"", refused="the file is empty"),
    Messy("no table", b"%PDF-1.4 binary \x00\x01\x02", refused="heat"),
    Messy("kilograms for tonnes", (HEAD, ROWS[0].replace("98.5", "98500"), ROWS[1]), {**BOTH, "1001": changed(FIRST, tapped="unknown")}),
    Messy(
        "long: lifts and analyses by rows", ("heat;at;tapped", "1001;2024-03-01 06:10;98.5", "01002;2024-03-01 07:00;97.25"),
        {"1001": FIRST, "01002": SECOND}, says=_long(),
        beside={
            "lifts.csv": "charge;code;kg\n1001;SHR;30000\n1001;HMS;60000\n1002;SHR;50000\n1002;HMS;58000\n1001;SHR;20000\n"
            "1001;SHR;-2000\n",
            "lab.csv": "heat;no;kind;el;val\n1001;2;final;Cu;0.31\n1001;1;final;Cu;0.35\n1001;3;check;Cu;0.99\n"
            "1001;2;final;Sn;0.012\n1002;1;final;Cu;0.28\n1002;1;final;Sn;0.010\n",
        },
    ),
)  # fmt: skip


def read_right(folder: Path) -> tuple[int, list[str]]:
    """How many of the files were read right or refused as they should be, and what was wrong with the others."""
    wrong = []
    for at, case in enumerate(CASES):
        place = folder / f"messy-{at}"
        place.mkdir()
        told = wrong_with(case, place)
        if told:
            wrong.append(f"{case.name}: {told}")
    return len(CASES) - len(wrong), wrong
