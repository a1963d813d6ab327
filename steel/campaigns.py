"""Campaigns: many heats over one stock, and the plan that makes them."""

from typing import Annotated

from pydantic import Field, model_validator

from steel.frozen import Frozen
from steel.grades import Order
from steel.quantities import EurPerT, Number, StockT, WholeNumber

HeatNumber = Annotated[WholeNumber, Field(ge=1)]
Positive = Annotated[Number, Field(ge=1e-3, le=1e7)]


class Delivery(Frozen):
    """Material already bought, on hand from a heat on (1 is the first)."""

    material: str
    mass_t: Positive
    from_heat: HeatNumber = 1


class PriceBreak(Frozen):
    """The price of all of a purchase that reaches a mass."""

    from_t: StockT
    price_eur_per_t: EurPerT


class Offer(Frozen):
    """Material that can be bought, once, on hand from a heat on.

    Attributes:
        most_t: most that can be bought.
        breaks: prices by mass, smallest first; nothing or at least the first's mass is bought.

    Raises:
        ValueError: breaks are not in order or beyond the most.
    """

    material: str
    most_t: Positive
    breaks: tuple[PriceBreak, ...] = Field(min_length=1)
    from_heat: HeatNumber = 1

    @model_validator(mode="after")
    def _ordered(self) -> "Offer":
        starts = [one.from_t for one in self.breaks]
        if starts != sorted(set(starts)) or starts[-1] >= self.most_t:
            raise ValueError(f"offer of {self.material}: breaks {starts} must rise and lie below {self.most_t} t")
        return self


MOST_HEATS = 2000


class Campaign(Frozen):
    """Heats in the order of tapping, with what arrives and can be bought meanwhile."""

    orders: tuple[Order, ...] = Field(min_length=1, max_length=MOST_HEATS)
    deliveries: tuple[Delivery, ...] = ()
    offers: tuple[Offer, ...] = ()

    def after(self, heats: int) -> "Campaign":
        """What is left once so many heats are made, to be planned again on the stock of that moment.

        Deliveries that have come are part of that stock; offers whose time has come are over.
        """

        def later(one: Delivery | Offer) -> bool:
            return one.from_heat > heats

        return Campaign(
            orders=self.orders[heats:],
            deliveries=tuple(
                d.model_copy(update={"from_heat": d.from_heat - heats}) for d in self.deliveries if later(d)
            ),
            offers=tuple(o.model_copy(update={"from_heat": o.from_heat - heats}) for o in self.offers if later(o)),
        )


class PlannedHeat(Frozen):
    """One heat of a plan.

    Attributes:
        number: 1 is the first.
        masses_t: by material; empty where the stock cannot make this heat.
        met_with: probability of its least certain limit.
    """

    number: int
    grade: str
    masses_t: dict[str, float]
    cost_eur_per_t: float
    met_with: float


class Purchase(Frozen):
    """What the plan buys of an offer."""

    material: str
    from_heat: int
    mass_t: float
    price_eur_per_t: float


class Scarcity(Frozen):
    """What one more t of a material would save, on hand from a heat on."""

    material: str
    from_heat: int
    worth_eur_per_t: float


class CampaignPlan(Frozen):
    """Recipes of a whole campaign.

    Attributes:
        cost_eur: of all heats made, purchases at their own prices.
        bound_eur: what no plan can undercut.
        gap: proven relative gap of the cost.
        unmade: numbers of heats that stock and offers cannot make.
        one_by_one_eur: the same heats, each at its own best from what the earlier ones left, with the same purchases;
            None where that way leaves a heat without a recipe, whose numbers are `stranded`, or where there was no time
            to find out. No plan is dearer.
        stock_left_t: limited materials at the end.
    """

    heats: tuple[PlannedHeat, ...]
    purchases: tuple[Purchase, ...]
    scarcities: tuple[Scarcity, ...]
    cost_eur: float
    bound_eur: float
    gap: float
    unmade: tuple[int, ...]
    one_by_one_eur: float | None
    stranded: tuple[int, ...]
    stock_left_t: dict[str, float]
