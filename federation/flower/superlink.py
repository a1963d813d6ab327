"""The coordinator's process: Flower's SuperLink behind two doors. It holds no heat and runs no code that it is sent.

What it keeps lies in its folder: keys, the roster, Flower's state, the ledger, and while it runs how the operator
reaches it.
"""

import asyncio
import fcntl
import json
import logging
import os
import secrets
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import uvicorn

from federation.flower.doors import News, operators_door, plants_door
from federation.flower.version import check_flower
from federation.folder import DOOR
from federation.keys.credentials import LOOPBACK, Credentials, write_private
from steel.errors import InputError

LOCK, STATE = "coordinator.lock", "state.db"
KEEP_ALIVE_S = 75
IDLE_LAYERS = frozenset(
    {
        "ControlSensitiveResponseMiddleware",
        "ControlLicenseMiddleware",
        "ControlEventLogMiddleware",
        "FleetEventLogMiddleware",
        "RuntimeTracingMiddleware",
    }
)
"""Of Flower's application: logins' caching, licences, event logs and tracing, none of which is configured."""


def coordinate(folder: Path, port: int, host: str = "0.0.0.0") -> None:  # noqa: S104  # plants are on other machines
    """Coordinate until stopped.

    Args:
        folder: made by `chargewise federation init`.
        port: that plants reach it at.
        host: address to listen on; every one unless given.

    Raises:
        InputError: the folder has no keys, is in use, or the port is; another Flower is installed.
    """
    check_flower()
    keys = Credentials((folder / "keys").resolve())
    if not keys.ca.is_file():
        raise InputError(str(keys.folder), "folder", "one made by `chargewise federation init`")
    os.umask(0o077)
    held = _alone(folder)
    outer, inner = _listening(host, port), _listening(LOOPBACK, 0)
    os.environ["FLWR_HOME"] = str((folder / "flwr").resolve())
    token = secrets.token_hex(32)
    door = folder / DOOR
    door.unlink(missing_ok=True)
    write_private(door, json.dumps({"port": inner.getsockname()[1], "token": token, "plants_port": port}).encode())
    try:
        asyncio.run(_serve(_superlink(keys, folder / STATE), keys, outer, inner, token))
    finally:
        door.unlink(missing_ok=True)
        held.close()


def _superlink(keys: Credentials, state: Path) -> Any:
    """Flower's application, with registered plants only, and no process that would run a bundle."""
    from flwr.common.constant import ISOLATION_MODE_PROCESS, TRANSPORT_TYPE_GRPC_RERE  # noqa: PLC0415
    from flwr.superlink.cli.flower_superlink import SuperLinkLifespan  # noqa: PLC0415
    from flwr.superlink.config_loader import SuperLinkLifespanConfig, load_control_authn_plugin  # noqa: PLC0415
    from flwr.superlink.main import create_app  # noqa: PLC0415

    certificates = keys.ca.read_bytes(), keys.server_certificate.read_bytes(), keys.server_key.read_bytes()
    config = SuperLinkLifespanConfig(
        control_address="",
        health_server_address=None,
        host=LOOPBACK,
        port=0,
        insecure=False,
        certificates=certificates,
        superexec_auth_secret=None,
        authn_plugin=load_control_authn_plugin(),
        event_log_plugin=None,
        fleet_event_log_plugin=None,
        enable_event_log=False,
        artifact_provider=None,
        enable_supernode_auth=True,
        fleet_api_type=TRANSPORT_TYPE_GRPC_RERE,
        fleet_api_address=None,
        simulation=False,
        ssl_ca_certfile=str(keys.ca),
        ssl_certfile=str(keys.server_certificate),
        ssl_keyfile=str(keys.server_key),
        database=str(state),
        isolation=ISOLATION_MODE_PROCESS,
        runtime_dependency_install=False,
    )
    app = create_app(config, SuperLinkLifespan)
    # Each layer costs a millisecond a request, and a message is a dozen requests; these five do nothing here.
    app.user_middleware = [layer for layer in app.user_middleware if layer.cls.__name__ not in IDLE_LAYERS]
    _hang_up_all(app)
    return app


def _hang_up(app: Any, body: bytes) -> bool:
    """End the earlier connection of the plant that an activation is of; False if there is no such plant."""
    from flwr.proto.fleet_pb2 import ActivateNodeRequest  # noqa: PLC0415

    state = app.state.linkstate_factory.state()
    number = state.get_node_id_by_public_key(ActivateNodeRequest.FromString(body).public_key)
    return number is not None and bool(state.deactivate_node(number))


def _hang_up_all(app: Any) -> None:
    """Nobody is connected to a coordinator that has just started, whatever it wrote down before it ended."""
    state = app.state.linkstate_factory.state()
    for node in state.get_node_info():
        if node.status == "online":
            state.deactivate_node(node.node_id)


async def _serve(app: Any, keys: Credentials, outer: socket.socket, inner: socket.socket, token: str) -> None:
    news = News()
    common: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "timeout_keep_alive": KEEP_ALIVE_S,
        "proxy_headers": False,
        "timeout_graceful_shutdown": 1,  # plants that wait for messages are not waited for
    }
    tls: dict[str, Any] = {"ssl_certfile": str(keys.server_certificate), "ssl_keyfile": str(keys.server_key)}
    operators = uvicorn.Server(uvicorn.Config(operators_door(app, token, news), lifespan="on", **common))
    plants = uvicorn.Server(
        uvicorn.Config(plants_door(app, news, lambda body: _hang_up(app, body)), lifespan="off", **tls, **common)
    )
    first = asyncio.create_task(operators.serve(sockets=[inner]))
    while not operators.started and not first.done():
        await asyncio.sleep(0.02)
    second = asyncio.create_task(plants.serve(sockets=[outer]))
    await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
    operators.should_exit = plants.should_exit = True
    await asyncio.gather(first, second)


def _listening(host: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise InputError(f"{host}:{port}", "--port", f"an address that is free ({error.strerror})") from error
    found.listen(128)
    return found


def _alone(folder: Path) -> IO[str]:
    """A lock on the folder, for as long as what is returned stays open."""
    held = (folder / LOCK).open("w", encoding="utf-8")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise InputError(str(folder), "folder", "one that no other coordinator uses") from error
    return held


def main() -> None:
    """`python -m federation.flower.superlink FOLDER PORT [HOST]`, for a trial on one machine."""
    logging.getLogger("flwr").setLevel(logging.INFO)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    with suppress(KeyboardInterrupt):
        coordinate(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4])


if __name__ == "__main__":
    main()
