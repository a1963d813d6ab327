"""Which basket each material goes into."""

import math

from optimizer.problem import RecipeProblem
from steel.heats import FloatArray


def baskets_needed(problem: RecipeProblem, charged_t: FloatArray) -> int:
    """Fewest baskets that hold a charge (n,) by volume and weight; 0 where the plant has no baskets."""
    baskets = problem.plant.furnace.baskets
    if baskets is None:
        return 0
    by_volume = float(problem.volume_per_t @ charged_t) / baskets.volume_m3
    by_weight = float(charged_t.sum()) / baskets.max_t
    return max(1, math.ceil(max(by_volume, by_weight) - 1e-6))


def fill_baskets(problem: RecipeProblem, charged_t: FloatArray) -> list[tuple[float, ...]]:
    """T of each material in each basket.

    Scrap divides at will and the baskets are alike, so an even split fits whenever any split does.
    """
    count = baskets_needed(problem, charged_t)
    return [tuple(float(mass) / count for _ in range(count)) for mass in charged_t]
