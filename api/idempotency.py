"""`Idempotency-Key`: a request that is sent again is not done again."""

import hashlib
import re

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import context
from api.messages import again, body_of, held
from api.problems import Problem, problem_response
from chargewise.app.repeats import Answered, OtherRequestError, Repeats, StillAnsweringError

KEY = re.compile(r"[\x21-\x7e]{1,128}")
KEPT = ("content-type", "location")
"""Headers that belong to an answer, not to its way."""
WORTH_KEEPING = 500
"""From this status on the same request may come to something else next time."""
NOT_KEPT = (401, 403, 409, 429)
"""Answers that depend on what else was going on."""


class Idempotency:
    """Middleware that answers a POST with a key once.

    Args:
        app: what comes behind it.
        repeats: what was answered.
    """

    def __init__(self, app: ASGIApp, repeats: Repeats) -> None:
        self.app = app
        self._repeats = repeats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or tell again what was answered."""
        key = Headers(scope=scope).get("idempotency-key") if scope["type"] == "http" else None
        if key is None or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        if not KEY.fullmatch(key):
            await _refused(422, "Idempotency-Key: 1 to 128 printable signs without blanks")(scope, receive, send)
            return
        message = await receive()
        body = bytes(message.get("body", b""))
        principal = context.principal.get().name
        digest = hashlib.sha256(scope["path"].encode() + b"\0" + body).hexdigest()
        try:
            before = await run_in_threadpool(self._repeats.begin, principal, key, digest)
        except OtherRequestError:
            detail = "Idempotency-Key: this key was used for another request; a new request needs a new key"
            await _refused(422, detail)(scope, receive, send)
            return
        except StillAnsweringError:
            detail = "Idempotency-Key: the same request is being answered at this moment"
            await _refused(409, detail, {"Retry-After": "1"})(scope, receive, send)
            return
        if before is not None:
            headers = {**before.headers, "Idempotent-Replayed": "true"}
            await Response(before.body, before.status, headers)(scope, receive, send)
            return
        answer: list[Message] = []
        try:
            answer = await held(self.app, scope, again(message, receive))
        finally:
            # What a client has been told is kept by then, whatever happens to this process.
            await run_in_threadpool(self._repeats.end, principal, key, _kept(answer))
        for sent in answer:
            await send(sent)


def _kept(answer: list[Message]) -> Answered | None:
    """An answer, if it is whole and would be the same again."""
    if not answer or answer[-1]["type"] != "http.response.body" or answer[-1].get("more_body", False):
        return None
    status, headers = int(answer[0]["status"]), Headers(raw=answer[0]["headers"])
    if status >= WORTH_KEEPING or status in NOT_KEPT:
        return None
    return Answered(status, {name: headers[name] for name in KEPT if name in headers}, body_of(answer[1:]))


def _refused(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    title = "Input cannot be used" if status == 422 else "Not as things stand"
    return problem_response(Problem(title=title, status=status, detail=detail), headers)
