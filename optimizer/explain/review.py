"""Why not this charge of mine? It is checked against every requirement, and priced against the optimum."""

from dataclasses import replace

import numpy as np

from optimizer.explain.comparison import complete_at_tapping, completed_as_given
from optimizer.explain.outcome import Outcome, outcome_of
from optimizer.model.instance import PLENTY, Form, Instance, instance_of
from optimizer.model.requirements import Requirement, requirements_of
from optimizer.problem.recipe_problem import UNUSED_BELOW_T, RecipeProblem
from optimizer.solve.cutting import CutModel
from optimizer.solve.packing import can_be_packed
from optimizer.solve.solver import Solution
from optimizer.solve.warm import Warm
from steel.errors import InputError
from steel.heats import FloatArray
from steel.recipes import Review, ReviewLine

EXACT_SHARE = 1e-5
"""Share of the order below which a mass too much or too little is none: a kilogram in 100 t."""
LEAST_YIELD = 0.3
"""t of steel per t charged below which a charge is none: scaled to the order it would fill the furnace with slag."""
LIFT_SHARE = 0.01
"""Part of a lift that no crane driver sees."""
OF_THE_CHARGE = ("energy_cap", "power_on", "group_most", "group_least", "balance", "rule")
"""Kinds of requirement that are about a charge as a whole."""
SURE_ENOUGH = 1e-4
"""Probability below the asked confidence that is still counted as meeting it."""


def review(problem: RecipeProblem, solution: Solution, charged_t: dict[str, float]) -> Review:
    """Review a furnace charge, t by material, beside the optimal recipe of the same problem.

    Raises:
        InputError: it charges nothing that yields steel, or a material that is not in the yard.
    """
    n = problem.furnace_columns
    names = [item.material.name for item in problem.items]
    strange = sorted(set(charged_t) - set(names[:n]))
    if strange:
        raise InputError(strange, "charged_t", f"materials of the yard: {', '.join(names[:n])}")
    charge = np.array([charged_t.get(name, 0.0) if j < n else 0.0 for j, name in enumerate(names)])
    metal_t = float(problem.counted @ charge)
    if metal_t <= 0 or float(problem.yields @ charge) < LEAST_YIELD * float(charge.sum()):
        raise InputError(charged_t, "charged_t", "a charge that yields steel: most of it must be metal")
    as_given = completed_as_given(problem, charge)
    mine = complete_at_tapping(problem, charge) if as_given is None else as_given
    outcome, optimal = outcome_of(problem, mine), outcome_of(problem, solution.columns_t)
    prices = solution.prices
    worth = problem.cost.material + prices.most - prices.least - prices.reduced
    lines = [
        ReviewLine(
            material=name,
            mine_t=float(mine[j]),
            optimal_t=float(solution.columns_t[j]),
            price_eur_per_t=float(problem.cost.material[j]),
            worth_eur_per_t=float(worth[j]),
        )
        for j, name in enumerate(names)
        if max(mine[j], solution.columns_t[j]) > UNUSED_BELOW_T
    ]
    return Review(
        misses=(
            *_limits_missed(problem, outcome),
            *_masses_missed(problem, mine),
            *_rules_missed(problem, mine),
        ),
        cost_eur_per_t=outcome.costs_eur_per_t.total,
        optimal_cost_eur_per_t=optimal.costs_eur_per_t.total,
        lines=tuple(sorted(lines, key=lambda line: -abs(line.mine_t - line.optimal_t))),
        analysis=outcome.analysis,
    )


def _limits_missed(problem: RecipeProblem, outcome: Outcome) -> list[str]:
    requested = problem.options.confidence
    stated: dict[str, list[str]] = {}
    for requirement in requirements_of(problem):
        if requirement.key[0] in ("maximum", "minimum"):
            stated.setdefault(requirement.key[1], []).append(str(requirement))
    return [
        f"{' and '.join(stated[line.element.value])}: met with {100 * line.met_with:.1f} %, "
        f"requested {100 * requested:g} % (expected {line.predicted.mean:.4g} wt%)"
        for line in outcome.analysis
        if line.element.value in stated and line.met_with < requested - SURE_ENOUGH
    ]


def _masses_missed(problem: RecipeProblem, columns_t: FloatArray) -> list[str]:
    found = []
    exact_t = EXACT_SHARE * problem.order.mass_t
    for requirement in requirements_of(problem):
        if requirement.key[0] in ("stock", "must_use"):
            mass = float(columns_t[problem.column_of[requirement.key[1]]])
            if requirement.sense * (mass - requirement.bound) > exact_t:
                found.append(f"{requirement}: {mass:.4g} t")
    for j, item in enumerate(problem.items):
        name, mass = item.material.name, float(columns_t[j])
        if item.lift_t > 0 and abs(mass - item.lift_t * round(mass / item.lift_t)) > LIFT_SHARE * item.lift_t:
            found.append(f"{name}: {mass:.3g} t is no multiple of a lift of {item.lift_t:g} t")
        if exact_t < mass < problem.lots[j] - exact_t:
            found.append(f"{name}: {mass:.3g} t, at least {problem.lots[j]:.4g} t if it is used")
    return found


def _rules_missed(problem: RecipeProblem, columns_t: FloatArray) -> list[str]:
    """Requirements of the charge as a whole that it misses, by what the statement says of it."""
    instance = instance_of(problem)
    values = _values(problem, instance, columns_t)
    found = []
    for requirement in requirements_of(problem):
        if requirement.key[0] not in OF_THE_CHARGE:
            continue
        if requirement.key[0] == "rule":
            value = _gives_way_by(problem, requirement, columns_t)
        else:
            value = instance.value_of(requirement, values)
        if requirement.sense * (value - requirement.bound) > SURE_ENOUGH * max(abs(requirement.bound), 1.0):
            found.append(f"{requirement}: {round(value, 9) + 0.0:.4g}{requirement.unit}")
    return [*found, *_count_missed(problem, columns_t), *_baskets_missed(problem, columns_t)]


def _gives_way_by(problem: RecipeProblem, requirement: Requirement, columns_t: FloatArray) -> float:
    """By how much a rule of the plant's own would have to give way for a recipe (n + m,).

    Rules may have decisions of their own, and be about baskets: these are left to be chosen in the recipe's favour.
    """
    plain = problem.without_rules()
    held = replace(
        plain,
        least=columns_t,
        most=columns_t,
        items=tuple(item.model_copy(update={"lift_t": 0.0}) for item in problem.items),
    )
    solver = CutModel(held, Warm(held), Form(elastic=True, any_mass=True))
    session, columns = solver.session, solver.program.columns
    masses = list(range(len(columns_t)))
    session.bound(masses, columns_t, columns_t)
    slacks = [at for name, at in columns.items() if name[0] == "slack"]
    session.bound(slacks, np.zeros(len(slacks)), np.full(len(slacks), PLENTY))
    own = columns["slack", *requirement.key]
    session.minimise(np.where(np.arange(len(columns)) == own, 1.0, 0.0))
    session.decide(integral=bool(solver.program.integer))
    session.run()
    return float(session.values[own])


def _values(problem: RecipeProblem, instance: Instance, columns_t: FloatArray) -> FloatArray:
    """The statement's columns at a recipe (n + m,), as far as masses and electricity say them."""
    values = np.zeros(len(instance.program.columns))
    values[: len(columns_t)] = columns_t
    values[instance.program.columns["energy_kwh",]] = problem.energy_kwh(columns_t)
    return values


def _count_missed(problem: RecipeProblem, columns_t: FloatArray) -> list[str]:
    most = problem.options.max_materials
    used = int(np.sum((columns_t > EXACT_SHARE * problem.order.mass_t) & (problem.counted > 0)))
    return [] if most is None or used <= most else [f"{used} materials, at most {most}"]


def _baskets_missed(problem: RecipeProblem, columns_t: FloatArray) -> list[str]:
    baskets, charged = problem.plant.furnace.baskets, columns_t[: problem.furnace_columns]
    if baskets is None:
        return []
    found = []
    volume_m3, mass_t = float(problem.volume_per_t @ charged), float(charged.sum())
    room_m3, room_t = baskets.count * baskets.volume_m3, baskets.count * baskets.max_t
    if volume_m3 > room_m3 * (1 + EXACT_SHARE):
        found.append(f"basket volume: {volume_m3:.4g} m³ of {room_m3:.4g} m³")
    if mass_t > room_t * (1 + EXACT_SHARE):
        found.append(f"basket weight: {mass_t:.4g} t of {room_t:.4g} t")
    if not found and not can_be_packed(problem, charged):
        stated = ", ".join(rule.name for rule in baskets.rules) or "crane lifts"
        found.append(f"baskets: it cannot be split between {baskets.count} so that all hold ({stated})")
    return found
