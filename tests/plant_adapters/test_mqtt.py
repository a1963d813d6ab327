"""A real broker: nothing lost and nothing twice, whoever is killed; wrong passwords and half messages told."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from plant_adapters.connections.mqtt import Broker as Address
from plant_adapters.connections.mqtt import MqttArrival, MqttSource, Topic
from plant_adapters.connections.sparkplug import REBIRTH, payload_class
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.messages.read_message import MessageReader
from plant_adapters.messages.received import Received
from tests.servers import Broker, mosquitto

TOPIC = "works/eaf1/scale/{basket}/registered"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with mosquitto(tmp_path / "broker") as found:
        yield found


def source(broker: Broker, topic: str = TOPIC, **form: Any) -> MqttSource:
    reader = MessageReader(MessageMap.model_validate({"kind": "lift", **form}))
    return MqttSource(Address("127.0.0.1", broker.port, "reader"), (Topic(topic, reader),), 0.1)


def publish(broker: Broker, topic: str, *payloads: bytes, qos: int = 1) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for payload in payloads:
        client.publish(topic, payload, qos=qos).wait_for_publish(10)
    client.loop_stop()
    client.disconnect()


def lift(number: int, **more: Any) -> bytes:
    return orjson.dumps({"heat_id": "240512", "lift_id": f"W{number}", "material": "E40", "mass": 18.5, **more})


def came(of: MqttSource, count: int, keep: bool = True, within_s: float = 15.0) -> list[Received]:
    found: list[Received] = []
    ends = time.monotonic() + within_s
    while len(found) < count and time.monotonic() < ends:
        for arrival in of.arrivals(None):
            found += arrival.messages
            if keep:
                of.stored(arrival)
    return found


def stops_coming(broker: Broker) -> bool:
    """Whether a broker has nothing more to hand on; what it had not seen acknowledged yet may come once more."""
    for _ in range(4):
        reading = source(broker)
        again = came(reading, 1, within_s=2.0)
        reading._session.close()
        if not again:
            return True
    return False


def names(messages: list[Received]) -> list[str]:
    return [one.record_id for one in messages]


def test_a_field_may_be_a_level_of_the_topic(broker: Broker) -> None:
    reading = source(broker)
    list(reading.arrivals(None))
    publish(broker, "works/eaf1/scale/2/registered", lift(1))
    publish(broker, "works/eaf1/scale/2/other", lift(2))
    (one,) = came(reading, 1)
    assert one.message is not None
    assert one.message.model_dump()["basket"] == 2


def test_what_was_not_kept_comes_again_and_what_was_kept_does_not(broker: Broker) -> None:
    first = source(broker)
    list(first.arrivals(None))
    publish(broker, "works/eaf1/scale/1/registered", *(lift(n) for n in range(4)))
    assert names(came(first, 4, keep=False)) == [f"240512/W{n}" for n in range(4)]
    first._session.close()
    again = source(broker)
    assert names(came(again, 4)) == [f"240512/W{n}" for n in range(4)]
    again._session.close()
    assert stops_coming(broker)


def test_what_comes_while_nobody_listens_waits_through_a_restart_of_the_broker(broker: Broker) -> None:
    reading = source(broker)
    list(reading.arrivals(None))
    reading._session.close()
    publish(broker, "works/eaf1/scale/1/registered", *(lift(n) for n in range(30)))
    time.sleep(1.5)  # The broker writes down what waits once a second.
    broker.stop()
    broker.start()
    assert names(came(source(broker), 30)) == [f"240512/W{n}" for n in range(30)]


def test_a_broker_that_comes_back_is_listened_to_again(broker: Broker) -> None:
    reading = source(broker)
    list(reading.arrivals(None))
    broker.stop()
    broker.start()
    publish(broker, "works/eaf1/scale/1/registered", lift(1))
    assert names(came(reading, 1)) == ["240512/W1"]


def test_half_a_message_is_set_aside_and_acknowledged(broker: Broker) -> None:
    reading = source(broker)
    list(reading.arrivals(None))
    publish(broker, "works/eaf1/scale/1/registered", lift(1)[:30], b"[1,2]", lift(2, mass="18,5"), lift(3))
    told = came(reading, 4)
    assert [bool(one.problem) for one in told] == [True, True, True, False]
    assert "JSON" in told[0].problem
    assert told[0].raw["payload"] == lift(1)[:30].decode()
    reading._session.close()
    assert stops_coming(broker)


def test_a_wrong_password_and_a_broker_that_is_not_there_are_told(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker", password="right") as broker:
        topics = (Topic(TOPIC, MessageReader(MessageMap(kind="lift"))),)
        wrong = MqttSource(Address("127.0.0.1", broker.port, "r", "works", "wrong", timeout_s=3.0), topics, 1.0)
        with pytest.raises(ConnectionError, match="refused"):
            wrong.check()
        right = MqttSource(Address("127.0.0.1", broker.port, "r", "works", "right", timeout_s=3.0), topics, 1.0)
        assert "connected" in right.check()
        broker.stop()
        with pytest.raises(ConnectionError, match=str(broker.port)):
            right.check()


def payload(seq: int, *metrics: dict[str, Any]) -> bytes:
    told = payload_class()(timestamp=1_764_000_000_000, seq=seq)
    for metric in metrics:
        told.metrics.add(**metric)
    return bytes(told.SerializeToString())


SPARKPLUG: dict[str, Any] = {
    "fields": {"heat_id": "Heat", "lift_id": "WeightId", "material": "Material", "mass": "Net"},
    "fixed": {"basket": 1}, "units": {"mass": "kg"}, "only": {"device": ["scale1"]},
}  # fmt: skip
BIRTH = (
    {"name": "Heat", "alias": 1, "datatype": 12, "string_value": "240512"},
    {"name": "WeightId", "alias": 2, "datatype": 12, "string_value": "W1"},
    {"name": "Material", "alias": 3, "datatype": 12, "string_value": "E40"},
    {"name": "Net", "alias": 4, "datatype": 3, "int_value": 18_500},
)


def test_sparkplugs_aliases_are_told_at_birth_and_asked_for_where_it_was_missed(broker: Broker) -> None:
    reading = source(broker, "spBv1.0/works/+/edge1/#", **SPARKPLUG)
    list(reading.arrivals(None))
    asked: list[bytes] = []
    edge = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    edge.on_message = lambda _client, _data, message: asked.append(message.payload)
    edge.connect("127.0.0.1", broker.port)
    edge.subscribe("spBv1.0/works/NCMD/edge1")
    edge.loop_start()
    on = "spBv1.0/works/{}/edge1/scale1"
    edge.publish(on.format("DDATA"), payload(7, {"alias": 4, "datatype": 3, "int_value": 17_000})).wait_for_publish(5)
    assert came(reading, 1, within_s=2.0) == []
    assert payload_class().FromString(asked[0]).metrics[0].name == REBIRTH
    edge.publish("spBv1.0/works/NBIRTH/edge1", payload(0)).wait_for_publish(5)
    edge.publish(on.format("DBIRTH"), payload(1, *BIRTH)).wait_for_publish(5)
    weight = {"alias": 2, "datatype": 12, "string_value": "W2"}, {"alias": 4, "datatype": 3, "int_value": 4_294_967_293}
    edge.publish(on.format("DDATA"), payload(2, *weight)).wait_for_publish(5)
    edge.publish(on.format("DDATA"), payload(9, {"alias": 4, "datatype": 3, "int_value": 16_000})).wait_for_publish(5)
    told = came(reading, 3)
    edge.loop_stop()
    edge.disconnect()
    first, second, third = told
    assert first.message is not None
    assert first.message.model_dump()["lift"] == {"lift_id": "W1", "material": "E40", "mass_t": 18.5, "lot_id": ""}
    # -3 kg came as 4294967293: it is no mass that was put in, and no four thousand tonnes.
    assert "-0.003" in second.problem
    assert third.message is not None
    assert len(asked) == 2


def test_what_a_source_gives_is_acknowledged_by_what_it_gave(broker: Broker) -> None:
    reading = source(broker)
    list(reading.arrivals(None))
    publish(broker, "works/eaf1/scale/1/registered", lift(1))
    (arrival,) = [one for _ in range(5) for one in reading.arrivals(None)]
    assert isinstance(arrival, MqttArrival)
    assert len(arrival.came) == 1
