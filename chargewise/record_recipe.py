"""A recipe straight from a record of heats: learn on the spot, then recommend."""

from pathlib import Path

from api.plants import describe_plant
from api.requests import limited, order_of, with_stock
from chargewise.console import progress
from optimizer.problem.options import RecipeOptions
from optimizer.recommend import Optimizer
from plant_adapters.mapping import read_mapping
from plant_adapters.prices import with_price_file, with_prices
from plant_adapters.record_plant import plant_from_record
from plant_adapters.table import TableAdapter
from steel import catalogue
from steel.grades import Grade
from steel.recipes import Recipe
from surrogate.fit import fit


def recommend_from_record(
    heats: Path,
    mapping: str,
    grade: str | None,
    mass: tuple[float | None, float],
    limits: tuple[dict[str, float], dict[str, float]],
    today: tuple[dict[str, float], dict[str, float]],
    prices: Path | None,
    options: RecipeOptions,
    quiet: bool,
) -> Recipe:
    """The cheapest charge or additions that a record's own heats show to meet some limits.

    Without a grade, the stated limits are all there is. Options that name materials refer to the record's.
    """
    known = read_mapping(mapping)
    batch = TableAdapter(heats, known).read_heats()
    plant = with_stock(with_prices(plant_from_record(known, batch), today[0], "--price"), today[1])
    plant = plant if prices is None else with_price_file(plant, prices)
    with progress(quiet) as say:
        model = fit(batch.log, batch.materials, progress=say)
    base = Grade(name="stated limits") if grade is None else catalogue.grade(grade)
    order = order_of(limited(base, *limits), mass[0] or plant.furnace.tap_weight_t, mass[1])
    return Optimizer().recommend(plant, order, describe_plant(plant, model, batch.log), options)
