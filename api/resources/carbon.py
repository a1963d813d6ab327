"""`/v1/plants/{plant}/carbon-sheet`: what a plant's heats emit, by heat and together."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.gate import needs
from api.resources.common import NO_PLANT, App, described_name
from chargewise.app.access import Right
from chargewise.app.carbon import carbon_sheet
from chargewise.app.carbon_files import as_csv, as_page, as_workbook
from steel.carbon_account import SCRAP_BURDEN_KGCO2E_PER_T
from steel.carbon_sheet import CarbonSheet, Method

router = APIRouter(prefix="/v1/plants/{plant}", tags=["findings"], dependencies=[needs(Right.READ)])
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AS_FILES: dict[int | str, dict[str, Any]] = NO_PLANT | {
    200: {
        "description": "The sheet, in the form that was asked for",
        "content": {"text/csv": {}, WORKBOOK: {}, "text/html": {}},
    }
}


@router.get("/carbon-sheet", responses=AS_FILES, response_model=CarbonSheet)
def get_carbon_sheet(
    plant: str,
    app: App,
    first: date | None = None,
    last: date | None = None,
    method: Method = Method.CUT_OFF,
    scrap_burden_kgco2e_per_t: Annotated[float, Query(ge=0, le=10_000)] = SCRAP_BURDEN_KGCO2E_PER_T,
    form: Annotated[Literal["json", "csv", "xlsx", "html"], Query(alias="format")] = "json",
) -> Response:
    """Scopes 1 to 3 by source, recycled content, the route sheet of CBAM and ETS, and every factor with its source."""
    name = described_name(app, plant)
    sheet = carbon_sheet(app.plants, app.store, name, first, last, method, scrap_burden_kgco2e_per_t)
    if form == "json":
        return Response(sheet.model_dump_json(), media_type="application/json")
    if form == "html":
        return Response(as_page(sheet, datetime.now(UTC)), media_type="text/html")
    content, kind = (as_csv(sheet), "text/csv") if form == "csv" else (as_workbook(sheet), WORKBOOK)
    attached = {"Content-Disposition": f'attachment; filename="carbon-{name}.{form}"'}
    return Response(content, media_type=kind, headers=attached)
