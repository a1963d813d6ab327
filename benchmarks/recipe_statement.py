"""The statement: what building, compiling and filling it takes, and whether other solvers find the same cost in it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.recipe_instances import CONFIDENCE, Family, family
from benchmarks.report import Results
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.model.compiled import compile_model
from optimizer.model.exchange import solve_by
from optimizer.model.instance import compiled_statement, numbers_of
from optimizer.model.statement.recipe import recipe_model
from optimizer.model.statement.structure import structure_of
from optimizer.problem.options import Aim, Objective, RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from steel.baskets import BasketRule
from steel.elements import Element
from steel.grades import Order
from steel.heats import FloatArray
from steel.plants import MaterialGroup, Plant, RulesFile
from surrogate.model.networks import ReluNetwork
from surrogate.model.trees import Trees

EXACT = RecipeOptions(confidence=CONFIDENCE, gap=1e-8, cut_tolerance=1e-7, time_limit_s=60.0)
SMALL = 8
"""Materials of the instances that another solver has to find the optimum of, yes/no decisions and all."""
RULES = RulesFile(
    name="rules.py",
    text="""
from optimizer.problem.own_rules import rule


@rule("scrap 01 at most half of scrap 00 and 12 t", unit="t")
def with_its_like(model):
    return model.charged_t["scrap 01"] <= 0.5 * model.charged_t["scrap 00"] + 12


@rule("scrap 02 and scrap 03 at most 55 % of the charge", unit="t")
def not_too_much_of_both(model):
    return model.charged_t["scrap 02"] + model.charged_t["scrap 03"] <= 0.55 * model.metal_t


@rule("scrap 04 between 1 t and 45 t", unit="t")
def always_some(model):
    return [model.charged_t["scrap 04"] >= 1, model.charged_t["scrap 04"] <= 45]
""",
)
DECIDING = RulesFile(
    name="deciding.py",
    text="""
import pyomo.environ as pyo

from optimizer.problem.own_rules import rule


@rule("scrap 00 only with at least 8 t of scrap 01", unit="t")
def together(model):
    model.both = pyo.Var(within=pyo.Binary)
    return [model.charged_t["scrap 00"] <= 100 * model.both, model.charged_t["scrap 01"] >= 8 * model.both]
""",
)


@dataclass(frozen=True)
class Drawn:
    """One instance, still to be changed by a kind of requirement."""

    plant: Plant
    order: Order
    options: RecipeOptions
    family: Family


def _options(**changes: object) -> Callable[[Drawn], Drawn]:
    return lambda one: replace(one, options=one.options.model_copy(update=changes))


def _plant(**changes: object) -> Callable[[Drawn], Drawn]:
    return lambda one: replace(one, plant=one.plant.model_copy(update=changes))


def _furnace(**changes: object) -> Callable[[Drawn], Drawn]:
    return lambda one: _plant(furnace=one.plant.furnace.model_copy(update=changes))(one)


def _yard(**changes: object) -> Callable[[Drawn], Drawn]:
    """Change the first two materials."""

    def changed(one: Drawn) -> Drawn:
        first = tuple(item.model_copy(update=changes) for item in one.plant.yard[:2])
        return _plant(yard=(*first, *one.plant.yard[2:]))(one)

    return changed


def _baskets(**changes: object) -> Callable[[Drawn], Drawn]:
    def changed(one: Drawn) -> Drawn:
        baskets = one.plant.furnace.baskets
        assert baskets is not None
        return _furnace(baskets=baskets.model_copy(update=changes))(one)

    return changed


def _tree(one: Drawn) -> Drawn:
    count = len(one.family.materials)
    trees = Trees(np.array([[0, 1, 2]]), np.array([[0.15, 0.1, 0.2]]), np.array([[20.0, -10.0, 5.0, -15.0]]))
    known = one.family.description
    energy = replace(known.energy, linear=np.full(count, 380.0), pieces=np.zeros((0, count)), trees=trees)
    return replace(one, family=replace(one.family, description=replace(known, energy=energy)))


def _network(one: Drawn) -> Drawn:
    count = len(one.family.materials)
    slopes = np.linspace(-1.0, 1.0, 3 * count).reshape(3, count)
    network = ReluNetwork((slopes, np.array([[30.0, -20.0, 15.0]])), (np.array([0.1, -0.1, 0.0]), np.array([380.0])))
    known = one.family.description
    energy = replace(known.energy, pieces=np.zeros((0, count)), network=network)
    return replace(one, family=replace(one.family, description=replace(known, energy=energy)))


def _piece(one: Drawn) -> Drawn:
    """A convex remainder of an element."""
    known = one.family.description
    copper = known.elements[Element.CU]
    pieces = np.vstack([0.02 * copper.linear, 0.05 * copper.linear - 0.005])
    elements = {**known.elements, Element.CU: replace(copper, pieces=pieces)}
    return replace(one, family=replace(one.family, description=replace(known, elements=elements)))


def _least(one: Drawn) -> Drawn:
    """A lower limit too."""
    grade = one.order.grade
    low = {Element.CR: 0.15 * grade.maximum_wt_pct[Element.CR]}
    return replace(one, order=one.order.model_copy(update={"grade": grade.model_copy(update={"minimum_wt_pct": low})}))


def _aim(one: Drawn) -> Drawn:
    copper = 0.8 * one.order.grade.maximum_wt_pct[Element.CU]
    return _options(aims={Element.CU: Aim(wt_pct=round(copper, 4))})(one)


KINDS: dict[str, tuple[bool, tuple[Callable[[Drawn], Drawn], ...]]] = {
    "limits": (False, ()),
    "lots": (True, ()),
    "few materials": (True, (_options(max_materials=4),)),
    "electricity": (False, (_options(max_energy_kwh_per_t=425.0),)),
    "power on": (False, (_furnace(mean_power_mw=60.0), _options(max_power_on_min=42.5))),
    "must use": (False, (_yard(min_t=4.0),)),
    "most per heat": (False, (_yard(max_t=16.0),)),
    "aim": (False, (_aim,)),
    "least of an element": (False, (_least,)),
    "preferences": (False, (_options(preferences={Objective.HEADROOM: 40.0, Objective.EMISSIONS: 0.05}),)),
    "tail mean": (False, (_options(risk="tail_mean"),)),
    "groups": (False, (_plant(groups=(
        MaterialGroup(name="light", materials=("scrap 00", "scrap 01"), max_share=0.25),
        MaterialGroup(name="heavy", materials=("scrap 04", "scrap 05"), min_share=0.1),
    )),)),
    "small baskets": (False, (_baskets(volume_m3=55.0),)),
    "basket rules": (False, (_baskets(rules=(
        BasketRule(name="first", materials=("scrap 00", "scrap 02"), baskets=(1,), max_t=6.0),
        BasketRule(name="each", materials=("scrap 03",), min_t=2.0),
    )),)),
    "melting baskets": (False, (_baskets(melt_m3_per_t=0.14),)),
    "crane lifts": (False, (_yard(lift_t=5.0),)),
    "paid whole": (False, (_yard(available_t=25.0, paid_whole=True),)),
    "convex remainder": (False, (_piece,)),
    "trees": (False, (_tree,)),
    "network": (False, (_network,)),
    "linear rules of one's own": (False, (_plant(rules=RULES),)),
    "deciding rules of one's own": (False, (_plant(rules=DECIDING),)),
}  # fmt: skip
"""By requirement: whether lots are drawn, and what is changed."""


def drawn(kind: str, members: Family, rng: np.random.Generator) -> RecipeProblem:
    """An order with a requirement of a kind; it need not have a recipe."""
    lots, changes = KINDS[kind]
    one = Drawn(*members.draw(rng, lots), EXACT, members)
    for change in changes:
        one = change(one)
    return build_problem(one.plant, one.order, one.family.description, one.options)


def check_by_others(results: Results, instances: int, solver: str = "highs") -> None:
    """Cost of the compiled road against the same statement solved by Pyomo with a solver of its own."""
    rng, optimizer = np.random.default_rng(7), Optimizer()
    members = family(3, SMALL)
    apart: dict[str, float] = {}
    compared = 0
    kinds = list(KINDS)
    while compared < instances:
        kind = kinds[compared % len(kinds)]
        problem = drawn(kind, members, rng)
        try:
            found = optimizer.solution(problem, explain=False)
        except ImpossibleOrderError:
            continue
        other = solve_by(problem, solver).cost_eur
        apart[kind] = max(apart.get(kind, 0.0), abs(found.objective_eur / other - 1.0))
        compared += 1
    results["statement_vs_pyomo_instances"] = compared
    results["statement_vs_pyomo_kinds"] = len(apart)
    results["statement_vs_pyomo_solver_max"] = max(apart.values())


def time_statement(results: Results, members: Family) -> None:
    """What building and compiling a structure takes, and filling in the day's numbers."""
    rng = np.random.default_rng(5)
    options = RecipeOptions(confidence=CONFIDENCE, max_materials=8)
    problem = build_problem(*members.draw(rng, lots=True), members.description, options)
    structure = structure_of(problem)
    took = []
    for _ in range(5):
        started = time.perf_counter()
        compile_model(recipe_model(structure))
        took.append(time.perf_counter() - started)
    results["statement_build_compile_ms"] = 1000.0 * float(np.median(took))
    compiled, filling = compiled_statement(structure), []
    for _ in range(300):
        numbers = numbers_of(build_problem(*members.draw(rng, lots=True), members.description, options))
        started = time.perf_counter()
        compiled.filled(numbers)
        filling.append(time.perf_counter() - started)
    results["statement_numbers_ms_median"] = 1000.0 * float(np.median(filling))


def time_own_rules(results: Results, members: Family, solves: int) -> None:
    """A warm solve with three linear rules of the plant's own over one without, in turn on the same draws."""
    rng = np.random.default_rng(9)
    options = RecipeOptions(confidence=CONFIDENCE)
    took: dict[bool, list[float]] = {False: [], True: []}
    optimizers = {False: Optimizer(), True: Optimizer()}
    while len(took[True]) < solves:
        plant, order = members.draw(rng, lots=False)
        times: dict[bool, float] = {}
        try:
            for ruled in (False, True):
                stated = plant.model_copy(update={"rules": RULES if ruled else None})
                started = time.perf_counter()
                problem = build_problem(stated, order, members.description, options)
                optimizers[ruled].solution(problem, explain=False)
                times[ruled] = time.perf_counter() - started
        except ImpossibleOrderError:
            continue
        for ruled, seconds in times.items():
            took[ruled].append(seconds)
    medians: FloatArray = np.median([took[False][10:], took[True][10:]], axis=1)
    results["own_rule_overhead"] = float(medians[1] / medians[0])
