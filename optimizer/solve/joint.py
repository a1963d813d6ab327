"""Joint confidence: one risk shared between the limits of a heat.

A joint confidence is kept by Boole's inequality, whatever the limits have to do with one another: the risks of all
limits add up to no more than what is allowed. Equal shares waste it on limits that do not bind, so what these leave is
given to those that do (iterative risk allocation, Ono and Williams 2008); each round's recipe stays allowed in the
next, so the cost never rises.
"""

from collections.abc import Callable
from dataclasses import replace

from optimizer.problem.confidence import margins, risk_of_each
from optimizer.problem.elements import ElementRow
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.errors import SolverError
from optimizer.solve.interruption import seconds_left
from optimizer.solve.solver import Solution
from steel.elements import Element

MOST_ROUNDS = 6
BINDS = 0.98
"""Share of its risk from which a limit counts as binding."""
KEPT = 0.1
"""Share of unused risk that a limit keeps, so that it need not bind at once."""
WORTH_A_ROUND = 1e-4
LEAST_RISK = 1e-6
Risks = dict[tuple[str, Element], float]
"""Probability with which each (kind, element) may be missed."""


def solve_jointly(solve: Callable[[RecipeProblem], Solution], problem: RecipeProblem) -> tuple[RecipeProblem, Solution]:
    """Solve a problem, moving risk from limits that do not need it to those that bind, while that pays.

    Args:
        solve: finds the optimum of one problem.
        problem: with equal risks.

    Returns:
        The problem with the risks it ended at, and its optimum.
    """
    each = risk_of_each(problem.order, problem.description, problem.options)
    risks: Risks = {
        (kind, row.element): each
        for row in problem.rows
        for kind, limit in (("maximum", row.maximum), ("minimum", row.minimum))
        if limit is not None
    }
    best = solve(problem)
    for _ in range(MOST_ROUNDS):
        moved = _moved(problem, best, risks)
        if moved is None or seconds_left() <= 0:
            break
        other = _with(problem, moved)
        try:
            found = solve(other)
        except SolverError:
            break
        gained = best.objective_eur_per_t - found.objective_eur_per_t
        if gained < 0.0:
            break
        problem, best, risks = other, found, moved
        if gained < WORTH_A_ROUND * abs(best.objective_eur_per_t):
            break
    return problem, best


def _moved(problem: RecipeProblem, solution: Solution, risks: Risks) -> Risks | None:
    """Risks with what slack limits leave given to those that bind; None where nothing is to be moved."""
    taken = {key: _risk(problem, solution, *key) for key in risks}
    binding = [key for key in risks if taken[key] >= BINDS * risks[key]]
    left = {key: (1.0 - KEPT) * (risks[key] - taken[key]) for key in risks if key not in binding}
    if not binding or sum(left.values()) <= LEAST_RISK:
        return None
    more = sum(left.values()) / len(binding)
    return {key: risk + more if key in binding else risk - left[key] for key, risk in risks.items()}


def _risk(problem: RecipeProblem, solution: Solution, kind: str, element: Element) -> float:
    """Probability with which a recipe misses one limit."""
    row = next(row for row in problem.rows if row.element is element)
    columns = solution.columns_t
    final = float(problem.yields @ columns)
    limit = row.maximum if kind == "maximum" else row.minimum
    distance, sd = (limit or 0.0) * final - row.mean(columns), row.sd(columns)
    if sd <= 0.0:
        return 0.0
    below = row.quantiles.probability(distance / sd)
    return 1.0 - below if kind == "maximum" else below


def _with(problem: RecipeProblem, risks: Risks) -> RecipeProblem:
    def row_at(row: ElementRow) -> ElementRow:
        usual = risk_of_each(problem.order, problem.description, problem.options)
        upper, lower = (max(risks.get((kind, row.element), usual), LEAST_RISK) for kind in ("maximum", "minimum"))
        upper_z, lower_z = margins(row.quantiles, problem.options, upper, lower)
        return replace(row, upper_z=upper_z, lower_z=lower_z)

    return replace(problem, rows=tuple(row_at(row) for row in problem.rows))
