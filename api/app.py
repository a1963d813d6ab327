"""The application: REST routes, problem responses and the web page on one server."""

from fastapi import FastAPI, HTTPException

from api import problems
from api.leaving import StopWhenGone
from api.pages.recipe_page import install_pages
from api.routes import router
from api.service import PlantService

DESCRIPTION = """What to load into an electric arc furnace.

Ask `POST /v1/recipes` for the cheapest recipe that meets a grade with stated confidence. Masses are in t,
contents in wt%, prices in €/t, energy in kWh/t tapped, emissions in kgCO2e/t tapped. Errors are problem
documents (RFC 9457)."""


def create_app(service: PlantService, pages: bool = True) -> FastAPI:
    """Build the application around a plant service.

    Args:
        service: plants, models and recipes.
        pages: whether to serve the web page at `/` too.
    """
    app = FastAPI(title="Chargewise", version="0.1.0", description=DESCRIPTION, docs_url="/docs", redoc_url=None)
    app.state.service = service
    problems.install(app)
    app.add_middleware(StopWhenGone)
    app.include_router(router)

    @app.api_route("/v1/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    def unknown(path: str) -> None:
        raise HTTPException(404, f"There is no /v1/{path}; /docs lists what there is")

    if pages:
        install_pages(app, service)
    return app
