"""`chargewise serve`: the REST service, the pages, and who does their jobs."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from api.metrics import FOLDER
from api.service import access_of
from chargewise.app.demo_plants import bundled_names, set_up_bundled
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.ending import ENDS_WITH
from chargewise.commands.console.output import err, print_json, progress, reporting_errors
from steel.errors import InputError

GRACE_S = 10
"""What is being answered may take so long when the service is told to stop."""
ALIVE_S = 75
"""A connection on which nothing is asked is closed after so long."""
LOOK_S = 0.5


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that answer; the pages then have the next port.")
    ] = None,
    root_path: Annotated[
        str | None, typer.Option(help="Path under which a proxy serves it, such as /chargewise.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=0, help="Jobs of each lane at a time; 0: `chargewise work`.")] = None,
    demo: Annotated[bool, typer.Option(help="Set up the bundled plants first.")] = False,
    heats: Annotated[int, typer.Option(min=100, help="Heats of each bundled plant.")] = 2000,
    as_json: AsJson = False,
) -> None:
    """Serve the REST API under /v1, its documentation at /docs and the page at /."""
    with reporting_errors():
        asked = {"host": host, "port": port, "workers": workers, "root_path": root_path, "jobs": jobs}
        given = {name: value for name, value in asked.items() if value is not None}
        settings = Settings.read(**given)
        if settings.workers > 1 and settings.page_port is None:
            given["page_port"] = settings.port + 1
            settings = Settings.read(**given)
        place = Workplace(settings=settings)
        if demo:
            with progress(quiet=as_json) as say:
                for name in bundled_names():
                    set_up_bundled(name, heats, settings.plants, place.store, place.registry, say)
        access_of(place)
        _check_tls(settings)
        listening = _listening(settings.host, settings.port)
        scheme = "http" if settings.tls_certificate is None else "https"
        url = f"{scheme}://{settings.host}:{settings.port}{settings.root_path}/"
        names = place.application().names()
        place.store.close()
        if as_json:
            print_json({"url": url, "plants": names})
        else:
            err.print(
                f"Chargewise on {url}  (API: {settings.root_path}/docs, plants: {', '.join(names) or 'none yet'})"
            )
    _handed_on(given)
    # Memory that many threads have freed goes back sooner.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    with tempfile.TemporaryDirectory(prefix="chargewise-metrics-") as metrics:
        children = Children()
        if settings.jobs:
            children.keep("work", "--each", str(settings.jobs))
        if any((settings.home / "connections").glob("*.toml")):
            children.keep("connect")
        if settings.workers == 1:
            uvicorn.Server(_configuration(settings, "api.service:with_pages")).run(sockets=[listening])
        else:
            os.environ[FOLDER] = metrics
            page = {"CHARGEWISE_PORT": str(settings.page_port), "CHARGEWISE_WORKERS": "1", "CHARGEWISE_JOBS": "0"}
            children.keep("serve", "--json", environment=page)
            configuration = _configuration(settings, "api.service:rest")
            Multiprocess(configuration, uvicorn.Server(configuration).run, [listening]).run()
        children.end()


class Children:
    """Processes beside the service, begun again when they end, until the service does."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []

    def keep(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        """Keep a `chargewise` command running."""
        command = [sys.executable, "-m", "chargewise.commands.cli", *arguments]
        thread = threading.Thread(target=self._run, args=(command, {**os.environ, **(environment or {})}), daemon=True)
        thread.start()
        self._threads.append(thread)

    def end(self) -> None:
        """End them all."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _run(self, command: list[str], environment: dict[str, str]) -> None:
        while not self._ending.is_set():
            # The child ends when this process does, however that ends: its standard input closes.
            process = subprocess.Popen(command, env={**environment, ENDS_WITH: "1"}, stdin=subprocess.PIPE)
            while process.poll() is None and not self._ending.wait(LOOK_S):
                pass
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(GRACE_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            self._ending.wait(LOOK_S)


def _handed_on(given: dict[str, Any]) -> None:
    """Have the processes that this one starts find what the command line says."""
    for name, value in given.items():
        os.environ[f"CHARGEWISE_{name.upper()}"] = str(value)


def _configuration(settings: Settings, factory: str) -> uvicorn.Config:
    tls: dict[str, Any] = {}
    if settings.tls_certificate is not None:
        tls = {"ssl_certfile": str(settings.tls_certificate), "ssl_keyfile": settings.tls_key and str(settings.tls_key)}
    return uvicorn.Config(
        factory,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        **tls,
    )


def _check_tls(settings: Settings) -> None:
    """Refuse a certificate or key that is not there before anything is listened on."""
    for name, path in (("tls_certificate", settings.tls_certificate), ("tls_key", settings.tls_key)):
        if path is not None and not Path(path).is_file():
            raise InputError(str(path), name, "a PEM file that is there")
    if settings.tls_key is not None and settings.tls_certificate is None:
        raise InputError(None, "tls_certificate", "a PEM file, beside tls_key")


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that an address is told only once it is one.

    Raises:
        InputError: there is no such address, or it is taken.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        expected = "an address of this machine with a free port from 1 to 65535"
        raise InputError(
            f"{host}:{port}", "--host and --port", f"{expected} ({getattr(error, 'strerror', error)})"
        ) from None
