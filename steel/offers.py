"""What a package offers, imported when it is first used, so that importing the package takes no time."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def offering(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's `__getattr__`.

    Args:
        package: its name.
        modules: by name of what is offered, the module that has it.
    """

    def get(name: str) -> Any:
        if name in modules:
            return getattr(import_module(modules[name]), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get
