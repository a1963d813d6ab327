"""The Pareto front of two to four objectives: recipes that can be bettered in none without losing in another.

Wishes are spread evenly over the simplex between the recipes that are best in one objective each (after Das and Dennis
1998), and every target is approached by the achievement function of `goals.py`; so gaps and dents of a front with
yes/no decisions are found too.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np

from optimizer.explain.conflicts import conflicts_of
from optimizer.explain.outcome import outcome_of
from optimizer.model.instance import Form
from optimizer.model.statement.structure import headroom_elements
from optimizer.plan.goals import Goal, linear_objective, with_goals
from optimizer.problem.options import Objective
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.errors import InfeasibleError, SolverError
from optimizer.solve.interruption import within, within_share
from optimizer.solve.solver import RecipeSolver
from optimizer.solve.warm import Warm
from steel.errors import InputError
from steel.heats import FloatArray
from steel.recipes import FrontPoint

USUAL = {Objective.COST: 400.0, Objective.ENERGY: 400.0, Objective.EMISSIONS: 500.0, Objective.HEADROOM: 1.0}
"""About what an objective comes to per t, so that none is lost beside another."""
LEAST_RANGE = 1e-3
"""Share of what is usual below which an objective's range is not worth a trade."""
SAME = 1e-4
"""Share of every range within which two recipes are one."""


def front(
    problem: RecipeProblem,
    objectives: tuple[Objective, ...],
    points: int = 50,
    dearer_by: float = 0.25,
    progress: Callable[[float], None] | None = None,
) -> tuple[FrontPoint, ...]:
    """Recipes over the whole front, best in the first objective first.

    Args:
        problem: the order; its own preferences are left out.
        objectives: two to four different ones.
        points: about how many; fewer where several targets lead to one recipe, or to none in time.
        dearer_by: how much more than the cheapest recipe any may cost, as a share; beyond it alloys replace scrap.
        progress: called with the share done.

    Raises:
        InputError: not two to four different objectives.
        ImpossibleOrderError: no recipe meets the order.
        SolverError: time ran out before any recipe was found.
    """
    check_objectives(objectives)
    with within(problem.options.time_limit_s):
        return _front(problem, objectives, points, dearer_by, progress or (lambda share: None))


def check_objectives(objectives: tuple[Objective, ...]) -> None:
    """Refuse objectives between which there is no front.

    Raises:
        InputError: not two to four different objectives.
    """
    if not 2 <= len(set(objectives)) == len(objectives):
        known = ", ".join(Objective)
        raise InputError([str(o) for o in objectives], "objectives", f"two to four different ones of {known}")


def _front(
    problem: RecipeProblem,
    objectives: tuple[Objective, ...],
    points: int,
    dearer_by: float,
    progress: Callable[[float], None],
) -> tuple[FrontPoint, ...]:
    warm = Warm(problem)
    try:
        dearest, found = _best_in_one(problem, objectives, warm, dearer_by)
    except InfeasibleError:
        raise conflicts_of(problem) from None
    payoff = np.array([values_of(problem, objectives, columns) for columns in found])
    ranges = np.maximum(np.ptp(payoff, axis=0), [LEAST_RANGE * USUAL[objective] for objective in objectives])
    solver = goal_solver(problem, warm, _goals(problem, objectives, ranges))
    targets = list(_lattice(len(objectives), points))
    for number, weights in enumerate(targets):
        with within_share(of=len(targets) - number), suppress(SolverError):
            solver.aim_at(dict(zip(objectives, weights @ payoff - ranges, strict=True)), dearest)
            found.append(solver.solve()[0])
        progress((number + 1) / len(targets))
    values = np.array([values_of(problem, objectives, columns) for columns in found])
    return tuple(point_of(problem, objectives, found[k]) for k in _worth_showing(values / ranges))


def _lattice(objectives: int, points: int) -> Iterator[FloatArray]:
    """Even weights over a simplex, at least about so many."""
    steps = next(h for h in itertools.count(2) if math.comb(h + objectives - 1, objectives - 1) >= points)
    for bars in itertools.combinations(range(steps + objectives - 1), objectives - 1):
        yield (np.diff([-1, *bars, steps + objectives - 1]) - 1) / steps


def _goals(problem: RecipeProblem, objectives: tuple[Objective, ...], ranges: FloatArray) -> tuple[Goal, ...]:
    return tuple(Goal(o, linear_objective(problem, o), float(r)) for o, r in zip(objectives, ranges, strict=True))


def goal_solver(problem: RecipeProblem, warm: Warm, goals: tuple[Goal, ...]) -> RecipeSolver:
    """A solver that comes as near to all goals as can be, for whatever each may come to."""
    return RecipeSolver(problem, warm, Form(headroom=True), lambda program: with_goals(program, problem, goals))


def _best_in_one(
    problem: RecipeProblem, objectives: tuple[Objective, ...], warm: Warm, dearer_by: float
) -> tuple[float, list[FloatArray]]:
    """What a t may cost, and recipes (n + m,), each best in one objective and then as good as can be in the others."""
    asked = objectives if Objective.COST in objectives else (*objectives, Objective.COST)
    solver = goal_solver(problem, warm, _goals(problem, asked, np.array([USUAL[o] for o in asked])))

    def best_in(one: Objective, dearest: float = np.inf) -> FloatArray:
        with within_share(of=3):
            solver.aim_at({o: -USUAL[o] if o is one else np.inf for o in asked}, dearest)
            return solver.solve()[0]

    cheapest = best_in(Objective.COST)
    dearest = (1.0 + dearer_by) * float(values_of(problem, (Objective.COST,), cheapest)[0])
    return dearest, [cheapest if one is Objective.COST else best_in(one, dearest) for one in objectives]


def values_of(problem: RecipeProblem, objectives: tuple[Objective, ...], columns_t: FloatArray) -> FloatArray:
    """(K,) every objective of a recipe (n + m,), to be made small; headroom with its sign turned."""
    final = float(problem.yields @ columns_t)
    kept = headroom_elements(problem)
    rows = [row for row in problem.rows if row.element.value in kept and row.maximum]
    used = [(row.mean(columns_t) + row.upper_z * row.sd(columns_t)) / (row.maximum or 1.0) for row in rows]
    energy_kwh, headroom = problem.energy_kwh(columns_t), 1.0 - max(used, default=final) / final
    linear = [linear_objective(problem, objective) for objective in objectives]
    return np.array([one.masses @ columns_t + one.per_kwh * energy_kwh + one.per_headroom * headroom for one in linear])


def _worth_showing(values: FloatArray) -> list[int]:
    """Of recipes (N, K) in ranges, those that no other betters or equals, by the first objective."""
    kept: list[int] = []
    for k in sorted(range(len(values)), key=lambda k: tuple(values[k])):
        if not any((values[other] <= values[k] + SAME).all() for other in kept):
            kept = [o for o in kept if not (values[k] <= values[o] + SAME).all()] + [k]
    return sorted(kept, key=lambda k: float(values[k, 0]))


def point_of(problem: RecipeProblem, objectives: tuple[Objective, ...], columns_t: FloatArray) -> FrontPoint:
    """Write a recipe (n + m,) with its objectives."""
    values = values_of(problem, objectives, columns_t)
    outcome = outcome_of(problem, columns_t)
    shown = {o.value: float(-v if o is Objective.HEADROOM else v) for o, v in zip(objectives, values, strict=True)}
    return FrontPoint(
        objectives=shown,
        masses_t=problem.used_t(columns_t),
        analysis=outcome.analysis,
        met_with=outcome.weakest[0],
    )
