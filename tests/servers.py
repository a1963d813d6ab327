"""Real servers of a plant's systems; a test that needs one that is not installed skips and says so."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import plant_servers
from benchmarks.plant_servers import SCALES, Broker, Scale, awaited, free_port, in_a_thread, scale

__all__ = ["SCALES", "Broker", "Scale", "awaited", "free_port", "in_a_thread", "mosquitto", "scale"]


@contextmanager
def mosquitto(folder: Path, password: str | None = None) -> Iterator[Broker]:
    """A broker; the user `works` with a password where one is given, anybody else otherwise."""
    if shutil.which("mosquitto") is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    with plant_servers.mosquitto(folder, password) as found:
        yield found
