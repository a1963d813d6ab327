"""Every request gets an id, headers that keep browsers careful, a line in the log and its place in the metrics."""

import logging
import re
import time
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import context
from api.messages import path_of
from api.metrics import observe
from api.problems import database_away

LOG = logging.getLogger("chargewise.requests")
SANE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
"""A request id that a client may choose."""
PAGES_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'; "
    "base-uri 'self'; form-action 'self'"
)
"""What a page may load: all of it from here. NiceGUI's pages hold scripts of their own."""
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
DATA = ("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json")

SPAN = "chargewise.span"
"""Under which a request's span is known, where requests are traced."""


class Requests:
    """Middleware around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        number = sent if SANE.fullmatch(sent) else uuid4().hex
        reset = context.request_id.set(number)
        started, status = time.perf_counter(), 0
        path = path_of(scope)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if SPAN in scope:
                    scope[SPAN].set_attribute("chargewise.request_id", number)
                    scope[SPAN].set_attribute("enduser.id", scope.get("principal_name", ""))
                _careful(MutableHeaders(scope=message), number, path, scope["scheme"] == "https")
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except SQLAlchemyError as error:
            if status:
                raise
            await database_away(error)(scope, receive, sending)
        finally:
            took = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")
            observe(scope["method"], route, status, took)
            LOG.info(
                "%s %s %d", scope["method"], path, status,
                extra={
                    "request_id": number, "method": scope["method"], "path": path, "status": status,
                    "ms": round(1000.0 * took, 2), "principal": scope.get("principal_name", ""),
                },
            )  # fmt: skip
            context.request_id.reset(reset)


def _careful(headers: MutableHeaders, number: str, path: str, over_tls: bool) -> None:
    data = path.startswith(DATA)
    headers["X-Request-ID"] = number
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    # Without any referrer a browser calls the origin of its own forms null.
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Content-Security-Policy", DATA_POLICY if data else PAGES_POLICY)
    if over_tls:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if path.startswith("/v1/"):
        headers.setdefault("Cache-Control", "no-store")
