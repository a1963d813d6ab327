"""Baskets and crane lifts.

Alike baskets of scrap that divides at will are one room: what fits in all of them together can be split evenly. Where
rules or lifts tell baskets apart, what goes into each is a variable of its own.
"""

import numpy as np
import pyomo.core as pyo

from optimizer.model.compiled import Filled
from optimizer.model.statement.masses import number, reach_t
from optimizer.model.statement.structure import BasketShape, Structure
from optimizer.problem.recipe_problem import RecipeProblem
from steel.baskets import Baskets


def state_baskets(model: pyo.ConcreteModel, structure: Structure) -> None:
    """State what the baskets hold, and the rules about what goes into which."""
    shape = structure.baskets
    if shape is None:
        return
    model.m3_per_t, model.basket_m3, model.basket_most_t = number(model.CHARGED), number(), number()
    if shape.apart:
        state_each_basket(model, shape)
        return
    volume = sum(model.m3_per_t[name] * model.charged_t[name] for name in model.CHARGED)
    weight = sum(model.charged_t[name] for name in model.CHARGED)
    model.basket_volume = pyo.Constraint(expr=volume <= shape.count * model.basket_m3)
    model.basket_weight = pyo.Constraint(expr=weight <= shape.count * model.basket_most_t)


def state_each_basket(model: pyo.ConcreteModel, shape: BasketShape) -> None:
    """State what goes into each basket: the first charged is 1."""
    model.BASKETS = pyo.RangeSet(1, shape.count)
    model.most_in_basket_t = number()
    model.basket_t = pyo.Var(model.BASKETS, model.CHARGED, bounds=(0, model.most_in_basket_t))
    model.loads = pyo.Constraint(
        model.CHARGED,
        rule=lambda _, name: sum(model.basket_t[b, name] for b in model.BASKETS) == model.charged_t[name],
    )
    weight = {b: sum(model.basket_t[b, name] for name in model.CHARGED) for b in model.BASKETS}
    volume = {b: sum(model.m3_per_t[name] * model.basket_t[b, name] for name in model.CHARGED) for b in model.BASKETS}
    if shape.melting:
        # What was charged before has melted and stands in the furnace.
        model.melt_m3_per_t = number()
        for b in model.BASKETS:
            volume[b] += model.melt_m3_per_t * sum(weight[before] for before in range(1, b))
    model.basket_volume = pyo.Constraint(model.BASKETS, rule=lambda _, b: volume[b] <= model.basket_m3)
    model.basket_weight = pyo.Constraint(model.BASKETS, rule=lambda _, b: weight[b] <= model.basket_most_t)
    most = [(rule.name, b) for rule in shape.rules if rule.most for b in rule.baskets]
    least = [(rule.name, b) for rule in shape.rules if rule.least for b in rule.baskets]
    most_m3 = [(rule.name, b) for rule in shape.rules if rule.most_m3 for b in rule.baskets]
    model.rule_most_t = number(pyo.Set(initialize=[rule.name for rule in shape.rules if rule.most]))
    model.rule_least_t = number(pyo.Set(initialize=[rule.name for rule in shape.rules if rule.least]))
    model.rule_most_m3 = number(pyo.Set(initialize=[rule.name for rule in shape.rules if rule.most_m3]))
    materials = {rule.name: rule.materials for rule in shape.rules}

    def inside(rule: str, b: int) -> object:
        return sum(model.basket_t[b, name] for name in materials[rule])

    model.basket_most = pyo.Constraint(most, rule=lambda _, rule, b: inside(rule, b) <= model.rule_most_t[rule])
    model.basket_least = pyo.Constraint(least, rule=lambda _, rule, b: inside(rule, b) >= model.rule_least_t[rule])
    model.basket_most_m3 = pyo.Constraint(
        most_m3,
        rule=lambda _, rule, b: (
            sum(model.m3_per_t[name] * model.basket_t[b, name] for name in materials[rule]) <= model.rule_most_m3[rule]
        ),
    )
    if shape.alike:
        # Which of alike baskets is called the first is nobody's decision.
        model.basket_order = pyo.Constraint(range(2, shape.count + 1), rule=lambda _, b: weight[b] <= weight[b - 1])


def state_lifts(model: pyo.ConcreteModel, structure: Structure) -> None:
    """State that what the crane lifts goes in whole, into each basket where these are stated apart."""
    if not structure.lifted:
        return
    model.LIFTED = pyo.Set(initialize=structure.lifted)
    model.lift_t, model.most_lifts = number(model.LIFTED), number(model.LIFTED)
    apart = structure.baskets is not None and structure.baskets.apart
    charged = set(structure.charged)
    place = {
        (name, b): model.basket_t[b, name] if b else model.mass_t[name]
        for name in structure.lifted
        for b in (model.BASKETS if apart and name in charged else [0])
    }
    model.lifts = pyo.Var(list(place), within=pyo.Integers, bounds=lambda _, name, b: (0, model.most_lifts[name]))
    model.whole_lifts = pyo.Constraint(
        list(place), rule=lambda _, name, b: place[name, b] == model.lift_t[name] * model.lifts[name, b]
    )


def numbers_of_basket_rules(baskets: Baskets) -> Filled:
    """Values of the numbers of baskets stated apart."""
    return {
        "basket_m3": baskets.volume_m3,
        "basket_most_t": baskets.max_t,
        "most_in_basket_t": baskets.max_t,
        "melt_m3_per_t": baskets.melt_m3_per_t,
        "rule_most_t": np.array([rule.max_t for rule in baskets.rules if rule.max_t is not None]),
        "rule_most_m3": np.array([rule.max_m3 for rule in baskets.rules if rule.max_m3 is not None]),
        "rule_least_t": np.array([rule.min_t for rule in baskets.rules if rule.min_t > 0]),
    }


def numbers_of_baskets(problem: RecipeProblem) -> Filled:
    """Values of the numbers stated here."""
    baskets = problem.plant.furnace.baskets
    most = np.minimum(reach_t(problem), problem.most)
    lifts = [(item.lift_t, most_t) for item, most_t in zip(problem.items, most, strict=True) if item.lift_t > 0]
    numbers: Filled = {} if baskets is None else numbers_of_basket_rules(baskets)
    return {
        **numbers,
        "m3_per_t": problem.volume_per_t,
        "lift_t": np.array([lift for lift, _ in lifts]),
        "most_lifts": np.array([np.floor(most_t / lift + 1e-9) for lift, most_t in lifts]),
    }
