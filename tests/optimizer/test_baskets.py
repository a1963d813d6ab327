"""Baskets told apart by rules and crane lifts: against linear programmes of their own, and enumeration."""

import itertools

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.optimize import linprog

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.reasons import bindings
from optimizer.explain.recommend import Optimizer
from optimizer.explain.review import review
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.errors import InfeasibleError
from optimizer.solve.packing import fill_baskets
from optimizer.solve.solver import Solution
from steel.baskets import BasketRule, Baskets
from steel.materials import MaterialKind
from steel.plants import Plant
from steel.recipes import Recipe
from tests.optimizer.instances import Instance, random_instance

SEEDS = (1, 2, 6, 8)
EXACT = {"confidence": 0.5, "cut_tolerance": 1e-6, "gap": 1e-7}


def with_baskets(instance: Instance, *rules: BasketRule, **values: float) -> Plant:
    baskets = Baskets.model_validate({"count": 2, "volume_m3": 80, "max_t": 60, **values, "rules": rules})
    furnace = instance.plant.furnace.model_copy(update={"baskets": baskets})
    return Plant.model_validate(instance.plant.model_copy(update={"furnace": furnace}).model_dump())


def lifted(plant: Plant, lifts: dict[str, float]) -> Plant:
    yard = tuple(item.model_copy(update={"lift_t": lifts.get(item.material.name, 0.0)}) for item in plant.yard)
    return plant.model_copy(update={"yard": yard})


def solved(instance: Instance, plant: Plant) -> tuple[RecipeProblem, Solution]:
    problem = build_problem(plant, instance.order, instance.description, RecipeOptions.model_validate(EXACT))
    return problem, Optimizer().solution(problem)


def recipe(instance: Instance, plant: Plant) -> Recipe:
    return Optimizer().recommend(plant, instance.order, instance.description, RecipeOptions.model_validate(EXACT))


def cheapest_by_basket(problem: RecipeProblem, held: dict[tuple[int, int], float] | None = None) -> float:
    """Cost of a problem without scatter: t by material and basket, the alloy, electricity; some loads held."""
    baskets = problem.plant.furnace.baskets
    assert baskets is not None
    n, count = problem.furnace_columns, baskets.count
    width = n * count + 2

    def masses(values: np.ndarray, basket: int | None = None) -> np.ndarray:
        row = np.zeros(width)
        for b in range(count):
            if basket in (None, b):
                row[b * n : (b + 1) * n] = values[:n]
        if len(values) > n:
            row[-2] = values[n]
        return row

    rows = [masses(problem.energy_linear + piece) - np.eye(width)[-1] for piece in problem.energy_pieces]
    limits = [0.0] * len(rows)
    for row in problem.rows:
        if row.maximum is not None:
            rows.append(masses(row.linear))
            limits.append(row.maximum * problem.order.mass_t)
        if row.minimum is not None:
            rows.append(-masses(row.linear))
            limits.append(-row.minimum * problem.order.mass_t)
    for j in range(n):
        if np.isfinite(problem.most[j]):
            rows.append(masses(np.eye(n)[j]))
            limits.append(problem.most[j])
    for b in range(count):
        rows += [masses(problem.volume_per_t, b), masses(np.ones(n), b)]
        limits += [baskets.volume_m3, baskets.max_t]
    for rule in baskets.rules:
        inside = np.array([item.material.name in rule.materials for item in problem.items[:n]], dtype=float)
        for number in rule.baskets or range(1, count + 1):
            rows.append(-masses(inside, number - 1))
            limits.append(-rule.min_t)
            if rule.max_t is not None:
                rows.append(masses(inside, number - 1))
                limits.append(rule.max_t)
    bounds: list[tuple[float, float | None]] = [(0.0, None)] * width
    for (j, b), mass in (held or {}).items():
        bounds[b * n + j] = (mass, mass)
    cost = masses(problem.cost.columns) + problem.cost.per_kwh * np.eye(width)[-1]
    found = linprog(
        cost, A_ub=np.array(rows), b_ub=limits, A_eq=[masses(problem.yields)], b_eq=[problem.order.mass_t],
        bounds=bounds, method="highs",
    )  # fmt: skip
    return float(found.fun) if found.status == 0 and found.fun is not None else np.inf


@pytest.mark.parametrize("seed", SEEDS)
def test_rules_by_basket_are_kept_at_the_least_cost(seed: int) -> None:
    instance = random_instance(seed, scatter=False)
    light = BasketRule(name="cushion", materials=("scrap 1", "scrap 2"), min_t=6.0)
    heavy = BasketRule(name="heavy late", materials=("scrap 0", "scrap 3"), baskets=(2,), max_t=20.0)
    problem, solution = solved(instance, with_baskets(instance, light, heavy))
    assert solution.objective_eur == pytest.approx(cheapest_by_basket(problem), rel=1e-5)
    loads = fill_baskets(problem, solution.columns_t[: problem.furnace_columns])
    assert (loads[1:3].sum(axis=0) >= 6.0 - 1e-5).all()
    assert loads[[0, 3], 1].sum() <= 20.0 + 1e-5
    assert loads.sum(axis=0).max() <= 60.0 + 1e-4
    assert loads.sum(axis=1) == pytest.approx(solution.columns_t[: problem.furnace_columns], abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_basket_rule_costs_what_a_ton_more_saves(seed: int) -> None:
    instance = random_instance(seed, scatter=False)
    free = solved(instance, with_baskets(instance))[1]
    dearest = int(np.argmin(free.columns_t[:5]))

    def cost(mass_t: float) -> tuple[RecipeProblem, Solution]:
        rule = BasketRule(name="some of it", materials=(f"scrap {dearest}",), min_t=mass_t)
        return solved(instance, with_baskets(instance, rule))

    problem, solution = cost(3.0)
    told = {binding.requirement: binding for binding in bindings(problem, solution)}
    found = told["some of it: at least 3 t in every basket"]
    saved = (cost(3.05)[1].objective_eur - cost(2.95)[1].objective_eur) / 0.1 / problem.order.mass_t
    assert found.step == "-0.1 t"
    assert found.worth_eur_per_t == pytest.approx(0.1 * saved, rel=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_lifts_that_do_not_fit_evenly_are_packed_or_charged_otherwise(seed: int) -> None:
    instance = random_instance(seed, materials=3, scatter=False)
    plant = lifted(with_baskets(instance, volume_m3=100), {"scrap 0": 35.0, "scrap 1": 17.0})
    plant = plant.model_copy(update={"yard": tuple(i.model_copy(update={"available_t": None}) for i in plant.yard)})
    problem, solution = solved(instance, plant)
    best = np.inf
    for a, b, c, d in itertools.product(range(2), range(2), range(4), range(4)):
        held = {(0, 0): 35.0 * a, (0, 1): 35.0 * b, (1, 0): 17.0 * c, (1, 1): 17.0 * d}
        best = min(best, cheapest_by_basket(problem, held))
    assert solution.objective_eur == pytest.approx(best, rel=1e-5)
    loads = fill_baskets(problem, solution.columns_t[:3])
    assert loads.sum(axis=0).max() <= 60.0 + 1e-4
    assert loads[0] / 35.0 == pytest.approx(np.round(loads[0] / 35.0), abs=1e-6)
    assert loads[1] / 17.0 == pytest.approx(np.round(loads[1] / 17.0), abs=1e-6)


def test_a_charge_whose_lifts_fit_in_sum_only_is_told() -> None:
    instance = random_instance(2, materials=3, scatter=False)
    plant = lifted(with_baskets(instance, volume_m3=100), {"scrap 0": 39.0})
    problem, solution = solved(instance, plant)
    assert solution.columns_t[0] < 3 * 39.0 - 1
    with pytest.raises(InfeasibleError):
        fill_baskets(problem, np.array([3 * 39.0, 0.0, 0.0]))
    mine = review(problem, solution, {"scrap 0": 117.0})
    assert any("cannot be split between 2" in miss for miss in mine.misses)


def test_rules_that_contradict_the_order_are_named() -> None:
    instance = random_instance(2, scatter=False)
    rule = BasketRule(name="no clean scrap", materials=("scrap 0", "scrap 1"), max_t=1.0)
    with pytest.raises(ImpossibleOrderError, match="no clean scrap: at most 1 t in every basket"):
        solved(instance, with_baskets(instance, rule))


def test_each_basket_is_loaded_light_then_deep_then_heavy_to_light() -> None:
    instance = random_instance(1, scatter=False)
    densities = (1.1, 0.5, 0.7, 0.9, 0.6)
    materials = tuple(
        m.model_copy(update={"bulk_density_t_per_m3": d, "kind": MaterialKind.FLUX if k == 4 else m.kind})
        for k, (m, d) in enumerate(zip(instance.description.materials, densities, strict=True))
    )
    plant = with_baskets(instance, volume_m3=200)
    yard = tuple(
        item.model_copy(update={"material": material, "min_t": 4.0, "available_t": None})
        for item, material in zip(plant.yard, materials, strict=False)
    )
    found = recipe(instance, plant.model_copy(update={"yard": (*yard, plant.yard[-1])}))
    for basket in found.baskets:
        names = [layer.material for layer in basket.layers]
        assert names == ["scrap 1", "scrap 4", "scrap 0", "scrap 3", "scrap 2"]
        assert sum(layer.mass_t for layer in basket.layers) == pytest.approx(basket.mass_t)
    charged = sum(line.mass_t for line in found.lines if line.stage == "furnace")
    assert sum(basket.mass_t for basket in found.baskets) == pytest.approx(charged)


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ([{"name": "a", "materials": ["scrap 0"], "min_t": 5, "max_t": 2}], "min_t 5.0 exceeds max_t 2.0"),
        ([{"name": "a", "materials": ["scrap 0"], "baskets": [3]}], "basket 3 of 2"),
        ([{"name": "a", "materials": ["scrap 0"]}] * 2, "stated twice"),
        ([{"name": "a", "materials": ["moon rock"]}], "moon rock not in the yard"),
    ],
)
def test_rules_that_cannot_be_are_refused(rules: list[dict[str, object]], complaint: str) -> None:
    instance = random_instance(2)
    with pytest.raises(ValidationError, match=complaint):
        with_baskets(instance, *rules)  # type: ignore[arg-type]
