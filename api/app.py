"""The application: REST routes, problem responses and the web page on one server."""

from fastapi import FastAPI

from api import problems
from api.description import install_description
from api.intake import Intake
from api.leaving import StopWhenGone
from api.pages.recipe_page import install_pages
from api.routes import router
from api.service import PlantService

DESCRIPTION = """What to load into an electric arc furnace.

Ask `POST /v1/recipes` for the cheapest recipe that meets a grade with stated confidence. Masses are in t,
contents in wt%, prices in €/t, energy in kWh/t tapped, emissions in kgCO2e/t tapped. Errors are problem
documents (RFC 9457)."""


def create_app(service: PlantService, pages: bool = True, root_path: str = "") -> FastAPI:
    """Build the application around a plant service.

    Args:
        service: plants, models and recipes.
        pages: whether to serve the web page at `/` too.
        root_path: path under which a proxy serves it, such as `/chargewise`.
    """
    app = FastAPI(
        title="Chargewise", version="0.1.0", description=DESCRIPTION, docs_url=None, redoc_url=None, root_path=root_path
    )
    app.state.service = service
    problems.install(app)
    app.include_router(router)
    install_description(app)
    app.add_middleware(StopWhenGone)
    # What is added last is asked first.
    app.add_middleware(Intake, routes=router.routes)
    if pages:
        install_pages(app, service)
    return app
