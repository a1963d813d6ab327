"""`/v1/connections`: how the plants' sources of heats are."""

from fastapi import APIRouter

from api import context
from api.gate import needs
from api.resources.common import App
from chargewise.app.access import Right
from chargewise.app.connection_status import ConnectionStatus, statuses

router = APIRouter(prefix="/v1", tags=["heats"], dependencies=[needs(Right.READ)])


@router.get("/connections")
def list_connections(app: App) -> list[ConnectionStatus]:
    """Connections of the plants that one may see: newest record, lag, rows, quarantined, problem, next try."""
    plants = context.principal.get().plants
    found = statuses(app.store.database)
    return [one for one in found if plants is None or one.plant in plants]
