"""What a sampled melt still needs: additions at least cost, and further charge to thin it where a limit is lost."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import Outcome, outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import NEGLIGIBLE, SAME, RecipeProblem, build_problem
from optimizer.solve.errors import SolverError
from optimizer.solve.interruption import within
from steel.answers import Trim
from steel.elements import Element
from steel.grades import Grade, Order
from steel.plants import Plant, YardItem
from surrogate.model.description import Description
from surrogate.model.melt import MELT, Melt, melt_description

LESS_SURE = (0.9, 0.8, 0.65, 0.5)
"""Confidences that are tried where the one that was asked cannot be had."""
ADDED_MOST = 0.06
"""Share of the melt's mass that additions at tapping may come to."""
NONE: frozenset[Element] = frozenset()
SURE_ENOUGH = 1e-3
"""By how much a limit's probability may be short of the asked confidence and still count as kept."""


def trims(
    optimizer: Optimizer,
    plant: Plant,
    order: Order,
    description: Description,
    options: RecipeOptions,
    melt: Melt,
    room_t: float = 0.0,
    unavailable: tuple[str, ...] = (),
) -> tuple[Trim, ...]:
    """What may be done of a melt, the best first.

    The additions of least cost, where they keep every limit as surely as was asked. Where they cannot, the melt thinned
    by further charge, as surely as it can be, and the melt as it is: additions of least cost for all limits but those
    that it has lost. None where not even that can be done.

    Args:
        optimizer: finds them.
        plant: with what is left in the yard.
        order: grade and mass.
        description: of the furnace.
        options: confidence.
        melt: as it was sampled.
        room_t: steel that furnace and ladle still take.
        unavailable: materials of which there is no more.
    """
    plain = options.model_copy(update={"max_materials": None, "max_energy_kwh_per_t": None, "max_power_on_min": None})
    molten = melt_description(melt, description)

    def problem(most_t: float, thinned: bool, confidence: float, waived: frozenset[Element] = NONE) -> RecipeProblem:
        heat = _order(order, melt, most_t, waived)
        asked = plain.model_copy(update={"confidence": confidence})
        ladle = _ladle(plant, melt, order.grade, thinned, unavailable)
        # No t more of steel is worth anything here: what thins the melt costs what it costs.
        return replace(build_problem(ladle, heat, molten, asked), steel_eur_per_t=0.0)

    def solved(asked: RecipeProblem, thinned: bool) -> Trim | None:
        with suppress(ImpossibleOrderError, SolverError):
            columns = optimizer.solution(asked, explain=False).columns_t
            judged = problem(asked.mass_band_t[1], thinned, options.confidence)
            return _trim(judged, asked.charge_of(columns), outcome_of(judged, columns), options.confidence)
        return None

    def surest(found: Iterator[Trim | None]) -> Trim | None:
        return next((one for one in found if one is not None), None)

    levels = (options.confidence, *(level for level in LESS_SURE if level < options.confidence))
    with within(options.time_limit_s):
        most_t = melt.steel_t * (1.0 + ADDED_MOST)
        lost = _lost(problem(most_t, False, options.confidence))
        as_it_is = surest(solved(problem(most_t, False, level, lost), False) for level in levels)
        if room_t <= 0 or (as_it_is is not None and not as_it_is.misses):
            return () if as_it_is is None else (as_it_is,)
        # Alloys are not what a melt is thinned by: they come to what they come to without.
        most_t = (most_t if as_it_is is None else as_it_is.steel_t) + room_t
        whole = problem(most_t, True, options.confidence)
        thinned = surest(solved(_eased(whole, lost, level), True) for level in levels)
    return tuple(one for one in (thinned, as_it_is) if one is not None)


def _eased(problem: RecipeProblem, lost: frozenset[Element], confidence: float) -> RecipeProblem:
    """The problem with the maxima that the melt has lost held less surely than the other limits."""
    if confidence == problem.options.confidence:
        return problem
    rows = (
        replace(row, upper_z=min(row.upper_z, max(row.quantiles.at(confidence), 0.0))) if row.element in lost else row
        for row in problem.rows
    )
    return replace(problem, rows=tuple(rows))


def _order(order: Order, melt: Melt, heaviest: float, waived: frozenset[Element]) -> Order:
    """The order as heavy as the melt, and what comes to it."""
    lightest = melt.steel_t * (1.0 - SAME)
    grade = order.grade.model_copy(
        update={"maximum_wt_pct": {e: limit for e, limit in order.grade.maximum_wt_pct.items() if e not in waived}}
    )
    band = {"mass_t": (heaviest + lightest) / 2.0, "tolerance_t": (heaviest - lightest) / 2.0}
    return order.model_copy(update={"grade": grade, **band})


def _ladle(plant: Plant, melt: Melt, grade: Grade, thinned: bool, unavailable: tuple[str, ...]) -> Plant:
    """The plant with the melt as what must be charged: nothing is asked of its charge any more.

    Of the alloys, those that bring what the grade asks for, or that every heat is given: none is there to thin.
    """
    molten = YardItem(material=MELT, price_eur_per_t=0.0, min_t=melt.steel_t, max_t=melt.steel_t)
    metal = [item for item in plant.charge_items() if item.material.metallic_yield > 0]
    more = [item.model_copy(update={"min_t": 0.0}) for item in metal if item.material.name not in unavailable]
    wanted = [element for element, least in grade.minimum_wt_pct.items() if least > 0]
    added = [i for i in plant.tapping_items() if i.min_t > 0 or any(i.material.recovered_content(e) for e in wanted)]
    furnace = plant.furnace.model_copy(update={"baskets": None, "slag": None, "bath": None})
    return plant.model_copy(
        update={
            "furnace": furnace, "groups": (), "rules": None,
            "yard": (molten, *(more if thinned else ()), *(i for i in added if i.material.name not in unavailable)),
        }
    )  # fmt: skip


def _lost(problem: RecipeProblem) -> frozenset[Element]:
    """Elements of which the melt holds too much to be sure of their maximum, whatever is added."""
    alone = problem.least.copy()
    mass_t = float(problem.yields @ alone)
    highest = {row.element: row.mean(alone) + row.upper_z * row.sd(alone) for row in problem.rows}
    limits = {row.element: row.maximum * mass_t for row in problem.rows if row.maximum is not None}
    return frozenset(element for element, limit in limits.items() if highest[element] > limit * (1.0 - SAME))


def _trim(
    problem: RecipeProblem, charge: tuple[dict[str, float], dict[str, float]], outcome: Outcome, confidence: float
) -> Trim:
    furnace, additions = charge
    thinning = {name: t for name, t in furnace.items() if name != MELT.name and t > NEGLIGIBLE * problem.order.mass_t}
    price = {item.material.name: item.price_eur_per_t for item in problem.items}
    electricity = outcome.costs_eur_per_t.electricity * outcome.final_t if thinning else 0.0
    limited = [a for a in outcome.analysis if a.minimum_wt_pct is not None or a.maximum_wt_pct is not None]
    return Trim(
        additions_t=additions,
        dilution_t=thinning,
        cost_eur=sum(price[name] * t for name, t in (additions | thinning).items()) + electricity,
        steel_t=outcome.final_t,
        analysis=outcome.analysis,
        met_with=outcome.weakest[0],
        misses=tuple(line.element for line in limited if line.met_with < confidence - SURE_ENOUGH),
    )
