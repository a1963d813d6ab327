"""Why an order cannot be made: requirements that contradict one another, and how far each would have to give.

The set is irreducible: drop any one requirement of it and the rest can be met (deletion filter, after
Chinneck, "Feasibility and Infeasibility in Optimization", 2008).
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from optimizer.problem import RecipeProblem
from optimizer.solver import PersistentModel
from steel.plants import Baskets

ROUGH = 1e-4
"""Margins need not be finer here than the values that are told."""
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
    """No recipe meets every requirement; `conflicts` says which contradict one another."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        self.conflicts = conflicts
        parts = [c.requirement + (f" (possible at {c.relax_to})" if c.relax_to else "") for c in conflicts]
        super().__init__("no recipe meets all of: " + "; ".join(parts))


def find_conflicts(problem: RecipeProblem) -> tuple[Conflict, ...]:
    """The conflicting requirements of an infeasible problem."""
    problem = replace(problem, options=problem.options.model_copy(update={"cut_tolerance": ROUGH}))
    persistent = PersistentModel(problem, elastic=True)
    with persistent.relaxed():
        # What contradicts itself with fractional lots does so with whole ones, and is found much faster.
        found = _irreducible(problem, persistent)
    return found or _irreducible(problem, persistent)


def _irreducible(problem: RecipeProblem, persistent: PersistentModel) -> tuple[Conflict, ...]:
    """The deletion filter; nothing where all requirements can be met together."""
    slacks: dict[tuple[str, Any], Any] = dict(persistent.model.slack_of)
    stated = {key for key in slacks if _is_stated(problem, *key)}

    def least(expression: Any, free: set[tuple[str, Any]]) -> float:
        for key, slack in slacks.items():
            slack.setub(PLENTY if key in free else 0.0)
        return persistent.minimise(expression)

    def feasible(kept: set[tuple[str, Any]]) -> bool:
        return math.isfinite(least(0.0 * persistent.model.final, stated - kept))

    kept = stated
    if feasible(kept):
        return ()
    order = sorted((key for key in slacks if key in stated), key=_ease)
    for key in order:
        if not feasible(kept - {key}):
            kept = kept - {key}
    found = []
    for key in (key for key in order if key in kept):
        slack = least(slacks[key], {key})
        relaxed = _words(problem, *key, slack=slack) if math.isfinite(slack) else None
        found.append(Conflict(_words(problem, *key), relaxed))
    return tuple(found)


def _ease(key: tuple[str, Any]) -> int:
    """What is easiest to do without is tried away first; what the yard and the baskets hold stays longest."""
    return ("count", "energy", "maximum", "minimum", "least", "most", "weight", "volume").index(key[0])


def _is_stated(problem: RecipeProblem, kind: str, name: Any) -> bool:
    """Whether somebody asked for this requirement; the others only bound the model."""
    if kind in ("maximum", "minimum"):
        row = next(row for row in problem.rows if row.element.value == name)
        return (row.maximum if kind == "maximum" else row.minimum) is not None
    if kind == "most":
        return problem.items[name].most_t is not None
    return True


def _words(problem: RecipeProblem, kind: str, name: Any, slack: float = 0.0) -> str:
    """A requirement, relaxed by so much slack, as a person would write it."""
    if kind in ("maximum", "minimum"):
        return _limit_words(problem, kind, name, slack / problem.order.mass_t)
    options = problem.options
    baskets = problem.plant.furnace.baskets or Baskets(count=1, volume_m3=1.0, max_t=1.0)
    item = problem.items[name] if kind in ("most", "least") else problem.items[0]
    energy = (options.max_energy_kwh_per_t or 0.0) + slack / problem.order.mass_t
    return {
        "most": f"{item.material.name} at most {(item.most_t or 0.0) + slack:.4g} t",
        "least": f"{item.material.name} at least {max(item.min_t - slack, 0.0):.4g} t",
        "volume": f"basket volume {baskets.count * baskets.volume_m3 + slack:.4g} m³",
        "weight": f"basket weight {baskets.count * baskets.max_t + slack:.4g} t",
        "count": f"at most {(options.max_materials or 0) + math.ceil(slack - 1e-6)} materials",
        "energy": f"electricity at most {energy:.4g} kWh/t",
    }[kind]


def _limit_words(problem: RecipeProblem, kind: str, name: str, relaxed_wt_pct: float) -> str:
    """A limit, relaxed and rounded to the side on which it can be met."""
    row = next(row for row in problem.rows if row.element.value == name)
    if kind == "maximum":
        return f"{name} ≤ {math.ceil(((row.maximum or 0.0) + relaxed_wt_pct) * 1e4 - 1e-3) / 1e4:g} wt%"
    return f"{name} ≥ {max(0.0, math.floor(((row.minimum or 0.0) - relaxed_wt_pct) * 1e4 + 1e-3) / 1e4):g} wt%"
