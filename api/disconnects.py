"""Clients that leave before their answer: the search for it stops."""

import asyncio
import threading
from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from optimizer.solve.interruption import stopping_when

SEARCHES = "/v1/"
LONG = ("/v1/campaigns", "/v1/fronts", "/v1/ranges", "/v1/ranked-recipes")
AT_ONCE, LONG_AT_ONCE = 24, 8
"""Searches that run at a time, and long ones among them; others wait. Both are fewer than there are threads, so that
whoever asks for health is answered."""
GONE = "http.disconnect"


class StopOnDisconnect:
    """Middleware that watches the connection while a request under `/v1` is being answered, so many at a time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._all, self._long = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(LONG_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or SEARCHES not in scope["path"]:
            await self.app(scope, receive, send)
            return
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
        turns = [self._long] if scope["path"].endswith(LONG) else []
        try:
            async with AsyncExitStack() as stack:
                for turn in (*turns, self._all):
                    await stack.enter_async_context(turn)
                with stopping_when(gone.is_set):
                    await self.app(scope, next_message, send)
        finally:
            watching.cancel()
