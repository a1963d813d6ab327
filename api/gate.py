"""Who comes in: credentials, hosts and origins are checked before anything else of a request is read."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.params import Depends as DependsParameter
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api import context
from api.messages import path_of
from api.metrics import refused
from api.problems import ForbiddenError, Problem, problem_response
from chargewise.app.access import LOCAL, Principal, Right
from chargewise.app.identity import LOOPBACK, Access

FREE = ("/healthz", "/readyz", "/login")
"""Paths that nobody needs a key for."""
DATA = ("/v1/", "/metrics", "/openapi.json", "/docs")
"""Paths that are answered with problem documents; others are pages."""
COOKIE = "chargewise_key"
HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="chargewise"'}, 429: {"Retry-After": "60"}}
"""Of refusals, by their status."""
SAFE = ("GET", "HEAD", "OPTIONS")


class Gate:
    """Middleware that lets in who may come in, and says who it is.

    Args:
        app: what comes behind it.
        access: keys and identities.
        rate_per_minute: requests of one key in a minute; 0 for no limit.
    """

    def __init__(self, app: ASGIApp, access: Access, rate_per_minute: int = 0) -> None:
        self.app = app
        self._access = access
        self._rate = RateLimitItemPerMinute(rate_per_minute) if rate_per_minute else None
        self._spent = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or websocket and pass it on, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path = path_of(scope)
        refusal = self._stranger(scope, headers)
        found: Principal | None = LOCAL
        if refusal is None and path not in FREE and await self._needed():
            found = await run_in_threadpool(self._access.principal, _credential(headers))
            refusal = _unknown(headers) if found is None else self._too_often(found)
        if refusal is not None:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            elif refusal.status == 401 and not path.startswith(DATA):
                root = str(scope.get("root_path", ""))
                await RedirectResponse(f"{root}/login", status_code=303)(scope, receive, send)
            else:
                await problem_response(refusal, HEADERS.get(refusal.status))(scope, receive, send)
            return
        asking = found or LOCAL
        scope["principal_name"] = asking.name
        reset = context.principal.set(asking)
        try:
            await self.app(scope, receive, send)
        finally:
            context.principal.reset(reset)

    async def _needed(self) -> bool:
        known = self._access.needed_as_remembered()
        return await run_in_threadpool(self._access.needed) if known is None else known

    def _too_often(self, asking: Principal) -> Problem | None:
        if self._rate is None or self._spent.hit(self._rate, asking.name):
            return None
        refused("rate")
        detail = f"{asking.name} may ask {self._rate.amount} times a minute"
        return Problem(title="Too many requests", status=429, detail=detail)

    def _stranger(self, scope: Scope, headers: Headers) -> Problem | None:
        """Why a request cannot be one of ours, whoever sends it."""
        host = headers.get("host", "")
        name = urlsplit(f"//{host}").hostname or ""
        if self._access.loopback_only and name not in LOOPBACK:
            # A page elsewhere can make its own name mean this machine; it cannot make it localhost.
            detail = f"host: {host[:100]!r} is not this machine; without keys only this machine is answered"
            return Problem(title="Misdirected request", status=421, detail=detail)
        origin = headers.get("origin")
        writes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if writes and origin is not None and urlsplit(origin).netloc != host:
            detail = f"origin: a page of {origin[:100]!r} may not use this service"
            return Problem(title="Forbidden", status=403, detail=detail)
        return None


def _credential(headers: Headers) -> str:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if "x-api-key" in headers:
        return headers["x-api-key"].strip()
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if morsel is None else str(morsel.value)


def _unknown(headers: Headers) -> Problem:
    given = _credential(headers)
    detail = (
        "the key or token is wrong, expired or revoked"
        if given
        else "send `Authorization: Bearer` with a key that `chargewise keys make` printed, or a token"
    )
    return Problem(title="Not authenticated", status=401, detail=detail)


def needs(right: Right) -> DependsParameter:
    """A route's dependency: whoever asks has a right."""

    async def check() -> None:
        asking = context.principal.get()
        if not asking.may(right):
            raise ForbiddenError(f"{asking.name} is {asking.role}, who may not {right}")

    found: DependsParameter = Depends(check)
    return found
