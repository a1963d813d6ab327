"""Plan a campaign: clean scrap goes where it is worth most, over many heats of several grades.

Column generation (Dantzig and Wolfe 1960): the master mixes recipes found so far over the shared supply and says what
each material is worth; at these worths the recipe optimizer finds better ones, each kind of heat apart and so in
parallel; weak duality bounds what any plan can cost. Prices of the master swing, so recipes are sought part of the way
from those with the best bound so far (Wentges 1997).
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]

from optimizer.explain.conflicts import conflicts_of
from optimizer.explain.outcome import outcome_of
from optimizer.plan.master import UNMADE, Duals, Master
from optimizer.plan.supply import Supply, gather
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.errors import InfeasibleError, SolverError
from optimizer.solve.interruption import StoppedError, seconds_left, stop_asked, within
from optimizer.solve.solver import Solution, solve_recipe
from steel.campaigns import Campaign, CampaignPlan, PlannedHeat, Purchase, Scarcity
from steel.heats import FloatArray
from steel.plants import Plant
from surrogate.model.description import Description

ENOUGH = 2e-3
"""Gap of the fractional plan at which no better recipes are sought; what whole heats add is more."""
RECIPE_GAP = 0.1
"""Gap of the recipes sought, as a share of the plan's own: finer ones would not tell more."""
COARSEST = 5e-3
TOWARDS = 0.5
MOST_ROUNDS = 200
WORTH_TELLING_EUR = 0.01
MASTER_SHARE = 0.25
"""Of the time, kept for whole heats."""


def plan_campaign(
    plant: Plant,
    campaign: Campaign,
    description: Description,
    options: RecipeOptions,
    time_limit_s: float = 30.0,
    workers: int = 1,
    progress: Callable[[str, float], None] | None = None,
) -> CampaignPlan:
    """The cheapest plan for a campaign, with its proven gap.

    Args:
        plant: with the stock of the first heat.
        campaign: heats in order, arrivals, offers.
        description: the surrogate; it holds for all heats.
        options: for every heat.
        time_limit_s: after which the best plan so far is returned.
        workers: of joblib, whose `parallel_config` may name another backend, such as Ray or Dask.
        progress: called with a stage and the share done.

    Raises:
        ImpossibleOrderError: one of the orders could not be made with all of the supply to itself.
        SolverError: time was up before every order had a recipe.
        InputError: a delivery or an offer cannot be used.
    """
    with within(time_limit_s):
        return _plan(
            plant, campaign, description, options, time_limit_s, workers, progress or (lambda stage, share: None)
        )


def _plan(
    plant: Plant,
    campaign: Campaign,
    description: Description,
    options: RecipeOptions,
    time_limit_s: float,
    workers: int,
    say: Callable[[str, float], None],
) -> CampaignPlan:
    deadline = time.perf_counter() + time_limit_s
    supply = gather(plant, campaign, description, options)
    # One by one, so that nobody waits for the others once the whole is to stop.
    with Parallel(n_jobs=workers, return_as="generator") as parallel:
        master = first_master(parallel, supply, campaign)
        bound, duals = improve(master, parallel, deadline - MASTER_SHARE * time_limit_s, say)
    say("whole heats", 0.9)
    groups, bought = master.whole(max(MASTER_SHARE * time_limit_s, deadline - time.perf_counter()))
    recipes = _schedule(supply, master, groups)
    purchases = [master.purchase(tier, mass) for tier, mass in bought.items()]
    say("one by one", 0.95)
    unmade = _missing(recipes)
    alone_too = _one_by_one(supply, purchases, skip=unmade)
    stranded = set() if alone_too is None else _missing(alone_too) - unmade
    one_by_one = None if alone_too is None or stranded else _cost(supply, alone_too)
    if alone_too is not None and one_by_one is not None and one_by_one < _cost(supply, recipes):
        # Where little is scarce, what whole heats cost a plan can exceed what it saves.
        recipes = alone_too
    plan = _told(supply, master, recipes, purchases, bound, duals)
    return plan.model_copy(
        update={
            "one_by_one_eur": None if one_by_one is None else one_by_one + _extra(supply, purchases),
            "stranded": tuple(sorted(number + 1 for number in stranded)),
        }
    )


def first_master(parallel: Parallel, supply: Supply, campaign: Campaign) -> Master:
    """The master with each kind of heat's best recipe, all of the supply to itself.

    Raises:
        ImpossibleOrderError: one of the orders could not be made so.
    """
    first = _solved(parallel, supply.kinds)
    for problem, found in zip(supply.kinds, first, strict=True):
        if found is None:
            raise conflicts_of(problem)
    best = [found.columns_t for found in first if found is not None]
    costs = np.array([problem.objective_eur(x) for problem, x in zip(supply.kinds, best, strict=True)])
    master = Master(supply, campaign, UNMADE * costs)
    for kind, (masses, cost) in enumerate(zip(best, costs, strict=True)):
        master.add(kind, masses, float(cost))
    return master


def _missing(recipes: list[FloatArray]) -> set[int]:
    """Heats, from 0, that are not made."""
    return {number for number, masses in enumerate(recipes) if not len(masses)}


def _best(problem: RecipeProblem) -> Solution | None:
    try:
        return solve_recipe(problem)
    except InfeasibleError:
        return None


def _best_within(problem: RecipeProblem, seconds: float) -> Solution | None:
    """The same in a process of its own, which knows of no deadline but this."""
    with within(seconds):
        return _best(problem)


def _solved(parallel: Parallel, problems: Iterable[RecipeProblem]) -> list[Solution | None]:
    """Optima of problems, each apart; workers keep to the campaign's time, and to who still waits for it.

    Raises:
        StoppedError: nobody does any longer.
    """
    found = []
    for solution in parallel(delayed(_best_within)(problem, seconds_left()) for problem in problems):
        if stop_asked():
            raise StoppedError
        found.append(solution)
    return found


def improve(
    master: Master, parallel: Parallel, deadline: float, say: Callable[[str, float], None]
) -> tuple[float, Duals]:
    """Seek recipes until the fractional plan is near what no plan can undercut; returns that bound and the prices."""
    supply = master.supply
    bound, (value, duals) = -np.inf, master.relaxed()
    centre, share, first_gap, gap = duals, TOWARDS, 0.0, 1.0
    for _ in range(MOST_ROUNDS):
        at = centre.towards(duals, share)
        try:
            found, reached = _seek(master, parallel, at, min(COARSEST, RECIPE_GAP * gap))
        except SolverError:
            # Without a better recipe of every kind there is no better bound; the plan stands as it is.
            break
        if reached > bound:
            bound, centre = reached, at
        before = len(master.patterns)
        for kind, masses in found:
            master.add(kind, masses, supply.kinds[kind].objective_eur(masses))
        value, duals = master.relaxed()
        gap = (value - bound) / max(abs(value), 1e-9)
        first_gap = first_gap or gap
        say(f"recipes, gap {100 * gap:.2f} %", 0.85 * (1.0 - min(1.0, gap / max(first_gap, ENOUGH))))
        converged = len(master.patterns) == before
        if gap <= ENOUGH or (converged and share == 1.0) or time.perf_counter() > deadline:
            break
        # Nothing new part of the way need not mean that there is nothing new at the master's own prices.
        share = 1.0 if converged else TOWARDS
    return bound, duals


def _seek(
    master: Master, parallel: Parallel, duals: Duals, recipe_gap: float
) -> tuple[list[tuple[int, FloatArray]], float]:
    """The best recipe of every kind in every period at given worths of material, and the bound they prove."""
    supply, worth = master.supply, duals.worth
    asked = [(int(k), int(p)) for k, p in np.argwhere(supply.heats > 0)]
    apart = {(k, worth[:, p].round(6).tobytes()): (k, p) for k, p in asked}
    solved = _solved(parallel, (charged_worth(supply, k, worth[:, p], recipe_gap) for k, p in apart.values()))
    by_key = dict(zip(apart, solved, strict=True))
    least = np.zeros(supply.heats.shape)
    for k, p in asked:
        found = by_key[k, worth[:, p].round(6).tobytes()]
        least[k, p] = np.inf if found is None else found.bound_eur
    known = {(pattern.kind, pattern.masses_t.round(4).tobytes()) for pattern in master.patterns}
    fresh = [
        (k, found.columns_t)
        for (k, _), found in by_key.items()
        if found is not None and (k, found.columns_t.round(4).tobytes()) not in known
    ]
    return fresh, master.bound(duals, least)


def charged_worth(supply: Supply, kind: int, worth: FloatArray, recipe_gap: float) -> RecipeProblem:
    """A kind of heat that pays what limited materials are worth."""
    problem = supply.kinds[kind]
    options = problem.options.model_copy(update={"gap": max(problem.options.gap, recipe_gap)})
    preference = problem.cost.preference.copy()
    preference[supply.limited] += worth
    return replace(problem, options=options, cost=replace(problem.cost, preference=preference))


def _schedule(supply: Supply, master: Master, groups: dict[tuple[int, int, object], FloatArray]) -> list[FloatArray]:
    """(N,) recipes (n + m,) of every heat in order; empty arrays for those not made."""
    waiting: dict[tuple[int, int], list[FloatArray]] = {}
    masses = np.array([pattern.masses_t for pattern in master.patterns])
    for (k, p, _), times in groups.items():
        mean = times @ masses / times.sum()
        waiting.setdefault((k, p), []).extend([mean] * round(float(times.sum())))
    queues = {where: iter(recipes) for where, recipes in waiting.items()}
    none = np.zeros(0)
    return [
        next(queues.get((int(k), int(p)), iter(())), none)
        for k, p in zip(supply.kind_of, supply.period_of, strict=True)
    ]


def _told(
    supply: Supply,
    master: Master,
    recipes: list[FloatArray],
    purchases: list[Purchase],
    bound: float,
    duals: Duals,
) -> CampaignPlan:
    problems = [supply.kinds[k] for k in supply.kind_of]
    cost = _cost(supply, recipes)
    items = supply.kinds[0].items
    extra = _extra(supply, purchases)
    unmade = sorted(_missing(recipes))
    missing = float(sum(master.unmade_eur[supply.kind_of[number]] for number in unmade))
    total = cost + extra + missing
    on_hand = supply.on_hand(purchases)[:, -1] - sum(x[supply.limited] for x in recipes if len(x))
    return CampaignPlan(
        heats=tuple(_heat(n, problem, x) for n, (problem, x) in enumerate(zip(problems, recipes, strict=True), 1)),
        purchases=tuple(purchases),
        scarcities=tuple(
            Scarcity(
                material=items[j].material.name,
                from_heat=supply.starts[p] + 1,
                worth_eur_per_t=float(duals.worth[row, p]),
            )
            for row, j in enumerate(supply.limited)
            for p in range(len(supply.starts))
            if duals.worth[row, p] > WORTH_TELLING_EUR
        ),
        cost_eur=cost + extra,
        bound_eur=bound,
        gap=max(0.0, total - bound) / max(abs(total), 1e-9),
        unmade=tuple(number + 1 for number in unmade),
        one_by_one_eur=None,
        stranded=(),
        stock_left_t={items[j].material.name: max(0.0, float(t)) for j, t in zip(supply.limited, on_hand, strict=True)},
    )


def _heat(number: int, problem: RecipeProblem, columns_t: FloatArray) -> PlannedHeat:
    grade = problem.order.grade.name
    if not len(columns_t):
        return PlannedHeat(number=number, grade=grade, masses_t={}, cost_eur_per_t=0.0, met_with=0.0)
    outcome = outcome_of(problem, columns_t)
    return PlannedHeat(
        number=number,
        grade=grade,
        masses_t=problem.used_t(columns_t),
        cost_eur_per_t=outcome.costs_eur_per_t.total,
        met_with=outcome.weakest[0],
    )


def _one_by_one(supply: Supply, purchases: list[Purchase], skip: set[int]) -> list[FloatArray] | None:
    """(N,) recipes of every heat, each at its own best from what earlier ones left; empty arrays for those without.

    None where time is up before all of them are found.

    Args:
        supply: of the campaign.
        purchases: what is bought either way.
        skip: heats, from 0, that are not made either way.
    """
    on_hand = supply.on_hand(purchases)
    used = np.zeros(len(supply.limited))
    recipes = []
    for number, (k, p) in enumerate(zip(supply.kind_of, supply.period_of, strict=True)):
        if seconds_left() <= 0:
            return None
        problem = supply.kinds[k]
        most = problem.most.copy()
        most[supply.limited] = np.minimum(most[supply.limited], np.maximum(on_hand[:, p] - used, 0.0))
        found = None if number in skip else _best(replace(problem, most=most))
        recipes.append(np.zeros(0) if found is None else found.columns_t)
        if found is not None:
            used += found.columns_t[supply.limited]
    return recipes


def _cost(supply: Supply, recipes: list[FloatArray]) -> float:
    """€ of all heats made."""
    pairs = zip(supply.kind_of, recipes, strict=True)
    return float(sum(supply.kinds[k].objective_eur(masses) for k, masses in pairs if len(masses)))


def _extra(supply: Supply, purchases: list[Purchase]) -> float:
    """€ that purchases cost beyond the yard's prices, at which their use is charged."""
    priced = {item.material.name: item.price_eur_per_t for item in supply.kinds[0].items}
    return sum(one.mass_t * (one.price_eur_per_t - priced[one.material]) for one in purchases)
