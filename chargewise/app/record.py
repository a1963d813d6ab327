"""A recipe straight from a record of heats: learn on the spot, then recommend."""

from pathlib import Path

from chargewise.app.orders import limited, order_of, with_stock
from chargewise.app.plants import describe_plant
from chargewise.app.training import Progress
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from plant_adapters.mapping.mapping import read_mapping
from plant_adapters.plants.prices import with_price_file, with_prices
from plant_adapters.plants.record_plant import plant_from_record
from plant_adapters.sources.table import TableAdapter
from steel import catalogue
from steel.grades import Grade
from surrogate.fit.fit import fit


def problem_from_record(
    heats: Path,
    mapping: str,
    grade: str | None,
    mass: tuple[float | None, float],
    limits: tuple[dict[str, float], dict[str, float]],
    today: tuple[dict[str, float], dict[str, float]],
    prices: Path | None,
    options: RecipeOptions,
    progress: Progress | None = None,
) -> RecipeProblem:
    """The order at a record's own plant, with a surrogate learned from its heats on the spot.

    Without a grade, the stated limits are all there is. Options that name materials refer to the record's.
    """
    known = read_mapping(mapping)
    batch = TableAdapter(heats, known).read_heats()
    plant = with_stock(with_prices(plant_from_record(known, batch), today[0], "--price"), today[1])
    plant = plant if prices is None else with_price_file(plant, prices)
    model = fit(batch.log, batch.materials, progress=progress)
    base = Grade(name="stated limits") if grade is None else catalogue.grade(grade)
    order = order_of(limited(base, *limits), mass[0] or plant.furnace.tap_weight_t, mass[1])
    return build_problem(plant, order, describe_plant(plant, model, batch.log), options)
