"""OPC UA: a session with a server, begun anew whenever it breaks; nodes by name space URI and browse path."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.sync import Client, SyncNode, ThreadLoop

from plant_adapters.connections.sinks import RefusedError
from steel.errors import InputError

WAITS = 3
"""As many times its time-out as a whole question to a server may take."""
UNITS = {
    5525061: "t", 4933453: "kg", 5461070: "short_ton", 5002318: "long_ton", 4997714: "lb", 4937544: "kWh",
    5068616: "MWh", 4408652: "°C", 20529: "wt%", 13625: "ppm",
}  # fmt: skip
"""`EUInformation.UnitId` of UN/ECE's codes, as OPC UA part 8 makes numbers of them."""


@dataclass(frozen=True)
class Server:
    """Where a server is.

    Attributes:
        url: `opc.tcp://HOST:PORT/PATH`.
        namespace: URI of the nodes' names; parts of types may have another.
        base: browse path under `Objects` from which nodes are named, such as `Scales/Basket1`.
        password: as the environment holds it.
        security: policy, mode, certificate and key, and the server's own certificate, as asyncua writes them:
            `Basic256Sha256,SignAndEncrypt,own.der,own.pem,server.der`; None without.
        application_uri: that our certificate is made out to.
    """

    url: str
    namespace: str
    base: str
    username: str | None = None
    password: str | None = None
    security: str | None = None
    application_uri: str | None = None
    timeout_s: float = 10.0


class Session:
    """One session with a server, begun anew whenever it breaks."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client: Client | None = None
        self._nodes: dict[str, SyncNode] = {}

    def node(self, path: str) -> SyncNode:
        """A node by its path from the base.

        Raises:
            InputError: there is none of that name.
            ConnectionError: the server does not answer, or refuses.
        """
        if path not in self._nodes:
            client, server = self._opened(), self._server
            try:
                index = client.get_namespace_index(server.namespace)
            except ValueError:
                raise InputError(server.namespace, "namespace", f"one of the server at {server.url}") from None
            node = client.nodes.objects
            for name in (part for part in f"{server.base}/{path}".split("/") if part):
                node = self._child(node, name, index, path)
            self._nodes[path] = node
        return self._nodes[path]

    def _child(self, node: SyncNode, name: str, index: int, path: str) -> SyncNode:
        """A node's child of a name: of the name space of ours, or of the one other that has it, as types' parts are."""
        found = [one for one in node.get_children_descriptions() if one.BrowseName.Name == name]
        ours = [one for one in found if one.BrowseName.NamespaceIndex == index]
        if len(ours or found) != 1:
            where = f"{self._server.base}/{path}".strip("/")
            raise InputError(
                where, "node", f"one under Objects of {self._server.url}; {name} is there {len(found)} times"
            )
        return self._opened().get_node((ours or found)[0].NodeId)

    def values(self, paths: list[str]) -> list["ua.DataValue"]:
        """Several nodes' values, read in one request: they belong together."""
        nodes = [self.node(path).aio_obj for path in paths]
        client = self._opened()
        found: list[ua.DataValue] = client.tloop.post(client.aio_obj.read_attributes(nodes, ua.AttributeIds.Value))
        return found

    def write(self, path: str, value: Any) -> None:
        """A node's value, in its own type and without times: many servers take no others."""
        node = self.node(path)
        kind = node.read_data_type_as_variant_type()
        node.write_value(ua.DataValue(ua.Variant(value, kind)))

    def _opened(self) -> Client:
        if self._client is None:
            server = self._server
            # A thread of asyncua's own would keep a process that is to end from ending.
            loop = ThreadLoop(timeout=WAITS * server.timeout_s)
            loop.daemon = True
            loop.start()
            client = Client(server.url, timeout=server.timeout_s, tloop=loop)
            if server.application_uri is not None:
                client.application_uri = server.application_uri
            if server.security is not None:
                client.set_security_string(server.security)
            if server.username is not None:
                client.set_user(server.username)
                client.set_password(server.password or "")
            try:
                client.connect()
                client.load_data_type_definitions()
            except BaseException:
                loop.stop()
                raise
            self._client = client
        return self._client

    def clock_ahead_s(self) -> float:
        """By how much the server's clock is ahead of ours."""
        told = self._opened().get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime).read_value()
        aware = told if told.tzinfo else told.replace(tzinfo=UTC)
        return float((aware - datetime.now(UTC)).total_seconds())

    def close(self) -> None:
        """Let go of it."""
        client, self._client = self._client, None
        self._nodes = {}
        if client is None:
            return
        # The server may be gone, and that is why it is let go of.
        with suppress(Exception):
            client.disconnect()
        client.tloop.stop()


class answers:  # noqa: N801  (reads as a word)
    """What a session raises, as a server that does not answer; the session is begun anew after it."""

    def __init__(self, session: Session, url: str) -> None:
        self._session, self._url = session, url

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, InputError | RefusedError):
            return
        if isinstance(error, Exception):
            self._session.close()
            raise ConnectionError(f"{self._url}: {type(error).__name__} {error}".strip()) from None


def plain(value: Any) -> Any:
    """A value as JSON: structures by their fields, units by their codes."""
    if isinstance(value, ua.EUInformation):
        told = value.DisplayName.Text if value.DisplayName else ""
        return UNITS.get(value.UnitId, f"unit {value.UnitId} {told}".strip())
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, ua.LocalizedText):
        return value.Text
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__ if name != "Encoding"}
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
