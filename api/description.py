"""How the service describes itself: OpenAPI whose errors are problem documents, and a page of it without internet."""

from importlib import resources
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from api.gate import FREE
from api.problems import MEDIA_TYPE, Problem

ASSETS = "/docs/assets"
ALWAYS = {
    405: "The path is asked by another method",
    422: "A value cannot be used",
    500: "The service or its solver failed",
    503: "No answer at present: time was up, or the plant is not ready",
}
KEYED = {
    401: "No key, or one that opens nothing",
    403: "A key that may not do this, or not at this plant",
    429: "Too much at once, or too many requests of this key",
}
WITH_BODY = {400: "The body is no JSON", 413: "The body is too long", 415: "The body is of another media type"}


SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key (`chargewise keys make`), or a token of the works' own login.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key."},
}
"""How who asks is known; a service without keys answers its own machine and asks nobody."""


def install_description(app: FastAPI) -> None:
    """Describe the service at `/openapi.json`, and show that at `/docs`, with everything served from here."""
    usual = app.openapi

    def described() -> dict[str, Any]:
        if not app.openapi_schema:
            _with_problems(usual())
            _with_security(usual())
        return app.openapi_schema or {}

    app.openapi = described  # type: ignore[method-assign]
    app.mount(ASSETS, StaticFiles(directory=str(resources.files("fastapi_offline").joinpath("static"))), name="docs")

    @app.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        root = str(request.scope.get("root_path", "")).rstrip("/")
        return get_swagger_ui_html(
            openapi_url=f"{root}/openapi.json",
            title="Chargewise",
            swagger_js_url=f"{root}{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{root}{ASSETS}/favicon.png",
        )


def _with_security(schema: dict[str, Any]) -> None:
    """Every operation asks for a key in one of two ways, but for those that say whether the service is there."""
    schema["components"]["securitySchemes"] = SECURITY_SCHEMES
    schema["security"] = [{name: []} for name in SECURITY_SCHEMES]
    for path in FREE:
        for operation in schema["paths"].get(path, {}).values():
            operation["security"] = []


def _with_problems(schema: dict[str, Any]) -> None:
    """Every error of every operation as a problem document of its media type."""
    schemas = schema["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            responses = ALWAYS | (WITH_BODY if "requestBody" in operation else {}) | ({} if path in FREE else KEYED)
            for status, description in responses.items():
                operation["responses"].setdefault(str(status), {"description": description})
            for status, response in operation["responses"].items():
                if status >= "400":
                    response["content"] = content
