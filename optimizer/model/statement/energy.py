"""Electricity: the greatest of linear pieces, plus what trees or a network predict, and the caps on it."""

import numpy as np
import pyomo.core as pyo

from optimizer.model.compiled import Filled
from optimizer.model.statement.masses import number, reach_t
from optimizer.model.statement.structure import Structure
from optimizer.problem.recipe_problem import RecipeProblem
from steel.heats import FloatArray


def state_energy(model: pyo.ConcreteModel, structure: Structure) -> None:
    """State what a charge takes, and at most how much it may."""
    # No cost is below that of the linear part at nothing charged, but trees may pull electricity below zero kWh/t.
    model.energy_kwh = pyo.Var(within=pyo.Reals if structure.energy_predicted else pyo.NonNegativeReals)
    model.MELTING = pyo.RangeSet(0, structure.energy_pieces - 1)
    model.kwh_per_t = number(model.MELTING, model.CHARGED)
    piece = [sum(model.kwh_per_t[k, name] * model.charged_t[name] for name in model.CHARGED) for k in model.MELTING]
    predicted = 0.0
    if structure.energy_predicted:
        model.predicted_kwh = pyo.Var()
        predicted = model.predicted_kwh
    model.melting = pyo.Constraint(model.MELTING, rule=lambda _, k: piece[k] + predicted <= model.energy_kwh)
    if structure.energy_paid:
        # Who is paid for electricity is paid for what the charge takes, and for no more.
        model.melting_slack_kwh = number(model.MELTING)
        model.melting_chosen = pyo.Var(model.MELTING, within=pyo.Binary)
        model.melting_most = pyo.Constraint(
            model.MELTING,
            rule=lambda _, k: (
                model.energy_kwh - piece[k] - predicted <= model.melting_slack_kwh[k] * (1 - model.melting_chosen[k])
            ),
        )
        model.one_melting = pyo.Constraint(expr=sum(model.melting_chosen[k] for k in model.MELTING) == 1)
    if structure.energy_cap:
        model.most_kwh_per_t = number()
        model.energy_cap = pyo.Constraint(expr=model.energy_kwh <= model.most_kwh_per_t * model.tapped_t)
    if structure.power_on:
        model.most_power_on_min, model.kwh_per_min = number(), number()
        model.power_on = pyo.Constraint(expr=model.energy_kwh <= model.most_power_on_min * model.kwh_per_min)


def numbers_of_energy(problem: RecipeProblem) -> Filled:
    """Values of the numbers stated here."""
    n, options = problem.furnace_columns, problem.options
    pieces = problem.energy_pieces if len(problem.energy_pieces) else np.zeros((1, n))
    numbers: dict[str, FloatArray | float] = {
        "kwh_per_t": problem.energy_linear + pieces,
        "most_kwh_per_t": options.max_energy_kwh_per_t or 0.0,
        "most_power_on_min": options.max_power_on_min or 0.0,
        "kwh_per_min": problem.kwh_per_min,
    }
    if problem.cost.per_kwh < 0.0:
        numbers["melting_slack_kwh"] = (pieces.max(axis=0) - pieces) @ reach_t(problem)[:n]
    return numbers
