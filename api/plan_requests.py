"""What clients send for more than one recipe: a Pareto front, a campaign."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.requests import Limits, RecipeRequest, limited, with_stock
from optimizer.problem.options import Objective, RecipeOptions
from plant_adapters.prices import with_prices
from steel.campaigns import MOST_HEATS, Campaign, Delivery, Offer
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Order
from steel.plants import Plant
from steel.quantities import EurPerT, HeatMassT, Seconds, StockT, WholeNumber


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


class HeatsAsked(Frozen):
    """So many heats of one grade in a row.

    Attributes:
        mass_t: liquid steel of each; the plant's tap weight unless given.
        maximum_wt_pct, minimum_wt_pct: limits that replace or join the grade's, by element symbol.
    """

    grade: str
    count: Annotated[WholeNumber, Field(ge=1, le=1000)] = 1
    mass_t: HeatMassT | None = None
    maximum_wt_pct: Limits = {}
    minimum_wt_pct: Limits = {}

    def orders(self, plant: Plant) -> tuple[Order, ...]:
        """The orders it means.

        Raises:
            InputError: an unknown grade or element, or contradicting limits.
        """
        grade = limited(plant.grade(self.grade), self.maximum_wt_pct, self.minimum_wt_pct)
        return (Order(grade=grade, mass_t=self.mass_t or plant.furnace.tap_weight_t),) * self.count


class CampaignRequest(Frozen):
    """Heats in the order of tapping, on today's stock and what arrives or can be bought meanwhile.

    Attributes:
        plant: its name.
        prices_eur_per_t: today's prices, by material.
        available_t: stock that the whole campaign shares; of other materials every heat has the plant file's.
        options: for every heat.
        time_limit_s: after which the best plan so far is returned with its gap.
    """

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

    plant: str
    heats: Annotated[tuple[HeatsAsked, ...], Field(min_length=1, max_length=200)]
    deliveries: tuple[Delivery, ...] = ()
    offers: tuple[Offer, ...] = ()
    prices_eur_per_t: dict[str, EurPerT] = {}
    available_t: dict[str, StockT] = {}
    options: RecipeOptions = RecipeOptions()
    time_limit_s: Seconds = 30.0

    def campaign(self, plant: Plant) -> Campaign:
        """The campaign it means.

        Raises:
            InputError: an unknown grade or element, or contradicting limits.
        """
        count = sum(asked.count for asked in self.heats)
        if count > MOST_HEATS:
            raise InputError(count, "heats", f"at most {MOST_HEATS} heats in all")
        orders = tuple(order for asked in self.heats for order in asked.orders(plant))
        return Campaign(orders=orders, deliveries=self.deliveries, offers=self.offers)

    def plant_today(self, plant: Plant) -> Plant:
        """The plant with today's prices and the campaign's stock.

        Raises:
            InputError: a material is not in the yard.
        """
        priced = with_prices(plant, self.prices_eur_per_t, "prices_eur_per_t")
        for_each = tuple(item.model_copy(update={"max_t": item.most_t, "available_t": None}) for item in priced.yard)
        return with_stock(priced.model_copy(update={"yard": for_each}), self.available_t)
