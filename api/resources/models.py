"""`/v1/models`: the registered surrogates."""

from typing import Any

from fastapi import APIRouter

from api.gate import needs
from api.resources.common import NO_PLANT, App, known_name, seen_names
from chargewise.app.access import Right
from steel.frozen import Frozen
from steel.jsonable import without_nan
from surrogate.store.registry import Spoilt, Version

router = APIRouter(prefix="/v1", tags=["models"], dependencies=[needs(Right.READ)])


class ModelCard(Frozen):
    """One registered surrogate.

    Attributes:
        problem: why it must not be used; None for one that may be.
    """

    plant: str
    version: str
    active: bool
    created_at: str | None = None
    parent: str | None = None
    data: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    sha256: str | None = None
    problem: str | None = None

    @classmethod
    def of(cls, version: Version | Spoilt) -> "ModelCard":
        """What is known of a version."""
        known = {"plant": version.plant, "version": version.version, "active": version.active}
        if isinstance(version, Spoilt):
            return cls(**known, problem=version.reason)
        made = version.manifest
        return cls(
            **known, created_at=made.created_at, parent=made.parent, data=made.data, metrics=without_nan(made.metrics),
            sha256=made.sha256,
        )  # fmt: skip


@router.get("/models", responses=NO_PLANT)
def models(app: App, plant: str | None = None) -> list[ModelCard]:
    """Every registered surrogate, of all plants or one."""
    names = seen_names(app) if plant is None else (known_name(app, plant),)
    return [ModelCard.of(version) for name in names for version in app.registry.versions(name)]
