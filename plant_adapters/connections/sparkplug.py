"""Sparkplug B over MQTT: payloads as metrics by name, what each device said last, and what was missed."""

import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from plant_adapters.messages.read_message import Raw
from steel.errors import InputError

SPACE = "spBv1.0"
REBIRTH = "Node Control/Rebirth"
SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
"""Integers with a sign arrive as if they had none; by datatype."""
BOOLEAN = 11
_KINDS = descriptor_pb2.FieldDescriptorProto
_METRIC = (
    ("name", 1, _KINDS.TYPE_STRING), ("alias", 2, _KINDS.TYPE_UINT64), ("timestamp", 3, _KINDS.TYPE_UINT64),
    ("datatype", 4, _KINDS.TYPE_UINT32), ("is_historical", 5, _KINDS.TYPE_BOOL), ("is_null", 7, _KINDS.TYPE_BOOL),
    ("int_value", 10, _KINDS.TYPE_UINT32), ("long_value", 11, _KINDS.TYPE_UINT64),
    ("float_value", 12, _KINDS.TYPE_FLOAT), ("double_value", 13, _KINDS.TYPE_DOUBLE),
    ("boolean_value", 14, _KINDS.TYPE_BOOL), ("string_value", 15, _KINDS.TYPE_STRING),
)  # fmt: skip
_VALUES = ("int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value")


@cache
def payload_class() -> Any:
    """The message class of a payload, by the specification's field numbers."""
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug.proto", package="chargewise.sparkplug", syntax="proto2")
    metric, payload = file.message_type.add(name="Metric"), file.message_type.add(name="Payload")
    for name, number, kind in _METRIC:
        metric.field.add(name=name, number=number, type=kind, label=_KINDS.LABEL_OPTIONAL)
    for name, number in (("timestamp", 1), ("seq", 3)):
        payload.field.add(name=name, number=number, type=_KINDS.TYPE_UINT64, label=_KINDS.LABEL_OPTIONAL)
    payload.field.add(
        name="metrics", number=2, type=_KINDS.TYPE_MESSAGE, type_name=".chargewise.sparkplug.Metric",
        label=_KINDS.LABEL_REPEATED,
    )  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("chargewise.sparkplug.Payload"))


def rebirth() -> bytes:
    """The command by which a node is asked to tell everything again."""
    payload = payload_class()(timestamp=int(time.time() * 1000))
    payload.metrics.add(name=REBIRTH, datatype=BOOLEAN, boolean_value=True)
    return bytes(payload.SerializeToString())


@dataclass
class _Node:
    """An edge node: its metrics' names by alias, what each device said last, and the number of its last message."""

    names: dict[int, str] = field(default_factory=dict)
    said: dict[str, Raw] = field(default_factory=dict)
    seq: int | None = None


@dataclass
class Told:
    """What one message says.

    Attributes:
        raw: metrics of its device by name as they stand after it, with `group`, `node` and `device`; None where it
            tells nothing new.
        ask: topic on which the node is to be asked for everything again; empty where it need not.
    """

    raw: Raw | None = None
    ask: str = ""


class Sparkplug:
    """Follows the edge nodes of a host."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}

    def follow(self, topic: str, content: bytes) -> Told:
        """Take one message.

        Raises:
            InputError: it is no payload, or its topic is none.
        """
        parts = topic.split("/")
        if len(parts) not in (4, 5) or parts[0] != SPACE:
            raise InputError(topic, "topic", f"{SPACE}/GROUP/KIND/NODE or {SPACE}/GROUP/KIND/NODE/DEVICE")
        _, group, kind, name, *rest = parts
        device, key, ask = rest[0] if rest else "", f"{group}/{name}", f"{SPACE}/{group}/NCMD/{name}"
        if kind in ("NDEATH", "DDEATH"):
            if kind == "NDEATH":
                self._nodes.pop(key, None)
            elif key in self._nodes:
                self._nodes[key].said.pop(device, None)
            return Told()
        try:
            payload = payload_class().FromString(content)
        except DecodeError as error:
            raise InputError(f"{len(content)} bytes", f"payload of {topic}", f"one of Sparkplug B ({error})") from None
        if kind == "NBIRTH":
            self._nodes[key] = _Node()
        node = self._nodes.get(key)
        if node is None or kind not in ("NBIRTH", "DBIRTH", "NDATA", "DDATA"):
            return Told(ask=ask if node is None and kind.endswith(("DATA", "DBIRTH")) else "")
        gap = node.seq is not None and payload.HasField("seq") and payload.seq != (node.seq + 1) % 256
        node.seq = int(payload.seq) if payload.HasField("seq") else node.seq
        said = node.said.setdefault(device, {})
        for metric in payload.metrics:
            named = metric.name or node.names.get(metric.alias, "")
            if not named:
                return Told(ask=ask)
            if metric.name and metric.HasField("alias"):
                node.names[metric.alias] = metric.name
            said[named] = _value(metric)
        at = {"timestamp": int(payload.timestamp)} if payload.HasField("timestamp") else {}
        return Told({**said, **at, "group": group, "node": name, "device": device}, ask if gap else "")


def _value(metric: Any) -> Any:
    if metric.is_null:
        return None
    held = next((name for name in _VALUES if metric.HasField(name)), None)
    if held is None:
        return None
    value = getattr(metric, held)
    bits = SIGNED_BITS.get(metric.datatype)
    if bits is not None and held in ("int_value", "long_value"):
        # A narrow one comes in 32 bits.
        width = max(bits, 32)
        return value - (1 << width) if value >= 1 << (width - 1) else value
    return value
