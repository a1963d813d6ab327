"""The bundles that this package itself would produce: what a run may be started with, and what a plant answers to.

Flower sends a bundle of code with every run. Ours hold none; they name what each side installed itself. A plant never
fetches a bundle: it compares the run's hash with those it works out here, and answers no other run.
"""

import hashlib
from functools import cache
from importlib import resources
from typing import Any, Literal

from federation.flower.version import check_flower

App = Literal["sums", "modules"]
APPS: tuple[App, ...] = ("sums", "modules")


def bundle(app: App) -> bytes:
    """A bundle as Flower would build it of this package's own files."""
    check_flower()
    return _built(app)


def bundle_hash(app: App) -> str:
    """SHA-256 of a bundle's bytes, in hexadecimal digits, as Flower names bundles."""
    return hashlib.sha256(bundle(app)).hexdigest()


@cache
def app_of(fab_hash: str) -> App | None:
    """Which of this package's bundles has a hash; None if none has."""
    return next((app for app in APPS if bundle_hash(app) == fab_hash), None)


@cache
def _built(app: App) -> bytes:
    # Imported late: the command line of Flower comes with it.
    from flwr.cli.build import build_fab_from_files  # noqa: PLC0415

    folder = resources.files("federation.flower").joinpath("bundle")
    files: dict[str, Any] = {
        "pyproject.toml": folder.joinpath(f"{app}.toml").read_bytes(),
        "LICENSE": folder.joinpath("LICENSE").read_bytes(),
    }
    return bytes(build_fab_from_files(files)[0])
