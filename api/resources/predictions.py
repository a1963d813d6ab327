"""`/v1/predictions`: what a given charge will give."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.gate import needs
from api.resources.common import NO_PLANT, App, known_plant
from chargewise.app.access import Right
from chargewise.app.application import ChargePrediction
from steel.errors import InputError
from steel.frozen import Frozen
from steel.heats import Charge

router = APIRouter(prefix="/v1", tags=["predictions"], dependencies=[needs(Right.ASK)])


MOST_CHARGES = 500


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


class BulkRequest(Frozen):
    """Charges of one plant to predict."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "charges": [
                        {"charged_t": {"E3 old thick": 60, "E40 shredded": 45, "lime": 3.2}},
                        {"charged_t": {"E3 old thick": 90, "E40 shredded": 15, "lime": 3.2}},
                    ],
                }
            ]
        }
    )

    plant: str
    charges: Annotated[tuple[Charge, ...], Field(min_length=1, max_length=MOST_CHARGES)]


@router.post("/predictions", responses=NO_PLANT)
def predict(asked: PredictionRequest, app: App) -> ChargePrediction:
    """What a given charge will give, with intervals."""
    return app.predict(known_plant(app, asked).plant, asked.charge)


@router.post("/bulk-predictions", responses=NO_PLANT)
def predict_many(asked: BulkRequest, app: App) -> list[ChargePrediction]:
    """What each of up to 500 charges will give, in their order; one that cannot be used is named by its place."""
    plant, found = known_plant(app, asked).plant, []
    for at, charge in enumerate(asked.charges):
        try:
            found.append(app.predict(plant, charge))
        except InputError as error:
            raise InputError(error.value, f"charges.{at}: {error.where}", error.expected) from None
    return found
