"""`chargewise serve`: the REST service and the page."""

import warnings
from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from api.onboarding import set_up_bundled
from chargewise.arguments import AsJson
from chargewise.console import err, print_json, progress, reporting_errors
from chargewise.workplace import Workplace
from scenarios.bundled import names


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    demo: Annotated[bool, typer.Option(help="Set up the bundled plants first.")] = False,
    heats: Annotated[int, typer.Option(min=100, help="Heats of each bundled plant.")] = 2000,
    as_json: AsJson = False,
) -> None:
    """Serve the REST API under /v1, its documentation at /docs and the page at /."""
    with reporting_errors():
        place = Workplace()
        if demo:
            with progress(quiet=as_json) as say:
                for name in names():
                    set_up_bundled(name, heats, place.settings.plants, place.store, place.registry, say)
        service = place.service()
        listen = (host or place.settings.host, port or place.settings.port)
        if as_json:
            print_json({"url": f"http://{listen[0]}:{listen[1]}/", "plants": service.names()})
        else:
            err.print(
                f"Chargewise on http://{listen[0]}:{listen[1]}/  (API: /docs, plants: {', '.join(service.names())})"
            )
        # NiceGUI looks at every object of the process once, which makes torch warn about one of its own.
        warnings.filterwarnings("ignore", message=".*torch.distributed.reduce_op.*")
        uvicorn.run(create_app(service), host=listen[0], port=listen[1], log_level="warning")
