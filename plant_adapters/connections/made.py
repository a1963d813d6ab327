"""The sources and receivers that a plant's connections mean."""

from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from plant_adapters.connections.addresses import MqttAddress, OpcUaAddress, secret
from plant_adapters.connections.connection_kinds import (
    OWN,
    AnyConnection,
    B2mmlConnection,
    FolderConnection,
    MessagesConnection,
    MqttConnection,
    OpcUaConnection,
    OtherConnection,
)
from plant_adapters.connections.folder import FolderSource, MessageFolder, ReadsFile
from plant_adapters.connections.message_files import read_documents, read_messages
from plant_adapters.connections.protocol import HeatSource
from plant_adapters.connections.sink_kinds import AnySink, FolderSinkFile, HttpSinkFile, MqttSinkFile, OpcUaSinkFile
from plant_adapters.connections.sinks import FolderSink, HttpSink, Sink, SqlSink
from plant_adapters.connections.sql_query import SqlSource
from plant_adapters.mapping.mapping import read_mapping
from plant_adapters.messages.codes import CodeTable
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.messages.read_message import MessageReader
from plant_adapters.store.connection_states import ConnectionStates
from steel.complaints import meant
from steel.errors import InputError
from steel.messages import KINDS

if TYPE_CHECKING:
    from plant_adapters.connections.mqtt import Broker
    from plant_adapters.connections.opc_ua_session import Server

GROUP = "chargewise.sources"
"""Entry points by which a package offers a kind of source: called with plant, name, options and states."""


@dataclass(frozen=True)
class Made:
    """A source, and how its messages are read."""

    source: HeatSource
    readers: tuple[MessageReader, ...] = ()


def source_of(plant: str, stated: AnyConnection, beside: Path, states: ConnectionStates) -> Made:
    """The source that a connection means.

    Args:
        plant: whose.
        stated: in the file.
        beside: folder of the file, from which its own paths are.
        states: of all connections.

    Raises:
        InputError: its mapping, its code table or its kind is not there, a library is not installed, or the
            environment holds no password.
    """
    if isinstance(stated, OtherConnection):
        return Made(_others(plant, stated, states))
    if isinstance(stated, FolderConnection):
        mapping = read_mapping(_beside(stated.mapping, beside))
        return Made(FolderSource(
            plant, stated.name, _folder(stated.folder, beside), stated.pattern, mapping, states, stated.every_s,
            stated.settle_s,
        ))  # fmt: skip
    if isinstance(stated, MessagesConnection | B2mmlConnection):
        return _messages(plant, stated, beside, states)
    if isinstance(stated, MqttConnection):
        return _mqtt(plant, stated, beside)
    if isinstance(stated, OpcUaConnection):
        return _opc_ua(stated, beside)
    return Made(SqlSource(
        stated.name, stated.found(stated.name), stated.query, stated.parts,
        read_mapping(_beside(stated.mapping, beside)), stated.watermark, stated.start, stated.overlap, stated.every_s,
        stated.timeout_s, stated.most_rows,
    ))  # fmt: skip


def _others(plant: str, stated: OtherConnection, states: ConnectionStates) -> HeatSource:
    offered = {one.name: one for one in entry_points(group=GROUP)}
    if stated.kind not in offered:
        known = (*OWN, *offered)
        expected = f"one of {', '.join(known)}{meant(stated.kind, known)}"
        raise InputError(stated.kind, f"kind of {stated.name}", expected)
    made: HeatSource = offered[stated.kind].load()(plant, stated.name, stated.options, states)
    return made


def _messages(
    plant: str, stated: MessagesConnection | B2mmlConnection, beside: Path, states: ConnectionStates
) -> Made:  # fmt: skip
    if isinstance(stated, MessagesConnection):
        readers = tuple(_reader(form, beside) for form in stated.messages)

        read: ReadsFile = partial(read_messages, table=stated.table, rows=stated.rows, readers=readers)
    else:
        _needs("lxml", "b2mml", stated.name)
        maps = (MessageMap(kind=kind, codes=stated.codes, timezone=stated.timezone) for kind in KINDS)
        readers = tuple(_reader(form, beside) for form in maps)
        schemas = None if stated.schemas is None else _folder(stated.schemas, beside)
        read = partial(read_documents, schemas=schemas, readers=readers)

    folder = _folder(stated.folder, beside)
    source = MessageFolder(
        plant, stated.name, folder, stated.pattern, read, states, stated.every_s, stated.settle_s
    )  # fmt: skip
    return Made(source, readers)


def _mqtt(plant: str, stated: MqttConnection, beside: Path) -> Made:
    _needs("paho.mqtt", "mqtt", stated.name)
    from plant_adapters.connections.mqtt import MqttSource, Topic  # noqa: PLC0415

    topics = tuple(Topic(form.topic, _reader(form, beside)) for form in stated.messages)
    source = MqttSource(_broker(stated, plant, stated.name, beside), topics, stated.every_s)
    return Made(source, tuple(one.reader for one in topics))


def _opc_ua(stated: OpcUaConnection, beside: Path) -> Made:
    _needs("asyncua", "opcua", stated.name)
    from plant_adapters.connections.opc_ua import OpcUaSource, Registration  # noqa: PLC0415

    registrations = tuple(
        Registration(_reader(form, beside), form.nodes, form.trigger, form.acknowledge) for form in stated.messages
    )
    source = OpcUaSource(_server(stated, stated.name, beside), registrations, stated.every_s)
    return Made(source, tuple(one.reader for one in registrations))


def sink_of(plant: str, stated: AnySink, beside: Path) -> Sink:
    """The receiver that a connection means.

    Args:
        plant: whose.
        stated: in the file.
        beside: folder of the file, from which its own paths are.

    Raises:
        InputError: the environment holds no URL, token or password, a library is not installed, or a table's name is
            none.
    """
    if isinstance(stated, FolderSinkFile):
        if stated.format == "b2mml":
            _needs("lxml", "b2mml", stated.name)
        return FolderSink(stated.name, _folder(stated.folder, beside), stated.every_s, stated.format)
    if isinstance(stated, HttpSinkFile):
        token = None if stated.token_env is None else secret(stated.token_env, f"token_env of {stated.name}")
        return HttpSink(stated.name, stated.url, token, stated.every_s, stated.timeout_s)
    if isinstance(stated, MqttSinkFile):
        _needs("paho.mqtt", "mqtt", stated.name)
        from plant_adapters.connections.mqtt import MqttSink  # noqa: PLC0415

        return MqttSink(_broker(stated, plant, stated.name, beside), stated.topic, stated.every_s)
    if isinstance(stated, OpcUaSinkFile):
        _needs("asyncua", "opcua", stated.name)
        from plant_adapters.connections.opc_ua_sink import OpcUaSink  # noqa: PLC0415

        return OpcUaSink(_server(stated, stated.name, beside), stated.nodes, stated.every_s)
    return SqlSink(stated.name, stated.found(stated.name), stated.table, stated.every_s)


def _broker(stated: MqttAddress, plant: str, name: str, beside: Path) -> "Broker":
    from plant_adapters.connections.mqtt import Broker  # noqa: PLC0415

    tls = stated.tls if stated.tls in (None, "system") else str(beside / stated.tls)
    return Broker(
        stated.host, stated.port, stated.client_id or f"chargewise-{plant}-{name}".replace(" ", "-"), stated.username,
        _password(stated.password_env, name), tls, stated.health, stated.timeout_s,
    )  # fmt: skip


def _server(stated: OpcUaAddress, name: str, beside: Path) -> "Server":
    from plant_adapters.connections.opc_ua_session import Server  # noqa: PLC0415

    files = (stated.certificate, stated.private_key, stated.server_certificate)
    security = None
    if stated.security is not None:
        security = ",".join([stated.security, *(str(beside / one) for one in files if one is not None)])
    return Server(
        stated.url, stated.namespace, stated.base, stated.username, _password(stated.password_env, name), security,
        stated.application_uri, stated.timeout_s,
    )  # fmt: skip


def _password(variable: str | None, name: str) -> str | None:
    return None if variable is None else secret(variable, f"password_env of {name}")


def _reader(form: MessageMap, beside: Path) -> MessageReader:
    return MessageReader(form, None if form.codes is None else CodeTable(_folder(Path(form.codes), beside)))


def _beside(name: str, beside: Path) -> str:
    local = beside / name
    return str(local) if local.is_file() else name


def _folder(path: Path, beside: Path) -> Path:
    return path if path.is_absolute() else beside / path


def _needs(module: str, extra: str, name: str) -> None:
    """Check that a library is there before it is imported: not every plant needs each.

    Raises:
        InputError: it is not.
    """
    if find_spec(module.split(".", maxsplit=1)[0]) is None:
        raise InputError(module, f"library of {name}", f"it installed: pip install 'chargewise[{extra}]'")
