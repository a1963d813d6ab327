"""Orders as people place them at a plant: a grade by its name, and what differs from the plant file today."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from optimizer.problem.options import RecipeOptions
from plant_adapters.plants.prices import with_prices
from steel.campaigns import MOST_HEATS, Campaign, Delivery, Offer
from steel.elements import by_element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Grade, Order
from steel.plants import Plant
from steel.quantities import ChargedT, EurPerKwh, EurPerT, HeatMassT, Seconds, StockT, WholeNumber, WtPct


def _each_element_once(limits: dict[str, float]) -> dict[str, float]:
    by_element(limits, "")
    return limits


Limits = Annotated[dict[str, WtPct], AfterValidator(_each_element_once)]
"""wt% by element symbol, in any case."""


class HeatOrder(Frozen):
    """An order for one heat, with what differs from the plant file today.

    Attributes:
        plant: its name.
        grade: one of the plant's own or of the catalogue's.
        mass_t: liquid steel wanted; the plant's tap weight unless given.
        tolerance_t: by how much the heat may be lighter or heavier; it is then made where a t is cheapest.
        maximum_wt_pct: limits that replace or join the grade's, by element symbol.
        minimum_wt_pct: the same below.
        prices_eur_per_t: today's prices, by material.
        available_t: today's stock, by material.
        electricity_eur_per_kwh: today's electricity price.
        options: confidence and rules.
    """

    plant: str
    grade: str
    mass_t: HeatMassT | None = None
    tolerance_t: ChargedT = 0.0
    maximum_wt_pct: Limits = {}
    minimum_wt_pct: Limits = {}
    prices_eur_per_t: dict[str, EurPerT] = {}
    available_t: dict[str, StockT] = {}
    electricity_eur_per_kwh: EurPerKwh | None = None
    options: RecipeOptions = RecipeOptions()

    def order(self, plant: Plant) -> Order:
        """The order it means.

        Raises:
            InputError: an unknown grade or element, contradicting limits, or a tolerance as large as the heat.
        """
        grade = limited(plant.grade(self.grade), self.maximum_wt_pct, self.minimum_wt_pct)
        return order_of(grade, self.mass_t or plant.furnace.tap_weight_t, self.tolerance_t)

    def plant_today(self, plant: Plant) -> Plant:
        """The plant with today's prices and stock.

        Raises:
            InputError: a material is not in the yard.
        """
        today = with_stock(with_prices(plant, self.prices_eur_per_t, "prices_eur_per_t"), self.available_t)
        if self.electricity_eur_per_kwh is None:
            return today
        paid = today.prices.model_copy(update={"electricity_eur_per_kwh": self.electricity_eur_per_kwh})
        return today.model_copy(update={"prices": paid})


class GradeRun(Frozen):
    """So many heats of one grade in a row.

    Attributes:
        grade: its name.
        count: of heats.
        mass_t: liquid steel of each; the plant's tap weight unless given.
        maximum_wt_pct: limits that replace or join the grade's, by element symbol.
        minimum_wt_pct: the same below.
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


def orders_of(runs: Iterable[GradeRun], plant: Plant) -> tuple[Order, ...]:
    """The orders of several runs, one after another.

    Raises:
        InputError: an unknown grade or element, contradicting limits, or too many heats.
    """
    every = tuple(runs)
    count = sum(run.count for run in every)
    if count > MOST_HEATS:
        raise InputError(count, "heats", f"at most {MOST_HEATS} heats in all")
    return tuple(order for run in every for order in run.orders(plant))


class CampaignOrder(Frozen):
    """Heats in the order of tapping, on today's stock and what arrives or can be bought meanwhile.

    Attributes:
        plant: its name.
        heats: runs of one grade.
        deliveries: what arrives.
        offers: what can be bought.
        prices_eur_per_t: today's prices, by material.
        available_t: stock that the whole campaign shares; of other materials every heat has the plant file's.
        options: for every heat.
        time_limit_s: after which the best plan so far is returned with its gap.
    """

    plant: str
    heats: Annotated[tuple[GradeRun, ...], Field(min_length=1, max_length=200)]
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
        orders = orders_of(self.heats, plant)
        return Campaign(orders=orders, deliveries=self.deliveries, offers=self.offers)

    def plant_today(self, plant: Plant) -> Plant:
        """The plant with today's prices and the campaign's stock.

        Raises:
            InputError: a material is not in the yard.
        """
        priced = with_prices(plant, self.prices_eur_per_t, "prices_eur_per_t")
        for_each = tuple(item.model_copy(update={"max_t": item.most_t, "available_t": None}) for item in priced.yard)
        return with_stock(priced.model_copy(update={"yard": for_each}), self.available_t)


def order_of(grade: Grade, mass_t: float, tolerance_t: float) -> Order:
    """An order for one heat.

    Raises:
        InputError: the tolerance is as large as the heat.
    """
    if tolerance_t >= mass_t:
        raise InputError(tolerance_t, "tolerance_t", f"less than the heat's {mass_t:g} t")
    return Order(grade=grade, mass_t=mass_t, tolerance_t=tolerance_t)


def limited(grade: Grade, maximum: dict[str, float], minimum: dict[str, float]) -> Grade:
    """A grade with limits given by element symbol replaced or added."""
    return grade.with_limits(by_element(maximum, "maximum_wt_pct"), by_element(minimum, "minimum_wt_pct"))


def with_stock(plant: Plant, available_t: dict[str, float]) -> Plant:
    """The plant with some materials' stock replaced.

    Raises:
        InputError: a material is not in the yard.
    """
    strange = sorted(available_t.keys() - {item.material.name for item in plant.yard})
    if strange:
        known = ", ".join(item.material.name for item in plant.yard)
        raise InputError(strange, "available_t", f"materials of the yard: {known}")
    today = {name: {"available_t": stock} for name, stock in available_t.items()}
    return plant.with_items(lambda item: today.get(item.material.name, {}))
