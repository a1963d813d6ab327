"""Objectives one after another: the best in the first, then the best in the second that gives up little of the first.

Lexicographic optimisation with a stated give (the ε-constraint of Haimes, Lasdon and Wismer 1971, an objective a turn).
"""

from collections.abc import Sequence

import numpy as np

from optimizer.explain.conflicts import conflicts_of
from optimizer.plan.front import goal_solver, point_of, values_of
from optimizer.plan.goals import SCALE, Goal, linear_objective
from optimizer.problem.options import Objective
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.errors import InfeasibleError
from optimizer.solve.interruption import within
from optimizer.solve.warm import Warm
from steel.errors import InputError
from steel.heats import FloatArray
from steel.recipes import FrontPoint

ROUNDING = 1e-6
"""Share of an objective's value that is always given up, or its own optimum might count as missing it."""


def in_turn(problem: RecipeProblem, priorities: Sequence[tuple[Objective, float]]) -> tuple[FrontPoint, ...]:
    """Recipes of each turn; the last is the answer, those before show what every further objective cost.

    Args:
        problem: the order; its own preferences and aims are left out.
        priorities: objectives, the most important first, each with the share of its best value that later ones may
            cost.

    Raises:
        InputError: fewer than two objectives, or one of them twice.
        ImpossibleOrderError: no recipe meets the order.
        SolverError: time ran out before any recipe was found.
    """
    objectives = tuple(objective for objective, _ in priorities)
    if not 2 <= len(set(objectives)) == len(objectives):
        known = ", ".join(Objective)
        raise InputError([str(o) for o in objectives], "priorities", f"two or more different ones of {known}")
    goals = tuple(Goal(objective, linear_objective(problem, objective), 1.0) for objective in objectives)
    solver = goal_solver(problem, Warm(problem), goals)
    solver.session.bound([solver.program.columns["reach",]], np.zeros(1), np.zeros(1))
    held: dict[Objective, float] = {}
    found: list[FloatArray] = []
    for goal, (objective, give) in zip(goals, priorities, strict=True):
        solver.session.minimise(SCALE * goal.linear.over(solver.program))
        try:
            with within(problem.options.time_limit_s / len(goals)):
                solver.aim_at({one: held.get(one, np.inf) for one in objectives})
                found.append(solver.solve()[0])
        except InfeasibleError:
            raise conflicts_of(problem) from None
        best = float(values_of(problem, (objective,), found[-1])[0])
        held[objective] = best + max(give, ROUNDING) * abs(best)
    return tuple(point_of(problem, objectives, columns) for columns in found)
