"""How many baskets: each takes time and lets heat out, and each more lets lighter, cheaper scrap be charged."""

from itertools import pairwise

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from optimizer.solve.interruption import within
from steel.answers import BasketChoice, BasketChoices
from steel.errors import InputError
from steel.grades import Order
from steel.plants import Plant
from surrogate.model.description import Description


def basket_choices(
    optimizer: Optimizer, plant: Plant, order: Order, description: Description, options: RecipeOptions
) -> BasketChoices:
    """The cheapest recipe for each number of baskets, from one to as many as the plant has.

    Args:
        optimizer: finds them.
        plant: whose baskets say what one more takes.
        order: grade and mass.
        description: of the furnace.
        options: confidence and rules.

    Raises:
        ImpossibleOrderError: no number of baskets makes the order.
        InputError: the plant does not state its baskets.
    """
    baskets = plant.furnace.baskets
    if baskets is None:
        raise InputError(None, f"furnace.baskets of {plant.name}", "how many there are, and what each holds")
    each_eur = one_more_eur(plant)
    found: list[BasketChoice] = []
    with within(options.time_limit_s):
        for count in range(1, baskets.count + 1):
            fewer = plant.furnace.model_copy(update={"baskets": baskets.of_count(count)})
            problem = build_problem(plant.model_copy(update={"furnace": fewer}), order, description, options)
            try:
                solution = optimizer.solution(problem, explain=not found and count == baskets.count)
            except ImpossibleOrderError:
                if not found and count == baskets.count:
                    raise
                continue
            recipe_eur = solution.objective_eur
            found.append(
                BasketChoice(
                    count=count, recipe_eur=recipe_eur, total_eur=recipe_eur + count * each_eur,
                    charged_t=problem.charge_of(solution.columns_t)[0],
                )
            )  # fmt: skip
    best = min(found, key=lambda one: one.total_eur)
    saved = {
        more.count: fewer.recipe_eur - more.recipe_eur
        for fewer, more in pairwise(found) if more.count == fewer.count + 1
    }  # fmt: skip
    return BasketChoices(best=best.count, each_eur=each_eur, choices=tuple(found), break_even_eur=saved)


def one_more_eur(plant: Plant) -> float:
    """What one more basket costs a heat: the furnace's time, and the heat that the open roof lets out, €."""
    baskets, prices = plant.furnace.baskets, plant.prices
    if baskets is None:
        return 0.0
    carbon = prices.carbon_scope2_eur_per_t / 1000.0 * plant.emission_factors.electricity_kgco2e_per_kwh
    return baskets.each_min * prices.furnace_eur_per_min + baskets.each_kwh * (prices.electricity_eur_per_kwh + carbon)
