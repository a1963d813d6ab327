"""`/v1/outcomes` and its kin: recipes that are kept, what became of them, and whether their claims were kept."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.resources.common import NO_PLANT, NO_RECIPE, App, known_name, known_plant
from api.resources.recipes import RecipeRequest
from chargewise.app.orders import Limits
from steel.claims import KeptClaim
from steel.elements import by_element
from steel.frozen import Frozen
from steel.recipes import Recipe

router = APIRouter(prefix="/v1", tags=["outcomes"])


class KeptRecipe(Frozen):
    """A recipe that is kept.

    Attributes:
        recipe_id: under which its outcome is given.
    """

    recipe_id: str
    recipe: Recipe


class OutcomeRequest(Frozen):
    """What became of a kept recipe.

    Attributes:
        recipe_id: as it was kept under.
        heat_id: the plant's number of the heat that was made of it.
        analysis_wt_pct: final analysis, by element symbol.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "recipe_id": "3f9c2a71b0de",
                    "heat_id": "NOR002001",
                    "analysis_wt_pct": {"C": 0.17, "Mn": 0.62, "Cu": 0.31},
                }
            ]
        }
    )

    plant: str
    recipe_id: Annotated[str, Field(min_length=1, max_length=64)]
    heat_id: Annotated[str, Field(min_length=1, max_length=64)]
    analysis_wt_pct: Annotated[Limits, Field(min_length=1)]


@router.post("/recipes/kept", responses=NO_RECIPE)
def keep(asked: RecipeRequest, app: App) -> KeptRecipe:
    """The cheapest recipe of an order, kept so that its outcome can be given."""
    recipe = app.recipe(known_plant(app, asked), asked.compare)
    return KeptRecipe(recipe_id=app.keep(asked, recipe), recipe=recipe)


@router.post("/outcomes", responses=NO_PLANT)
def give_outcome(asked: OutcomeRequest, app: App) -> tuple[KeptClaim, ...]:
    """Say what became of a kept recipe; returns how every limit's claims were kept so far."""
    known_plant(app, asked)
    analysis = by_element(asked.analysis_wt_pct, "analysis_wt_pct")
    return app.give_outcome(asked.plant, asked.recipe_id, asked.heat_id, analysis)


@router.get("/claims", responses=NO_PLANT)
def claims(app: App, plant: str) -> tuple[KeptClaim, ...]:
    """What a plant's recipes claimed of each limit, and what was kept of it."""
    return app.plant(known_name(app, plant)).feedback.kept()
