"""A recipe checked by others: the same statement solved by a solver of Pyomo's, and what both find it to cost."""

from dataclasses import dataclass

import numpy as np

from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import recipe_from
from optimizer.model.exchange import Checked, solve_by
from optimizer.model.instance import instance_of
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.errors import InfeasibleError, SolverError
from optimizer.solve.prices import no_prices
from optimizer.solve.solver import Solution, solve_recipe
from steel.heats import FloatArray
from steel.recipes import Recipe

AGREES = 1e-5
"""Relative difference that two solvers' own tolerances explain, beside the gap that was allowed."""
FINE_GAP = 1e-6
WORTH_PROVING = 1e-4
"""A gap beyond this explains no difference: nothing was proven."""


@dataclass(frozen=True)
class Verification:
    """What both roads find an order to cost, €/t.

    Attributes:
        solver: the other one.
        own_eur_per_t: by the product's own road.
        other_eur_per_t: by the other solver.
        gap: relative, to which the own road proved its cost.
    """

    solver: str
    own_eur_per_t: float
    other_eur_per_t: float
    gap: float = 0.0

    @property
    def difference(self) -> float:
        """The own cost over the other, less one."""
        return self.own_eur_per_t / self.other_eur_per_t - 1.0

    @property
    def agrees(self) -> bool:
        """Whether they are the same within what the solvers' tolerances and the own gap explain."""
        return abs(self.difference) <= AGREES + min(self.gap, WORTH_PROVING)


def verify(problem: RecipeProblem, solver: str = "highs") -> Verification:
    """Solve an order on both roads, with the same margins held as exactly.

    Raises:
        InfeasibleError: no recipe meets every requirement.
        InputError: Pyomo finds no such solver.
        OtherSolverError: it ended without an optimum.
    """
    fine = problem.with_options(gap=min(problem.options.gap, FINE_GAP))
    own = solve_recipe(fine)
    other = solve_by(fine, solver, own.columns_t)
    other_eur_per_t = other.cost_eur / float(problem.yields @ other.columns_t)
    return Verification(solver, own.objective_eur_per_t, other_eur_per_t, own.gap)


def recipe_by(problem: RecipeProblem, solver: str) -> Recipe:
    """The recipe that another solver finds; it has no prices of what holds the cost up.

    Raises:
        InputError: Pyomo finds no such solver.
        OtherSolverError: it ended without an optimum.
    """
    found = solve_by(problem, solver, _near(problem))
    return recipe_from(problem, _as_solution(problem, found), outcome_of(problem, found.columns_t)).model_copy(
        update={"notes": (f"Solved by {solver}; without prices of requirements", *problem.plant.notes)}
    )


def _near(problem: RecipeProblem) -> FloatArray | None:
    """The own recipe; None where there is none, which the other solver is to find by itself."""
    try:
        return solve_recipe(problem).columns_t
    except (InfeasibleError, SolverError):
        return None


def _as_solution(problem: RecipeProblem, found: Checked) -> Solution:
    cost = problem.objective_eur(found.columns_t)
    prices = no_prices(problem, instance_of(problem))
    return Solution(found.columns_t, float(np.sum(problem.yields * found.columns_t)), cost, cost, prices, found.took_ms)
