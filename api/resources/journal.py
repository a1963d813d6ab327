"""`/v1/recipes/{recipe_id}`: recipes again, and what became of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.gate import needs
from api.paging import cursor_after, read_cursor
from api.problems import UnknownResourceError
from api.resources.common import NO_PLANT, NUMBER, App, Asking, Journal, known_name
from chargewise.app.access import Right
from chargewise.app.orders import Limits
from chargewise.app.records import RecipeStory, Records, Reproduction
from plant_adapters.store.journal_entries import Charged, Decision, Verdict
from steel.claims import KeptClaim
from steel.elements import by_element
from steel.frozen import Frozen
from steel.quantities import ChargedT

router = APIRouter(prefix="/v1", tags=["journal"])
READS, REPORTS = [needs(Right.READ)], [needs(Right.REPORT)]
NO_SUCH: dict[int | str, dict[str, Any]] = {404: {"description": "No such recipe"}}
HeatId = Annotated[str, Field(min_length=1, max_length=64)]
Masses = Annotated[dict[str, ChargedT], Field(max_length=200)]


class RecipePage(Frozen):
    """Some of a plant's recipes, the newest first.

    Attributes:
        next: cursor of the next page; None on the last.
    """

    recipes: tuple[RecipeStory, ...]
    next: str | None = None


class DecisionRequest(Frozen):
    """What a person decides of a recipe.

    Attributes:
        reason: why; needed where it is rejected.
        charged_t: what is charged in its place where it is changed, t by material.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"verdict": "rejected", "reason": "bay 7 is flooded"}, {"verdict": "accepted"}]}
    )

    verdict: Verdict
    reason: Annotated[str, Field(max_length=1000)] = ""
    charged_t: Masses | None = None


class ChargeRequest(Frozen):
    """What was really charged of a recipe.

    Attributes:
        heat_id: the plant's number of the heat.
        charged_t: t by furnace material.
        additions_t: t by tapping addition.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "heat_id": "NOR002001",
                    "charged_t": {"E3 old thick": 61.2, "E40 shredded": 44.1, "lime": 3.2},
                    "additions_t": {"FeSi75": 0.31},
                }
            ]
        }
    )

    heat_id: HeatId
    charged_t: Annotated[Masses, Field(min_length=1)]
    additions_t: Masses = {}


class HeatOutcome(Frozen):
    """What became of a recipe's heat.

    Attributes:
        heat_id: the plant's number of the heat.
        analysis_wt_pct: final analysis, by element symbol.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"heat_id": "NOR002001", "analysis_wt_pct": {"C": 0.17, "Mn": 0.62, "Cu": 0.31}}]
        }
    )

    heat_id: HeatId
    analysis_wt_pct: Annotated[Limits, Field(min_length=1)]


@router.get("/recipes", responses=NO_PLANT, dependencies=READS)
def list_recipes(
    app: App,
    records: Journal,
    plant: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: str | None = None,
) -> RecipePage:
    """A plant's recipes with all that came of them, the newest first."""
    known_name(app, plant)
    found = records.stories(plant, limit + 1, None if cursor is None else read_cursor(cursor))
    last = found[limit - 1].recipe if len(found) > limit else None
    following = None if last is None else cursor_after(last.made_at, last.recipe_id)
    return RecipePage(recipes=tuple(found[:limit]), next=following)


@router.get("/recipes/{recipe_id}", responses=NO_SUCH, dependencies=READS)
def get_recipe(recipe_id: str, app: App, records: Journal) -> RecipeStory:
    """A recipe as it was made, what was asked, decided and charged, and its prediction against the analysis."""
    return records.story(_plant(app, records, recipe_id), recipe_id)


@router.get("/recipes/{recipe_id}/reproduction", responses=NO_SUCH, dependencies=READS)
def reproduce_recipe(recipe_id: str, app: App, records: Journal) -> Reproduction:
    """The recipe made again from the journal alone: whether it comes to the same numbers."""
    return records.reproduce(_plant(app, records, recipe_id), recipe_id)


@router.post("/recipes/{recipe_id}/decisions", responses=NO_SUCH, status_code=201, dependencies=[needs(Right.DECIDE)])
def decide_on_recipe(recipe_id: str, asked: DecisionRequest, app: App, records: Journal, asking: Asking) -> Decision:
    """Accept, change or reject a recipe; the last decision counts."""
    plant = _plant(app, records, recipe_id)
    return records.decide(plant, recipe_id, asked.verdict, asking.name, asked.reason, asked.charged_t)


@router.put("/recipes/{recipe_id}/charge", responses=NO_SUCH, dependencies=REPORTS)
def report_charge(recipe_id: str, asked: ChargeRequest, app: App, records: Journal, asking: Asking) -> Charged:
    """Report what was really charged; the same report twice is one."""
    plant = _plant(app, records, recipe_id)
    return records.charge(plant, recipe_id, asked.heat_id, asking.name, asked.charged_t, asked.additions_t)


@router.post("/recipes/{recipe_id}/outcome", responses=NO_SUCH, status_code=201, dependencies=REPORTS)
def report_outcome(recipe_id: str, asked: HeatOutcome, app: App, records: Journal) -> tuple[KeptClaim, ...]:
    """Report the heat's final analysis; returns how every limit's claims were kept so far."""
    analysis = by_element(asked.analysis_wt_pct, "analysis_wt_pct")
    return records.give_outcome(_plant(app, records, recipe_id), recipe_id, asked.heat_id, analysis)


@router.get("/claims", responses=NO_PLANT, dependencies=READS)
def list_claims(app: App, plant: str) -> tuple[KeptClaim, ...]:
    """What a plant's recipes claimed of each limit, and what was kept of it."""
    return app.plant(known_name(app, plant)).feedback.kept()


def _plant(app: App, records: Records, recipe_id: str) -> str:
    """The plant of a recipe that is there and that the client may see.

    Raises:
        UnknownResourceError: there is no such recipe.
    """
    plant = records.plant_of(recipe_id) if NUMBER.fullmatch(recipe_id) else None
    if plant is None:
        raise UnknownResourceError(recipe_id[:64], "recipe", "the number of a recipe that was made here")
    return known_name(app, plant)
