"""The price of one requirement of a solved problem."""

from optimizer.model.requirements import requirements_of
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.solver import Solution


def price(problem: RecipeProblem, solution: Solution, *key: str) -> float:
    """€ that easing it by one unit saves."""
    (requirement,) = [one for one in requirements_of(problem) if one.key == key]
    return solution.prices.of(requirement)
