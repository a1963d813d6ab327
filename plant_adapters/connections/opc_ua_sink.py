"""OPC UA out: one message at a time in a node set, until its receiver has acknowledged it."""

import time
from typing import Any

import orjson

from plant_adapters.connections.opc_ua_session import Server, Session, answers
from plant_adapters.connections.sink_kinds import NodeSet
from plant_adapters.connections.sinks import RefusedError, told_as_json
from plant_adapters.store.outbox import Message

WAIT_S = 0.03


class OpcUaSink:
    """A node set that holds one message at a time, until its receiver has acknowledged it.

    Args:
        server: where.
        nodes: of the message.
        every_s: how often it is looked after.
    """

    def __init__(self, server: Server, nodes: NodeSet, every_s: float) -> None:
        self._server, self._nodes, self.every_s = server, nodes, every_s
        self._session = Session(server)

    def send(self, message: Message) -> bool:
        """Write it, once the one before is acknowledged; whether it is acknowledged within the time-out.

        Raises:
            RefusedError: the receiver says that it does not take it.
            ConnectionError: the server does not answer, or the one before is not acknowledged.
        """
        with answers(self._session, self._server.url):
            there, taken = self._read(self._nodes.key), self._read(self._nodes.acknowledged)
            if there and there not in (taken, message.key):
                raise ConnectionError(f"{there} is not acknowledged yet")
            if there != message.key:
                self._write(message)
            return self._awaited(message)

    def is_acknowledged(self, message: Message) -> bool:
        """Whether the receiver has said since that it has it."""
        with answers(self._session, self._server.url):
            return bool(self._read(self._nodes.acknowledged) == message.key)

    def check(self) -> str:
        """Whether all nodes are there.

        Raises:
            InputError: one is not.
            ConnectionError: the server does not answer, or refuses.
        """
        with answers(self._session, self._server.url):
            for path in self._nodes.model_dump().values():
                if path:
                    self._session.node(path)
        self._session.close()
        return f"nodes under {self._server.base}"

    def _read(self, path: str) -> Any:
        return self._session.node(path).read_value()

    def _write(self, message: Message) -> None:
        nodes, content = self._nodes, message.content
        baskets = [
            (number, name, mass)
            for number, load in enumerate(content.get("baskets_t", ()), 1)
            for name, mass in load.items()
        ]
        written = {
            nodes.refused: "",
            nodes.content: orjson.dumps(told_as_json(message)).decode(),
            nodes.heat_id: str(content.get("heat_id", "")),
            nodes.baskets: [number for number, _, _ in baskets],
            nodes.materials: [name for _, name, _ in baskets],
            nodes.masses_t: [mass for _, _, mass in baskets],
        }
        for path, value in written.items():
            if path:
                self._session.write(path, value)
        self._session.write(nodes.key, message.key)

    def _awaited(self, message: Message) -> bool:
        ends = time.monotonic() + self._server.timeout_s
        while time.monotonic() < ends:
            if self._read(self._nodes.acknowledged) == message.key:
                return True
            if self._nodes.refused and (why := self._read(self._nodes.refused)):
                raise RefusedError(str(why))
            time.sleep(WAIT_S)
        return False
