"""`/v1/sequences`: the next heats of a cast sequence, planned again as it rolls."""

from fastapi import APIRouter
from pydantic import ConfigDict

from api.gate import needs
from api.resources.common import NO_RECIPE, App, known_plant
from chargewise.app.access import Right
from chargewise.app.sequences import SequenceOrder
from steel.sequences import SequencePlan

router = APIRouter(prefix="/v1", tags=["shift"], dependencies=[needs(Right.ASK)])


class SequenceRequest(SequenceOrder):
    """The heats of a cast sequence, as far as it has come."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "heats": [{"grade": "B500B", "count": 3}, {"grade": "SAE1018", "count": 2}],
                    "heats_done": 1,
                    "available_t": {"E8 new thin": 120, "Returns": 20},
                    "returns": {"material": "Returns", "share": 0.05, "after_heats": 2},
                    "heel_wt_pct": {"Cu": 0.31},
                }
            ]
        }
    )


@router.post("/sequences", responses=NO_RECIPE)
def plan_sequence(asked: SequenceRequest, app: App) -> SequencePlan:
    """The heats that are left, each from what the one before leaves; the given plan goes on where nothing changed."""
    return app.sequence(known_plant(app, asked))
