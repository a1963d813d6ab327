"""What clients send for answers beside one recipe: runners-up, ranges, objectives in turn."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.requests import RecipeRequest
from optimizer.problem.options import Objective
from steel.frozen import Frozen
from steel.quantities import Number, Seconds, WholeNumber


class RankingRequest(RecipeRequest):
    """An order, and how many different recipes for it.

    Attributes:
        count: at most.
        within_pct: how much dearer than the cheapest any may be.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"plant": "northmill", "grade": "B500B", "count": 3, "within_pct": 2}]}
    )

    count: Annotated[WholeNumber, Field(ge=1, le=50)] = 5
    within_pct: Annotated[Number, Field(ge=0, le=100)] = 5.0


class RangesRequest(RecipeRequest):
    """An order whose prices and limits are to be varied.

    Attributes:
        time_limit_s: after which what is not yet varied is left out, by name.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"plant": "northmill", "grade": "SAE1018"}]})

    time_limit_s: Seconds = 5.0


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
