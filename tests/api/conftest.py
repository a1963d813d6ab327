"""A real server on loopback (one, for the page's server can be started once a process), and both kinds of database."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright

from api.app import create_app
from chargewise.app.application import Application
from federation.engine import free_port
from plant_adapters.store.store import HeatStore
from tests.conftest import Installation, database_urls

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def serving(web: FastAPI) -> Iterator[str]:
    """The address of a real server of an application, until it is let go of."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(web, host="127.0.0.1", port=port, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def address(installation: Installation) -> Iterator[str]:
    with serving(create_app(installation.service)) as found:
        yield found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def application(
    request: pytest.FixtureRequest, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """An application of its own, over either kind of database."""
    home = Path(shutil.copytree(installation.home, tmp_path_factory.mktemp("either") / "home"))
    with database_urls(request.param, home) as url:
        store = HeatStore(url)
        known = HeatStore(f"sqlite:///{home / 'heats.db'}")
        store.add("northmill", known.log("northmill"), known.materials("northmill"))
        known.close()
        yield Application(home / "plants", home / "models", store)
        store.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture
def client(installation: Installation) -> Iterator[TestClient]:
    """What the pages' own service answers over REST."""
    with TestClient(create_app(installation.service, pages=False)) as found:
        yield found
