"""`/v1/scenarios`: what-if scenarios, of the gallery and of one's own."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.gate import needs
from api.resources.common import NO_PLANT, App, known_plant
from chargewise.app.access import Right
from optimizer.problem.options import RecipeOptions
from scenarios.what_if.scenario import Scenario, gallery, read_scenario
from scenarios.what_if.study import WhatIf
from steel.complaints import meant
from steel.errors import InputError
from steel.frozen import Frozen

router = APIRouter(prefix="/v1", tags=["scenarios"])
MOST_GRADES = 20


class ScenarioRequest(Frozen):
    """A scenario for a plant.

    Attributes:
        scenario: one of the gallery by its name, or one's own.
        grades: to be made; all that the plant makes unless given.
        options: what is asked of each recipe.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"plant": "northmill", "scenario": "carbon-price", "grades": ["B500B"]},
                {
                    "plant": "northmill",
                    "grades": ["B500B"],
                    "scenario": {
                        "title": "Shredded scrap is dear",
                        "case": [{"name": "+20 %", "price_factors": {"E40": 1.2}}],
                    },
                },
            ]
        }
    )

    plant: str
    scenario: str | Scenario
    grades: Annotated[tuple[str, ...], Field(max_length=MOST_GRADES)] = ()
    options: RecipeOptions = RecipeOptions()


@router.get("/scenarios", dependencies=[needs(Right.READ)])
def scenarios() -> dict[str, Scenario]:
    """The scenarios that come with Chargewise, by name."""
    return {name: read_scenario(name) for name in gallery()}


@router.post("/scenarios", responses=NO_PLANT, dependencies=[needs(Right.ASK)])
def run(asked: ScenarioRequest, app: App) -> WhatIf:
    """Every case of a scenario beside the plant as it is, over its grades."""
    known_plant(app, asked)
    scenario = asked.scenario
    if isinstance(scenario, str):
        if scenario not in gallery():
            # A path is a file of the service's machine, which is nobody's to read from outside.
            raise InputError(scenario[:100], "scenario", f"one of {', '.join(gallery())}{meant(scenario, gallery())}")
        scenario = read_scenario(scenario)
    return app.what_if(asked.plant, scenario, asked.grades, asked.options)
