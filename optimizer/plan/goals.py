"""Objectives as rows: come near to goals for several of them at once.

An achievement function (Wierzbicki 1980): the least t with `f_k - range_k · t ≤ goal_k` for every objective k, plus a
trace of their sum, so that what comes out can be bettered in no objective without losing in another.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.model.program import Extension, Program
from optimizer.problem.options import Objective
from optimizer.problem.recipe_problem import RecipeProblem
from steel.heats import FloatArray

TRACE = 1e-3
"""Weight of the sum of all objectives, in ranges."""
SCALE = 1e4
"""Of the objective, so that the solver's tolerances mean what they mean for a cost in €."""
MOST_REACH = 10.0


@dataclass(frozen=True)
class Linear:
    """An objective to be made small, linear in a recipe's columns.

    Attributes:
        masses: (n + m,) per t of a column.
        per_kwh: per kWh.
        per_headroom: per whole limit of headroom.
    """

    masses: FloatArray
    per_kwh: float = 0.0
    per_headroom: float = 0.0

    def over(self, program: Program) -> FloatArray:
        """Its coefficients of all columns of a program that has electricity and headroom."""
        parts = np.concatenate([self.masses, np.zeros(len(program.cost) - len(self.masses))])
        parts[[program.columns["energy_kwh",], program.columns["headroom",]]] += self.per_kwh, self.per_headroom
        return parts


@dataclass(frozen=True)
class Goal:
    """One objective with the range over which it matters; what it may come to is set before each solve."""

    objective: Objective
    linear: Linear
    range: float


def linear_objective(problem: RecipeProblem, objective: Objective) -> Linear:
    """An objective per t of steel, to be made small; headroom with its sign turned."""
    mass_t, none = problem.order.mass_t, np.zeros(len(problem.items))
    rates = problem.emissions
    return {
        Objective.COST: Linear(
            (problem.cost.columns - problem.cost.preference) / mass_t,
            (problem.cost.per_kwh - problem.cost.preference_per_kwh) / mass_t,
        ),
        Objective.ENERGY: Linear(none, 1.0 / mass_t),
        Objective.EMISSIONS: Linear((rates.scope1 + rates.scope3) / mass_t, rates.scope2_per_kwh / mass_t),
        Objective.HEADROOM: Linear(none, per_headroom=-1.0),
    }[objective]


def with_goals(program: Program, problem: RecipeProblem, goals: tuple[Goal, ...]) -> Program:
    """A program of least cost turned into one that comes as near to all goals as can be.

    A row ("dearest",) says what a t may cost; like the goals' own it has no bound yet.
    """
    extension = Extension(program)
    energy, headroom = program.columns["energy_kwh",], program.columns["headroom",]
    # Where goals are outdone the distance is below zero, so one is added: a relative gap needs an objective above it.
    reach = extension.column("reach", upper=MOST_REACH)
    for goal in goals:
        linear = goal.linear
        others = {energy: linear.per_kwh, headroom: linear.per_headroom, reach: -goal.range}
        extension.row("goal", goal.objective, masses=linear.masses, others=others)
    paid = linear_objective(problem, Objective.COST)
    extension.row("dearest", masses=paid.masses, others={energy: paid.per_kwh})
    found = extension.applied()
    found.cost = sum((TRACE * SCALE / goal.range * goal.linear.over(found) for goal in goals), np.zeros(reach + 1))
    found.cost[reach] = SCALE
    return found
