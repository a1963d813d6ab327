"""B2MML: our own field names out of its documents; what is invalid, of another version or dangerous is refused."""

from pathlib import Path

import pytest

from plant_adapters.messages.b2mml import SPACE, charge_document, read_b2mml
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.messages.read_message import MessageReader
from steel.errors import InputError
from steel.messages import Acknowledged, HeatMade, HeatOrdered
from tests.conftest import beside_checkout


def one(name: str, schemas: bool = True) -> object:
    folder = beside_checkout("b2mml")
    ((kind, raw),) = read_b2mml((folder / f"{name}.xml").read_bytes(), folder / "schema" if schemas else None, name)
    return MessageReader(MessageMap(kind=kind)).read(raw)


def test_a_schedule_is_an_order_with_its_limits() -> None:
    order = one("schedule")
    assert isinstance(order, HeatOrdered)
    assert (order.heat_id, order.version, order.grade, order.mass_t) == ("240512", 2, "B500B", 100.0)
    assert {str(e): v for e, v in order.maximum_wt_pct.items()} == {"Cu": 0.4}
    assert str(order.due_at) == "2026-11-25 07:05:00+00:00"


def test_a_performance_is_a_heat_to_learn_from() -> None:
    heat = one("performance")
    assert isinstance(heat, HeatMade)
    assert heat.row["charged_t"] == {"E40": 18.52}
    assert heat.row["analysis_wt_pct"] == {"Cu": 0.312, "As": 0.001}
    assert heat.row["energy_kwh_per_t"] == pytest.approx(38_400 / 99.1)


def test_an_acknowledgement_names_the_message_it_answers() -> None:
    assert one("ack") == Acknowledged(key="SCHED-2026-11-25-A")


def test_what_we_send_keeps_the_published_schema() -> None:
    folder = beside_checkout("b2mml")
    content = {
        "heat_id": "7",
        "grade": "B500B",
        "baskets_t": [{"E40": 18.5}, {"E3": 2.0}],
        "additions_t": {"FeSi": 0.3},
    }
    document = charge_document("northmill/7/1", content)
    read_b2mml(document, folder / "schema", "ours")
    assert document.count(b"<SegmentRequirement>") == 3
    assert b"<ID>northmill/7/1</ID>" in document


def test_what_keeps_no_schema_is_refused_with_its_line() -> None:
    with pytest.raises(InputError, match=r"line 2.*EndTime"):
        one("bad")


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "ha">'
    + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 11))
    + f']><OperationsSchedule xmlns="{SPACE}"><ID>&e10;</ID></OperationsSchedule>'
)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (BOMB, "DOCTYPE|amplification"),
        ('<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "DOCTYPE"),
        ('<OperationsSchedule xmlns="http://www.mesa.org/xml/B2MML-V0600"/>', "B2MML 7"),
        ("<OperationsSchedule/>", "name space"),
        (f'<ControlRecipe xmlns="{SPACE}"/>', "ControlRecipe"),
        (f'<OperationsSchedule xmlns="{SPACE}"><ID>half', "well-formed"),
        ("", "well-formed"),
    ],
)
def test_what_is_none_of_ours_is_refused_by_name(document: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_b2mml(document.encode(), None, "document")


def test_a_unit_that_is_none_of_the_list_is_refused(tmp_path: Path) -> None:
    folder = beside_checkout("b2mml")
    document = (folder / "schedule.xml").read_text("utf-8").replace("TNE", "XYZ")
    with pytest.raises(InputError, match="UnitOfMeasure: 'XYZ'"):
        read_b2mml(document.encode(), None, "document")
