"""What an order's answer depends on, and what of the order is looser than its grade."""

from collections.abc import Hashable

from chargewise.app.plants import LoadedPlant
from optimizer.problem.options import RecipeOptions
from steel.errors import InputError
from steel.grades import Order
from steel.plants import Plant


def loosened(plant: Plant, order: Order) -> tuple[str, ...]:
    """Limits of an order that allow what its grade does not."""
    try:
        grade = plant.grade(order.grade.name)
    except InputError:
        return ()
    asked = order.grade
    above = [
        f"{element} ≤ {limit:g} wt% is looser than the {grade.maximum_wt_pct[element]:g} wt% of {grade.name}"
        for element, limit in asked.maximum_wt_pct.items()
        if grade.is_above(element, limit)
    ]
    below = [
        f"{element} ≥ {limit:g} wt% is looser than the {grade.minimum_wt_pct[element]:g} wt% of {grade.name}"
        for element, limit in asked.minimum_wt_pct.items()
        if grade.is_below(element, limit)
    ]
    return (*above, *below)


def question(loaded: LoadedPlant, plant: Plant, order: Order, options: RecipeOptions, compare: bool) -> Hashable:
    """Everything that an answer depends on."""
    yard = tuple(
        (
            id(item.material),
            item.price_eur_per_t,
            item.available_t,
            item.min_t,
            item.max_t,
            item.min_lot_t,
            item.lift_t,
            item.paid_whole,
        )
        for item in plant.yard
    )
    # The loaded plant keeps alive, and stands for, what is the same on all days; a changed one is told by its content.
    kept = loaded.plant
    same = plant.furnace is kept.furnace and plant.groups is kept.groups and plant.notes is kept.notes
    rest = "" if same else plant.model_dump_json(exclude={"yard"})
    return (loaded, yard, plant.prices, rest, order.model_dump_json(), options.model_dump_json(), compare)
