"""A heat in progress: how fast the rest is optimised again, and what that is worth where scales err and bays are empty.

    python -m benchmarks.shift [--quick] --json FILE

Heats of the bundled virtual plants, each with its orders, prices and stock of a random day. The scale errs by 3 % of
each lift, in 5 % of the heats a scrap comes from the wrong bay and in 5 % one is not to be had after the first basket.
The same heats are charged blind, by the first recipe, and optimised again: after every basket, and once more when a
sample of the melt is known. Each charge is made many times by the virtual furnace, from other lots each time.
"""

import gc
import statistics
import time
from dataclasses import dataclass

import numpy as np

from benchmarks import report
from benchmarks.published_charges import EXACT, STATED, read_published
from benchmarks.report import SHARED_DATA, Results
from benchmarks.shift_month import month_figures
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer, recipe_from
from optimizer.explain.substitutes import substitutes
from optimizer.plan.basket_count import basket_choices
from optimizer.plan.rest_of_heat import rest_of_heat
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from scenarios.bundled import names, virtual_plant
from scenarios.closed_loop.crane import Charged, CraneHeat, Mishaps, crane_heat, made
from scenarios.closed_loop.days import random_day
from scenarios.closed_loop.recoveries import recovery_errors
from scenarios.closed_loop.sampled import BASKET_CONFIDENCE, Melting
from scenarios.rolling import replanned_equals_planned
from scenarios.suppliers import supplier_excess
from scenarios.virtual_plant import VirtualPlant
from scenarios.world import stable_rng
from steel.grades import Order
from steel.heats import FloatArray
from steel.plants import YardItem
from surrogate.fit.fit import fit
from surrogate.model.model import Surrogate

HISTORY, HEATS = 700, 300
DRAWS, DRAWS_FULL = (60, 10), (400, 60)
"""How often each heat is made, and how often it is sampled and trimmed."""
OPTIONS = RecipeOptions(max_materials=8)
SUPPLIERS_DIFFER = 0.15
"""Relative standard deviation of suppliers about their material."""
LEAST_LOT_T = 1.0
"""Of every scrap, so that the search has yes/no decisions."""


@dataclass(frozen=True)
class Told:
    """The same heat made in three ways.

    Attributes:
        blind: by the first recipe.
        baskets: optimised again after every basket as surely as the first recipe, and sampled by nobody.
        again: optimised again less surely, for a sample follows, and trimmed by it.
        untrimmed: the same melts, not trimmed.
    """

    blind: Charged
    baskets: Charged
    again: Charged
    untrimmed: Charged


def _heats(virtual: VirtualPlant, model: Surrogate, count: int) -> list[tuple[CraneHeat, FloatArray]]:
    """Heats of random days, with the steel that the heat before left."""
    rng, optimizer = stable_rng("shift", virtual.plant.name, 0), Optimizer()
    found: list[tuple[CraneHeat, FloatArray]] = []
    log, furnace = virtual.history(HISTORY), virtual.plant.furnace
    share = furnace.heel_t / (furnace.heel_t + furnace.tap_weight_t)

    def with_lots(item: YardItem) -> dict[str, float]:
        return (
            {"min_lot_t": max(item.min_lot_t, LEAST_LOT_T)}
            if item.stage == "furnace" and item.material.metallic_yield > 0
            else {}
        )

    while len(found) < count:
        today = random_day(virtual.plant, rng).with_items(with_lots)
        grade = today.grades[rng.integers(len(today.grades))]
        heel = log.analysis_wt_pct[rng.integers(len(log))]
        description = model.describe(furnace.process, share, dict(zip(log.elements, heel.tolist(), strict=True)))
        order = Order(grade=today.grade(grade), mass_t=furnace.tap_weight_t)
        problem = build_problem(today, order, description, OPTIONS)
        try:
            solution = optimizer.solution(problem, explain=False)
        except ImpossibleOrderError:
            continue
        recipe = recipe_from(problem, solution, outcome_of(problem, solution.columns_t))
        found.append((crane_heat(today, order, description, OPTIONS, recipe, Mishaps(), rng), heel))
    return found


def _told(virtual: VirtualPlant, heats: list[tuple[CraneHeat, FloatArray]], draws: int, samples: int) -> list[Told]:
    optimizer, found = Optimizer(), []
    for number, (heat, heel) in enumerate(heats):
        ways = (heat.blind(), heat.optimised_again(optimizer, OPTIONS.confidence))
        # Both are made of the same lots, by the same furnace.
        key = (virtual.plant.name, number)
        melts = Melting(virtual, heat, heat.optimised_again(optimizer, BASKET_CONFIDENCE), heel, key).sampled(samples)
        blind, baskets = (made(virtual, heat, way, heel, draws, stable_rng("made", *key)) for way in ways)
        found.append(Told(blind, baskets, melts.trimmed, melts.without))
    return found


def _speed(heats: list[CraneHeat]) -> Results:
    """Milliseconds of one answer after a basket, and of substitutes for the greatest scrap."""
    optimizer, again, without = Optimizer(), [], []
    # As a process of the service does once it is up.
    gc.collect()
    gc.freeze()
    for repeat in (False, True):
        for heat in heats:
            weighed = heat.blind()[0][:1]
            started = time.perf_counter()
            try:
                rest_of_heat(
                    optimizer, heat.plant, heat.order, heat.description, heat.options, heat.recipe, weighed
                )  # fmt: skip
            except ImpossibleOrderError:
                continue
            if repeat:
                again.append(1000.0 * (time.perf_counter() - started))
            problem = build_problem(heat.plant, heat.order, heat.description, heat.options)
            greatest = heat.recipe.lines[0].material
            started = time.perf_counter()
            substitutes(optimizer, problem, (greatest,))
            if repeat:
                without.append(1000.0 * (time.perf_counter() - started))
    return {
        "reoptimise_ms_median": statistics.median(again),
        "reoptimise_ms_p99": sorted(again)[int(0.99 * (len(again) - 1))],
        "substitute_ms_median": statistics.median(without),
    }


def _published() -> Results:
    """The published charge after its first basket was weighed, and with an empty bay, by the same road as any heat."""
    folder = SHARED_DATA / "published_charges"
    if not folder.is_dir():
        return {}
    charges = read_published(folder)
    after = charges["ufmg_reopt_after_bucket1"]
    stated = STATED["ufmg_reopt_after_bucket1"](after)
    load = {name.partition(":")[2]: high for name, (_, high) in after["bounds"].items() if high > 0}
    plain = stated.plant.furnace.baskets.model_copy(update={"rules": ()}) if stated.plant.furnace.baskets else None
    plant = stated.plant.model_copy(update={"furnace": stated.plant.furnace.model_copy(update={"baskets": plain})})
    optimizer = Optimizer()
    first = optimizer.recommend(plant, stated.order, stated.description, EXACT)
    rest = rest_of_heat(optimizer, plant, stated.order, stated.description, EXACT, first, [load], change_eur_per_t=0.0)
    whole = STATED["ufmg_eaf_2_buckets"](charges["ufmg_eaf_2_buckets"])
    gone = tuple({name.partition(":")[2] for name in charges["ufmg_bay_empty"]["bounds"]})
    plan = optimizer.solve(whole)
    empty = rest_of_heat(optimizer, whole.plant, whole.order, whole.description, EXACT, plan, [], gone)
    three = STATED["ufmg_eaf_3_buckets"](charges["ufmg_eaf_3_buckets"])
    counts = basket_choices(optimizer, three.plant, three.order, three.description, EXACT)
    return {
        "third_basket_break_even": counts.break_even_eur[3],
        "published_after_basket_1": rest.recipe.costs_eur_per_t.total * stated.order.mass_t,
        "published_bay_empty": empty.recipe.costs_eur_per_t.total * whole.order.mass_t,
    }


def measure(quick: bool) -> Results:
    """Speed, published cases, and 300 heats charged blind and optimised again."""
    told: list[Told] = []
    speed: list[CraneHeat] = []
    for name in names():
        virtual = virtual_plant(name)
        model = fit(virtual.history(HISTORY), virtual.materials)
        heats = _heats(virtual, model, HEATS // len(names()))
        told += _told(virtual, heats, *(DRAWS if quick else DRAWS_FULL))
        speed += [heat for heat, _ in heats[:30]]
    same, gain = replanned_equals_planned()
    ways = ("blind", "baskets", "again", "untrimmed")
    off = {way: float(np.mean([getattr(one, way).off_spec for one in told])) for way in ways}
    cost = {way: float(np.mean([getattr(one, way).cost_eur_per_t for one in told])) for way in ways}
    return {
        **_speed(speed), **_published(),
        "heats": len(told), "blind_off_spec": off["blind"], "reoptimised_off_spec": off["again"],
        "reoptimised_off_spec_over_blind": off["again"] / off["blind"],
        "baskets_only_off_spec_over_blind": off["baskets"] / off["blind"],
        "trim_off_spec_over_no_sample": off["again"] / off["untrimmed"],
        "blind_cost_eur_per_t": cost["blind"], "reoptimised_cost_eur_per_t": cost["again"],
        "reoptimised_cost_over_blind": cost["again"] / cost["blind"],
        "baskets_only_cost_over_blind": cost["baskets"] / cost["blind"],
        **recovery_errors(),
        "replanned_equals_planned": same, "replanned_gain": gain,
        **month_figures(),
        "supplier_excess_vs_material": supplier_excess(SUPPLIERS_DIFFER),
        "alike_suppliers_excess_vs_material": supplier_excess(0.0),
    }  # fmt: skip


if __name__ == "__main__":
    report.run("shift", measure)
