"""OPC UA with certificates: signed and encrypted, with the one server that is known, and with nobody else."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.sync import Server as UaServer
from cryptography.x509.oid import ExtendedKeyUsageOID

from plant_adapters.connections.opc_ua import OpcUaSource, Registration
from plant_adapters.connections.opc_ua_session import Server
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.messages.read_message import MessageReader
from tests.servers import free_port

SPACE = "http://works.example/scales"


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    async def made() -> None:
        for name in ("server", "own", "other"):
            use = ExtendedKeyUsageOID.CLIENT_AUTH if name == "own" else ExtendedKeyUsageOID.SERVER_AUTH
            await setup_self_signed_certificate(
                tmp_path / f"{name}.pem", tmp_path / f"{name}.der", f"urn:{name}", "localhost", [use],
                {"countryName": "DE", "commonName": name},
            )  # fmt: skip

    asyncio.run(made())
    return tmp_path


@pytest.fixture
def url(certificates: Path) -> Iterator[str]:
    server = UaServer()
    address = f"opc.tcp://127.0.0.1:{free_port()}/scales"
    server.set_endpoint(address)
    server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
    server.application_uri = "urn:server"
    server.load_certificate(str(certificates / "server.der"))
    server.load_private_key(str(certificates / "server.pem"))
    index = server.register_namespace(SPACE)
    server.nodes.objects.add_object(index, "Scale").add_variable(index, "Counter", 0)
    server.start()
    yield address
    server.stop()


def source(url: str, certificates: Path | None, of: str = "server") -> OpcUaSource:
    security = None
    if certificates is not None:
        files = ",".join(str(certificates / name) for name in ("own.der", "own.pem", f"{of}.der"))
        security = f"Basic256Sha256,SignAndEncrypt,{files}"
    server = Server(url, SPACE, "Scale", security=security, application_uri="urn:own", timeout_s=3.0)
    reader = MessageReader(MessageMap(kind="lift"))
    return OpcUaSource(server, (Registration(reader, {"lift_id": "Counter"}, "Counter"),), 1.0)


def test_only_the_server_that_is_known_is_talked_to_and_only_in_secret(url: str, certificates: Path) -> None:
    assert "clocks agree" in source(url, certificates).check()
    with pytest.raises(ConnectionError):
        source(url, certificates, "other").check()
    with pytest.raises(ConnectionError, match="No matching endpoints"):
        source(url, None).check()
