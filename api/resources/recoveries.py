"""`/v1/plants/{plant}/recoveries`: what sampled heats taught of alloys."""

from fastapi import APIRouter

from api.gate import needs
from api.resources.common import NO_PLANT, App, described_name
from api.resources.shift import Heats
from chargewise.app.access import Right
from steel.elements import Element
from steel.frozen import Frozen

router = APIRouter(prefix="/v1/plants/{plant}", tags=["shift"], dependencies=[needs(Right.READ)])


class AlloyRecovery(Frozen):
    """Share of an element of an alloy that is found in the steel.

    Attributes:
        stated: by the plant's file or the catalogue.
        learned: from heats that were sampled before and after.
        sd: of what was learned.
        heats: that taught it.
    """

    material: str
    element: Element
    stated: float
    learned: float
    sd: float
    heats: int


@router.get("/recoveries", responses=NO_PLANT)
def get_recoveries(plant: str, app: App, heats: Heats) -> list[AlloyRecovery]:
    """Recoveries of the plant's alloys as its sampled heats have them; trims count with these."""
    found = heats.recoveries(described_name(app, plant))
    return [
        AlloyRecovery(
            material=material, element=element, stated=one.stated, learned=one.learned, sd=one.sd, heats=one.trims
        )
        for (material, element), one in found.items()
    ]  # fmt: skip
