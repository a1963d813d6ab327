"""`/v1/plants/{plant}/characterisation` and `/drift`: what the heats say of scrap, bays and furnace."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.gate import needs
from api.resources.common import NO_PLANT, App, described_name, known_name
from chargewise.app.access import Right
from chargewise.app.findings import Contents, Drift

router = APIRouter(prefix="/v1/plants/{plant}", tags=["findings"], dependencies=[needs(Right.READ)])


@router.get("/characterisation", responses=NO_PLANT)
def characterise(plant: str, app: App, newest: Annotated[int, Query(ge=30, le=5000)] = 1000) -> Contents:
    """Every material's contents, yield and energy by the newest heats, beside the catalogue and suppliers' claims."""
    return app.findings.contents(described_name(app, plant), newest)


@router.get("/drift", responses=NO_PLANT)
def find_drift(
    plant: str,
    app: App,
    newest: Annotated[int, Query(ge=10, le=1000)] = 100,
    probability: Annotated[float, Query(gt=0, lt=1)] = 0.5,
) -> Drift:
    """How the newest heats differ from what the model knows: levels that moved, wrong bays, changed deliveries."""
    return app.findings.drift(known_name(app, plant), newest, probability)
