"""Shadow mode: what Chargewise would have charged for recorded heats, with only what it knew by then.

Both charges of a heat, the recorded one and the shadow, are judged by one surrogate that has seen all heats, at that
heat's prices, process and heel; the ladle is made right at least cost after either. The difference is what is claimed;
what the record says of the same heats shows whether the judge can be trusted.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from optimizer.explain.comparison import complete_at_tapping
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import Outcome, outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.errors import SolverError
from plant_adapters.plants.price_history import PriceHistory
from steel.elements import Element
from steel.errors import InputError
from steel.grades import Grade, Order
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from steel.plants import Plant, YardItem
from surrogate.fit.fit import FEWEST_HEATS, fit
from surrogate.fit.update import update
from surrogate.model.description import Description
from surrogate.model.model import Surrogate

REFIT_HEATS = 500
"""New heats after which the surrogate is fitted anew; in between it takes in each."""
BLOCK_HEATS = 10
"""Successive heats that share lots and prices: they are one observation when the interval is worked out."""
PLENTY = 1e4
QUICK: dict[str, float] = {"gap": 1e-3, "time_limit_s": 2.0}
"""Thousands of recipes, some over trees: each is proven to a thousandth or as good as two seconds make it."""
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Side:
    """One way of making a heat, per t of steel.

    Attributes:
        charged_t: furnace materials by name.
        additions_t: tapping additions by name.
        cost_eur_per_t: charge, additions, electricity and carbon as the plant pays for them.
        met_with: probability of its least certain limit.
    """

    charged_t: dict[str, float]
    additions_t: dict[str, float]
    cost_eur_per_t: float
    energy_kwh_per_t: float
    emissions_kgco2e_per_t: float
    met_with: float


@dataclass(frozen=True)
class ShadowHeat:
    """One recorded heat beside its shadow.

    Attributes:
        as_charged: the recorded charge.
        shadow: what would have been charged.
        wrong_yields_eur_per_t: what planning by the plant file's yields would cost: each t that a heat is off its
            mass by costs its charge.
        empty_bays_eur_per_t: what the day's stock costs, against a yard that has everything.
    """

    heat_id: str
    tapped_at: np.datetime64
    grade: str
    as_charged: Side
    shadow: Side
    wrong_yields_eur_per_t: float | None
    empty_bays_eur_per_t: float | None

    @property
    def saving_eur_per_t(self) -> float:
        """What the shadow costs less."""
        return self.as_charged.cost_eur_per_t - self.shadow.cost_eur_per_t


@dataclass(frozen=True)
class Mean:
    """A mean with its two-sided 90 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Figure:
    """One figure of both ways.

    Attributes:
        difference: shadow less as charged.
    """

    name: str
    unit: str
    as_charged: float
    shadow: float
    difference: Mean


FIGURES: tuple[tuple[str, str, Callable[[Side], float]], ...] = (
    ("cost", "€/t", lambda side: side.cost_eur_per_t),
    ("electricity", "kWh/t", lambda side: side.energy_kwh_per_t),
    ("emissions", "kgCO2e/t", lambda side: side.emissions_kgco2e_per_t),
    ("least certain limit is met with", "%", lambda side: 100.0 * side.met_with),
)


@dataclass(frozen=True)
class Shadow:
    """A stretch of heats beside their shadows.

    Attributes:
        heats: in the order of tapping.
        left_out: why, by heat number.
        notes: what the reader must know.
    """

    plant: str
    heats: tuple[ShadowHeat, ...]
    left_out: dict[str, str]
    notes: tuple[str, ...]
    confidence: float

    @property
    def figures(self) -> tuple["Figure", ...]:
        """The means of both ways, and what they differ by."""
        return tuple(
            Figure(
                name,
                unit,
                float(np.mean([of(heat.as_charged) for heat in self.heats])),
                float(np.mean([of(heat.shadow) for heat in self.heats])),
                self.mean_of(lambda heat, of=of: of(heat.shadow) - of(heat.as_charged)),  # type: ignore[misc]
            )
            for name, unit, of in FIGURES
        )

    @property
    def saving_eur_per_t(self) -> Mean:
        """Mean saving, with an interval from blocks of successive heats."""
        return self.mean_of(lambda heat: heat.saving_eur_per_t)

    def mean_of(self, value: Callable[[ShadowHeat], float | None]) -> Mean:
        """Mean of anything about a heat, over those that have it."""
        known = [found for heat in self.heats if (found := value(heat)) is not None]
        if not known:
            return Mean(float("nan"), float("nan"), float("nan"))
        values = np.array(known)
        blocks = np.array([part.mean() for part in np.array_split(values, max(1, len(values) // BLOCK_HEATS))])
        error = 1.645 * float(blocks.std(ddof=1)) / len(blocks) ** 0.5 if len(blocks) > 1 else float("nan")
        return Mean(float(values.mean()), float(values.mean()) - error, float(values.mean()) + error)


def shadow(
    plant: Plant,
    log: HeatLog,
    materials: tuple[Material, ...],
    stretch: slice,
    history: PriceHistory | None = None,
    options: RecipeOptions | None = None,
    progress: Progress | None = None,
) -> Shadow:
    """Shadow a stretch of a plant's recorded heats.

    Args:
        plant: as its plant file has it.
        log: all its heats, oldest first.
        materials: those its surrogate should know.
        stretch: of the log; the heats before it are what is known when it begins.
        history: prices and stock as they were; the plant file's unless given.
        options: what is asked of the recipes.
        progress: is told how far it is.

    Raises:
        InputError: too few heats lie before the stretch, or none in it.
    """
    say, options = progress or (lambda stage, share: None), options or RecipeOptions(**QUICK)
    first, last, _ = stretch.indices(len(log))
    if first < FEWEST_HEATS:
        raise InputError(first, "heats before the first to be shadowed", f"{FEWEST_HEATS} or more to learn from")
    if last <= first:
        raise InputError(0, "heats to be shadowed", "1 or more; choose other dates")
    say("the judge: all heats", 0.0)
    judge = fit(log, materials)
    say("what was known at the start", 0.1)
    model, fitted = fit(log.rows(slice(None, first)), materials), first
    optimizer, found, left_out = Optimizer(), [], dict[str, str]()
    for heat in range(first, last):
        say("heats", 0.2 + 0.8 * (heat - first) / (last - first))
        if heat - fitted >= REFIT_HEATS:
            model, fitted = fit(log.rows(slice(None, heat)), materials), heat
        today = plant if history is None else history.plant_at(plant, log.tapped_at[heat])
        one = _one(optimizer, today, log.rows(slice(heat, heat + 1)), model, judge, options)
        if isinstance(one, str):
            left_out[str(log.heat_ids[heat])] = one
        else:
            found.append(one)
        model = update(model, log.rows(slice(heat, heat + 1)))
    if not found:
        reason = next(iter(left_out.values()))
        raise InputError(len(left_out), "heats to be shadowed", f"one that can be; the first could not: {reason}")
    return Shadow(plant.name, tuple(found), left_out, _notes(history), options.confidence)


def _one(
    optimizer: Optimizer, plant: Plant, heat: HeatLog, model: Surrogate, judge: Surrogate, options: RecipeOptions
) -> ShadowHeat | str:
    """One heat beside its shadow, or why it cannot be."""
    grade = _grade(plant, str(heat.grades[0]))
    if grade is None:
        return "its grade is none of the plant's nor of the catalogue's"
    masses = dict(zip(heat.materials, heat.charged_t[0].tolist(), strict=True))
    strange = sorted(name for name, mass in masses.items() if mass > 0 and plant.item(name) is None)
    if strange:
        return f"{', '.join(strange)} is not in the yard"
    # What was charged was there.
    plant = _stocked(plant, lambda item, stock: max(stock, masses.get(item.material.name, 0.0)))
    order = Order(grade=grade, mass_t=_mass_t(plant, heat))
    known = build_problem(plant, order, _described(model, heat), options)
    judged = build_problem(plant, order, _described(judge, heat), options)
    recorded = np.array([masses.get(item.material.name, 0.0) for item in judged.items])
    if not (recorded * judged.furnace_yields > 0).any():
        return "nothing that yields steel was charged"
    try:
        columns = optimizer.solution(known, explain=False).columns_t
        sides = [_side(judged, recorded), _side(judged, columns)]
    except ImpossibleOrderError:
        return "no recipe holds its limits with the confidence asked for at that day's stock"
    except SolverError as error:
        return f"no recipe was found: {error}"
    yields = np.array([material.metallic_yield for material in known.description.materials])
    blind = _planned(optimizer, build_problem(plant, order, replace(known.description, yields=yields), options))
    full = _planned(
        optimizer, build_problem(_stocked(plant, lambda item, stock: PLENTY), order, known.description, options)
    )
    cost = sides[1].cost_eur_per_t
    return ShadowHeat(
        heat_id=str(heat.heat_ids[0]),
        tapped_at=heat.tapped_at[0],
        grade=grade.name,
        as_charged=sides[0],
        shadow=sides[1],
        wrong_yields_eur_per_t=None if blind is None else _off_mass_eur_per_t(judged, blind),
        empty_bays_eur_per_t=None if full is None else cost - _side(judged, full).cost_eur_per_t,
    )


def _grade(plant: Plant, name: str) -> Grade | None:
    try:
        return plant.grade(name)
    except InputError:
        return None


def _mass_t(plant: Plant, heat: HeatLog) -> float:
    tapped = float(heat.tapped_t[0])
    return tapped if np.isfinite(tapped) and tapped > 0 else plant.furnace.tap_weight_t


def _described(model: Surrogate, heat: HeatLog) -> Description:
    """A model at a recorded heat's process and heel."""
    process = {name: float(values[0]) for name, values in heat.process.items() if np.isfinite(values[0])}
    heel: dict[Element, float] = {
        element: float(value)
        for element, value in zip(heat.elements, heat.heel_wt_pct[0], strict=True)
        if np.isfinite(value)
    }
    share = float(heat.heel_t[0]) / (float(heat.heel_t[0]) + float(np.nan_to_num(heat.tapped_t[0], nan=1.0)))
    return model.describe(process, share, heel)


def _side(problem: RecipeProblem, furnace_t: FloatArray) -> Side:
    """A furnace charge (n + m,) with the ladle made right, as a problem's surrogate judges it."""
    columns = complete_at_tapping(problem, furnace_t)
    outcome: Outcome = outcome_of(problem, columns)
    charged_t, additions_t = problem.charge_of(columns)
    return Side(
        charged_t=charged_t,
        additions_t=additions_t,
        cost_eur_per_t=outcome.costs_eur_per_t.total,
        energy_kwh_per_t=outcome.energy_kwh_per_t.mean,
        emissions_kgco2e_per_t=outcome.emissions_kgco2e_per_t.total,
        met_with=outcome.weakest[0],
    )


def _planned(optimizer: Optimizer, problem: RecipeProblem) -> FloatArray | None:
    """The recipe (n + m,) of a problem; None where there is none."""
    try:
        return optimizer.solution(problem, explain=False).columns_t
    except (ImpossibleOrderError, SolverError):
        return None


def _off_mass_eur_per_t(judged: RecipeProblem, columns_t: FloatArray) -> float:
    """What the steel costs that a recipe makes too much or too little of, per t ordered."""
    off_t = abs(float(judged.yields @ columns_t) - judged.order.mass_t)
    return off_t / judged.order.mass_t * outcome_of(judged, columns_t).costs_eur_per_t.charge


def _stocked(plant: Plant, stock_t: Callable[[YardItem, float], float]) -> Plant:
    """The plant with another stock of everything that it stocks."""
    return plant.with_items(
        lambda item: {} if item.available_t is None else {"available_t": stock_t(item, item.available_t)}
    )


def _notes(history: PriceHistory | None) -> tuple[str, ...]:
    """What was taken for granted."""
    notes = ["Savings are against the surrogate that has seen all heats; a virtual plant showed it right to 10 %."]
    if history is None:
        notes.append("Prices are the plant file's, the same for all heats: no price history was given.")
    if history is None or not history.has_stock:
        notes.append("Stock is the plant file's, or what was charged where that is more: no stock history was given.")
    return tuple(notes)
