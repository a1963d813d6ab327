"""`/v1/predictions`: what a given charge will give."""

from fastapi import APIRouter
from pydantic import ConfigDict

from api.gate import needs
from api.resources.common import NO_PLANT, App, known_plant
from chargewise.app.access import Right
from chargewise.app.application import ChargePrediction
from steel.frozen import Frozen
from steel.heats import Charge

router = APIRouter(prefix="/v1", tags=["predictions"], dependencies=[needs(Right.ASK)])


class PredictionRequest(Frozen):
    """A charge to predict; process inputs and heel are the plant's usual ones unless given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "charge": {
                        "charged_t": {"E3 old thick": 60, "E40 shredded": 45, "lime": 3.2, "anthracite": 0.9},
                        "process": {"oxygen_nm3_per_t": 36},
                    },
                }
            ]
        }
    )

    plant: str
    charge: Charge


@router.post("/predictions", responses=NO_PLANT)
def predict(asked: PredictionRequest, app: App) -> ChargePrediction:
    """What a given charge will give, with intervals."""
    return app.predict(known_plant(app, asked).plant, asked.charge)
