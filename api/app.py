"""The application: REST routes, problem responses and the web page on one server."""

from pathlib import Path

from fastapi import FastAPI

from api import problems
from api.conditional import Conditional
from api.crane_page import install_crane_page
from api.description import install_description
from api.disconnects import StopOnDisconnect
from api.gate import Gate
from api.idempotency import Idempotency
from api.intake import Intake
from api.keys_page import install_keys_page
from api.login import install_login, install_way_to_pages
from api.pages.install import install_pages
from api.requests import Requests
from api.resources import (
    administration,
    carbon,
    catalogue,
    connections,
    federation,
    findings,
    health,
    heats,
    jobs,
    journal,
    models,
    plants,
    predictions,
    priorities,
    recipes,
    recoveries,
    scenarios,
    sequences,
    shift,
    yard,
)
from chargewise.app.application import Application
from chargewise.app.identity import Access
from chargewise.app.repeats import Repeats

DESCRIPTION = """What to load into an electric arc furnace.

Ask `POST /v1/recipes` for the cheapest recipe that meets a grade with stated confidence. Masses are in t,
contents in wt%, prices in €/t, energy in kWh/t tapped, emissions in kgCO2e/t tapped. Errors are problem
documents (RFC 9457)."""


TAGS = [
    {"name": "recipes", "description": "One order, and every question about its recipe."},
    {"name": "journal", "description": "Recipes again: decided on, charged, judged by their heats, made again."},
    {"name": "heats", "description": "Heats that were made."},
    {
        "name": "shift",
        "description": "Heats in progress: planned, weighed, the rest optimised again, sampled, trimmed.",
    },
    {"name": "jobs", "description": "What takes longer than one waits: asked for, looked at, fetched."},
    {"name": "scenarios", "description": "What-if scenarios that come with Chargewise."},
    {"name": "predictions", "description": "What a given charge will give."},
    {"name": "catalogue", "description": "Materials and grades."},
    {"name": "plants", "description": "Furnace, yard and own grades of each plant, changed with versions."},
    {"name": "yard", "description": "The yard as it is now: deliveries, stock, prices, what came and went."},
    {"name": "findings", "description": "What the heats say of scrap, bays and furnace."},
    {"name": "models", "description": "Surrogates: listed, promoted, rolled back."},
    {"name": "federation", "description": "Models that came of it, its ledger, who is connected."},
    {"name": "administration", "description": "Keys, and what was changed by whom."},
    {"name": "health", "description": "Whether the service answers, and for which plants."},
]
RESOURCES = (
    recipes,
    journal,
    heats,
    connections,
    recoveries,
    shift,
    sequences,
    priorities,
    jobs,
    scenarios,
    predictions,
    catalogue,
    plants,
    yard,
    findings,
    carbon,
    models,
    federation,
    administration,
    health,
)
"""Each with its router, in the order of the documentation."""


def create_app(
    application: Application,
    pages: bool = True,
    root_path: str = "",
    access: Access | None = None,
    rate_per_minute: int = 0,
    page_port: int | None = None,
    federation: Path = Path("federation-data"),
) -> FastAPI:
    """Build the service around an application.

    Args:
        application: plants, models and recipes.
        pages: whether to serve the web page at `/` too.
        root_path: path under which a proxy serves it, such as `/chargewise`.
        access: who may come in; whoever is in this process unless given.
        rate_per_minute: requests of one key in a minute; 0 for no limit.
        page_port: where the pages are, if they are served by another process.
        federation: folder of a federation's coordinator, where it runs on this machine.
    """
    app = FastAPI(
        title="Chargewise",
        version="0.1.0",
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=TAGS,
        servers=[{"url": root_path or "/"}],
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
        root_path=root_path,
        root_path_in_servers=False,
    )
    app.state.application, app.state.federation = application, federation
    problems.install(app)
    for resource in RESOURCES:
        app.include_router(resource.router)
    install_description(app)
    app.add_middleware(StopOnDisconnect)
    app.add_middleware(Conditional)
    app.add_middleware(Idempotency, repeats=Repeats(application.database))
    # What is added last is asked first.
    app.add_middleware(Intake, routes=[route for resource in RESOURCES for route in resource.router.routes])
    access = access or Access()
    install_login(app, access)
    install_keys_page(app, application)
    install_crane_page(app)
    app.add_middleware(Gate, access=access, rate_per_minute=rate_per_minute)
    app.add_middleware(Requests)
    if pages:
        install_pages(app, application)
    elif page_port is not None:
        install_way_to_pages(app, page_port)
    return app
