"""Chargewise in Python: what to load into an electric arc furnace."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer.problem.own_rules import rule

_OFFERED = {"rule": "optimizer.problem.own_rules"}
__all__ = ["rule"]


def __getattr__(name: str) -> Any:
    if name in _OFFERED:
        return getattr(import_module(_OFFERED[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
