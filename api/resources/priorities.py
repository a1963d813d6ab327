"""`/v1/priorities`: objectives one after another."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.gate import needs
from api.resources.common import NO_RECIPE, App, known_plant
from api.resources.recipes import RecipeRequest
from chargewise.app.access import Right
from optimizer.problem.options import Objective
from steel.frozen import Frozen
from steel.quantities import Number
from steel.recipes import FrontPoint

router = APIRouter(prefix="/v1", tags=["recipes"], dependencies=[needs(Right.ASK)])


class Priority(Frozen):
    """One objective, and how much of its best value later ones may cost."""

    objective: Objective
    give_pct: Annotated[Number, Field(ge=0, le=100)] = 0.0


class PrioritiesRequest(RecipeRequest):
    """An order, and objectives one after another, the most important first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "grade": "SAE1018",
                    "priorities": [
                        {"objective": "cost_eur_per_t", "give_pct": 0.5},
                        {"objective": "emissions_kgco2e_per_t"},
                    ],
                }
            ]
        }
    )

    priorities: Annotated[tuple[Priority, ...], Field(min_length=2, max_length=4)]


@router.post("/priorities", responses=NO_RECIPE)
def decide_by_priorities(asked: PrioritiesRequest, app: App) -> tuple[FrontPoint, ...]:
    """One objective after another, each giving up little of those before; the last recipe is the answer."""
    return app.priorities(known_plant(app, asked), [(one.objective, one.give_pct / 100.0) for one in asked.priorities])
