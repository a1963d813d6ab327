"""How much is answered at once: quick questions and long ones apart, so many of each, and no more than can wait.

A client that leaves before its answer stops the search for it.
"""

import asyncio
import threading
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import refused, waiting
from api.problems import Problem, problem_response
from optimizer.solve.interruption import stopping_when

QUICK = ("/v1/recipes", "/v1/reviews", "/v1/predictions")
LONG = ("/v1/alternatives", "/v1/ranked-recipes", "/v1/ranges", "/v1/priorities", "/v1/confidence-prices")
QUICK_AT_ONCE, LONG_AT_ONCE = 2, 2
"""More threads of one process only hinder one another: one solves while another reads or writes."""
MOST_WAITING = 64
"""Questions of a kind that wait in one process; whoever asks beyond that is to come again."""
AGAIN_S = 1
GONE = "http.disconnect"


@dataclass
class Room:
    """Room for so many questions at once.

    Attributes:
        inside: how many are being answered or wait.
    """

    at_once: asyncio.Semaphore
    inside: int = 0


class StopOnDisconnect:
    """Middleware that gives questions their turn, and watches the connection while one is being answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._quick = Room(asyncio.Semaphore(QUICK_AT_ONCE))
        self._long = Room(asyncio.Semaphore(LONG_AT_ONCE))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        room = self._room(scope)
        if room is None:
            await self.app(scope, receive, send)
            return
        if room.inside >= MOST_WAITING:
            refused("questions")
            detail = f"{room.inside} questions are being answered or wait here already; ask again in a moment"
            problem = Problem(title="Too much at once", status=429, detail=detail)
            await problem_response(problem, {"Retry-After": str(AGAIN_S)})(scope, receive, send)
            return
        room.inside += 1
        waiting(1)
        try:
            await self._answered(room, scope, receive, send)
        finally:
            room.inside -= 1
            waiting(-1)

    def _room(self, scope: Scope) -> Room | None:
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        path = str(scope["path"])
        return self._quick if path.endswith(QUICK) else self._long if path.endswith(LONG) else None

    async def _answered(self, room: Room, scope: Scope, receive: Receive, send: Send) -> None:
        gone = threading.Event()
        messages: asyncio.Queue[Message] = asyncio.Queue()

        async def watch() -> None:
            while not gone.is_set():
                message = await receive()
                if message["type"] == GONE:
                    gone.set()
                messages.put_nowait(message)

        async def next_message() -> Message:
            return {"type": GONE} if gone.is_set() and messages.empty() else await messages.get()

        watching = asyncio.create_task(watch())
        try:
            async with room.at_once:
                if gone.is_set():
                    return
                with stopping_when(gone.is_set):
                    await self.app(scope, next_message, send)
        finally:
            watching.cancel()
