"""Groups, crane lifts, joint confidence and tail means: against enumeration, draws, and what each must mean."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.reasons import bindings
from optimizer.explain.recommend import Optimizer
from optimizer.explain.review import review
from optimizer.plan.campaign import plan_campaign
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.solver import Solution
from steel.campaigns import Campaign
from steel.errors import InputError
from steel.heats import FloatArray
from steel.plants import MaterialGroup, Plant
from surrogate.model.description import OutputPieces
from surrogate.model.quantiles import Quantiles
from tests.optimizer.instances import NORMAL, Instance, random_instance
from tests.optimizer.prices import price

SEEDS = (1, 2, 6, 8)


def solved(instance: Instance, plant: Plant, **options: object) -> tuple[RecipeProblem, Solution]:
    asked = RecipeOptions.model_validate({"confidence": 0.9, "cut_tolerance": 1e-6, "gap": 1e-7, **options})
    problem = build_problem(plant, instance.order, instance.description, asked)
    return problem, Optimizer().solution(problem)


def grouped(plant: Plant, **shares: float) -> Plant:
    group = MaterialGroup(name="light", materials=("scrap 1", "scrap 2"), **shares)
    return plant.model_copy(update={"groups": (group,)})


def share(problem: RecipeProblem, solution: Solution) -> float:
    charged = solution.columns_t[: problem.furnace_columns]
    return float(charged[1:3].sum() / charged.sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_group_is_held_at_its_share_and_its_price_is_what_a_point_more_saves(seed: int) -> None:
    instance = random_instance(seed)
    free = share(*solved(instance, instance.plant))
    kind, bound = ("max_share", 0.6 * free) if free > 0.05 else ("min_share", 0.1)
    problem, solution = solved(instance, grouped(instance.plant, **{kind: bound}))
    assert share(problem, solution) == pytest.approx(bound, abs=1e-6)
    step = 1e-3 if kind == "max_share" else -1e-3
    nearby = [solved(instance, grouped(instance.plant, **{kind: bound + s}))[1].objective_eur for s in (-step, step)]
    key = "group_most" if kind == "max_share" else "group_least"
    # A point is a hundredth of the charge.
    assert price(problem, solution, key, "light") * 0.2 == pytest.approx(nearby[0] - nearby[1], rel=0.1, abs=0.05)


def test_a_group_that_cannot_be_is_named() -> None:
    instance = random_instance(2)
    plant = grouped(instance.plant, min_share=0.9)
    yard = tuple(item.model_copy(update={"max_t": 5.0}) if item.available_t else item for item in plant.yard)
    plant = plant.model_copy(update={"yard": yard})
    with pytest.raises(ImpossibleOrderError, match="light ≥ 90 % of the charge"):
        solved(instance, plant)


def test_a_group_must_name_what_the_yard_has() -> None:
    plant = random_instance(2).plant
    raw = plant.model_dump() | {"groups": ({"name": "light", "materials": ("moon rock",)},)}
    with pytest.raises(ValidationError, match="moon rock not in the yard"):
        Plant.model_validate(raw)


@pytest.mark.parametrize("seed", SEEDS)
def test_lifts_are_whole_and_as_cheap_as_trying_them_all(seed: int) -> None:
    instance = random_instance(seed, materials=4)
    lift = 20.0
    yard = tuple(
        item.model_copy(update={"lift_t": lift}) if item.material.name in ("scrap 1", "scrap 2") else item
        for item in instance.plant.yard
    )
    _, solution = solved(instance, instance.plant.model_copy(update={"yard": yard}))
    assert solution.columns_t[1:3] / lift == pytest.approx(np.round(solution.columns_t[1:3] / lift), abs=1e-6)
    best = np.inf
    for first, second in itertools.product(range(6), repeat=2):
        tried = list(instance.plant.yard)
        for j, lifts in ((1, first), (2, second)):
            most = tried[j].available_t or np.inf
            if lifts * lift <= most:
                tried[j] = tried[j].model_copy(update={"min_t": lifts * lift, "max_t": lifts * lift})
            else:
                break
        else:
            try:
                plant = instance.plant.model_copy(update={"yard": tuple(tried)})
                best = min(best, solved(instance, plant)[1].objective_eur)
            except ImpossibleOrderError:
                continue
    assert solution.objective_eur == pytest.approx(best, rel=1e-5)


def test_a_charge_of_ones_own_that_the_crane_cannot_lift_is_told() -> None:
    instance = random_instance(2)
    yard = tuple(
        item.model_copy(update={"lift_t": 10.0}) if item.material.name == "scrap 0" else item
        for item in instance.plant.yard
    )
    problem, solution = solved(instance, instance.plant.model_copy(update={"yard": yard}))
    found = review(problem, solution, {"scrap 0": 103.0, "scrap 1": 10.0})
    assert any("no multiple of a lift of 10 t" in miss for miss in found.misses)


def off_spec(problem: RecipeProblem, columns: FloatArray, draws: int = 200_000) -> FloatArray:
    """Share of heats that miss each limit, then any of them, by drawn contents; limits taken as independent."""
    rng = np.random.default_rng(0)
    final = float(problem.yields @ columns)
    missed = []
    for row in problem.rows:
        analysis = (row.mean(columns) + row.sd(columns) * rng.standard_normal(draws)) / final
        if row.maximum is not None:
            missed.append(analysis > row.maximum)
        if row.minimum is not None:
            missed.append(analysis < row.minimum)
    return np.array([*(m.mean() for m in missed), np.any(missed, axis=0).mean()])


@pytest.mark.parametrize("seed", SEEDS)
def test_joint_confidence_holds_for_all_limits_together_and_costs_less_than_equal_shares(seed: int) -> None:
    instance = random_instance(seed)
    each, one_by_one = solved(instance, instance.plant)
    joint, together = solved(instance, instance.plant, joint=True)
    _, equal = solved(instance, instance.plant, confidence=1 - 0.1 / 3)
    error = 4 * np.sqrt(0.09 / 200_000)
    assert off_spec(joint, together.columns_t)[-1] <= 0.1 + error
    assert off_spec(each, one_by_one.columns_t)[:-1].max() <= 0.1 + error
    assert one_by_one.objective_eur * (1 - 1e-5) <= together.objective_eur <= equal.objective_eur * (1 + 1e-5)


def test_moving_risk_to_the_limit_that_binds_pays() -> None:
    gains = []
    for seed in SEEDS:
        instance = random_instance(seed)
        together = solved(instance, instance.plant, joint=True)[1].objective_eur
        gains.append(solved(instance, instance.plant, confidence=1 - 0.1 / 3)[1].objective_eur - together)
    assert max(gains) > 1.0


def test_a_tail_mean_is_the_mean_of_the_worst_heats() -> None:
    draws = np.sort(np.random.default_rng(1).standard_normal(2_000_000))
    for probability in (0.8, 0.95, 0.99):
        worst = draws[int(probability * len(draws)) :].mean()
        assert NORMAL.mean_above(probability) == pytest.approx(worst, abs=0.02)
        assert NORMAL.mean_below(1 - probability) == pytest.approx(-worst, abs=0.02)
    skewed = Quantiles(np.exp(NORMAL.values))
    assert skewed.mean_above(0.9) > np.exp(NORMAL.mean_above(0.9))


@pytest.mark.parametrize("seed", SEEDS)
def test_even_the_mean_of_the_worst_heats_meets_the_limit(seed: int) -> None:
    instance = random_instance(seed)
    problem, solution = solved(instance, instance.plant, risk="tail_mean")
    rng = np.random.default_rng(2)
    final = float(problem.yields @ solution.columns_t)
    for row in problem.rows:
        sd = row.sd(solution.columns_t)
        analysis = np.sort(row.mean(solution.columns_t) + sd * rng.standard_normal(200_000)) / final
        if row.maximum is not None:
            assert analysis[int(0.9 * len(analysis)) :].mean() <= row.maximum * (1 + 2e-3)
    assert solution.objective_eur >= solved(instance, instance.plant)[1].objective_eur * (1 - 1e-6)


def test_joint_tail_means_are_refused() -> None:
    with pytest.raises(ValidationError, match="one or the other"):
        RecipeOptions(joint=True, risk="tail_mean")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lots", [False, True])
def test_the_order_of_materials_changes_nothing(seed: int, lots: bool) -> None:
    instance = random_instance(seed, lots=lots)
    turned = instance.plant.model_copy(update={"yard": instance.plant.yard[::-1]})
    wanted = solved(instance, instance.plant)[1].objective_eur
    assert solved(instance, turned)[1].objective_eur == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_material_split_in_two_equal_ones_changes_nothing(seed: int) -> None:
    instance = random_instance(seed)
    told = instance.description
    pick = [*range(len(told.materials)), 1]
    twin = told.materials[1].model_copy(update={"name": "scrap 1 twin"})

    def doubled(pieces: OutputPieces) -> OutputPieces:
        return replace(
            pieces,
            linear=pieces.linear[pick],
            pieces=pieces.pieces[:, pick],
            covariance=pieces.covariance[np.ix_(pick, pick)],
        )

    description = replace(
        told,
        materials=(*told.materials, twin),
        yields=told.yields[pick],
        elements={element: doubled(pieces) for element, pieces in told.elements.items()},
        energy=doubled(told.energy),
    )
    half = (instance.plant.yard[1].available_t or 0.0) / 2
    yard = list(instance.plant.yard)
    yard[1] = yard[1].model_copy(update={"available_t": half})
    other = instance.plant.yard[1].model_copy(update={"available_t": half, "material": twin})
    split = Instance(instance.plant.model_copy(update={"yard": (*yard, other)}), instance.order, description)
    wanted = solved(instance, instance.plant)[1].objective_eur
    assert solved(split, split.plant)[1].objective_eur == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_power_on_time_is_the_electricity_it_takes(seed: int) -> None:
    instance = random_instance(seed)
    furnace = instance.plant.furnace.model_copy(update={"mean_power_mw": 60.0})
    plant = instance.plant.model_copy(update={"furnace": furnace})
    free, solution = solved(instance, plant)
    minutes = free.energy_kwh(solution.columns_t) / 1000.0
    problem, held = solved(instance, plant, max_power_on_min=0.99 * minutes)
    assert problem.energy_kwh(held.columns_t) / 1000.0 == pytest.approx(0.99 * minutes, rel=1e-6)
    told = {one.requirement.split(" ≤")[0]: one for one in bindings(problem, held)}
    nearby = [solved(instance, plant, max_power_on_min=0.99 * minutes + s)[1].objective_eur for s in (-0.01, 0.01)]
    saved = (nearby[0] - nearby[1]) / 0.02 / problem.order.mass_t
    assert told["power on"].worth_eur_per_t == pytest.approx(saved, rel=0.1, abs=0.01)
    mine = {item.material.name: float(t) for item, t in zip(free.items[:5], solution.columns_t, strict=False)}
    assert any(miss.startswith("power on ≤ ") for miss in review(problem, held, mine).misses)


def test_a_power_on_time_needs_a_furnace_of_known_power() -> None:
    instance = random_instance(2)
    with pytest.raises(InputError, match="mean_power_mw"):
        solved(instance, instance.plant, max_power_on_min=40.0)


@pytest.mark.parametrize("seed", range(8))
def test_blocks_are_paid_whole_whatever_is_used_of_them(seed: int) -> None:
    """Against every choice of blocks: those taken cost their whole price and then nothing more a t."""
    instance = random_instance(seed)
    sizes = {"scrap 1": 30.0, "scrap 2": 18.0, "scrap 3": 25.0}
    blocks = tuple(
        item.model_copy(update={"available_t": sizes[name], "paid_whole": True})
        if (name := item.material.name) in sizes
        else item
        for item in instance.plant.yard
    )
    cheapest = np.inf
    for taken in itertools.product((False, True), repeat=3):
        paid, yard = 0.0, []
        choice = dict(zip(sizes, taken, strict=True))
        for item in blocks:
            name = item.material.name
            if name in sizes:
                paid += item.price_eur_per_t * sizes[name] * choice[name]
                free = {"paid_whole": False, "price_eur_per_t": 0.0, "available_t": sizes[name] * choice[name]}
                yard.append(item.model_copy(update=free))
            else:
                yard.append(item)
        plant = instance.plant.model_copy(update={"yard": tuple(yard)})
        try:
            cheapest = min(cheapest, paid + solved(instance, plant)[1].objective_eur)
        except ImpossibleOrderError:
            continue
    plant = instance.plant.model_copy(update={"yard": blocks})
    if not np.isfinite(cheapest):
        with pytest.raises(ImpossibleOrderError):
            solved(instance, plant)
        return
    problem, found = solved(instance, plant)
    assert found.objective_eur == pytest.approx(cheapest, rel=2e-4)
    assert outcome_of(problem, found.columns_t).costs_eur_per_t.total * found.final_t == pytest.approx(
        found.objective_eur, rel=1e-6
    )


def test_a_block_that_must_be_used_is_paid_and_counted_once() -> None:
    instance = random_instance(2)
    yard = tuple(
        item.model_copy(update={"available_t": 20.0, "min_t": 5.0, "paid_whole": True})
        if item.material.name == "scrap 1"
        else item
        for item in instance.plant.yard
    )
    plant = instance.plant.model_copy(update={"yard": yard})
    options = RecipeOptions(confidence=0.9, max_materials=3)
    problem = build_problem(plant, instance.order, instance.description, options)
    found = Optimizer().solution(problem)
    assert found.columns_t[1] >= 5.0 - 1e-6
    assert int((found.columns_t[:5] > 1e-6).sum()) <= 3
    assert found.objective_eur == pytest.approx(problem.objective_eur(found.columns_t), rel=1e-6)


def test_a_block_is_not_planned_over_many_heats() -> None:
    instance = random_instance(2)
    yard = tuple(item.model_copy(update={"available_t": 20.0, "paid_whole": True}) for item in instance.plant.yard)
    plant = instance.plant.model_copy(update={"yard": yard})
    with pytest.raises(InputError, match="paid by the t"):
        plan_campaign(plant, Campaign(orders=(instance.order,)), instance.description, RecipeOptions())
