"""Baskets and crane lifts in the recipe model.

Alike baskets of scrap that divides at will are one room: what fits in all of them together can be split evenly. Where
rules or lifts tell baskets apart, what goes into each is a column of its own.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import RecipeProblem
from optimizer.rows import RowModel
from steel.baskets import BasketRule, Baskets
from steel.heats import FloatArray


def add_baskets(model: RowModel, problem: RecipeProblem) -> None:
    """State what the baskets hold, and the rules about what goes into which."""
    baskets = problem.plant.furnace.baskets
    if baskets is None:
        return
    if problem.baskets_apart:
        add_each(model, problem, baskets)
        return
    each = np.ones(problem.furnace_columns)
    volume, weight = baskets.count * baskets.volume_m3, baskets.count * baskets.max_t
    model.row("basket_volume", masses=problem.volume_per_t, others=model.slack("volume", ""), upper=volume)
    model.row("basket_weight", masses=each, others=model.slack("weight", ""), upper=weight)


def add_each(model: RowModel, problem: RecipeProblem, baskets: Baskets) -> NDArray[np.int_]:
    """State what goes into each basket, and the rules about it; (n, B) columns of t by furnace material and basket."""
    n, count = problem.furnace_columns, baskets.count
    # Elastic, a basket may be asked to hold more.
    most = np.inf if model.elastic else baskets.max_t
    inside = np.array([[model.column("in", j, b, upper=most) for b in range(count)] for j in range(n)])
    for j in range(n):
        model.row("loads", j, others={j: -1.0, **dict.fromkeys(inside[j], 1.0)}, lower=0.0, upper=0.0)
    for b in range(count):
        # One slack is room for all baskets together.
        volume = dict(zip(inside[:, b], problem.volume_per_t, strict=True))
        others = volume | model.slack("volume", "", -1.0 / count)
        model.row("basket_volume", b, others=others, upper=baskets.volume_m3)
        others = dict.fromkeys(inside[:, b], 1.0) | model.slack("weight", "", -1.0 / count)
        model.row("basket_weight", b, others=others, upper=baskets.max_t)
    for rule in baskets.rules:
        for b in rule.where(count):
            about = [j for j in range(n) if problem.items[j].material.name in rule.materials]
            _add_rule(model, rule, b, dict.fromkeys(inside[about, b], 1.0))
    if not baskets.rules:
        # Which of alike baskets is called the first is nobody's decision.
        for b in range(count - 1):
            lighter, heavier = dict.fromkeys(inside[:, b + 1], 1.0), dict.fromkeys(inside[:, b], -1.0)
            model.row("basket_order", b, others=lighter | heavier, upper=0.0)
    return inside


def _add_rule(model: RowModel, rule: BasketRule, basket: int, masses: dict[int, float]) -> None:
    if rule.min_t > 0:
        others = masses | model.slack("basket_least", rule.name, 1.0)
        model.row("basket_least", rule.name, basket, others=others, lower=rule.min_t)
    if rule.max_t is not None:
        others = masses | model.slack("basket_most", rule.name)
        model.row("basket_most", rule.name, basket, others=others, upper=rule.max_t)


def add_lifts(model: RowModel, problem: RecipeProblem, bounds_t: FloatArray) -> None:
    """State that what the crane lifts goes in whole, into each basket where these are told apart.

    Args:
        model: that states the baskets already.
        problem: whose materials.
        bounds_t: most of each column; of the first ones, where only these are in the model.
    """
    for j, item in enumerate(problem.items[: len(bounds_t)]):
        if item.lift_t <= 0:
            continue
        most = float(np.floor(bounds_t[j] / item.lift_t + 1e-9))
        targets = [(name, at) for name, at in model.columns.items() if name[:2] == ("in", j)] or [(("t", j), j)]
        for name, at in targets:
            lifts = model.column("lifts", *name[1:], upper=most, integer=True)
            model.row("lifts", *name[1:], others={at: 1.0, lifts: -item.lift_t}, lower=0.0, upper=0.0)
