"""Stopping a search that nobody waits for any longer: whoever asks says within which calls, and when."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asked: ContextVar[Callable[[], bool] | None] = ContextVar("asked", default=None)


class StoppedError(Exception):
    """A search was stopped before it had an answer."""


@contextmanager
def stopping_when(asked: Callable[[], bool]) -> Iterator[None]:
    """Within, and in threads started with a copy of this context, searches stop once `asked` is true."""
    token = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(token)


def stop_asked() -> bool:
    """Whether the search going on is to stop."""
    asked = _asked.get()
    return asked is not None and asked()


def can_be_stopped() -> bool:
    """Whether anybody may ask for it."""
    return _asked.get() is not None
