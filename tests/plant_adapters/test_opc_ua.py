"""A real OPC UA server of a scale: read whole, acknowledged, found again when it restarts; recipes out."""

import time
from typing import Any

import orjson
import pytest

from plant_adapters.connections.opc_ua import OpcUaSource, Registration
from plant_adapters.connections.opc_ua_session import Server
from plant_adapters.connections.opc_ua_sink import OpcUaSink
from plant_adapters.connections.sink_kinds import NodeSet
from plant_adapters.connections.sinks import RefusedError
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.messages.read_message import MessageReader
from plant_adapters.messages.received import Received
from plant_adapters.store.outbox import Message
from steel.errors import InputError
from tests.servers import SCALES, Scale, free_port, in_a_thread, scale

NODES = {
    "heat_id": "Heat", "basket": "Basket", "lift_id": "WeightId", "material": "Material", "mass": "Net",
    "unit": "Unit", "Overload": "Overload",
}  # fmt: skip
LIFT: dict[str, Any] = {"Heat": "240512", "Basket": 1, "Material": "E40", "Net": 18_500.0}


def source(of: Scale, acknowledge: str = "Acknowledged", **changes: Any) -> OpcUaSource:
    server = Server(of.url, SCALES, "Basket1", timeout_s=4.0, **changes)
    reader = MessageReader(MessageMap(kind="lift"))
    return OpcUaSource(server, (Registration(reader, NODES, "Counter", acknowledge),), 0.1)


def came(of: OpcUaSource, position: Any = None) -> tuple[list[Received], Any]:
    found: list[Received] = []
    for arrival in of.arrivals(position):
        found += arrival.messages
        of.stored(arrival)
        position = arrival.position
    return found, position


def test_a_lift_is_read_whole_and_acknowledged_so_that_the_next_may_come() -> None:
    with scale() as weighing:
        reading = source(weighing)
        assert came(reading)[0] == []
        weighing.lift(WeightId="W1", **LIFT)
        first, position = came(reading)
        weighing.lift(WeightId="W2", **{**LIFT, "Net": 18.5, "Unit": "t"})
        second, position = came(reading, position)
        assert came(reading, position)[0] == []
    assert [one.record_id for one in (*first, *second)] == ["240512/W1", "240512/W2"]
    lifts = [one.message.model_dump()["lift"] for one in (*first, *second) if one.message is not None]
    assert [one["mass_t"] for one in lifts] == [18.5, 18.5]


def test_a_lift_that_was_not_kept_is_there_again_and_nobody_went_on() -> None:
    with scale() as weighing:
        weighing.lift(WeightId="W1", **LIFT)
        dead = source(weighing)
        assert len([one for arrival in dead.arrivals(None) for one in arrival.messages]) == 1
        assert weighing.read("Acknowledged") == 0
        again, _ = came(source(weighing))
        assert [one.record_id for one in again] == ["240512/W1"]
        assert weighing.read("Acknowledged") == 1


def test_an_acknowledgement_that_did_not_arrive_is_given_again() -> None:
    with scale() as weighing:
        weighing.lift(WeightId="W1", **LIFT)
        _, position = came(source(weighing))
        weighing.write("Acknowledged", 0)
        assert came(source(weighing), position)[0] == []
        assert weighing.read("Acknowledged") == 1


def test_a_server_that_restarts_with_other_indices_is_read_on() -> None:
    port = free_port()
    with scale(port) as weighing:
        reading = source(weighing)
        weighing.lift(WeightId="W1", **LIFT)
        _, position = came(reading)
    with pytest.raises(ConnectionError):
        came(reading, position)
    with scale(port, counter=1, spaces_before=3) as weighing:
        weighing.lift(WeightId="W2", **LIFT)
        again: list[Received] = []
        for _ in range(5):
            try:
                again, position = came(reading, position)
                break
            except ConnectionError:
                time.sleep(0.5)
    assert [one.record_id for one in again] == ["240512/W2"]


def test_where_nobody_waits_a_jump_of_the_counter_is_told_as_a_gap() -> None:
    with scale() as weighing:
        reading = source(weighing, acknowledge="")
        weighing.lift(WeightId="W1", awaits=False, **LIFT)
        _, position = came(reading)
        for number in (2, 3, 4):
            weighing.lift(WeightId=f"W{number}", awaits=False, **LIFT)
        told, _ = came(reading, position)
    assert "Counter 2 to 3" in told[0].problem
    assert told[1].record_id == "240512/W4"


def test_weights_that_are_none_are_set_aside() -> None:
    with scale() as weighing:
        reading = source(weighing)
        weighing.lift(WeightId="W1", **{**LIFT, "Overload": True})
        over, position = came(reading)
        weighing.lift(WeightId="W2", **{**LIFT, "Overload": False, "Unit": "stone"})
        strange, position = came(reading, position)
        weighing.lift(WeightId="W3", **{**LIFT, "Unit": "kg", "Net": -4.0})
        negative, _ = came(reading, position)
    assert "Overload" in over[0].problem
    assert "'stone'" in strange[0].problem
    assert "-0.004" in negative[0].problem


def test_a_node_that_is_gone_and_a_server_that_is_not_there_are_told() -> None:
    with scale() as weighing:
        assert "clocks agree" in source(weighing).check()
        with pytest.raises(InputError, match="Basket1/Vanished"):
            source(weighing, acknowledge="Vanished").check()
        with pytest.raises(InputError, match="namespace: 'http://nobody'"):
            OpcUaSource(
                Server(weighing.url, "http://nobody", "Basket1"),
                (Registration(MessageReader(MessageMap(kind="lift")), NODES, "Counter"),), 1.0,
            ).check()  # fmt: skip
        url = weighing.url
    with pytest.raises(ConnectionError, match=url):
        source(Scale(url, None)).check()


def message(key: str, kind: str = "planned", **content: Any) -> Message:
    return Message(1, "northmill", kind, key, content, "2026-11-28T00:00:00Z")


NODE_SET = NodeSet(acknowledged="Taken", refused="Refused")


def answered(weighing: Scale, how: str, ended: Any) -> None:
    """The plant's own: takes what is there, or says why not."""
    while not ended.wait(0.05):
        key = weighing.read("Key")
        if key and weighing.read("Taken") != key and not weighing.read("Refused"):
            weighing.write("Taken" if how == "takes" else "Refused", key if how == "takes" else "basket 1 is loading")


def test_a_recipe_is_written_whole_and_acknowledged() -> None:
    with scale() as weighing:
        sink = OpcUaSink(Server(weighing.url, SCALES, "Crane", timeout_s=4.0), NODE_SET, 1.0)
        with in_a_thread(lambda ended: answered(weighing, "takes", ended)):
            for number in (1, 2):
                assert sink.send(message(f"k{number}", heat_id="240512", baskets_t=[{"E40": 18.5}]))
        told = orjson.loads(weighing.read("Content"))
        assert (told["key"], told["content"]["heat_id"], weighing.read("HeatId")) == ("k2", "240512", "240512")
        assert sink.is_acknowledged(message("k2"))
        assert not sink.is_acknowledged(message("k1"))


def test_what_nobody_acknowledges_is_not_written_over() -> None:
    with scale() as weighing:
        sink = OpcUaSink(Server(weighing.url, SCALES, "Crane", timeout_s=1.0), NODE_SET, 1.0)
        assert not sink.send(message("k1"))
        with pytest.raises(ConnectionError, match="k1 is not acknowledged"):
            sink.send(message("k2"))
        assert orjson.loads(weighing.read("Content"))["key"] == "k1"


def test_what_the_receiver_refuses_is_refused_with_its_words() -> None:
    with scale() as weighing:
        sink = OpcUaSink(Server(weighing.url, SCALES, "Crane", timeout_s=4.0), NODE_SET, 1.0)
        with (
            in_a_thread(lambda ended: answered(weighing, "refuses", ended)),
            pytest.raises(RefusedError, match="basket 1 is loading"),
        ):
            sink.send(message("k1"))
