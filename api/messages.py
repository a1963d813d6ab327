"""What middleware does with requests and answers: a path without the proxy's, a body read again, an answer held."""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope


def path_of(scope: Scope) -> str:
    """The path of a request, without the one that a proxy serves it under."""
    return str(scope.get("path", "")).removeprefix(str(scope.get("root_path", "")))


def again(first: Message, receive: Receive) -> Receive:
    """A message that was read already, then whatever comes after it."""
    waiting = [first]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received


async def held(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    """A whole answer, before any of it is sent."""
    answer: list[Message] = []

    async def hold(message: Message) -> None:
        answer.append(message)

    await app(scope, receive, hold)
    return answer


def body_of(parts: Iterable[Message]) -> bytes:
    """The body that an answer's messages make together."""
    return b"".join(bytes(part.get("body", b"")) for part in parts)
