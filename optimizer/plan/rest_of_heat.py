"""A heat in progress: what has been weighed stays, a bay may be empty, and the rest is optimised again.

Baskets that were planned change as little as it is worth: what is charged otherwise has a price.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer, recipe_from
from optimizer.explain.substitutes import limit_shifts
from optimizer.plan.weighed import HELD_WITHIN, Weighed, with_weighed
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import NEGLIGIBLE, RecipeProblem, build_problem
from optimizer.solve.errors import InfeasibleError, SolverError
from optimizer.solve.interruption import within
from optimizer.solve.packing import fill_baskets
from optimizer.solve.solver import Solution
from steel.answers import GradeLeft, RestOfHeat
from steel.grades import Order
from steel.heats import FloatArray
from steel.plants import Plant
from steel.recipes import Recipe
from steel.shift import together_t
from surrogate.model.description import Description

OFF_BY = 0.03
"""Share of a heat's mass by which it may be lighter or heavier where the rest is charged as it was planned."""


def rest_of_heat(
    optimizer: Optimizer,
    plant: Plant,
    order: Order,
    description: Description,
    options: RecipeOptions,
    planned: Recipe,
    weighed: Weighed,
    unavailable: tuple[str, ...] = (),
    change_eur_per_t: float = 1.0,
) -> RestOfHeat:
    """The cheapest rest of a heat of which some baskets have been weighed.

    Args:
        optimizer: finds it.
        plant: with the stock as it was before the heat.
        order: grade and mass; another grade than was planned, where it has changed.
        description: of the plant's furnace.
        options: confidence and rules.
        planned: what was to be charged.
        weighed: what was charged so far, basket by basket.
        unavailable: materials of which there is no more.
        change_eur_per_t: what charging a t otherwise than planned costs; the rest stays as it was planned unless the
            optimum saves more.

    Raises:
        ImpossibleOrderError: the order cannot be made any more; it names the requirements that are lost, and where each
            could be met.
        InputError: a material is not in the yard or no mass, or more baskets are weighed than the plant has.
        SolverError: time ran out before any recipe was found.
    """
    problem = _problem(plant, order, description, options, weighed, unavailable)
    target = _target(problem, planned, weighed, unavailable)
    change_eur = change_eur_per_t / order.mass_t
    with within(options.time_limit_s):
        kept = _kept(optimizer, problem, plant, target, planned.costs_eur_per_t.total)
        together = _together_best(optimizer, problem, plant)
        # No charge in these baskets is cheaper than in baskets that are all alike: what pays not there pays nowhere.
        is_kept = kept is not None and together is not None and not _pays(kept, together, target, change_eur)
        solved = kept if kept is not None and is_kept else _best(optimizer, problem, together)
        if kept is not None and not is_kept and not _pays(kept, solved, target, change_eur):
            solved, is_kept = kept, True
    columns = solved.solution.columns_t
    outcome = outcome_of(problem, columns)
    changed = (columns - target)[: problem.furnace_columns]
    told = np.flatnonzero(np.abs(changed) > NEGLIGIBLE * order.mass_t)
    recipe = recipe_from(solved.problem, solved.solution, outcome, loads=solved.loads)
    if is_kept:
        # What held the plan's cost up is told with the plan.
        recipe = recipe.model_copy(update={"bindings": (), "unused": ()})
    return RestOfHeat(
        recipe=recipe,
        kept=is_kept,
        charged_t=together_t(weighed),
        rest_t=_rest(problem, solved.solution, weighed),
        changes_t={problem.items[j].material.name: float(changed[j]) for j in told},
        dearer_by_eur_per_t=outcome.costs_eur_per_t.total - planned.costs_eur_per_t.total,
        limits=limit_shifts(planned.analysis, outcome.analysis),
    )


def grades_left(
    optimizer: Optimizer, plant: Plant, mass_t: float, description: Description, options: RecipeOptions,
    weighed: Weighed, unavailable: tuple[str, ...] = (),
) -> tuple[GradeLeft, ...]:  # fmt: skip
    """Grades that can still be made of a heat in progress, the cheapest first.

    Raises:
        InputError: a material is not in the yard, or more baskets are weighed than the plant has.
    """
    found = []
    with within(options.time_limit_s):
        for name in plant.made():
            order = Order(grade=plant.grade(name), mass_t=mass_t)
            problem = _problem(plant, order, description, options, weighed, unavailable)
            with suppress(ImpossibleOrderError, SolverError):
                found.append(GradeLeft(grade=name, cost_eur_per_t=_cost(problem, optimizer.solution(problem, False))))
    return tuple(sorted(found, key=lambda one: one.cost_eur_per_t))


def _problem(
    plant: Plant, order: Order, description: Description, options: RecipeOptions, weighed: Weighed,
    unavailable: tuple[str, ...],
) -> RecipeProblem:  # fmt: skip
    """The order with what was weighed fixed; a heat that already holds more steel than was ordered is as heavy."""
    problem = build_problem(with_weighed(plant, weighed, unavailable), order, description, options)
    charged = together_t(weighed)
    held = np.array([charged.get(item.material.name, 0.0) for item in problem.items])
    steel_t = float(problem.furnace_yields @ held)
    if steel_t <= order.mass_t:
        return problem
    # Tapping additions come on top; how heavy the heat then is, is no longer a matter of choice.
    heavier = {"mass_t": steel_t * (1.0 + OFF_BY / 2.0), "tolerance_t": steel_t * OFF_BY / 2.0}
    return build_problem(problem.plant, order.model_copy(update=heavier), description, options)


@dataclass(frozen=True)
class _Solved:
    """A solution, the problem that it is of, and its baskets (n, B) as those that were weighed leave them, if known."""

    problem: RecipeProblem
    solution: Solution
    loads: FloatArray | None = None


def _together_best(optimizer: Optimizer, problem: RecipeProblem, plant: Plant) -> _Solved | None:
    """The optimum where it does not matter what goes into which basket; None where it does, or there is none."""
    if _told_apart(plant):
        return None
    together = _together(problem, plant)
    with suppress(ImpossibleOrderError, SolverError):
        return _Solved(together, optimizer.solution(together, explain=False))
    return None


def _best(optimizer: Optimizer, problem: RecipeProblem, together: _Solved | None) -> _Solved:
    """The optimum; what goes into which of the baskets that are left is part of it only where it must be."""
    if together is not None:
        with suppress(InfeasibleError, SolverError):
            return replace(together, loads=_packed(problem, together.solution))
    found = optimizer.solution(problem)
    return _Solved(problem, found, _packed(problem, found))


def _packed(problem: RecipeProblem, solution: Solution) -> FloatArray:
    return fill_baskets(problem, solution.columns_t[: problem.furnace_columns])


def _pays(kept: _Solved, best: _Solved, target: FloatArray, change_eur: float) -> bool:
    """Whether an optimum saves more against the plan than changing it costs."""
    moved_t = float(np.abs(best.solution.columns_t - target)[: best.problem.furnace_columns].sum())
    return _cost(kept.problem, kept.solution) - _cost(best.problem, best.solution) > change_eur * moved_t


def _told_apart(plant: Plant) -> bool:
    """Whether a plant's own rules say what goes into which basket."""
    baskets = plant.furnace.baskets
    return baskets is None or baskets.told_apart


def _together(problem: RecipeProblem, plant: Plant) -> RecipeProblem:
    """The problem with its baskets as the plant has them, not held as they were weighed."""
    furnace = problem.plant.furnace.model_copy(update={"baskets": plant.furnace.baskets})
    return replace(problem, plant=problem.plant.model_copy(update={"furnace": furnace}), baskets_apart=False)


def _target(problem: RecipeProblem, planned: Recipe, weighed: Weighed, unavailable: tuple[str, ...]) -> FloatArray:
    """(n + m,) t of each column, if the rest is charged as it was planned."""
    done, charged = len(weighed), together_t(weighed)
    lines = {line.material: line for line in planned.lines}
    masses = []
    for item in problem.items:
        name, line = item.material.name, lines.get(item.material.name)
        weighed_t = charged.get(name, 0.0)
        if line is None or name in unavailable:
            masses.append(weighed_t)
        elif line.baskets_t:
            masses.append(weighed_t + sum(line.baskets_t[done:]))
        else:
            masses.append(max(weighed_t, line.mass_t))
    return np.array(masses)


def _kept(
    optimizer: Optimizer, problem: RecipeProblem, plant: Plant, target: FloatArray, steel_eur_per_t: float
) -> _Solved | None:
    """The rest as it was planned, with the tapping additions that it needs; None where that keeps not every limit."""
    held = np.arange(len(target)) < problem.furnace_columns
    tolerance_t = max(problem.order.tolerance_t, OFF_BY * problem.order.mass_t)
    fixed = replace(
        problem,
        order=problem.order.model_copy(update={"tolerance_t": tolerance_t}),
        options=problem.options.model_copy(update={"max_materials": None}),
        items=tuple(item.model_copy(update={"lift_t": 0.0}) for item in problem.items),
        least=np.where(held, target * (1.0 - HELD_WITHIN), problem.least),
        most=np.where(held, target * (1.0 + HELD_WITHIN), problem.most),
        lots=np.where(held, 0.0, problem.lots),
        steel_eur_per_t=steel_eur_per_t,
    )  # Nothing is left to decide but the tapping additions.
    fixed = fixed if _told_apart(plant) else _together(fixed, plant)
    with suppress(ImpossibleOrderError, InfeasibleError, SolverError):
        found = optimizer.solution(fixed, explain=False)
        return _Solved(fixed, found, _packed(problem, found))
    return None


def _rest(problem: RecipeProblem, solution: Solution, weighed: Weighed) -> dict[str, float]:
    """T of each furnace material still to be charged."""
    charged, furnace = together_t(weighed), problem.charge_of(solution.columns_t)[0]
    rest = {name: mass - charged.get(name, 0.0) for name, mass in furnace.items()}
    return {name: mass for name, mass in rest.items() if mass > NEGLIGIBLE * problem.order.mass_t}


def _cost(problem: RecipeProblem, solution: Solution) -> float:
    return outcome_of(problem, solution.columns_t).costs_eur_per_t.total
