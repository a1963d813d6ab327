"""Clients that leave before their answer: the search for it stops."""

import asyncio
import threading

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from optimizer.stopping import stopping_when

SEARCHES = "/v1/"
GONE = "http.disconnect"


class StopWhenGone:
    """Middleware that watches the connection while a request under `/v1` is being answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith(SEARCHES):
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
        try:
            with stopping_when(gone.is_set):
                await self.app(scope, next_message, send)
        finally:
            watching.cancel()
