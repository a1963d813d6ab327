"""`/v1/recipes` and its kin: one order, and every question about its recipe."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from api.gate import needs
from api.metrics import solved
from api.resources.common import NO_PLANT, NO_RECIPE, App, Asking, Journal, known_plant
from chargewise.app.access import Right
from chargewise.app.orders import HeatOrder
from chargewise.app.records import RecipeRecord
from steel.answers import BasketChoices, Ranges, RankedRecipe, Substitutes
from steel.quantities import ChargedT, Number, Seconds, WholeNumber, YesNo
from steel.recipes import Alternative, ConfidencePrice, Recipe, Review
from steel.texts import NameLine

router = APIRouter(prefix="/v1", tags=["recipes"], dependencies=[needs(Right.ASK)])


class RecipeRequest(HeatOrder):
    """An order for one heat, with what differs from the plant file today.

    Attributes:
        compare: whether to price the plant's practice and a catalogue calculation too.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "grade": "B500B",
                    "mass_t": 100,
                    "maximum_wt_pct": {"Cu": 0.40},
                    "prices_eur_per_t": {"E40 shredded": 352},
                    "available_t": {"E46 incinerated": 10},
                    "options": {"confidence": 0.95, "max_materials": 6},
                }
            ]
        }
    )

    compare: YesNo = True


class ReviewRequest(RecipeRequest):
    """An order, and a person's own charge for it: t of each furnace material, scaled to the order.

    Attributes:
        charged_t: by material.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "grade": "B500B",
                    "charged_t": {
                        "E3 old thick": 55,
                        "E40 shredded": 45,
                        "lime": 3.2,
                        "dolime": 1.4,
                        "anthracite": 0.9,
                    },
                }
            ]
        }
    )

    charged_t: Annotated[dict[str, ChargedT], Field(min_length=1)]


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


class SubstitutesRequest(RecipeRequest):
    """An order as it was planned, and what of it is not to be had after all.

    Attributes:
        unavailable: materials.
        bay: all that it holds is not to be had.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"plant": "northmill", "grade": "B500B", "compare": False, "unavailable": ["E3 old thick"]}]
        }
    )

    unavailable: Annotated[tuple[NameLine, ...], Field(max_length=50)] = ()
    bay: NameLine | None = None


@router.post("/recipes", responses=NO_RECIPE, response_model=RecipeRecord)
def recommend(asked: RecipeRequest, app: App, records: Journal, asking: Asking) -> Response:
    """The cheapest recipe that meets an order with the requested confidence, explained, and kept in the journal."""
    found = records.make(known_plant(app, asked), asking.name, asked.compare)
    solved(found.plant, found.solve_ms, found.optimality_gap)
    # What is made here need not be checked against its own type again.
    return Response(found.model_dump_json(), media_type="application/json")


@router.post("/alternatives", responses=NO_RECIPE)
def find_alternatives(asked: RecipeRequest, app: App) -> tuple[Alternative, ...]:
    """The cheapest recipes without each material that the optimal one uses, cheapest first."""
    return app.alternatives(known_plant(app, asked))


@router.post("/substitutes", responses=NO_RECIPE)
def find_substitutes(asked: SubstitutesRequest, app: App) -> Substitutes:
    """A bay is empty: what takes its place, at what price, and what it does to every limit."""
    return app.substitutes(known_plant(app, asked), asked.unavailable, asked.bay)


@router.post("/basket-choices", responses=NO_RECIPE)
def choose_baskets(asked: RecipeRequest, app: App) -> BasketChoices:
    """How many baskets to charge in: what each number costs a heat, and what the last one may cost to pay."""
    return app.basket_choices(known_plant(app, asked))


@router.post("/lot-recipes", responses=NO_RECIPE)
def choose_lots(asked: RecipeRequest, app: App) -> Recipe:
    """The cheapest recipe that chooses among the yard's open lots, by supplier and analysis; it is not journalled."""
    return app.lot_recipe(known_plant(app, asked))


@router.post("/ranked-recipes", responses=NO_RECIPE)
def rank_recipes(asked: RankingRequest, app: App) -> tuple[RankedRecipe, ...]:
    """The cheapest recipes that differ in their materials, cheapest first."""
    return app.ranked(known_plant(app, asked), asked.count, asked.within_pct / 100.0)


@router.post("/ranges", responses=NO_RECIPE)
def find_ranges(asked: RangesRequest, app: App) -> Ranges:
    """Over which range of each price and limit the recipe is made of the same materials, and what changes beyond."""
    return app.ranges(known_plant(app, asked), asked.time_limit_s)


@router.post("/reviews", responses=NO_RECIPE)
def review_charge(asked: ReviewRequest, app: App) -> Review:
    """Why not this charge of mine? What it misses, and what it costs more than the optimal recipe."""
    return app.review(known_plant(app, asked), asked.charged_t)


@router.post("/confidence-prices", responses=NO_PLANT)
def price_confidence(asked: RecipeRequest, app: App) -> tuple[ConfidencePrice, ...]:
    """What more or less confidence in the order's limits would cost."""
    return app.confidence_prices(known_plant(app, asked))
