"""`/v1/plants`: furnace, yard, prices and own grades of each plant, made and changed with versions."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import ConfigDict

from api.gate import needs
from api.problems import PreconditionError, UnknownResourceError
from api.resources.common import NO_PLANT, App, Asking, check_seen, described_name, seen_described
from chargewise.app.access import Right
from chargewise.app.application import Application
from chargewise.app.plant_changes import Described, OutdatedError, PlantChanges
from plant_adapters.plants.plant_file import PlantFile
from plant_adapters.store.plant_versions import PlantVersion
from steel.frozen import Frozen

router = APIRouter(prefix="/v1", tags=["plants"])
READS, CHANGES = [needs(Right.READ)], [needs(Right.CHANGE)]
NO_VERSION: dict[int | str, dict[str, Any]] = {404: {"description": "No such plant or version"}}
TAG = re.compile(r'(?:W/)?"([0-9a-f]{64})"')
OUTDATED: dict[int | str, dict[str, Any]] = {
    412: {"description": "Somebody has changed the plant meanwhile"},
    428: {"description": "`If-Match` is missing"},
}
EXAMPLE: dict[str, Any] = {
    "name": "southmill",
    "title": "Southmill, long products",
    "grades": ["B500B"],
    "furnace": {"tap_weight_t": 100, "process": {"oxygen_nm3_per_t": 34}},
    "prices": {"electricity_eur_per_kwh": 0.09},
    "yard": [
        {"name": "E3 old thick", "class": "E3", "price_eur_per_t": 338, "available_t": 400},
        {"name": "E40 shredded", "class": "E40", "price_eur_per_t": 352},
        {"name": "lime", "class": "lime", "price_eur_per_t": 140, "min_t": 3.2},
    ],
}


class PlantShown(Frozen):
    """One plant.

    Attributes:
        ready: whether it has a model, and answers.
    """

    name: str
    title: str
    ready: bool


class PlantContent(PlantFile):
    """A plant, as its file says it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class VersionShown(Frozen):
    """One version of a plant.

    Attributes:
        made_at: of one that was edited in its file, when that was found.
        sha256: the entity tag that the plant had.
    """

    number: int
    made_at: datetime
    made_by: str
    reason: str
    sha256: str

    @classmethod
    def of(cls, version: PlantVersion) -> "VersionShown":
        """What is shown of a version."""
        return cls.model_validate(vars(version))


class VersionText(Frozen):
    """What a version says.

    Attributes:
        text: of the plant file, TOML.
    """

    number: int
    text: str


@router.get("/plants", dependencies=READS)
def list_plants(app: App) -> list[PlantShown]:
    """Plants that there are, ready or not yet."""
    ready = app.names()
    titles = {name: loaded.described.title for name, loaded in app.plants.in_memory().items()}
    return [PlantShown(name=name, title=titles.get(name, name), ready=name in ready) for name in seen_described(app)]


@router.post("/plants", status_code=201, dependencies=CHANGES)
def make_plant(asked: PlantContent, app: App, asking: Asking, response: Response) -> VersionShown:
    """Make a plant; it answers once heats were sent (`/v1/heats`) and a model was learned (`/v1/trainings`)."""
    check_seen(asked.name)
    made = _changes(app).make(asked, asking.name)
    response.headers["Location"], response.headers["ETag"] = f"/v1/plants/{asked.name}", f'"{made.sha256}"'
    return VersionShown.of(made)


@router.get("/plants/{plant}", responses=NO_PLANT, response_model_exclude_unset=True, dependencies=READS)
def get_plant(plant: str, app: App, response: Response) -> PlantContent:
    """A plant as its file says it; its entity tag goes into `If-Match` of a change."""
    found: Described = _changes(app).described(described_name(app, plant))
    response.headers["ETag"] = f'"{found.sha256}"'
    return PlantContent.model_construct(found.content.model_fields_set, **dict(found.content))


@router.put("/plants/{plant}", responses=NO_PLANT | OUTDATED, dependencies=CHANGES)
def change_plant(
    plant: str,
    asked: PlantContent,
    app: App,
    asking: Asking,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> VersionShown:
    """Change a plant as a whole, from the next recipe on; what it said before is kept as a version."""
    name = described_name(app, plant)
    if if_match is None:
        raise PreconditionError(428, "send `If-Match` with the entity tag that GET gave, so that no change is lost")
    seen = TAG.fullmatch(if_match.strip())
    try:
        made = _changes(app).change(name, asked, seen.group(1) if seen else "", asking.name)
    except OutdatedError as error:
        raise PreconditionError(412, str(error)) from None
    response.headers["ETag"] = f'"{made.sha256}"'
    return VersionShown.of(made)


@router.get("/plants/{plant}/versions", responses=NO_PLANT, dependencies=READS)
def list_plant_versions(plant: str, app: App) -> list[VersionShown]:
    """Versions that were made over REST, and what they replaced, the newest first."""
    return [VersionShown.of(one) for one in _changes(app).versions(described_name(app, plant))]


@router.get("/plants/{plant}/versions/{number}", responses=NO_VERSION, dependencies=READS)
def get_plant_version(plant: str, number: int, app: App) -> VersionText:
    """A plant as a version has it."""
    name = described_name(app, plant)
    text = _changes(app).version_text(name, number) if 0 < number < 2**31 else None
    if text is None:
        raise UnknownResourceError(number, "version", f"the number of a version of {name}")
    return VersionText(number=number, text=text)


def _changes(app: Application) -> PlantChanges:
    return PlantChanges(app.plants, app.database)
