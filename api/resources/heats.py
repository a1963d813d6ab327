"""`/v1/heats`: heats that were made, as the plant's systems send them."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.gate import needs
from api.resources.common import NO_PLANT, App, Asking, described_name
from chargewise.app.access import Right
from chargewise.app.intake import HeatsStored, store_heats
from steel.frozen import Frozen

router = APIRouter(prefix="/v1", tags=["heats"])
MOST_ROWS = 1000


class HeatsRequest(Frozen):
    """Heats of one plant, each taken or set aside by itself.

    Attributes:
        heats: each with `heat_id`, `charged_t` and `analysis_wt_pct`, and as far as they are known `tapped_at`,
            `grade`, `tapped_t`, `energy_kwh_per_t`, `process`, `heel_t` and `heel_wt_pct`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "heats": [
                        {
                            "heat_id": "NOR002001",
                            "tapped_at": "2026-11-27T06:30:00Z",
                            "grade": "B500B",
                            "charged_t": {"E3 old thick": 61.2, "E40 shredded": 48.0, "lime": 3.2},
                            "analysis_wt_pct": {"C": 0.07, "Mn": 0.12, "Cu": 0.31},
                            "tapped_t": 100.4,
                            "energy_kwh_per_t": 396,
                            "process": {"oxygen_nm3_per_t": 34.5, "tap_temperature_c": 1625},
                        }
                    ],
                }
            ]
        }
    )

    plant: str
    heats: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_ROWS)]


@router.post("/heats", responses=NO_PLANT, dependencies=[needs(Right.REPORT)])
def send_heats(asked: HeatsRequest, app: App, asking: Asking) -> HeatsStored:
    """Send heats, up to 1000 at a time: new ones, or known ones with other values, whose earlier values are kept.

    A row that cannot be used goes to quarantine with its reasons and costs the others nothing. The model takes new
    heats in when a training asks for it (`/v1/trainings`, `how: "update"`).
    """
    return store_heats(app, described_name(app, asked.plant), asked.heats, asking.name)
