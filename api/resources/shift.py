"""`/v1/heats/{heat_id}`: a heat in progress, from its plan to its tap."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import ConfigDict, Field

from api.gate import needs
from api.problems import UnknownResourceError
from api.resources.common import App, Asking, known_name
from chargewise.app.access import Right
from chargewise.app.heats_in_progress import HeatNow, HeatsInProgress
from steel.baskets import MOST_BASKETS
from steel.frozen import Frozen
from steel.quantities import ChargedT, YesNo
from steel.samples import Sample
from steel.shift import Lift, StepKind
from steel.texts import NameLine

router = APIRouter(prefix="/v1/heats/{heat_id}", tags=["shift"])
READS, REPORTS, DECIDES = [needs(Right.READ)], [needs(Right.REPORT)], [needs(Right.DECIDE)]
NO_HEAT: dict[int | str, dict[str, Any]] = {404: {"description": "No such plant, or no heat of that number is planned"}}
Confidence = Annotated[float, Query(ge=0.5, lt=1)]
ChangePrice = Annotated[float, Query(ge=0, le=10_000)]
Room = Annotated[float, Query(ge=0, le=1000)]
HeatId = Annotated[NameLine, Path(max_length=64)]
ENDS = {"tapped": StepKind.TAP, "done": StepKind.FINISH, "cancelled": StepKind.CANCEL}


async def heats_of(app: App) -> HeatsInProgress:
    """The heats in progress of this installation."""
    return HeatsInProgress(app)


Heats = Annotated[HeatsInProgress, Depends(heats_of)]


class PlanRequest(Frozen):
    """A heat to be made by a recipe of the journal."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"plant": "northmill", "recipe_id": "3f9c2a71b0de4711"}]})

    plant: str
    recipe_id: Annotated[str, Field(pattern="^[0-9a-f]{1,32}$")]


class BasketRequest(Frozen):
    """What the crane put into a basket.

    Attributes:
        lifts: several a material as it comes; a `lift_id` that was said before corrects that lift.
        is_open: whether more is to come into this basket; what is missing of its plan is then taken to come.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "lifts": [
                        {"lift_id": "W000381", "material": "E3 old thick", "mass_t": 11.8},
                        {"lift_id": "W000382", "material": "E40 shredded", "mass_t": 18.52},
                    ],
                }
            ]
        }
    )

    plant: str
    lifts: Annotated[tuple[Lift, ...], Field(min_length=1, max_length=200)]
    is_open: YesNo = False


class MissingRequest(Frozen):
    """Materials that are not to be had any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"plant": "northmill", "materials": ["E3 old thick"]}]})

    plant: str
    materials: Annotated[tuple[NameLine, ...], Field(min_length=1, max_length=100)]


class RegradeRequest(Frozen):
    """Another grade that is to be made of the heat."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"plant": "northmill", "grade": "S235JR"}]})

    plant: str
    grade: NameLine


class AllInRequest(Frozen):
    """All baskets are in.

    Attributes:
        additions_t: what was added at tapping so far, t by material.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"plant": "northmill"}]})

    plant: str
    additions_t: Annotated[dict[NameLine, ChargedT], Field(max_length=100)] = {}


class SampleRequest(Frozen):
    """A sample of the melt.

    Attributes:
        confirmed: whether somebody has looked at a sample that is far from what was expected.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "sample": {
                        "sample_id": "L20261127-0412",
                        "taken_at": "2026-11-27T06:30:00Z",
                        "analysis_wt_pct": {"C": 0.061, "Mn": 0.11, "Cu": 0.31},
                    },
                }
            ]
        }
    )

    plant: str
    sample: Sample
    confirmed: YesNo = False


class TrimRequest(Frozen):
    """What came to the melt; a `lift_id` that was said before corrects that addition."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"plant": "northmill", "lifts": [{"lift_id": "A0113", "material": "SiMn", "mass_t": 0.84}]}]
        }
    )

    plant: str
    lifts: Annotated[tuple[Lift, ...], Field(min_length=1, max_length=200)]


class AdditionsRequest(Frozen):
    """What is to be added to the melt, t by material."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"plant": "northmill", "masses_t": {"SiMn": 0.84}}]})

    plant: str
    masses_t: Annotated[dict[NameLine, ChargedT], Field(min_length=1, max_length=100)]


class StageRequest(Frozen):
    """The heat is tapped, done with, or will not be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"plant": "northmill", "stage": "tapped"}]})

    plant: str
    stage: Literal["tapped", "done", "cancelled"]


@router.put("/plan", responses=NO_HEAT, dependencies=REPORTS)
def plan_heat(heat_id: HeatId, asked: PlanRequest, app: App, heats: Heats, asking: Asking) -> HeatNow:
    """Plan a heat by a recipe; the same plan twice is one."""
    return heats.plan(known_name(app, asked.plant), heat_id, asked.recipe_id, asking.name)


@router.get("", responses=NO_HEAT, dependencies=READS)
def get_heat(
    heat_id: HeatId,
    plant: str,
    app: App,
    heats: Heats,
    change_eur_per_t: ChangePrice = 1.0,
    room_t: Room | None = None,
    confidence: Confidence | None = None,
) -> HeatNow:
    """A heat as it is: its rest optimised again, or once it is molten what it needs.

    A change of what was planned costs `change_eur_per_t`; further charge may thin a melt by `room_t`; each limit is to
    hold with `confidence`, the recipe's unless it is given.
    """
    plant = _planned(app, heats, plant, heat_id)
    return heats.now(plant, heat_id, change_eur_per_t, room_t, confidence)


@router.post("/baskets/{number}", responses=NO_HEAT, status_code=201, dependencies=REPORTS)
def weigh_basket(
    heat_id: HeatId,
    number: Annotated[int, Path(ge=1, le=MOST_BASKETS)],
    asked: BasketRequest,
    app: App,
    heats: Heats,
    asking: Asking,
) -> HeatNow:
    """Report what the crane put into a basket; the answer is the rest of the heat, optimised again."""
    plant = _planned(app, heats, asked.plant, heat_id)
    return heats.weigh(plant, heat_id, number, asked.lifts, asking.name, asked.is_open)


@router.post("/missing", responses=NO_HEAT, status_code=201, dependencies=REPORTS)
def report_missing(heat_id: HeatId, asked: MissingRequest, app: App, heats: Heats, asking: Asking) -> HeatNow:
    """A bay is empty: the rest of the heat does without these materials."""
    return heats.missing(_planned(app, heats, asked.plant, heat_id), heat_id, asked.materials, asking.name)


@router.post("/grade", responses=NO_HEAT, status_code=201, dependencies=DECIDES)
def change_grade(heat_id: HeatId, asked: RegradeRequest, app: App, heats: Heats, asking: Asking) -> HeatNow:
    """Make another grade of the heat."""
    return heats.regrade(_planned(app, heats, asked.plant, heat_id), heat_id, asked.grade, asking.name)


@router.post("/charged", responses=NO_HEAT, status_code=201, dependencies=REPORTS)
def charge_heat(heat_id: HeatId, asked: AllInRequest, app: App, heats: Heats, asking: Asking) -> HeatNow:
    """All baskets are in: what was weighed is what was charged of the recipe, and is drawn of the yard's lots."""
    return heats.charge(_planned(app, heats, asked.plant, heat_id), heat_id, asking.name, asked.additions_t)


@router.post("/samples", responses=NO_HEAT, status_code=201, dependencies=REPORTS)
def report_sample(heat_id: HeatId, asked: SampleRequest, app: App, heats: Heats, asking: Asking) -> HeatNow:
    """Report a sample of the bath or the ladle; the answer is what is expected of the melt, and what it needs."""
    plant = _planned(app, heats, asked.plant, heat_id)
    return heats.sample(plant, heat_id, asked.sample, asking.name, asked.confirmed)


@router.post("/additions-orders", responses=NO_HEAT, status_code=201, dependencies=DECIDES)
def order_additions(heat_id: HeatId, asked: AdditionsRequest, app: App, heats: Heats, asking: Asking) -> HeatNow:
    """Have the plant's systems add to the melt: a message goes out, and what was then added is reported as a trim."""
    return heats.order_additions(_planned(app, heats, asked.plant, heat_id), heat_id, asked.masses_t, asking.name)


@router.post("/trims", responses=NO_HEAT, status_code=201, dependencies=REPORTS)
def report_trim(heat_id: HeatId, asked: TrimRequest, app: App, heats: Heats, asking: Asking) -> HeatNow:
    """Report what came to the melt: alloys, or further charge that thins it."""
    return heats.trim(_planned(app, heats, asked.plant, heat_id), heat_id, asked.lifts, asking.name)


@router.post("/stages", responses=NO_HEAT, status_code=201, dependencies=REPORTS)
def advance_heat(heat_id: HeatId, asked: StageRequest, app: App, heats: Heats, asking: Asking) -> HeatNow:
    """Tap a heat, be done with it, or give it up."""
    return heats.advance(_planned(app, heats, asked.plant, heat_id), heat_id, ENDS[asked.stage], asking.name)


def _planned(app: App, heats: HeatsInProgress, plant: str, heat_id: str) -> str:
    """The plant of a heat that is planned there.

    Raises:
        UnknownResourceError: there is no such plant or heat.
    """
    name = known_name(app, plant)
    if not heats.known(name, heat_id):
        raise UnknownResourceError(heat_id[:64], "heat", f"a heat of {name} that is planned: PUT /v1/heats/…/plan")
    return name
