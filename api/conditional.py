"""What changes rarely has an entity tag: who has it already is told so, in place of sent it again (RFC 9110)."""

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from api.messages import body_of, held

RARELY = ("/v1/materials", "/v1/grades", "/v1/models", "/v1/scenarios", "/v1/claims")


class Conditional:
    """Middleware that tags answers to what changes rarely.

    Args:
        app: what comes behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not str(scope["path"]).endswith(RARELY):
            await self.app(scope, receive, send)
            return
        start, *parts = await held(self.app, scope, receive)
        if start["status"] == 200:
            tag = f'"{hashlib.sha256(body_of(parts)).hexdigest()[:32]}"'
            headers = MutableHeaders(scope=start)
            headers["ETag"], headers["Cache-Control"] = tag, "private, no-cache"
            if tag in _known(Headers(scope=scope).get("if-none-match", "")):
                start["status"], parts = 304, [{"type": "http.response.body", "body": b""}]
                for name in ("content-length", "content-type"):
                    del headers[name]
        for message in (start, *parts):
            await send(message)


def _known(header: str) -> list[str]:
    """Tags that a client has."""
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
