"""MQTT: messages of a plant's broker, each acknowledged once it is in the inbox; and messages out, answered there.

paho's own acknowledgements are switched off: one that is given when a message enters the memory loses what the memory
holds when a process is killed.
"""

import queue
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from plant_adapters.connections.protocol import Arrival
from plant_adapters.connections.sinks import told_as_json
from plant_adapters.connections.sparkplug import SPACE, Sparkplug, rebirth
from plant_adapters.messages.read_message import MessageReader, Raw
from plant_adapters.messages.received import Received, received
from plant_adapters.store.outbox import Message
from steel.errors import InputError

SESSION_S = 14 * 86_400
"""How long a broker is asked to keep what comes while nobody listens."""
KEEP_ALIVE_S = 20
MOST_AT_A_TIME = 500
LONGEST_WAIT_S = 1.0
MOST_BYTES = 1_000_000
REFUSALS = {4: "user or password", 5: "rights", 134: "user or password", 135: "rights"}


@dataclass(frozen=True)
class Broker:
    """Where a broker is.

    Attributes:
        client_id: by which it knows a session again.
        password: as the environment holds it.
        tls: certificate authorities' file; "system" for the machine's own; None without.
        health: topic that says, retained, whether we are there; empty for none.
    """

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = None
    tls: str | None = None
    health: str = ""
    timeout_s: float = 10.0


class _Session:
    """One session with a broker, taken up again after every break.

    Args:
        broker: with which.
        topics: subscribed to, with quality of service 1.
    """

    def __init__(self, broker: Broker, topics: Sequence[str]) -> None:
        self._broker, self._topics = broker, tuple(topics)
        self._client: paho.Client | None = None
        self._connected, self._refused = Event(), ""
        self.came: queue.Queue[paho.MQTTMessage] = queue.Queue()

    def client(self) -> paho.Client:
        """The connected client.

        Raises:
            ConnectionError: the broker does not answer, or refuses.
        """
        broker = self._broker
        if self._client is None:
            self._client = self._made()
            try:
                lasting = Properties(PacketTypes.CONNECT)
                lasting.SessionExpiryInterval = SESSION_S
                self._client.connect(broker.host, broker.port, KEEP_ALIVE_S, clean_start=False, properties=lasting)
            except (OSError, ValueError) as error:
                self._client = None
                raise ConnectionError(f"{broker.host}:{broker.port}: {error}") from None
            self._client.loop_start()
        if not self._connected.wait(broker.timeout_s):
            reason = self._refused or "no answer"
            self.close()
            raise ConnectionError(f"{broker.host}:{broker.port}: {reason}")
        return self._client

    def close(self) -> None:
        """Let go of it; the broker keeps what comes."""
        if self._client is not None:
            # In this order, what is acknowledged still goes out.
            self._client.disconnect()
            self._client.loop_stop()
        self._client = None
        self._connected.clear()

    def _made(self) -> paho.Client:
        broker = self._broker
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=broker.client_id, protocol=paho.MQTTv5, manual_ack=True
        )
        client.connect_timeout = broker.timeout_s
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if broker.tls is not None:
            client.tls_set(ca_certs=None if broker.tls == "system" else broker.tls)
        if broker.health:
            client.will_set(broker.health, orjson.dumps({"online": False}), qos=1, retain=True)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message = lambda _client, _data, message: self.came.put(message)
        return client

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._refused = f"refused: {REFUSALS.get(code.value, str(code))}"
            return
        for topic in self._topics:
            client.subscribe(topic, qos=1)
        if self._broker.health:
            client.publish(self._broker.health, orjson.dumps({"online": True}), qos=1, retain=True)
        self._refused = ""
        self._connected.set()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, _code: Any, _properties: Any) -> None:
        self._connected.clear()


@dataclass(frozen=True)
class Topic:
    """A topic, and what its messages mean.

    Attributes:
        name: with `{field}` where a level is a field; `+` and `#` as MQTT has them.
    """

    name: str
    reader: MessageReader

    @property
    def filter(self) -> str:
        """As it is subscribed to."""
        return re.sub(r"\{[a-z_]+\}", "+", self.name)

    def fields(self, topic: str) -> Raw | None:
        """What the levels of a message's topic say; None where it is none of these."""
        pattern = "".join(
            "(?P<" + part[1:-1] + ">[^/]+)" if part.startswith("{") else _level(part)
            for part in re.split(r"(\{[a-z_]+\})", self.name)
        )
        found = re.fullmatch(pattern, topic)
        return None if found is None else found.groupdict()


def _level(text: str) -> str:
    return re.escape(text).replace(r"\+", "[^/]+").replace(r"/\#", "(/.*)?").replace(r"\#", ".*")


@dataclass(frozen=True)
class MqttArrival(Arrival):
    """Messages that came, to be acknowledged once they are kept."""

    came: tuple[Any, ...] = field(default=())


class MqttSource:
    """Messages of a broker's topics, JSON or Sparkplug B.

    Args:
        broker: where.
        topics: and what their messages mean.
        every_s: how often it is looked whether it still is there.
    """

    def __init__(self, broker: Broker, topics: tuple[Topic, ...], every_s: float) -> None:
        self._topics, self.every_s = topics, min(every_s, 0.05)
        self._session = _Session(broker, tuple(dict.fromkeys(one.filter for one in topics)))
        self._sparkplug = Sparkplug()

    def arrivals(self, position: Any) -> Iterator[Arrival]:
        """What came; waits a moment for something to come.

        Raises:
            ConnectionError: the broker does not answer, or refuses.
        """
        client = self._session.client()
        came: list[paho.MQTTMessage] = []
        try:
            came.append(self._session.came.get(timeout=LONGEST_WAIT_S))
            while len(came) < MOST_AT_A_TIME:
                came.append(self._session.came.get_nowait())
        except queue.Empty:
            pass
        if came:
            messages = [one for message in came for one in self._read(client, message)]
            yield MqttArrival(None, position, messages=tuple(messages), came=tuple(came))

    def stored(self, arrival: Arrival) -> None:
        """Acknowledge what is in the inbox."""
        if isinstance(arrival, MqttArrival):
            client = self._session.client()
            for message in arrival.came:
                client.ack(message.mid, message.qos)

    def check(self) -> str:
        """Connect once.

        Raises:
            ConnectionError: the broker does not answer, or refuses.
        """
        self._session.client()
        self._session.close()
        return f"connected, {len(self._topics)} topic{'' if len(self._topics) == 1 else 's'}"

    def _read(self, client: paho.Client, message: paho.MQTTMessage) -> Iterator[Received]:
        for topic in self._topics:
            fields = topic.fields(message.topic)
            if fields is None:
                continue
            try:
                raw = self._raw(client, message)
            except InputError as error:
                written = {"topic": message.topic, "payload": message.payload[:2000].decode("utf-8", "replace")}
                yield Received(topic.reader.form.kind, written, None, str(error))
                continue
            if raw is None:
                continue
            whole = {**raw, **fields, "topic": message.topic}
            if topic.reader.form.counts(whole):
                yield received(topic.reader, whole)

    def _raw(self, client: paho.Client, message: paho.MQTTMessage) -> Raw | None:
        if len(message.payload) > MOST_BYTES:
            raise InputError(f"{len(message.payload):,} bytes", message.topic, f"at most {MOST_BYTES:,}")
        if message.topic.startswith(f"{SPACE}/"):
            told = self._sparkplug.follow(message.topic, message.payload)
            if told.ask:
                client.publish(told.ask, rebirth(), qos=0)
            return told.raw
        try:
            content = orjson.loads(message.payload)
        except orjson.JSONDecodeError as error:
            raise InputError(
                message.payload[:100].decode("utf-8", "replace"), message.topic, f"JSON ({error})"
            ) from None
        if not isinstance(content, dict):
            raise InputError(str(content)[:100], message.topic, "an object with named fields")
        return content


class MqttSink:
    """A message each, answered on another topic.

    Args:
        broker: where.
        topic: that messages are published to; `{kind}` and `{heat_id}` stand for the message's own.
        every_s: how often it is looked after.
    """

    def __init__(self, broker: Broker, topic: str, every_s: float) -> None:
        self._broker, self._topic, self.every_s = broker, topic, every_s
        self._session = _Session(broker, ())

    def send(self, message: Message) -> bool:
        """Publish it; the broker has it then, and its receiver answers with an acknowledgement that comes in.

        Raises:
            ConnectionError: the broker does not take it.
        """
        heat = re.sub(r"[/+#]", "-", str(message.content.get("heat_id", message.content.get("recipe_id", ""))))
        topic = self._topic.replace("{kind}", message.kind.replace(" ", "-")).replace("{heat_id}", heat)
        sent = self._session.client().publish(topic, orjson.dumps(told_as_json(message)), qos=1)
        try:
            sent.wait_for_publish(self._broker.timeout_s)
        except (RuntimeError, ValueError) as error:
            raise ConnectionError(f"{self._broker.host}: {error}") from None
        if not sent.is_published():
            raise ConnectionError(f"{self._broker.host}: not taken within {self._broker.timeout_s:g} s")
        return False

    def is_acknowledged(self, message: Message) -> bool:
        """It says so by a message of its own."""
        return False

    def check(self) -> str:
        """Connect once.

        Raises:
            ConnectionError: the broker does not answer, or refuses.
        """
        self._session.client()
        self._session.close()
        return f"connected to {self._broker.host}"
