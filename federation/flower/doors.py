"""The coordinator's two doors. Plants' door lets through Flower's Fleet API alone; the operator's opens with a token.

Flower has both, and the API by which any code is started, on one port without a login.

A plant that asks for messages when there are none is kept waiting until there are, for some seconds: so a plant hears
at once, and neither side is busy while nothing happens.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

HOLD_S = 20.0
"""A request for messages is answered within it; proxies cut longer silences, and a plant waits thirty seconds."""
TOKEN_HEADER = "x-chargewise-operator"  # noqa: S105  # a name, not a token
FLEET, PULL, ACTIVATE = "/v1/fleet/", "/v1/fleet/pull-messages", "/v1/fleet/activate-node"
PUSH = "/v1/runtime/push-messages"
NOT_FOUND, FORBIDDEN, NOT_ACTIVATED = 404, 403, 412
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Door = Callable[[Scope, Receive, Send], Awaitable[None]]


class News:
    """Wakes everybody who waits, each time there is something new."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Something is new."""
        self._event.set()
        self._event = asyncio.Event()

    def next(self) -> "asyncio.Task[bool]":
        """Ends with the next news."""
        return asyncio.create_task(self._event.wait())


def plants_door(inside: Door, news: News, hang_up: Callable[[bytes], bool]) -> Door:
    """What plants reach: messages, and signs of life; nothing that starts or tells of runs.

    Args:
        inside: Flower's application.
        news: told of whenever messages were left for plants.
        hang_up: ends the earlier connection of the plant that an activation is of; False if the plant is unknown.
    """

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not str(scope["path"]).startswith(FLEET):
            await _refuse(scope, receive, send, NOT_FOUND, "only plants' messages pass here")
        elif scope["path"] == PULL:
            await _held(inside, news, scope, receive, send)
        elif scope["path"] == ACTIVATE:
            await _activated(inside, hang_up, scope, receive, send)
        else:
            await inside(scope, receive, send)

    return door


def operators_door(inside: Door, token: str, news: News) -> Door:
    """Everything, for who has the token.

    Args:
        inside: Flower's application.
        token: that every request must bring.
        news: is told when messages were left for plants.
    """

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await inside(scope, receive, send)
            return
        brought = dict(scope.get("headers", [])).get(TOKEN_HEADER.encode(), b"")
        if not hmac.compare_digest(bytes(brought), token.encode()):
            await _refuse(scope, receive, send, FORBIDDEN, "this door is the operator's")
            return
        await inside(scope, receive, send)
        if str(scope["path"]).startswith(PUSH):
            news.tell()

    return door


async def _held(inside: Door, news: News, scope: Scope, receive: Receive, send: Send) -> None:
    """Ask inside again and again until there is a message, the time is up, or the plant has gone."""
    body = await _body(receive)
    loop = asyncio.get_running_loop()
    until = loop.time() + HOLD_S
    gone = asyncio.create_task(_gone(receive))
    try:
        while True:
            fresh = news.next()
            answer = await _asked(inside, scope, body)
            left = until - loop.time()
            if _says_something(answer) or left <= 0:
                fresh.cancel()
                break
            await asyncio.wait({fresh, gone}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            fresh.cancel()
            if gone.done():
                return
        for part in answer:
            await send(part)
    finally:
        gone.cancel()


async def _activated(
    inside: Door, hang_up: Callable[[bytes], bool], scope: Scope, receive: Receive, send: Send
) -> None:
    """Let a plant come back at once: Flower refuses it until it has missed its earlier connection's heartbeats.

    Whoever gets this answer has shown that he has the plant's key; who has not gets another.
    """
    body = await _body(receive)
    answer = await _asked(inside, scope, body)
    if int(answer[0]["status"]) == NOT_ACTIVATED and await asyncio.to_thread(hang_up, body):
        answer = await _asked(inside, scope, body)
    for part in answer:
        await send(part)


def _says_something(answer: list[MutableMapping[str, Any]]) -> bool:
    """Whether an answer is an error, or has a message; none at all is no bytes."""
    return int(answer[0]["status"]) != 200 or any(part.get("body") for part in answer)


async def _asked(inside: Door, scope: Scope, body: bytes) -> list[MutableMapping[str, Any]]:
    parts: list[MutableMapping[str, Any]] = []
    rest = asyncio.Event()
    given = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        await rest.wait()
        return {"type": "http.disconnect"}

    async def send(part: MutableMapping[str, Any]) -> None:
        parts.append(part)

    await inside({**scope, "state": dict(scope.get("state", {}))}, receive, send)
    return parts


async def _body(receive: Receive) -> bytes:
    whole = b""
    while True:
        part = await receive()
        whole += bytes(part.get("body", b""))
        if part["type"] != "http.request" or not part.get("more_body"):
            return whole


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, reason: str) -> None:
    if scope["type"] != "http":
        return
    await _body(receive)
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
