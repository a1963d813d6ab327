"""A heat within a band of masses: where a t of steel is cheapest.

Least cost per t is a ratio of two linear forms; it is found by pricing steel at the best cost per t so far and solving
again until nothing gains by it (Dinkelbach 1967).
"""

from collections.abc import Callable
from dataclasses import replace

from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.errors import InfeasibleError
from optimizer.solve.solver import Solution

MOST_ROUNDS = 12


def solve_in_band(solve: Callable[[RecipeProblem], Solution], problem: RecipeProblem) -> Solution:
    """The recipe of least cost per t among those within the order's tolerance.

    Args:
        solve: finds the optimum of one problem.
        problem: with a tolerance.

    Raises:
        InfeasibleError: nothing within the band meets every requirement.
    """
    order = problem.order
    lightest_t, heaviest_t = order.mass_t - order.tolerance_t, order.mass_t + order.tolerance_t
    took_ms = 0.0
    try:
        first = solve(problem)
        price, took_ms = first.objective_eur_per_t, first.solve_ms
    except InfeasibleError:
        # Crane lifts may have no sum of just the order's mass.
        price = 0.0
    for _ in range(MOST_ROUNDS):
        found = solve(replace(problem, steel_eur_per_t=price))
        took_ms += found.solve_ms
        beyond = found.final_t - order.mass_t
        per_t = (found.objective_eur + price * beyond) / found.final_t
        # cost ≥ price · mass + (bound - price · order) for every recipe of the band.
        gained = found.bound_eur - price * order.mass_t
        undercut = price + gained / (lightest_t if gained < 0 else heaviest_t)
        if per_t - undercut <= problem.options.gap * abs(per_t):
            break
        price = per_t
    return replace(found, objective_eur=per_t * found.final_t, bound_eur=undercut * found.final_t, solve_ms=took_ms)
