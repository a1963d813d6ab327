"""`/v1/models`: the registered surrogates."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.gate import needs
from api.resources.common import NO_PLANT, App, Asking, known_name, known_plant, seen_names
from chargewise.app.access import Right
from chargewise.app.audit import Audit
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


class ActivationRequest(Frozen):
    """A version to be served from now on; an older one is a rollback.

    Attributes:
        reason: why, for the audit log.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"plant": "northmill", "version": "v0001", "reason": "v0002 drifts"}]}
    )

    plant: str
    version: Annotated[str, Field(pattern=r"^v\d{1,9}$")]
    reason: Annotated[str, Field(max_length=1000)] = ""


@router.post("/models/activations", responses=NO_PLANT, status_code=201, dependencies=[needs(Right.TEACH)])
def activate_model(asked: ActivationRequest, app: App, asking: Asking) -> ModelCard:
    """Serve a version from now on: promote it, or roll back to it."""
    plant = known_plant(app, asked).plant
    app.registry.activate(plant, asked.version, asking.name)
    Audit(app.database).note(asking.name, "model activated", plant, asked.version, reason=asked.reason)
    return ModelCard.of(app.registry.version(plant, asked.version)[1])


@router.get("/models", responses=NO_PLANT)
def list_models(app: App, plant: str | None = None) -> list[ModelCard]:
    """Every registered surrogate, of all plants or one."""
    names = seen_names(app) if plant is None else (known_name(app, plant),)
    return [ModelCard.of(version) for name in names for version in app.registry.versions(name)]
