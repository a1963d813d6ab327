"""A process that another one started ends with it, however that ends."""

import os
import signal
import sys
import threading

ENDS_WITH = "CHARGEWISE_ENDS_WITH_STDIN"
"""Tells a process to end when its standard input closes."""


def end_with_starter() -> None:
    """End as on SIGTERM when whoever started this process is gone, where it was asked to."""
    if os.environ.pop(ENDS_WITH, None) is not None:
        threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
