"""A bay is empty: what takes the place of a material, at what price, and what it does to every limit."""

from contextlib import suppress
from dataclasses import replace

import numpy as np

from optimizer.explain.comparison import complete_at_tapping
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import Outcome, outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.explain.review import SURE_ENOUGH
from optimizer.problem.recipe_problem import NEGLIGIBLE, UNUSED_BELOW_T, RecipeProblem
from optimizer.solve.errors import SolverError
from optimizer.solve.interruption import within
from optimizer.solve.solver import Solution
from steel.answers import LimitShift, Substitute, Substitutes
from steel.errors import InputError
from steel.heats import FloatArray
from steel.recipes import AnalysisLine

MORE = 1.0 + 1e-6
"""How much more than planned of a material that stays as planned counts as none."""
MOST_BY_ALLOYS = 0.03
"""Share of the missing steel that tapping additions may give."""


def substitutes(optimizer: Optimizer, problem: RecipeProblem, unavailable: tuple[str, ...]) -> Substitutes:
    """What can be charged in place of materials that are not to be had after all.

    First the cheapest recipe without them, whatever it is made of; then one for each other metal-bearing material that
    alone may take their place, all others at most as planned. Fluxes, carbon and tapping additions follow in each. A
    material that cannot keep every limit alone is told what it would miss: as much of it is taken as gives the steel.

    Args:
        optimizer: finds recipes.
        problem: the order, as it was planned.
        unavailable: names of materials.

    Raises:
        ImpossibleOrderError: the order cannot be made even with them.
        InputError: one of them is not in the yard, or none is part of the recipe.
        SolverError: time ran out before any recipe was found.
    """
    strange = [name for name in unavailable if name not in problem.column_of]
    if strange or not unavailable:
        raise InputError(strange or [], "unavailable", f"materials of the yard: {', '.join(problem.column_of)}")
    gone = np.array([item.material.name in unavailable for item in problem.items])
    with within(problem.options.time_limit_s):
        planned = optimizer.solution(problem)
        missing_t = float(planned.columns_t[gone].sum())
        if missing_t <= UNUSED_BELOW_T:
            charged = ", ".join(problem.used_t(planned.columns_t))
            raise InputError(list(unavailable), "unavailable", f"materials of the recipe: {charged}")
        without = replace(
            problem, most=np.where(gone, 0.0, problem.most), least=np.where(gone, 0.0, problem.least)
        )  # fmt: skip
        before = outcome_of(problem, planned.columns_t)
        best, conflicts = _best(optimizer, without, planned, before)
        metal = np.flatnonzero((problem.counted > 0) & ~gone & (without.most > UNUSED_BELOW_T))
        tried = [_alone(optimizer, without, planned, before, gone, int(column)) for column in metal]
    alone = sorted(
        (one for one in tried if one is not None), key=lambda one: (one.misses != (), one.dearer_by_eur_per_t)
    )  # fmt: skip
    return Substitutes(
        unavailable=unavailable, missing_t=missing_t, cost_eur_per_t=before.costs_eur_per_t.total, best=best,
        conflicts=conflicts, alone=tuple(alone),
    )  # fmt: skip


def _best(
    optimizer: Optimizer, without: RecipeProblem, planned: Solution, before: Outcome
) -> tuple[Substitute | None, tuple[str, ...]]:
    """The cheapest recipe without what is gone; where there is none, what contradicts one another."""
    try:
        columns = optimizer.solution(without).columns_t
    except ImpossibleOrderError as error:
        return None, tuple(one.in_words() for one in error.conflicts)
    return _substitute(without, planned.columns_t, columns, before, None), ()


def _alone(
    optimizer: Optimizer, without: RecipeProblem, planned: Solution, before: Outcome, gone: FloatArray, column: int
) -> Substitute | None:
    """One material alone in place of what is gone."""
    name = without.items[column].material.name
    others = (without.counted > 0) & (np.arange(len(without.items)) != column)
    as_planned = np.minimum(without.most, planned.columns_t * MORE)
    held = replace(without, most=np.where(others, as_planned, without.most))
    with suppress(ImpossibleOrderError, SolverError):
        columns = optimizer.solution(held, explain=False).columns_t
        if _fills_with_alloys(without, planned.columns_t, columns, gone):
            return None
        return _substitute(without, planned.columns_t, columns, before, name)
    # What cannot keep every limit is told what it would miss.
    n = without.furnace_columns
    charge = np.where(gone, 0.0, planned.columns_t)
    steel_t = float(without.yields[:n] @ planned.columns_t[:n]) - float(without.yields[:n] @ charge[:n])
    charge[column] += steel_t / float(without.yields[column])
    if charge[column] > without.most[column] * MORE:
        return None
    try:
        return _substitute(without, planned.columns_t, complete_at_tapping(without, charge), before, name)
    except SolverError:
        return None


def _fills_with_alloys(problem: RecipeProblem, planned_t: FloatArray, columns_t: FloatArray, gone: FloatArray) -> bool:
    """Whether tapping additions, not the material, give the steel that is missing: nobody would charge so."""
    n = problem.furnace_columns
    more_t = float(problem.yields[n:] @ (columns_t[n:] - planned_t[n:]))
    return more_t > MOST_BY_ALLOYS * float(problem.yields @ np.where(gone, planned_t, 0.0))


def _substitute(
    problem: RecipeProblem, planned_t: FloatArray, columns_t: FloatArray, before: Outcome, instead: str | None
) -> Substitute:
    after, least = outcome_of(problem, columns_t), problem.options.confidence - SURE_ENOUGH
    shifts = limit_shifts(before.analysis, after.analysis)
    changed = columns_t - planned_t
    told = np.abs(changed) > NEGLIGIBLE * problem.order.mass_t
    return Substitute(
        instead=instead,
        dearer_by_eur_per_t=after.costs_eur_per_t.total - before.costs_eur_per_t.total,
        changes_t={problem.items[j].material.name: float(changed[j]) for j in np.flatnonzero(told)},
        charge_t=problem.used_t(columns_t),
        limits=shifts,
        misses=tuple(one.element for one in shifts if one.met_after < least),
    )


def limit_shifts(before: tuple[AnalysisLine, ...], after: tuple[AnalysisLine, ...]) -> tuple[LimitShift, ...]:
    """What becomes of every limit from one charge to another."""
    known = {line.element: line for line in before}
    return tuple(
        LimitShift(
            element=now.element, minimum_wt_pct=now.minimum_wt_pct, maximum_wt_pct=now.maximum_wt_pct,
            before_wt_pct=known[now.element].predicted.mean, after_wt_pct=now.predicted.mean,
            met_before=known[now.element].met_with, met_after=now.met_with,
        )
        for now in after
        if now.element in known and (now.minimum_wt_pct is not None or now.maximum_wt_pct is not None)
    )  # fmt: skip
