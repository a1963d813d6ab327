"""What a recipe gives, by exact evaluation of the surrogate's description: no solver in here."""

from dataclasses import dataclass

import numpy as np

from optimizer.problem.elements import ElementRow
from optimizer.problem.recipe_problem import UNUSED_BELOW_T, RecipeProblem
from steel.bath import Bath
from steel.elements import Element
from steel.emissions import Emissions
from steel.heats import FloatArray
from steel.recipes import AnalysisLine, Costs, Interval
from steel.slag import Slag
from surrogate.model.quantiles import Quantiles

INTERVAL_COVERAGE = 0.90
LOW, HIGH = (1 - INTERVAL_COVERAGE) / 2, (1 + INTERVAL_COVERAGE) / 2


@dataclass(frozen=True)
class Outcome:
    """Predictions for one recipe, per t of final steel where a unit says so."""

    final_t: float
    metallic_yield: float
    energy_kwh_per_t: Interval
    analysis: tuple[AnalysisLine, ...]
    emissions_kgco2e_per_t: Emissions
    costs_eur_per_t: Costs
    slag: Slag | None
    bath: Bath | None

    @property
    def weakest(self) -> tuple[float, Element | None]:
        """The lowest probability of any limit, and whose it is."""
        limited = [
            (line.met_with, line.element)
            for line in self.analysis
            if line.maximum_wt_pct is not None or line.minimum_wt_pct is not None
        ]
        return min(limited, key=lambda pair: pair[0], default=(1.0, None))


def outcome_of(problem: RecipeProblem, columns_t: FloatArray) -> Outcome:
    """Evaluate a recipe (n + m,), t."""
    n = problem.furnace_columns
    charged = columns_t[:n]
    final = float(problem.yields @ columns_t)
    furnace_t = float(problem.furnace_yields @ columns_t)
    metal = float(charged[problem.counted[:n] > 0].sum())
    energy_kwh = problem.energy_kwh(columns_t)
    paid = problem.cost.material * columns_t + problem.block_eur * (columns_t > UNUSED_BELOW_T)
    return Outcome(
        final_t=final,
        metallic_yield=furnace_t / metal if metal > 0 else 0.0,
        energy_kwh_per_t=_energy_interval(problem, charged, energy_kwh, furnace_t),
        analysis=tuple(_analysis_line(problem, row, columns_t, final) for row in problem.rows),
        emissions_kgco2e_per_t=Emissions(
            scope1=float(problem.emissions.scope1 @ columns_t) / final,
            scope2=problem.emissions.scope2_per_kwh * energy_kwh / final,
            scope3=float(problem.emissions.scope3 @ columns_t) / final,
        ),
        costs_eur_per_t=Costs(
            charge=float(paid[:n].sum()) / final,
            additions=float(paid[n:].sum()) / final,
            electricity=problem.cost.electricity_per_kwh * energy_kwh / final,
            carbon=(float(problem.cost.carbon @ columns_t) + problem.cost.electricity_carbon_per_kwh * energy_kwh)
            / final,
            process=float(problem.cost.process @ columns_t) / final,
        ),
        slag=None if problem.slag is None else problem.slag.of(columns_t, furnace_t),
        bath=None if problem.bath is None else problem.bath.of(columns_t, furnace_t),
    )


def _energy_interval(problem: RecipeProblem, charged: FloatArray, energy_kwh: float, furnace_t: float) -> Interval:
    names = problem.description.names
    full = np.zeros(len(names))
    for item, mass in zip(problem.items, charged, strict=False):
        full[names.index(item.material.name)] = mass
    pieces = problem.description.energy
    mean, sd = energy_kwh / furnace_t, pieces.sd(full, furnace_t)
    return Interval(mean=mean, low=mean + pieces.quantiles.at(LOW) * sd, high=mean + pieces.quantiles.at(HIGH) * sd)


def _analysis_line(problem: RecipeProblem, row: ElementRow, columns_t: FloatArray, final_t: float) -> AnalysisLine:
    mean, sd = row.mean(columns_t) / final_t, row.sd(columns_t) / final_t
    quantiles = row.quantiles
    if row.exact:
        # What does not scatter is within its limits or is not, as exactly as a solver holds them.
        limits = [limit for limit in (row.maximum, row.minimum) if limit is not None]
        room = max(problem.tolerance_wt_pct(limit) for limit in limits)
        below = float(row.maximum is None or mean <= row.maximum + room)
        under = float(row.minimum is not None and mean < row.minimum - room)
    else:
        below = 1.0 if row.maximum is None else _probability(quantiles, row.maximum - mean, sd)
        under = 0.0 if row.minimum is None else _probability(quantiles, row.minimum - mean, sd)
    return AnalysisLine(
        element=row.element,
        predicted=Interval(mean=mean, low=max(0.0, mean + quantiles.at(LOW) * sd), high=mean + quantiles.at(HIGH) * sd),
        minimum_wt_pct=row.minimum,
        maximum_wt_pct=row.maximum,
        aim_wt_pct=None if row.aim is None else row.aim.wt_pct,
        met_with=max(0.0, below - under),
    )


def _probability(quantiles: Quantiles, distance: float, sd: float) -> float:
    """Probability that the analysis stays below its mean plus a distance."""
    if sd <= 0:
        return 1.0 if distance >= 0 else 0.0
    return quantiles.probability(distance / sd)
