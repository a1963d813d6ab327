"""Single messages of plants' systems: fields, units, codes, times and ids read right, or refused with the place."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from plant_adapters.connections.message_files import RowsForm, read_messages
from plant_adapters.messages.codes import CodeTable, UnknownCodeError
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.messages.read_message import MessageReader
from plant_adapters.messages.received import Received, receive
from plant_adapters.reading.table import TableFormat
from steel.errors import InputError
from steel.messages import LiftWeighed, LotDelivered, PriceTold, SampleAnalysed

LIFT = {"heat_id": "240512", "basket": 1, "lift_id": "W381", "material": "E40", "mass": 18.52}
SAMPLE = {"sample_id": "240512S3", "heat_id": "240512", "taken_at": "2026-11-25T07:08:41Z"}


def read(raw: dict[str, Any], **form: Any) -> Any:
    return MessageReader(MessageMap.model_validate(form)).read(raw)


def lift(raw: dict[str, Any], **form: Any) -> LiftWeighed:
    found = read({**LIFT, **raw}, kind="lift", **form)
    assert isinstance(found, LiftWeighed)
    return found


@pytest.mark.parametrize(
    ("raw", "form", "mass_t"),
    [
        ({}, {}, 18.52),
        ({"mass": 18520, "unit": "kg"}, {}, 18.52),
        ({"mass": 18520}, {"units": {"mass": "kg"}}, 18.52),
        ({"mass": "18,52"}, {"decimal": ","}, 18.52),
        ({"mass": "18520 kg"}, {}, 18.52),
        ({"mass": "40829.6 lb"}, {}, 40829.6 * 0.45359237 / 1000),
        ({"mass": 20.4148, "unit": "short_ton"}, {}, 20.4148 * 0.90718474),
        ({"mass": 5, "void": "yes"}, {}, 0.0),
    ],
)
def test_masses_are_t_whatever_they_were_written_in(raw: dict[str, Any], form: dict[str, Any], mass_t: float) -> None:
    assert lift(raw, **form).lift.mass_t == pytest.approx(mass_t)


@pytest.mark.parametrize(
    ("raw", "form", "where"),
    [
        ({"mass": "18,52"}, {}, "mass: '18,52'"),
        ({"mass": "1.234"}, {"decimal": ","}, "mass: '1.234'"),
        ({"mass": 18520, "unit": "stone"}, {}, "unit of mass: 'stone'"),
        ({"mass": -2.0}, {}, "mass: -2.0"),
        ({"mass": "<18"}, {}, "mass: '<18'"),
        ({"mass": float("nan")}, {}, "mass: nan"),
        ({"mass": True}, {}, "mass: True"),
        ({"mass": None}, {}, "mass"),
        ({"basket": 1.5}, {}, "basket: 1.5"),
        ({"basket": 99}, {}, "lift: lift.basket: 99"),
        ({"void": "perhaps"}, {}, "void: 'perhaps'"),
        ({"heat_id": ""}, {}, "heat_id"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_field(raw: dict[str, Any], form: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError, match="^" + where.replace("(", r"\(")):
        lift(raw, **form)


def test_fields_are_found_where_the_system_has_them() -> None:
    nested = {"h": "240512", "bsk": {"no": 2}, "w": {"id": 381.0, "net": 18520}, "mat": "E40"}
    fields = {"heat_id": "h", "basket": "bsk.no", "lift_id": "w.id", "mass": "w.net", "material": "mat"}
    found = read(nested, kind="lift", fields=fields, units={"mass": "kg"})
    assert (found.basket, found.lift.lift_id, found.lift.mass_t) == (2, "381", 18.52)


def test_a_samples_number_tells_its_heat_and_zeros_are_not_measured() -> None:
    form = {"find": {"sample_id": r"(?P<heat_id>\d{6})S\d+"}, "analysis": {"units": {"N": "ppm"}}}
    raw = {"sample_id": "240512S3", "taken_at": "2026-11-25T07:08:41Z", "C": "0.12", "CU": "<0.02", "N": 70, "P": 0}
    found = read(raw, kind="sample", **form)
    assert isinstance(found, SampleAnalysed)
    assert found.heat_id == "240512"
    contents = {str(element): wt_pct for element, wt_pct in found.sample.analysis_wt_pct.items()}
    assert contents == {"C": 0.12, "Cu": 0.01, "N": pytest.approx(0.007)}
    with pytest.raises(InputError, match="sample_id: 'X1'"):
        read({**raw, "sample_id": "X1"}, kind="sample", **form)


def test_a_clock_that_is_an_hour_ahead_is_noticed() -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with pytest.raises(InputError, match="60 min ahead"):
        read({**SAMPLE, "taken_at": ahead, "C": 0.1}, kind="sample")
    milliseconds = int(datetime(2026, 11, 25, 7, tzinfo=UTC).timestamp() * 1000)
    found = read({**SAMPLE, "taken_at": milliseconds, "C": 0.1}, kind="sample")
    assert found.sample.taken_at == datetime(2026, 11, 25, 7, tzinfo=UTC)


def test_a_price_for_a_hundred_is_a_price_for_one() -> None:
    found = read(
        {"m": "E40", "NETPR": "35200,00", "PEINH": "100", "from": "20261101"}, kind="price", decimal=",",
        fields={"material": "m", "price": "NETPR", "per": "PEINH", "valid_from": "from"},
    )  # fmt: skip
    assert isinstance(found, PriceTold)
    assert found.price_eur_per_t == 352.0
    by_kg = read({"material": "E40", "price": 0.352, "valid_from": "2026-11-01"}, kind="price", units={"price": "kg"})
    assert by_kg.price_eur_per_t == pytest.approx(352.0)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "lift", "fields": {"masss": "net"}}, "mass"),
        ({"kind": "lift", "units": {"mass": "stone"}}, "stone"),
        ({"kind": "lift", "analysis": {"unit": "ppm"}}, "analysis"),
        ({"kind": "sample", "find": {"sample_id": "("}}, "regular expression"),
        ({"kind": "sample", "timezone": "Mars/Base"}, "Mars/Base"),
        ({"kind": "stage", "colour": "red"}, "colour"),
    ],
)
def test_a_map_that_means_nothing_is_refused(form: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        MessageMap.model_validate(form)


def table(folder: Path, *rows: str) -> CodeTable:
    (folder / "codes.csv").write_text("code;name;kind;valid_from;valid_to\n" + "\n".join(rows) + "\n", "utf-8")
    return CodeTable(folder / "codes.csv")


def test_codes_are_one_with_and_without_zeros_and_by_their_days(tmp_path: Path) -> None:
    codes = table(
        tmp_path, "0000010023;E40 shredded;;;2026-06-01", "10023;E40 new;material;2026-06-01;", "S1;Bay 7;bay;;"
    )
    assert codes.name("material", "10023", datetime(2026, 5, 1, tzinfo=UTC)) == "E40 shredded"
    assert codes.name("material", "000000000000010023", datetime(2026, 7, 1, tzinfo=UTC)) == "E40 new"
    assert codes.name("bay", "S1") == "Bay 7"
    with pytest.raises(UnknownCodeError, match="material code: 'S1'"):
        codes.name("material", "S1")


def test_a_code_table_that_contradicts_itself_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 3: code: 'A'"):
        table(tmp_path, "A;one;;;", "A;two;;;")
    with pytest.raises(InputError, match="line 2: kind: 'planet'"):
        table(tmp_path, "A;one;planet;;")


def test_an_unknown_code_waits_until_the_table_has_it(tmp_path: Path) -> None:
    codes = table(tmp_path, "E3;E3 old thick;;;")
    reader = MessageReader(MessageMap(kind="lift"), codes)
    (before,) = receive([reader], LIFT)
    assert before.waits
    assert "'E40'" in before.problem
    (tmp_path / "codes.csv").write_text("code;name\nE40;E40 shredded\n", "utf-8")
    (after,) = receive([reader], LIFT)
    assert isinstance(after.message, LiftWeighed)
    assert after.message.lift.material == "E40 shredded"


def of_file(path: Path, lines: list[str], rows: RowsForm, *forms: dict[str, Any]) -> tuple[list[Received], int]:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    readers = [MessageReader(MessageMap.model_validate(form)) for form in forms]
    return read_messages(path, TableFormat(), rows, readers)


SAMPLES = {"kind": "sample", "fields": {"sample_id": "Sample", "heat_id": "Heat", "taken_at": "Time"}}
AT = "2026-11-25 07:08"


def contents(one: Received) -> dict[str, float]:
    assert isinstance(one.message, SampleAnalysed), one.problem
    return {str(element): value for element, value in one.message.sample.analysis_wt_pct.items()}


def test_the_instruments_mean_counts_and_ours_where_it_tells_none(tmp_path: Path) -> None:
    head, rows = "Sample;Burn;Heat;Time;C;Cu", RowsForm(sample="Sample", burn="Burn")
    burns = [f"S1;1;H1;{AT};0.10;0.30", f"S1;2;H1;{AT};0.14;0.34", f"S2;1;H2;{AT};0.20;0.40"]
    ours, count = of_file(tmp_path / "a.csv", [head, *burns], rows, SAMPLES)
    assert count == 3
    assert [contents(one) for one in ours] == [
        {"C": pytest.approx(0.12), "Cu": pytest.approx(0.32)}, {"C": 0.2, "Cu": 0.4},
    ]  # fmt: skip
    told = [*burns, f"S1;Mean;H1;{AT};0.11;0.31", f"S1;SD;H1;{AT};0.02;0.02"]
    theirs, _ = of_file(tmp_path / "b.csv", [head, *told], rows, SAMPLES)
    assert contents(theirs[0]) == {"C": 0.11, "Cu": 0.31}


def test_elements_row_by_row_are_one_sample(tmp_path: Path) -> None:
    rows = RowsForm(sample="Sample", element="El", value="Val")
    lines = ["Sample;Heat;Time;El;Val", f"S1;H1;{AT};Cu;0.312", f"S1;H1;{AT};N;70 ppm", f"S2;H2;{AT};Cu;0.28"]
    found, _ = of_file(tmp_path / "long.csv", lines, rows, SAMPLES)
    assert [contents(one) for one in found] == [{"Cu": 0.312, "N": pytest.approx(0.007)}, {"Cu": 0.28}]


def test_telegrams_are_read_by_their_pattern_and_others_are_set_aside(tmp_path: Path) -> None:
    line = r"HT=(?P<heat_id>\S+) SN=(?P<sample_id>\S+) AT=(?P<taken_at>\S+) C=(?P<C>\S+) CU=(?P<Cu>\S+)"
    lines = ["HT=240512 SN=3 AT=2026-11-25T07:08:41Z C=0.12 CU=0.312", "HT=240512 SN="]
    found, count = of_file(tmp_path / "oes.txt", lines, RowsForm(line=line), {"kind": "sample"})
    assert count == 2
    assert contents(found[0]) == {"C": 0.12, "Cu": 0.312}
    assert found[1].problem
    assert found[1].raw["cells"] == "HT=240512 SN="


def test_check_samples_do_not_count_and_half_a_row_is_told(tmp_path: Path) -> None:
    form = {**SAMPLES, "ignore": {"Sample": "^(CHECK|QC)"}}
    lines = ["Sample;Heat;Time;C", f"CHECK1;;{AT};0.5", f"S1;H1;{AT};0.1", "S2;H2;2026-11"]
    found, count = of_file(tmp_path / "a.csv", lines, RowsForm(), form)
    assert count == 3
    assert contents(found[0]) == {"C": 0.1}
    assert [one.raw.get("line") for one in found if one.problem] == [4]


def test_a_file_without_a_column_that_is_needed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'Time'"):
        of_file(tmp_path / "a.csv", ["Sample;Heat;C", "S1;H1;0.1"], RowsForm(), SAMPLES)


def test_weighbridge_tickets_are_lots_with_what_was_deducted(tmp_path: Path) -> None:
    form = {
        "kind": "lot", "units": {"mass": "kg"}, "timezone": "Europe/Berlin", "only": {"Status": ["closed"]},
        "fields": {
            "lot_id": "Ticket", "material": "Product", "mass": "Net", "delivered_at": "Out", "supplier": "Supplier",
        },
    }  # fmt: skip
    lines = [
        "Ticket,Out,Product,Supplier,Net,Status",
        "T1,2026-11-25 07:10,E40,Rhein Recycling,24620,closed",
        "T2,2026-11-25 07:30,E40,Rhein Recycling,0,open",
    ]  # fmt: skip
    found, _ = of_file(tmp_path / "tickets.csv", lines, RowsForm(), form)
    (lot,) = [one.message for one in found]
    assert isinstance(lot, LotDelivered)
    assert (lot.lot.ticket_t, lot.lot.supplier) == (24.62, "Rhein Recycling")
    assert lot.lot.delivered_at == datetime(2026, 11, 25, 6, 10, tzinfo=UTC)
