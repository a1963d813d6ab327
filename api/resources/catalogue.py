"""`/v1/materials` and `/v1/grades`: the catalogue's, or a plant's."""

from fastapi import APIRouter

from api.gate import needs
from api.resources.common import NO_PLANT, App, known_name
from chargewise.app.access import Right
from steel import catalogue
from steel.grades import Grade
from steel.materials import Material

router = APIRouter(prefix="/v1", tags=["catalogue"], dependencies=[needs(Right.READ)])


@router.get("/materials", responses=NO_PLANT)
def list_materials(app: App, plant: str | None = None) -> list[Material]:
    """The catalogue's materials, or a plant's yard."""
    if plant is None:
        return list(catalogue.materials().values())
    return [item.material for item in app.plant(known_name(app, plant)).plant.yard]


@router.get("/grades", responses=NO_PLANT)
def list_grades(app: App, plant: str | None = None) -> list[Grade]:
    """The catalogue's grades, or those a plant makes."""
    if plant is None:
        return list(catalogue.grades().values())
    asked = app.plant(known_name(app, plant)).plant
    return [asked.grade(name) for name in asked.made()]
