"""`/v1/scenarios`: the gallery of what-if scenarios; one is run as a job."""

from fastapi import APIRouter

from api.gate import needs
from chargewise.app.access import Right
from scenarios.what_if.scenario import Scenario, gallery, read_scenario

router = APIRouter(prefix="/v1", tags=["scenarios"])


@router.get("/scenarios", dependencies=[needs(Right.READ)])
def list_scenarios() -> dict[str, Scenario]:
    """The scenarios that come with Chargewise, by name."""
    return {name: read_scenario(name) for name in gallery()}
