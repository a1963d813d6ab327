"""What the recipe saves: the same order the plant's way, and by a linear programme on catalogue figures."""

from dataclasses import replace

import numpy as np

from optimizer.explain.outcome import outcome_of
from optimizer.model.instance import Form
from optimizer.problem.elements import ElementRow
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.cutting import CutModel
from optimizer.solve.errors import InfeasibleError, SolverError
from optimizer.solve.solver import solve_recipe
from optimizer.solve.warm import Warm
from steel.grades import Grade
from steel.heats import FloatArray, HeatLog
from steel.recipes import Comparison
from surrogate.model.catalogue_model import catalogue_description

RECENT_HEATS = 100
FEWEST_HEATS = 5
CATALOGUE_SAFETY = 0.85
"""Share of each upper limit that a catalogue calculation customarily aims at, its only allowance for scatter."""
LIMITS = ("maximum", "minimum")
AS_GIVEN = 1e-5
"""Share of a mass by which a charge as given may be read otherwise: people round."""
MISSED_EUR_PER_T_WT_PCT = 1e5
"""Price of missing a limit that the ladle could still meet: dearer than any ferro-alloy."""


def compare_practice(problem: RecipeProblem, history: HeatLog) -> Comparison | None:
    """The plant's own mean charge for the grade over its newest heats, with the ladle made right.

    None where fewer than five heats of the grade are on record, or their materials are in the yard no longer.
    """
    of_grade = history.rows(history.grades == problem.order.grade.name)
    if len(of_grade) < FEWEST_HEATS:
        return None
    recent = of_grade.rows(slice(-RECENT_HEATS, None))
    mean = dict(zip(recent.materials, recent.charged_t.mean(axis=0), strict=True))
    charged = np.array([mean.get(item.material.name, 0.0) for item in problem.items])
    if float(problem.counted @ charged) <= 0:
        return None
    columns = complete_at_tapping(problem, charged)
    return _comparison(f"plant practice, last {len(recent)} heats", problem, columns)


def compare_catalogue(problem: RecipeProblem) -> Comparison | None:
    """A fixed-catalogue linear programme with a customary safety margin; None where it finds no recipe in time."""
    description = catalogue_description(problem.description)
    grade = problem.order.grade
    cautious = Grade(
        name=grade.name,
        maximum_wt_pct={e: CATALOGUE_SAFETY * limit for e, limit in grade.maximum_wt_pct.items()
                        if grade.minimum_wt_pct.get(e, 0.0) < CATALOGUE_SAFETY * limit},
        minimum_wt_pct=grade.minimum_wt_pct,
    )  # fmt: skip
    order = problem.order.model_copy(update={"grade": cautious})
    try:
        catalogue = build_problem(problem.plant, order, description, problem.options)
        found = solve_recipe(catalogue)
    except (InfeasibleError, SolverError):
        return None
    furnace = np.where(np.arange(len(problem.items)) < problem.furnace_columns, found.columns_t, 0.0)
    columns = complete_at_tapping(problem, furnace)
    return _comparison(f"catalogue figures, {100 * CATALOGUE_SAFETY:.0f} % of limits", problem, columns)


def complete_at_tapping(problem: RecipeProblem, charged_t: FloatArray) -> FloatArray:
    """Scale a furnace charge to the order and add what the ladle needs at least cost.

    Args:
        problem: the order.
        charged_t: (n + m,) t, tapping columns ignored.
    """
    n = problem.furnace_columns
    furnace = np.where(np.arange(len(charged_t)) < n, charged_t, 0.0)
    columns = furnace
    for _ in range(3):
        scale = (problem.order.mass_t - float(problem.yields[n:] @ columns[n:])) / float(
            problem.yields[:n] @ furnace[:n]
        )
        columns = _ladle(problem, furnace * scale)
    return columns


def completed_as_given(problem: RecipeProblem, charged_t: FloatArray) -> FloatArray | None:
    """A furnace charge as it is, (n + m,) t, and the additions of least cost that make the order of it.

    None where no additions do.
    """
    held = np.arange(len(charged_t)) < problem.furnace_columns
    furnace = np.where(held, charged_t, 0.0)
    fixed = _with_furnace_held(problem, furnace, AS_GIVEN)
    band = 0.0 if problem.order.tolerance_t > 0 else None
    solver = CutModel(replace(fixed, steel_eur_per_t=band), Warm(fixed), Form(rules="none"))
    try:
        solver.cut_until_tight()
    except (InfeasibleError, SolverError):
        return None
    return np.where(held, furnace, solver.columns_t)


def _with_furnace_held(problem: RecipeProblem, furnace: FloatArray, share: float = 0.0) -> RecipeProblem:
    """The problem with a furnace charge held to within a share of its masses, and no rule that is about the charge."""
    held = np.arange(len(furnace)) < problem.furnace_columns
    plain = problem.without_rules()
    return replace(
        plain,
        least=np.where(held, furnace * (1.0 - share), 0.0),
        most=np.where(held, furnace * (1.0 + share), problem.most),
        baskets_apart=False,
        items=tuple(item.model_copy(update={"lift_t": 0.0}) for item in problem.items),
        plant=plain.plant.model_copy(update={"furnace": plain.plant.furnace.model_copy(update={"baskets": None})}),
    )


def _ladle(problem: RecipeProblem, furnace: FloatArray) -> FloatArray:
    held = np.arange(len(furnace)) < problem.furnace_columns
    fixed = _with_furnace_held(problem, furnace)
    solver = CutModel(fixed, Warm(fixed), Form(elastic=True, any_mass=True, rules="none"))
    columns, cost = solver.program.columns, solver.program.cost.copy()
    hopeless = {row.element.value for row in problem.rows if _exceeds(row, furnace, problem.order.mass_t)}
    slacks = {name: column for name, column in columns.items() if name[0] == "slack"}
    loose = [column for name, column in slacks.items() if name[1] in LIMITS]
    for (_, kind, *names), column in slacks.items():
        if kind in LIMITS:
            cost[column] = 0.0 if kind == "maximum" and names[0] in hopeless else MISSED_EUR_PER_T_WT_PCT
    solver.session.bound(loose, np.zeros(len(loose)), np.full(len(loose), np.inf))
    masses = list(range(len(furnace)))
    solver.session.bound(masses, fixed.least, np.minimum(fixed.most, solver.program.upper[masses]))
    solver.session.minimise(cost)
    solver.cut_until_tight()
    return np.where(held, furnace, solver.columns_t)


def _exceeds(row: ElementRow, furnace: FloatArray, final_t: float) -> bool:
    """Whether a furnace charge exceeds an element's maximum by itself, which no ladle can mend."""
    if row.maximum is None:
        return False
    return row.mean(furnace) + row.upper_z * row.sd(furnace) > row.maximum * final_t


def _comparison(name: str, problem: RecipeProblem, columns: FloatArray) -> Comparison:
    outcome = outcome_of(problem, columns)
    met_with, weakest = outcome.weakest
    return Comparison(
        name=name,
        cost_eur_per_t=outcome.costs_eur_per_t.total,
        emissions_kgco2e_per_t=outcome.emissions_kgco2e_per_t.total,
        met_with=met_with,
        weakest=weakest,
    )
