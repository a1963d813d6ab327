"""A heat in progress: what has been weighed stays, a bay may be empty, and the rest is optimised again.

Baskets that were planned change as little as it is worth: what is charged otherwise has a price.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer, recipe_from
from optimizer.explain.substitutes import limit_shifts
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import NEGLIGIBLE, RecipeProblem, build_problem
from optimizer.solve.errors import SolverError
from optimizer.solve.interruption import within
from optimizer.solve.solver import Solution
from steel.answers import GradeLeft, RestOfHeat
from steel.baskets import BasketRule, Baskets
from steel.errors import InputError
from steel.grades import Order
from steel.heats import FloatArray
from steel.plants import Plant, YardItem
from steel.recipes import Recipe
from surrogate.model.description import Description

Weighed = Sequence[Mapping[str, float]]
"""T of each material in each basket that has been weighed, the first one first."""
NOTHING_T = 1e-9
"""A mass that stands for none, so that whatever was weighed a basket has the same rules, and is stated once."""
BEYOND = 2.0
"""How many times what a basket may weigh is more than it can."""
OFF_BY = 0.03
"""Share of a heat's mass by which it may be lighter or heavier where the rest is charged as it was planned."""
AS_PLANNED = 1e-6
"""Share by which a mass that is held may differ: a gram in a t."""


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
        plant: with the stock that is left.
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
    with within(options.time_limit_s):
        best = optimizer.solution(problem)
        kept = _kept(optimizer, problem, target)
    solution, is_kept = best, False
    if kept is not None:
        moved_t = float(np.abs(best.columns_t - target)[: problem.furnace_columns].sum())
        saves = _cost(problem, kept) - _cost(problem, best)
        is_kept = saves <= change_eur_per_t * moved_t / order.mass_t
        solution = kept if is_kept else best
    outcome = outcome_of(problem, solution.columns_t)
    changed = (solution.columns_t - target)[: problem.furnace_columns]
    told = np.flatnonzero(np.abs(changed) > NEGLIGIBLE * order.mass_t)
    return RestOfHeat(
        recipe=recipe_from(problem, solution, outcome),
        kept=is_kept,
        charged_t=_sums(weighed),
        rest_t=_rest(problem, solution, weighed),
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
    problem = build_problem(_with_weighed(plant, weighed, unavailable), order, description, options)
    charged = _sums(weighed)
    held = np.array([charged.get(item.material.name, 0.0) for item in problem.items])
    steel_t = float(problem.furnace_yields @ held)
    if steel_t <= order.mass_t:
        return problem
    # Tapping additions come on top; how heavy the heat then is, is no longer a matter of choice.
    heavier = {"mass_t": steel_t * (1.0 + OFF_BY / 2.0), "tolerance_t": steel_t * OFF_BY / 2.0}
    return build_problem(problem.plant, order.model_copy(update=heavier), description, options)


def _with_weighed(plant: Plant, weighed: Weighed, unavailable: tuple[str, ...]) -> Plant:
    charged, charge_items = _sums(weighed), {item.material.name for item in plant.charge_items()}
    for place, names in (("weighed", charged), ("unavailable", unavailable)):
        strange = sorted(set(names) - charge_items)
        if strange:
            raise InputError(strange, place, f"furnace materials of the yard: {', '.join(sorted(charge_items))}")

    def item(found: YardItem) -> dict[str, float | None]:
        """What was charged must be, and is no longer a matter of stock, of lifts or of least lots."""
        name = found.material.name
        mass_t = charged.get(name, 0.0)
        least, most = mass_t * (1.0 - AS_PLANNED), mass_t * (1.0 + AS_PLANNED)
        free = {"min_lot_t": 0.0, "lift_t": 0.0}
        if name in unavailable:
            return {**free, "min_t": least, "max_t": most, "available_t": None}
        if not mass_t:
            return {}
        stock = None if found.available_t is None else found.available_t + most
        most_t = None if found.max_t is None else max(found.max_t, most)
        return {**free, "min_t": max(found.min_t, least), "max_t": most_t, "available_t": stock}

    check_weighed(plant, weighed)
    changed = plant.with_items(item)
    baskets = plant.furnace.baskets
    if baskets is None or not weighed:
        return changed
    furnace = plant.furnace.model_copy(update={"baskets": _baskets(baskets, plant, weighed)})
    return changed.model_copy(update={"furnace": furnace})


def check_weighed(plant: Plant, weighed: Weighed) -> None:
    """Refuse what cannot have been weighed, such as kilograms that were sent as tonnes.

    Raises:
        InputError: a mass is beyond what a basket holds, or there are more baskets than the plant has.
    """
    baskets = plant.furnace.baskets
    most_t = BEYOND * (plant.furnace.tap_weight_t if baskets is None else baskets.max_t)
    if baskets is not None and len(weighed) > baskets.count:
        raise InputError(len(weighed), "weighed", f"at most the {baskets.count} baskets of {plant.name}")
    for number, load in enumerate(weighed, start=1):
        for name, mass_t in load.items():
            if not 0.0 <= mass_t <= most_t:
                expected = f"a mass in t, at most {most_t:g} t; kilograms, perhaps?"
                raise InputError(mass_t, f"basket {number}: {name}", expected)


def _baskets(baskets: Baskets, plant: Plant, weighed: Weighed) -> Baskets:
    """The baskets with those that were weighed held as they are."""
    charge = tuple(item.material.name for item in plant.charge_items())
    rules = [rule for number, load in enumerate(weighed, start=1) for rule in _as_weighed(number, load, charge)]
    volumes = {item.material.name: 1.0 / item.material.bulk_density_t_per_m3 for item in plant.charge_items()}
    fullest = max(sum(volumes[name] * mass for name, mass in load.items()) for load in weighed)
    still = [rule for rule in baskets.rules if any(number > len(weighed) for number in rule.baskets)]
    return baskets.model_copy(
        update={
            "rules": (*rules, *still),
            "max_t": max(baskets.max_t, *(sum(load.values()) for load in weighed)),
            "volume_m3": max(baskets.volume_m3, fullest),
        }
    )


def _as_weighed(number: int, load: Mapping[str, float], charge: tuple[str, ...]) -> list[BasketRule]:
    """A basket held as it was weighed: no more of any material, and no less of all together."""
    most = [
        BasketRule(
            name=f"basket {number} as weighed: {name}", materials=(name,), baskets=(number,),
            max_t=max(load.get(name, 0.0) * (1.0 + AS_PLANNED), NOTHING_T),
        )
        for name in charge
    ]  # fmt: skip
    total_t = sum(load.values()) * (1.0 - AS_PLANNED)
    return [*most, BasketRule(name=f"basket {number} as weighed", materials=charge, baskets=(number,), min_t=total_t)]


def _target(problem: RecipeProblem, planned: Recipe, weighed: Weighed, unavailable: tuple[str, ...]) -> FloatArray:
    """(n + m,) t of each column, if the rest is charged as it was planned."""
    done, charged = len(weighed), _sums(weighed)
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


def _kept(optimizer: Optimizer, problem: RecipeProblem, target: FloatArray) -> Solution | None:
    """The rest as it was planned, with the tapping additions that it needs; None where that keeps not every limit."""
    held = np.arange(len(target)) < problem.furnace_columns
    tolerance_t = max(problem.order.tolerance_t, OFF_BY * problem.order.mass_t)
    fixed = replace(
        problem,
        order=problem.order.model_copy(update={"tolerance_t": tolerance_t}),
        least=np.where(held, target * (1.0 - AS_PLANNED), problem.least),
        most=np.where(held, target * (1.0 + AS_PLANNED), problem.most),
        lots=np.where(held, 0.0, problem.lots),
    )
    with suppress(ImpossibleOrderError, SolverError):
        return optimizer.solution(fixed, explain=False)
    return None


def _rest(problem: RecipeProblem, solution: Solution, weighed: Weighed) -> dict[str, float]:
    """T of each furnace material still to be charged."""
    charged, furnace = _sums(weighed), problem.charge_of(solution.columns_t)[0]
    rest = {name: mass - charged.get(name, 0.0) for name, mass in furnace.items()}
    return {name: mass for name, mass in rest.items() if mass > NEGLIGIBLE * problem.order.mass_t}


def _cost(problem: RecipeProblem, solution: Solution) -> float:
    return outcome_of(problem, solution.columns_t).costs_eur_per_t.total


def _sums(weighed: Weighed) -> dict[str, float]:
    names = dict.fromkeys(name for load in weighed for name in load)
    return {name: sum(load.get(name, 0.0) for load in weighed) for name in names}
