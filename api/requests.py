"""What clients send, and its meaning as an order at a plant."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from optimizer.problem.options import RecipeOptions
from plant_adapters.prices import with_prices
from steel.elements import by_element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Grade, Order
from steel.heats import Charge
from steel.plants import Plant, YardItem
from steel.quantities import ChargedT, EurPerKwh, EurPerT, HeatMassT, StockT, WtPct, YesNo


def _each_element_once(limits: dict[str, float]) -> dict[str, float]:
    by_element(limits, "")
    return limits


Limits = Annotated[dict[str, WtPct], AfterValidator(_each_element_once)]
"""wt% by element symbol, in any case."""


class RecipeRequest(Frozen):
    """An order for one heat, with what differs from the plant file today.

    Attributes:
        plant: its name.
        grade: one of the plant's own or of the catalogue's.
        mass_t: liquid steel wanted; the plant's tap weight unless given.
        tolerance_t: by how much the heat may be lighter or heavier; it is then made where a t is cheapest.
        maximum_wt_pct, minimum_wt_pct: limits that replace or join the grade's, by element symbol.
        prices_eur_per_t: today's prices, by material.
        available_t: today's stock, by material.
        electricity_eur_per_kwh: today's electricity price.
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
    compare: YesNo = True

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


class PredictionRequest(Frozen):
    """A charge to predict; process inputs and heel are the plant's usual ones unless given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "plant": "northmill",
                    "charge": {
                        "charged_t": {"E3 old thick": 60, "E40 shredded": 45, "lime": 3.2, "anthracite": 0.9},
                        "process": {"oxygen_nm3_per_t": 36},
                    },
                }
            ]
        }
    )

    plant: str
    charge: Charge


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
    yard = [item if (t := available_t.get(item.material.name)) is None else _stocked(item, t) for item in plant.yard]
    return plant.model_copy(update={"yard": tuple(yard)})


def _stocked(item: YardItem, available_t: float) -> YardItem:
    return item.model_copy(update={"available_t": available_t})
