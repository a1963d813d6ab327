"""Why an order cannot be made: requirements that contradict one another, and how far each would have to give.

The set is irreducible: drop any one requirement of it and the rest can be met (deletion filter, after
Chinneck, "Feasibility and Infeasibility in Optimization", 2008).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from optimizer.model.instance import PLENTY, Form
from optimizer.model.requirements import Key, Requirement, requirements_of
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.cutting import CutModel
from optimizer.solve.errors import InfeasibleError, OutOfTimeError, SolverError
from optimizer.solve.warm import Warm

NOT_NARROWED = "Some of these may not matter: there was no time to tell"
ROUGH = 1e-4
"""Margins need not be finer here than the values that are told."""
TRACE = 1e-7
"""Weight of the cost, €, beside another objective: too little to trade against it."""
EASE = (
    *("count", "rule", "group_most", "group_least", "energy_cap", "power_on", "balance"),
    *(
        "maximum",
        "minimum",
        "basket_most",
        "basket_most_m3",
        "basket_least",
        "must_use",
        "stock",
        "basket_weight",
        "basket_volume",
    ),
)
"""Kinds of requirement, easiest to do without first; what the yard and the baskets hold stays longest."""


@dataclass(frozen=True)
class Conflict:
    """One requirement of a conflicting set.

    Attributes:
        requirement: in words, with its value and unit.
        relax_to: the value at which the order could be made if this alone gave way, in words; None if
            giving way on this alone does not help.
        source: where it comes from; empty where the order itself cannot be made.
    """

    requirement: str
    relax_to: str | None
    source: str = ""

    def in_words(self) -> str:
        """The requirement, and where it could be met."""
        return self.requirement + (f" (feasible with {self.relax_to})" if self.relax_to else "")


class ImpossibleOrderError(Exception):
    """No recipe meets every requirement.

    Attributes:
        conflicts: which contradict one another.
        narrowed: whether none of them could be left out; False where time was up before that was known.
    """

    def __init__(self, conflicts: tuple[Conflict, ...], narrowed: bool = True) -> None:
        self.conflicts, self.narrowed = conflicts, narrowed
        more = "" if narrowed else f". {NOT_NARROWED}"
        super().__init__(f"no recipe meets all of: {'; '.join(one.in_words() for one in conflicts)}{more}")


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
    for item, least, most in zip(problem.items, problem.least, problem.most, strict=True):
        if least > most:
            return {("must_use", item.material.name), ("stock", item.material.name)}
    for row in problem.rows:
        if row.minimum is not None and row.maximum is not None and row.minimum > row.maximum:
            return {("minimum", row.element.value), ("maximum", row.element.value)}
    return set()


def _irreducible(
    problem: RecipeProblem, solver: CutModel, known: set[Key] | None = None
) -> tuple[tuple[Conflict, ...], bool]:
    """The deletion filter, or a set known to be irreducible; nothing where all requirements can be met together."""
    session = solver.session
    requirements = {one.key: one for one in requirements_of(problem)}
    slacks: dict[Key, int] = {key: solver.program.columns["slack", *key] for key in requirements}
    stated = set(slacks)

    def least(column: int | None, free: set[Key]) -> float:
        """Least value of a slack while some are free; infinity if the rest cannot be met."""
        session.bound(
            list(slacks.values()),
            np.zeros(len(slacks)),
            np.array([PLENTY if key in free else 0.0 for key in slacks]),
        )
        # A trace of the cost picks one recipe out of the many that are equal otherwise, or cuts converge slowly.
        cost = TRACE * solver.program.cost
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
    order = sorted(slacks, key=lambda key: EASE.index(key[0]))
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
        requirement = requirements[key]
        relaxed = _relaxed(solver, requirement, least, slacks[key])
        found.append(Conflict(str(requirement), relaxed, requirement.source.value))
    # Where even without any requirement there is none, the order itself cannot be made of what the yard has.
    return tuple(found) or (Conflict(_order_words(problem), None),), narrowed


def _order_words(problem: RecipeProblem) -> str:
    lifted = any(item.lift_t > 0 for item in problem.items)
    return f"{problem.order.mass_t:g} t tapped{' from whole crane lifts' if lifted else ' from this yard'}"


def _relaxed(
    solver: CutModel, requirement: Requirement, least: Callable[[int, set[Key]], float], slack: int
) -> str | None:
    """Where the order could be made if this requirement alone gave way; None if nowhere, or if time is up."""
    if solver.stopped():
        return None
    try:
        needed = least(slack, {requirement.key})
    except SolverError:
        return None
    if not math.isfinite(needed):
        return None
    by = solver.instance.eased_by_slack(requirement, solver.session.values, needed)
    return requirement.eased(math.ceil(by - 1e-6) if requirement.key == ("count",) else by)
