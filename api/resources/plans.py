"""`/v1/fronts`, `/v1/priorities` and `/v1/campaigns`: more than one recipe at a time."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.gate import needs
from api.resources.common import NO_RECIPE, App, known_plant
from api.resources.recipes import RecipeRequest
from chargewise.app.access import Right
from chargewise.app.orders import CampaignOrder
from optimizer.problem.options import Objective
from steel.campaigns import CampaignPlan
from steel.frozen import Frozen
from steel.quantities import Number, WholeNumber
from steel.recipes import FrontPoint

router = APIRouter(prefix="/v1", tags=["recipes"], dependencies=[needs(Right.ASK)])


class FrontRequest(RecipeRequest):
    """An order, and the objectives between which its recipes are to be spread.

    Attributes:
        objectives: two to four different ones.
        points: about how many recipes.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "grade": "SAE1018",
                    "objectives": ["cost_eur_per_t", "emissions_kgco2e_per_t"],
                    "points": 12,
                }
            ]
        }
    )

    objectives: Annotated[tuple[Objective, ...], Field(min_length=2, max_length=4)] = (
        Objective.COST,
        Objective.EMISSIONS,
    )
    points: Annotated[WholeNumber, Field(ge=2, le=200)] = 30


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


class CampaignRequest(CampaignOrder):
    """Heats in the order of tapping, on today's stock and what arrives or can be bought meanwhile."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "heats": [{"grade": "B500B", "count": 12}, {"grade": "SAE1018", "count": 4}],
                    "available_t": {
                        "E3 old thick": 500,
                        "E8 new thin": 200,
                        "E40 shredded": 400,
                        "E2 new thick": 0,
                    },
                    "deliveries": [{"material": "E8 new thin", "mass_t": 150, "from_heat": 9}],
                    "offers": [
                        {
                            "material": "E2 new thick",
                            "most_t": 300,
                            "from_heat": 5,
                            "breaks": [
                                {"from_t": 50, "price_eur_per_t": 372},
                                {"from_t": 200, "price_eur_per_t": 366},
                            ],
                        }
                    ],
                    "time_limit_s": 5,
                }
            ]
        }
    )


@router.post("/fronts", responses=NO_RECIPE)
def front(asked: FrontRequest, app: App) -> tuple[FrontPoint, ...]:
    """Recipes over the Pareto front of two to four objectives, the best in the first of them first."""
    return app.front(known_plant(app, asked), asked.objectives, asked.points)


@router.post("/priorities", responses=NO_RECIPE)
def priorities(asked: PrioritiesRequest, app: App) -> tuple[FrontPoint, ...]:
    """One objective after another, each giving up little of those before; the last recipe is the answer."""
    return app.priorities(known_plant(app, asked), [(one.objective, one.give_pct / 100.0) for one in asked.priorities])


@router.post("/campaigns", responses=NO_RECIPE)
def campaign(asked: CampaignRequest, app: App) -> CampaignPlan:
    """The cheapest plan for many heats over one stock, with what arrives and can be bought meanwhile."""
    return app.campaign(known_plant(app, asked))
