"""When a search ends early: nobody waits for it any longer, or the time for the whole answer is up.

Whoever asks says within which calls; it holds in threads started with a copy of the context too.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LEAST_S = 0.05
"""What every search may take though time is up, so that it has some recipe."""
_asked: ContextVar[Callable[[], bool] | None] = ContextVar("asked", default=None)
_until: ContextVar[float] = ContextVar("until", default=math.inf)


class StoppedError(Exception):
    """A search was stopped before it had an answer."""


@contextmanager
def stopping_when(asked: Callable[[], bool]) -> Iterator[None]:
    """Within, searches stop once `asked` is true."""
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


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Within, all searches together end after so long, with the best that they have."""
    token = _until.set(deadline_after(seconds))
    try:
        yield
    finally:
        _until.reset(token)


@contextmanager
def within_share(of: int) -> Iterator[None]:
    """Within, searches end after one of so many equal shares of the time that is left."""
    with within(max(LEAST_S, seconds_left() / of)):
        yield


def deadline_after(seconds: float) -> float:
    """`time.perf_counter()` at which a search that may take so long ends."""
    return min(time.perf_counter() + seconds, _until.get())


def seconds_left() -> float:
    """Time for the searches going on; infinite where nobody said."""
    return _until.get() - time.perf_counter()
