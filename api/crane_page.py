"""The crane's page: plain HTML and a script of its own, for it must go on when the network is gone."""

from importlib import resources

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

FILES = resources.files("api.pages")


def install_crane_page(app: FastAPI) -> None:
    """Serve `/crane?plant=...&heat=...`; what it shows and tells goes through REST."""
    page = FILES.joinpath("crane.html").read_text("utf-8")
    script = FILES.joinpath("crane.js").read_text("utf-8")

    @app.get("/crane", include_in_schema=False)
    def crane() -> HTMLResponse:
        return HTMLResponse(page)

    @app.get("/crane.js", include_in_schema=False)
    def crane_script() -> Response:
        return Response(script, media_type="text/javascript")
