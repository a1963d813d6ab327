"""What a t of each material is worth to a recipe, and where that comes from: credits and penalties against another.

At an optimum a t of material j is worth `v_j = price + worth of its stock - reduced cost`. Taken apart by the
multipliers there, with λ what a t of steel costs and μ what a limit's room costs:
`v_j - v_r = λ (y_j - y_r) - Σ μ (c_j - c_r) - energy - carbon - media - rest`.
"""

import numpy as np

from optimizer.model.requirements import Key, Requirement, requirements_of
from optimizer.problem.balance import BalanceRule
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.solver import Solution
from steel.buying import ValueInUse
from steel.heats import FloatArray


def worth_eur_per_t(problem: RecipeProblem, solution: Solution) -> FloatArray:
    """(n + m,) what may be paid for one more t of each material, preferences and scarcity counted as paid."""
    paid = np.array([item.price_eur_per_t for item in problem.items]) + problem.cost.preference
    return np.asarray(paid + solution.prices.most - solution.prices.reduced)


def limit_prices(problem: RecipeProblem, solution: Solution) -> tuple[FloatArray, FloatArray]:
    """(R,) what a wt% · t of each element costs at its maximum, and saves at its minimum, €."""
    found = {one.key: solution.prices.of(one) / solution.final_t for one in requirements_of(problem)}
    names = [row.element.value for row in problem.rows]
    maxima = np.array([found.get(("maximum", name), 0.0) for name in names])
    return maxima, np.array([found.get(("minimum", name), 0.0) for name in names])


def value_in_use(problem: RecipeProblem, solution: Solution, column: int, reference: int) -> ValueInUse:
    """A furnace material's value against another's.

    Args:
        problem: of the recipe.
        solution: its optimum.
        column: whose.
        reference: against which.
    """
    worth = worth_eur_per_t(problem, solution)
    contents = np.array([row.linear for row in problem.rows]).reshape(len(problem.rows), len(problem.items))
    maxima, minima = limit_prices(problem, solution)
    n = problem.furnace_columns
    energy = np.zeros(len(problem.items))
    energy[:n] = problem.energy_linear
    if len(problem.energy_pieces):
        active = int(np.argmax(problem.energy_pieces @ solution.columns_t[:n]))
        energy[:n] += problem.energy_pieces[active]
    costs = {
        "residuals": maxima @ contents,
        "alloys": -(minima @ contents),
        "certainty": _margins(problem, solution, maxima, minima),
        "energy": problem.cost.electricity_per_kwh * energy,
        "carbon": problem.cost.carbon + problem.cost.electricity_carbon_per_kwh * energy,
        "slag": problem.cost.process + _balances(problem, solution),
        "baskets": _baskets(problem, solution),
    }
    # What a t of steel costs where the reference is worth what it is.
    spent = sum(float(of[reference]) for of in costs.values())
    steel = (float(worth[reference]) + spent) / max(float(problem.yields[reference]), 1e-9)
    metal = steel * float(problem.yields[column] - problem.yields[reference])
    spared = {name: float(of[reference] - of[column]) for name, of in costs.items()}
    return ValueInUse(
        reference=problem.items[reference].material.name,
        grade=problem.order.grade.name,
        reference_eur_per_t=float(worth[reference]),
        metal=metal,
        rest=float(worth[column] - worth[reference]) - metal - sum(spared.values()),
        **spared,
    )


def _margins(problem: RecipeProblem, solution: Solution, maxima: FloatArray, minima: FloatArray) -> FloatArray:
    """(n + m,) what the doubt about a t of each column costs by the margins it takes, €."""
    total = np.zeros(len(problem.items))
    for row, at_most, at_least in zip(problem.rows, maxima, minima, strict=True):
        spread = row.root @ solution.columns_t
        sd = float(np.linalg.norm(spread))
        if sd > 0:
            total += (at_most * row.upper_z + at_least * row.lower_z) * (row.root.T @ spread) / sd
    return total


def _baskets(problem: RecipeProblem, solution: Solution) -> FloatArray:
    """(n + m,) what the room that a t of each column takes in the baskets costs, €."""
    found = {one.key: solution.prices.of(one) for one in requirements_of(problem)}
    total, n = np.zeros(len(problem.items)), problem.furnace_columns
    total[:n] = found.get(("basket_volume",), 0.0) * problem.volume_per_t + found.get(("basket_weight",), 0.0)
    return total


def _balances(problem: RecipeProblem, solution: Solution) -> FloatArray:
    """(n + m,) what a t of each column costs by what is asked of slag and bath, €."""
    rules: dict[Key, BalanceRule] = {("balance", rule.name): rule for rule in problem.balance_rules}
    total = np.zeros(len(problem.items))
    for one in requirements_of(problem):
        rule = rules.get(one.key)
        if rule is not None:
            total += _per_row(one, solution, rule.whole) * rule.row
    return total


def _per_row(one: Requirement, solution: Solution, whole: FloatArray) -> float:
    """The multiplier of a balance's row, €: what one unit of its limit is worth over what that moves the row."""
    return solution.prices.of(one) / max(abs(float(whole @ solution.columns_t)), 1e-12)
