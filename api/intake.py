"""What may come in: paths, methods, queries and bodies are checked before any of it reaches a route."""

import json
from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.messages import again, path_of
from api.problems import Problem, problem_response
from steel.complaints import meant

MOST_BYTES = 1_000_000
"""Of a body: two hundred kinds of heats and fifty offers take a tenth of it."""
WITH_BODY = ("POST", "PUT", "PATCH")
OURS = ("/v1/", "/healthz", "/readyz")


class UnusableError(Exception):
    """A request that no route could use.

    Attributes:
        problem: what the client is told.
        headers: of the answer.
    """

    def __init__(self, problem: Problem, headers: dict[str, str] | None = None) -> None:
        self.problem, self.headers = problem, headers or {}
        super().__init__(problem.detail)


class Intake:
    """Middleware that answers what no route could use, each with its own status.

    Args:
        app: what comes behind it.
        routes: of the service, whose paths, methods and query parameters count.
    """

    def __init__(self, app: ASGIApp, routes: list[BaseRoute]) -> None:
        self.app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request and pass it on, or answer it."""
        scope = _under_root(scope)
        path = path_of(scope)
        if scope["type"] != "http" or not path.startswith(OURS):
            await self.app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        try:
            route = self._route({**scope, "method": "GET"} if head else scope, path)
            _check_query(scope, route)
            passed_on = receive
            if scope["method"] in WITH_BODY and route.body_field is not None:
                body = await _body(scope, receive)
                passed_on = again({"type": "http.request", "body": body, "more_body": False}, receive)
        except UnusableError as error:
            response = problem_response(error.problem, error.headers)
            await response(scope, receive, _without_body(send) if head else send)
            return
        if head:
            await self.app({**scope, "method": "GET"}, passed_on, _without_body(send))
        else:
            await self.app(scope, passed_on, send)

    def _route(self, scope: Scope, path: str) -> APIRoute:
        """The route of a request.

        Raises:
            UnusableError: there is none, or none for its method.
        """
        allowed: set[str] = set()
        for route in self._routes:
            if not isinstance(route, APIRoute):
                continue
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return route
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
        if not allowed:
            raise _refused(404, "Not found", f"There is no {path}; /docs lists what there is")
        if "GET" in allowed:
            allowed.add("HEAD")
        listed = ", ".join(sorted(allowed))
        raise UnusableError(
            Problem(
                title="Method not allowed", status=405, detail=f"{path} is asked by {listed}, not {scope['method']}"
            ),
            {"Allow": listed},
        )


def _under_root(scope: Scope) -> Scope:
    """A request with the path under which a proxy serves it, whether the proxy has taken that off or not."""
    root, path = str(scope.get("root_path", "")), str(scope.get("path", ""))
    if not root or path == root or path.startswith(f"{root}/"):
        return scope
    return {**scope, "path": root + path, "raw_path": root.encode() + (scope.get("raw_path") or path.encode())}


def _refused(status: int, title: str, detail: str, errors: Iterable[dict[str, Any]] = ()) -> UnusableError:
    return UnusableError(Problem(title=title, status=status, detail=detail, errors=list(errors)))


def _check_query(scope: Scope, route: APIRoute) -> None:
    known = [parameter.alias for parameter in route.dependant.query_params]
    for part in scope.get("query_string", b"").decode("latin-1").split("&"):
        name = part.partition("=")[0]
        if name and name not in known:
            detail = f"query: unknown parameter {name[:100]!r}{meant(name, known)}"
            entry = {"where": f"query.{name[:100]}", "value": name[:100], "expected": "a known parameter"}
            raise _refused(422, "Input cannot be used", detail, [entry])


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, known to be JSON that says each thing once.

    Raises:
        UnusableError: it is too long, or is something else.
    """
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        detail = f"content-type: {kind or 'nothing'} cannot be read; send application/json"
        raise _refused(415, "Unsupported media type", detail)
    if headers.get("content-encoding", "identity").lower() != "identity":
        detail = f"content-encoding: {headers['content-encoding'][:50]} cannot be read; send the body as it is"
        raise _refused(415, "Unsupported media type", detail)
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > MOST_BYTES:
        raise _too_long()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _refused(400, "Bad request", "the body ended before it was whole")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            raise _too_long()
        if not message.get("more_body", False):
            break
    body = b"".join(parts)
    _check_json(body)
    return body


def _too_long() -> UnusableError:
    return _refused(413, "Content too large", f"the body has more than {MOST_BYTES:,} bytes; send less at a time")


def _check_json(body: bytes) -> None:
    try:
        content = json.loads(body.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_number)
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        detail = f"body: no JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        raise _refused(400, "Bad request", detail) from None
    except UnicodeDecodeError as error:
        raise _refused(400, "Bad request", f"body: no UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError as error:
        detail = f"body: {str(error.object)[error.start : error.start + 1]!r} is no character"
        entry = {"where": "body", "value": "\\ud8..", "expected": "text whose characters exist"}
        raise _refused(422, "Input cannot be used", detail, [entry]) from None
    except RecursionError:
        raise _refused(400, "Bad request", "body: nested too deep") from None
    except ValueError as error:
        raise _refused(400, "Bad request", f"body: {error}") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            shown = name[:100].encode("utf-8", "backslashreplace").decode()
            entry = {"where": f"body.{shown}", "value": shown, "expected": "each name once"}
            raise _refused(422, "Input cannot be used", f"body: {shown!r} stands twice; say it once", [entry])
        found[name] = value
    return found


def _no_number(name: str) -> float:
    entry = {"where": "body", "value": name, "expected": "a finite number"}
    raise _refused(422, "Input cannot be used", f"body: {name} is no number that JSON has", [entry])


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
