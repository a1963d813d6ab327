"""`/v1/federation`: models that came of it, its ledger, and who is connected."""

from fastapi import APIRouter, Request

from api import context
from api.gate import needs
from api.problems import ForbiddenError
from api.resources.common import App
from chargewise.app.access import Right
from chargewise.app.federation_status import FederationStatus, federated_models, federation_status

router = APIRouter(prefix="/v1", tags=["federation"], dependencies=[needs(Right.READ)])


@router.get("/federation")
def get_federation(app: App, request: Request) -> FederationStatus:
    """Models in service that came of the federation, and what this machine knows of its coordinator and ledger."""
    asking = context.principal.get()
    if asking.plants is not None:
        raise ForbiddenError(f"{asking.name} sees some plants only; the federation is of all")
    return federation_status(federated_models(app.plants, app.names()), request.app.state.federation)
