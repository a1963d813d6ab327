"""A real server on loopback: one, for the page's server can be started once a process."""

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from api.app import create_app
from federation.engine import free_port
from tests.conftest import Installation


@pytest.fixture(scope="session")
def address(installation: Installation) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(create_app(installation.service), host="127.0.0.1", port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
