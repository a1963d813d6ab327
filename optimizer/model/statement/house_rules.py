"""A plant's rules: shares of the charge, slag and bath, lots, and how many materials there may be."""

import numpy as np
import pyomo.core as pyo

from optimizer.model.compiled import Filled
from optimizer.model.statement.masses import number
from optimizer.model.statement.structure import Structure, has_lot_decision
from optimizer.problem.recipe_problem import RecipeProblem


def state_house_rules(model: pyo.ConcreteModel, structure: Structure) -> None:
    """State them."""
    _state_groups(model, structure)
    _state_balances(model, structure)
    _state_decisions(model, structure)


def _state_groups(model: pyo.ConcreteModel, structure: Structure) -> None:
    inside = {g.name: sum(model.mass_t[name] for name in g.materials) for g in structure.groups}
    model.GROUPS_MOST = pyo.Set(initialize=[g.name for g in structure.groups if g.most])
    model.GROUPS_LEAST = pyo.Set(initialize=[g.name for g in structure.groups if g.least])
    model.most_share, model.least_share = number(model.GROUPS_MOST), number(model.GROUPS_LEAST)
    model.group_most = pyo.Constraint(
        model.GROUPS_MOST, rule=lambda _, g: inside[g] <= model.most_share[g] * model.metal_t
    )
    model.group_least = pyo.Constraint(
        model.GROUPS_LEAST, rule=lambda _, g: inside[g] >= model.least_share[g] * model.metal_t
    )


def _state_balances(model: pyo.ConcreteModel, structure: Structure) -> None:
    """What a part is of a whole: lime of silica, magnesia of the slag, carbon of the steel."""
    sense = dict(structure.balances)
    model.BALANCES = pyo.Set(initialize=list(sense))
    model.part, model.whole = number(model.BALANCES, model.MATERIALS), number(model.BALANCES, model.MATERIALS)
    model.balance_limit = number(model.BALANCES)

    def balance(_: pyo.Block, rule: str) -> object:
        part = sum(model.part[rule, name] * model.mass_t[name] for name in model.MATERIALS)
        whole = sum(model.whole[rule, name] * model.mass_t[name] for name in model.MATERIALS)
        limit = model.balance_limit[rule] * whole
        return part <= limit if sense[rule] > 0 else part >= limit

    model.balance = pyo.Constraint(model.BALANCES, rule=balance)


def _state_decisions(model: pyo.ConcreteModel, structure: Structure) -> None:
    model.DECIDED = pyo.Set(initialize=structure.decided)
    model.can_be_used = number(model.DECIDED)
    model.used = pyo.Var(model.DECIDED, within=pyo.Integers, bounds=lambda _, name: (0, model.can_be_used[name]))
    model.use = pyo.Constraint(
        model.DECIDED, rule=lambda _, name: model.mass_t[name] <= model.most_t[name] * model.used[name]
    )
    model.WITH_LOT = pyo.Set(initialize=structure.with_lot)
    model.lot_t = number(model.WITH_LOT)
    model.lot = pyo.Constraint(
        model.WITH_LOT, rule=lambda _, name: model.lot_t[name] * model.used[name] <= model.mass_t[name]
    )
    if structure.limited_count:
        model.most_materials, model.must_materials = number(), number()
        counted = set(structure.counted)
        used = sum(model.used[name] for name in structure.decided if name in counted)
        model.count = pyo.Constraint(expr=used + model.must_materials <= model.most_materials)


def numbers_of_house_rules(problem: RecipeProblem) -> Filled:
    """Values of the numbers stated here."""
    decided = [j for j in range(len(problem.items)) if has_lot_decision(problem, j)]
    rules, groups = problem.balance_rules, problem.plant.groups
    none = np.zeros((0, len(problem.items)))
    return {
        "most_share": np.array([group.max_share for group in groups if group.max_share < 1.0]),
        "least_share": np.array([group.min_share for group in groups if group.min_share > 0.0]),
        "part": np.array([rule.part for rule in rules]) if rules else none,
        "whole": np.array([rule.whole for rule in rules]) if rules else none,
        "balance_limit": np.array([rule.limit for rule in rules]),
        "can_be_used": (problem.most[decided] > 0).astype(np.float64),
        "lot_t": np.array([problem.lots[j] for j in decided if problem.lots[j] > 0]),
        "most_materials": float(problem.options.max_materials or 0),
        "must_materials": float(np.sum((problem.counted > 0) & (problem.least > 0) & (problem.block_eur == 0))),
    }
