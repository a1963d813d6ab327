"""Why an order cannot be made: requirements that contradict one another, and how far each would have to give.

The set is irreducible: drop any one requirement of it and the rest can be met (deletion filter, after
Chinneck, "Feasibility and Infeasibility in Optimization", 2008).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer.balance import BalanceRule
from optimizer.cutting import CutModel
from optimizer.explanation import basket_rule_words, least_words, most_words
from optimizer.formulation import Form
from optimizer.problem import RecipeProblem
from optimizer.session import InfeasibleError, OutOfTimeError, SolverError
from optimizer.warm import Warm
from steel.baskets import Baskets
from steel.heats import FloatArray

NOT_NARROWED = "Some of these may not matter: there was no time to tell"
ROUGH = 1e-4
"""Margins need not be finer here than the values that are told."""
TRACE = 1e-7
"""Weight of the cost, €, beside another objective: too little to trade against it."""
Key = tuple[str, Any]
"""Kind and name of a requirement, such as ("maximum", "Cu")."""
EASE = (
    *("count", "group_most", "group_least", "energy", "power_on", "balance"),
    *("maximum", "minimum", "basket_most", "basket_least", "least", "most", "weight", "volume"),
)
"""Kinds of requirement, easiest to do without first."""
PLENTY = 1e5
"""A slack that relaxes any requirement of one heat away, in its own unit."""


@dataclass(frozen=True)
class Conflict:
    """One requirement of a conflicting set.

    Attributes:
        requirement: in words, with its value and unit.
        relax_to: the value at which the order could be made if this alone gave way, in words; None if
            giving way on this alone does not help.
    """

    requirement: str
    relax_to: str | None


class ImpossibleOrderError(Exception):
    """No recipe meets every requirement.

    Attributes:
        conflicts: which contradict one another.
        narrowed: whether none of them could be left out; False where time was up before that was known.
    """

    def __init__(self, conflicts: tuple[Conflict, ...], narrowed: bool = True) -> None:
        self.conflicts, self.narrowed = conflicts, narrowed
        parts = [c.requirement + (f" (feasible with {c.relax_to})" if c.relax_to else "") for c in conflicts]
        more = "" if narrowed else f". {NOT_NARROWED}"
        super().__init__(f"no recipe meets all of: {'; '.join(parts)}{more}")


def conflicts_of(problem: RecipeProblem) -> Exception:
    """Why an infeasible problem has no recipe, as the error that says so.

    A solver error where all requirements can be met together after all: the two answers of the solver do not agree.
    """
    found, narrowed = find_conflicts(problem)
    if not found and narrowed:
        return SolverError("the solver found no recipe, and no requirements that contradict one another either")
    return ImpossibleOrderError(found, narrowed)


def find_conflicts(problem: RecipeProblem) -> tuple[tuple[Conflict, ...], bool]:
    """The conflicting requirements of an infeasible problem, and whether none of them could be left out.

    The search keeps to the time that is left for the whole answer; what it did not come to stays among them.
    """
    band = 0.0 if problem.order.tolerance_t > 0 else None
    options = problem.options.model_copy(update={"cut_tolerance": ROUGH})
    problem = replace(problem, options=options, steel_eur_per_t=band)
    solver = CutModel(problem, Warm(problem), Form(elastic=True))
    solver.only_in_time = True
    crossed = _crossed(problem)
    if crossed:
        return _irreducible(problem, solver, crossed)
    # What contradicts itself with fractional lots does so with whole ones, and is found much faster.
    found, narrowed = _irreducible(problem, solver)
    if found:
        return found, narrowed
    solver.session.decide(integral=True)
    return _irreducible(problem, solver)


def _crossed(problem: RecipeProblem) -> set[Key]:
    """Two requirements that contradict one another by their numbers alone; nothing where there are none."""
    for j, (least, most) in enumerate(zip(problem.least, problem.most, strict=True)):
        if least > most:
            return {("least", j), ("most", j)}
    for row in problem.rows:
        if row.minimum is not None and row.maximum is not None and row.minimum > row.maximum:
            return {("minimum", row.element.value), ("maximum", row.element.value)}
    return set()


def _irreducible(
    problem: RecipeProblem, solver: CutModel, known: set[Key] | None = None
) -> tuple[tuple[Conflict, ...], bool]:
    """The deletion filter, or a set known to be irreducible; nothing where all requirements can be met together."""
    columns, session = solver.model.columns, solver.session
    slacks: dict[Key, int] = {(str(name[1]), name[2]): at for name, at in columns.items() if name[0] == "slack"}
    stated = set(slacks)

    def least(column: int | None, free: set[Key]) -> float:
        """Least value of a slack while some are free; infinity if the rest cannot be met."""
        session.bound(
            list(slacks.values()),
            np.zeros(len(slacks)),
            np.array([PLENTY if key in free else 0.0 for key in slacks]),
        )
        # A trace of the cost picks one recipe out of the many that are equal otherwise, or cuts settle slowly.
        cost = TRACE * np.array(solver.model.cost)
        if column is not None:
            cost[column] = 1.0
        session.minimise(cost)
        try:
            solver.cut_until_tight()
        except InfeasibleError:
            return math.inf
        return 0.0 if column is None else float(session.values[column])

    def feasible(kept: set[Key]) -> bool:
        return math.isfinite(least(None, stated - kept))

    kept, narrowed = known or stated, True
    order = sorted(slacks, key=_ease)
    for key in [] if known else [None, *order]:
        try:
            if solver.stopped():
                raise OutOfTimeError
            without = kept if key is None else kept - {key}
            met = feasible(without)
        except SolverError:
            # What cannot be told of one requirement leaves it among the others.
            narrowed = False
            continue
        if met and key is None:
            return (), True
        if not met:
            kept = without
    found = []
    for key in (key for key in order if key in kept):
        found.append(Conflict(_words(problem, *key), _relaxed(problem, solver, key, least, slacks)))
    # Where even without any requirement there is none, the order itself cannot be made of what the yard has.
    return tuple(found) or (Conflict(_order_words(problem), None),), narrowed


def _order_words(problem: RecipeProblem) -> str:
    lifted = any(item.lift_t > 0 for item in problem.items)
    return f"{problem.order.mass_t:g} t tapped{' from whole crane lifts' if lifted else ' from this yard'}"


def _relaxed(
    problem: RecipeProblem,
    solver: CutModel,
    key: Key,
    least: Callable[[int, set[Key]], float],
    slacks: dict[Key, int],
) -> str | None:
    """Where the order could be made if this requirement alone gave way; None if nowhere, or if time is up."""
    if solver.stopped():
        return None
    try:
        slack = least(slacks[key], {key})
    except SolverError:
        return None
    by = slack / _per_unit(problem, *key, solver.columns_t)
    return _words(problem, *key, by=by) if math.isfinite(slack) else None


def _ease(key: Key) -> int:
    """What is easiest to do without is tried away first; what the yard and the baskets hold stays longest."""
    return EASE.index(key[0])


def _per_unit(problem: RecipeProblem, kind: str, name: Any, columns_t: FloatArray) -> float:
    """Slack of one unit of a requirement, as a person states it, at a recipe (n + m,)."""
    if kind == "balance":
        return float(_balance_rule(problem, name).whole @ columns_t)
    return {
        "maximum": float(problem.yields @ columns_t),
        "minimum": float(problem.yields @ columns_t),
        "energy": float(problem.furnace_yields @ columns_t),
        "power_on": problem.kwh_per_min,
        "group_most": float(problem.counted @ columns_t) / 100.0,
        "group_least": float(problem.counted @ columns_t) / 100.0,
    }.get(kind, 1.0)


def _words(problem: RecipeProblem, kind: str, name: Any, by: float = 0.0) -> str:
    """A requirement, relaxed by so much in its own unit, as a person would write it."""
    if kind in ("maximum", "minimum"):
        return _limit_words(problem, kind, name, by)
    if kind == "balance":
        rule = _balance_rule(problem, name)
        # Rounded to the side on which it can be met.
        return rule.at(rule.sense * math.ceil(rule.sense * (rule.limit + rule.sense * by) * 1e3 - 1e-3) / 1e3)
    options = problem.options
    if kind in ("group_most", "group_least"):
        return _group_words(problem, kind, name, by)
    baskets = problem.plant.furnace.baskets or Baskets(count=1, volume_m3=1.0, max_t=1.0)
    if kind in ("basket_most", "basket_least"):
        packed = next(rule for rule in baskets.rules if rule.name == name)
        stated_t = (packed.max_t or 0.0) + by if kind == "basket_most" else max(packed.min_t - by, 0.0)
        return basket_rule_words(packed, kind, stated_t)
    if kind in ("most", "least"):
        return most_words(problem, name, by) if kind == "most" else least_words(problem, name, by)
    return {
        "volume": f"basket volume {baskets.count * baskets.volume_m3 + by:.4g} m³",
        "weight": f"basket weight {baskets.count * baskets.max_t + by:.4g} t",
        "count": _count_words((options.max_materials or 0) + math.ceil(by - 1e-6)),
        "power_on": f"power on at most {(options.max_power_on_min or 0.0) + by:.4g} min",
        "energy": f"electricity at most {(options.max_energy_kwh_per_t or 0.0) + by:.4g} kWh/t",
    }[kind]


def _group_words(problem: RecipeProblem, kind: str, name: str, by: float) -> str:
    group = next(group for group in problem.plant.groups if group.name == name)
    if kind == "group_most":
        return f"{name} at most {min(100.0, 100 * group.max_share + by):.4g} % of the charge"
    return f"{name} at least {max(0.0, 100 * group.min_share - by):.4g} % of the charge"


def _count_words(most: int) -> str:
    return f"at most {most} material{'' if most == 1 else 's'}"


def _balance_rule(problem: RecipeProblem, name: str) -> BalanceRule:
    return next(rule for rule in problem.balance_rules if rule.name == name)


def _limit_words(problem: RecipeProblem, kind: str, name: str, relaxed_wt_pct: float) -> str:
    """A limit, relaxed and rounded to the side on which it can be met."""
    row = next(row for row in problem.rows if row.element.value == name)
    if kind == "maximum":
        return f"{name} ≤ {math.ceil(((row.maximum or 0.0) + relaxed_wt_pct) * 1e4 - 1e-3) / 1e4:g} wt%"
    return f"{name} ≥ {max(0.0, math.floor(((row.minimum or 0.0) - relaxed_wt_pct) * 1e4 + 1e-3) / 1e4):g} wt%"
