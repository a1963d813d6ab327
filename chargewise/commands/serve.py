"""`chargewise serve`: the REST service and the page."""

import socket
import warnings
from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from chargewise.app.demo_plants import bundled_names, set_up_bundled
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import err, print_json, progress, reporting_errors
from steel.errors import InputError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    root_path: Annotated[str, typer.Option(help="Path under which a proxy serves it, such as /chargewise.")] = "",
    demo: Annotated[bool, typer.Option(help="Set up the bundled plants first.")] = False,
    heats: Annotated[int, typer.Option(min=100, help="Heats of each bundled plant.")] = 2000,
    as_json: AsJson = False,
) -> None:
    """Serve the REST API under /v1, its documentation at /docs and the page at /."""
    with reporting_errors():
        place = Workplace()
        if demo:
            with progress(quiet=as_json) as say:
                for name in bundled_names():
                    set_up_bundled(name, heats, place.settings.plants, place.store, place.registry, say)
        application = place.application()
        listen = (host or place.settings.host, port or place.settings.port)
        listening = _listening(*listen)
        url = f"http://{listen[0]}:{listen[1]}{root_path}/"
        if as_json:
            print_json({"url": url, "plants": application.names()})
        else:
            err.print(
                f"Chargewise on {url}  (API: {root_path}/docs, plants: {', '.join(application.names()) or 'none yet'})"
            )
            if listen[0] not in LOOPBACK:
                err.print("[yellow]![/] Whoever reaches this address may ask, and see prices: there is no login yet.")
        # NiceGUI looks at every object of the process once, which makes torch warn about one of its own.
        warnings.filterwarnings("ignore", message=".*torch.distributed.reduce_op.*")
        server = uvicorn.Server(uvicorn.Config(create_app(application, root_path=root_path), log_level="warning"))
        server.run(sockets=[listening])


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
