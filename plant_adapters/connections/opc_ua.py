"""OPC UA in: what a scale or a level-2 server registers, read whole and acknowledged.

A registration is seen by a counter or a number of its own. Where the server waits for an acknowledgement none is lost,
whoever is away; elsewhere a jump of the counter is told as a gap.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncua import ua

from plant_adapters.connections.opc_ua_session import Server, Session, answers, plain
from plant_adapters.connections.protocol import Arrival
from plant_adapters.messages.read_message import MessageReader, Raw
from plant_adapters.messages.received import Received, receive
from steel.errors import InputError

STALE_S = 60.0
"""A registration older than this when a connection is new was there before it; it is where reading begins."""
CLOCKS_APART_S = 120.0


@dataclass(frozen=True)
class Registration:
    """What is registered at a place of the server.

    Attributes:
        reader: what it means.
        nodes: by field's name in the message, nested ones' joined by points, a path from the base; of a structure,
            all of its fields.
        trigger: path of the counter or number that tells a new one.
        acknowledge: path that the trigger's value is written to once it is kept; empty where nobody waits.
    """

    reader: MessageReader
    nodes: Mapping[str, str]
    trigger: str
    acknowledge: str = ""


class OpcUaSource:
    """Registrations of a server.

    Args:
        server: where.
        registrations: which.
        every_s: how often it is looked at.
    """

    def __init__(self, server: Server, registrations: tuple[Registration, ...], every_s: float) -> None:
        self._url, self._registrations, self.every_s = server.url, registrations, every_s
        self._session = Session(server)
        self._to_acknowledge: dict[str, Any] = {}

    def arrivals(self, position: Any) -> Iterator[Arrival]:
        """What was registered since a position: by trigger, its value.

        Raises:
            InputError: a node is not there, or a counter jumped.
            ConnectionError: the server does not answer, or refuses.
        """
        seen: dict[str, Any] = dict(position or {})
        for one in self._registrations:
            with answers(self._session, self._url):
                said = self._session.values([one.trigger, *one.nodes.values()])
            trigger, value = said[0], plain(said[0].Value.Value if said[0].Value else None)
            if not _good(trigger) or value in (None, "", 0) or value == seen.get(one.trigger):
                if one.acknowledge and value and value == seen.get(one.trigger):
                    self._acknowledge(one, value)
                continue
            before = seen.get(one.trigger)
            seen = {**seen, one.trigger: value}
            if before is None and not one.acknowledge and _age_s(trigger) > STALE_S:
                yield Arrival(None, seen)
                continue
            messages = self._gap(one, before, value) + self._read(one, value, said[1:])
            self._to_acknowledge = {one.trigger: (one, value)} if one.acknowledge else {}
            yield Arrival(None, seen, messages=tuple(messages))

    def stored(self, arrival: Arrival) -> None:
        """Tell the server that it may go on.

        Raises:
            ConnectionError: it does not answer; it is told when it does.
        """
        for one, value in self._to_acknowledge.values():
            self._acknowledge(one, value)
        self._to_acknowledge = {}

    def check(self) -> str:
        """Whether all nodes are there, and the clocks agree.

        Raises:
            InputError: a node is not there, or the clocks are apart.
            ConnectionError: the server does not answer, or refuses.
        """
        with answers(self._session, self._url):
            for one in self._registrations:
                for path in (one.trigger, *one.nodes.values(), *([one.acknowledge] if one.acknowledge else [])):
                    self._session.node(path)
            ahead_s = self._session.clock_ahead_s()
        self._session.close()
        if abs(ahead_s) > CLOCKS_APART_S:
            expected = f"ours within {CLOCKS_APART_S:g} s; it is {ahead_s / 60.0:.0f} min ahead"
            raise InputError("clock", f"server {self._url}", expected)
        return f"{len(self._registrations)} registration{'' if len(self._registrations) == 1 else 's'}, clocks agree"

    def _acknowledge(self, one: Registration, value: Any) -> None:
        with answers(self._session, self._url):
            if self._session.node(one.acknowledge).read_value() != value:
                self._session.write(one.acknowledge, value)

    def _gap(self, one: Registration, before: Any, now: Any) -> list[Received]:
        """What a counter jumped over."""
        if not (isinstance(before, int) and isinstance(now, int)) or now <= before + 1:
            return []
        missed = f"{before + 1} to {now - 1}" if now > before + 2 else f"{before + 1}"
        raw = {"trigger": one.trigger, "from": before, "to": now}
        return [
            Received(one.reader.form.kind, raw, None, f"{one.trigger} {missed} came while nobody read; book by hand")
        ]

    def _read(self, one: Registration, value: Any, said: list["ua.DataValue"]) -> list[Received]:
        raw: Raw = {"trigger": value}
        for (name, path), cell in zip(one.nodes.items(), said, strict=True):
            if not _good(cell):
                status = cell.StatusCode.name if cell.StatusCode else "no status"
                return [Received(one.reader.form.kind, raw, None, f"{path}: {status}; expected a value that is good")]
            *within, last = name.split(".")
            place = raw
            for part in within:
                place = place.setdefault(part, {})
            place[last] = plain(cell.Value.Value if cell.Value else None)
        for name, wrong in (("Overload", True), ("Underload", True), ("WeightStable", False)):
            if raw.get(name) is wrong:
                return [
                    Received(one.reader.form.kind, raw, None, f"{name} is {wrong}; expected a weight that is valid")
                ]
        return receive([one.reader], raw)


def _good(cell: "ua.DataValue") -> bool:
    return cell.StatusCode is None or cell.StatusCode.is_good()


def _age_s(cell: "ua.DataValue") -> float:
    told = cell.SourceTimestamp or cell.ServerTimestamp
    if told is None:
        return 0.0
    aware = told if told.tzinfo else told.replace(tzinfo=UTC)
    return float((datetime.now(UTC) - aware).total_seconds())
