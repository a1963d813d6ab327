"""The slag balance: against an independent linear program, and what it must mean to the engineer."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.explain.review import review
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.solver import Solution
from steel import catalogue
from steel.elements import Element
from steel.heats import FloatArray
from steel.materials import Material, Oxide
from steel.plants import YardItem
from steel.slag import SlagPractice, oxides_wt_pct
from surrogate.model.description import Description, OutputPieces
from tests.optimizer.instances import Instance, random_instance
from tests.optimizer.prices import price

FLUXES = (catalogue.material("lime"), catalogue.material("dolime"))
PRACTICE = SlagPractice(basicity_min=1.9, mgo_min_wt_pct=7.0, feo_wt_pct=25.0)


def wider(pieces: OutputPieces, count: int) -> OutputPieces:
    return replace(
        pieces,
        linear=np.concatenate([pieces.linear, np.zeros(count)]),
        pieces=np.hstack([pieces.pieces, np.zeros((len(pieces.pieces), count))]),
        covariance=np.pad(pieces.covariance, ((0, count), (0, count))),
    )


def with_fluxes(instance: Instance, practice: SlagPractice | None = PRACTICE, lime_t: float = 20.0) -> Instance:
    """The instance with lime and dolime, whose scrap is dirty and holds silicon."""
    dirty = {Oxide.SIO2: 0.6, Oxide.AL2O3: 0.2}

    def soiled(material: Material) -> Material:
        return material.model_copy(update={"oxides_wt_pct": dirty, "contents_wt_pct": {Element.SI: 0.3}})

    told = instance.description
    names = set(told.names)
    description = Description(
        materials=(*(soiled(material) for material in told.materials), *FLUXES),
        yields=np.concatenate([told.yields, [0.0, 0.0]]),
        elements={element: wider(pieces, 2) for element, pieces in told.elements.items()},
        energy=wider(told.energy, 2),
        heel_share=told.heel_share,
        heel_wt_pct=told.heel_wt_pct,
    )
    yard = [
        item.model_copy(update={"material": soiled(item.material)}) if item.material.name in names else item
        for item in instance.plant.yard
    ]
    yard += [
        YardItem(material=flux, price_eur_per_t=price, available_t=lime_t)
        for flux, price in zip(FLUXES, (130, 160), strict=True)
    ]
    furnace = instance.plant.furnace.model_copy(update={"slag": practice})
    plant = instance.plant.model_copy(update={"yard": tuple(yard), "furnace": furnace})
    return Instance(plant, instance.order, description)


def solved(instance: Instance, **options: object) -> tuple[RecipeProblem, Solution]:
    asked = RecipeOptions.model_validate({"confidence": 0.5, "cut_tolerance": 1e-6, "gap": 1e-7, **options})
    problem = build_problem(instance.plant, instance.order, instance.description, asked)
    return problem, Optimizer().solution(problem)


def sums(problem: RecipeProblem, columns_t: FloatArray) -> dict[str, float]:
    """CaO, MgO, SiO2 and slag of a recipe, t, added up material by material."""
    found = dict.fromkeys(("CaO", "MgO", "SiO2", "Al2O3"), 0.0)
    for item, mass in zip(problem.items, columns_t, strict=True):
        if item.stage == "furnace":
            found = {
                name: t + mass * item.material.oxides_wt_pct.get(Oxide(name), 0.0) / 100 for name, t in found.items()
            }
            silicon_t = mass * item.material.content(Element.SI) / 100
            found["SiO2"] += 2.1393 * (1 - item.material.recovery.get(Element.SI, 0.02)) * silicon_t
    return {**found, "slag": sum(found.values()) / (1 - PRACTICE.feo_wt_pct / 100)}


def linear_optimum(problem: RecipeProblem, rows: list[list[float]]) -> float:
    """The cost of the same program written anew, electricity as one more column, with rows of at most nothing."""
    n, charged = len(problem.items), problem.furnace_columns
    stated, bounds = list(rows), [0.0] * len(rows)
    for row in problem.rows:
        if row.maximum is not None:
            stated.append(list(row.linear))
            bounds.append(row.maximum * problem.order.mass_t)
        if row.minimum is not None:
            stated.append(list(-row.linear))
            bounds.append(-row.minimum * problem.order.mass_t)
    baskets = problem.plant.furnace.baskets
    if baskets is not None:
        stated.append([*problem.volume_per_t, *np.zeros(n - charged)])
        stated.append([*np.ones(charged), *np.zeros(n - charged)])
        bounds += [baskets.count * baskets.volume_m3, baskets.count * baskets.max_t]
    pieces = problem.energy_linear + problem.energy_pieces
    energy = np.hstack([pieces, np.zeros((len(pieces), n - charged)), -np.ones((len(pieces), 1))])
    found = linprog(
        np.append(problem.cost.columns, problem.cost.per_kwh),
        A_ub=np.vstack([np.hstack([np.array(stated), np.zeros((len(stated), 1))]), energy]),
        b_ub=np.array(bounds + [0.0] * len(energy)),
        A_eq=np.append(problem.yields, 0.0)[None, :],
        b_eq=[problem.order.mass_t],
        bounds=[
            (least, None if np.isinf(most) else most) for least, most in zip(problem.least, problem.most, strict=True)
        ]
        + [(0, None)],
    )
    assert found.status == 0
    assert found.fun is not None
    return float(found.fun)


@pytest.mark.parametrize("seed", range(6))
def test_the_slag_is_as_asked_and_no_recipe_is_cheaper(seed: int) -> None:
    instance = with_fluxes(random_instance(seed, scatter=False))
    problem, solution = solved(instance)
    slag = sums(problem, solution.columns_t)
    assert slag["CaO"] / slag["SiO2"] >= 1.9 - 1e-4
    assert slag["MgO"] / slag["slag"] >= 0.07 - 1e-5
    told = outcome_of(problem, solution.columns_t).slag
    assert told is not None
    furnace_t = float(problem.furnace_yields @ solution.columns_t)
    assert told.basicity == pytest.approx(slag["CaO"] / slag["SiO2"], rel=1e-3)
    assert told.kg_per_t == pytest.approx(1000 * slag["slag"] / furnace_t, rel=1e-3)
    unit = [sums(problem, row) for row in np.eye(len(problem.items))]
    rows = [[1.9 * one["SiO2"] - one["CaO"] for one in unit], [0.07 * one["slag"] - one["MgO"] for one in unit]]
    assert solution.objective_eur == pytest.approx(linear_optimum(problem, rows), rel=2e-6)


def test_the_price_of_basicity_is_what_a_little_less_saves() -> None:
    instance = random_instance(1)
    costs = {b: solved(with_fluxes(instance, SlagPractice(basicity_min=b))) for b in (1.79, 1.8, 1.81)}
    problem, solution = costs[1.8]
    saved = (costs[1.81][1].objective_eur - costs[1.79][1].objective_eur) / 0.02
    assert price(problem, solution, "balance", "basicity_min") == pytest.approx(saved, rel=0.02)
    recipe = Optimizer().solve(problem)
    assert any(binding.requirement == "slag basicity CaO/SiO2 ≥ 1.8" for binding in recipe.bindings)


def test_a_slag_that_cannot_be_is_named_with_what_can() -> None:
    asked = SlagPractice(basicity_min=2.5)
    instance = with_fluxes(random_instance(3), asked, lime_t=1.0)
    with pytest.raises(ImpossibleOrderError) as told:
        solved(instance)
    (conflict,) = [c for c in told.value.conflicts if "basicity" in c.requirement]
    assert conflict.relax_to is not None
    possible = float(conflict.relax_to.rsplit(" ", 1)[1])
    assert 0.1 < possible < 2.5
    solved(with_fluxes(random_instance(3), SlagPractice(basicity_min=possible), lime_t=1.0))
    with pytest.raises(ImpossibleOrderError):
        solved(with_fluxes(random_instance(3), SlagPractice(basicity_min=possible + 0.01), lime_t=1.0))


def test_a_charge_without_lime_is_told_what_its_slag_misses() -> None:
    problem, solution = solved(with_fluxes(random_instance(1)))
    mine = {f"scrap {i}": float(t) for i, t in enumerate(solution.columns_t[:5])}
    misses = review(problem, solution, mine).misses
    assert any(miss.startswith("slag basicity CaO/SiO2 ≥ 1.9: 0") for miss in misses)
    (magnesia,) = [miss for miss in misses if miss.startswith("MgO in slag ≥ 7 wt%: ")]
    assert magnesia.endswith(" wt%")


def test_ferro_alloys_and_kept_silicon_make_no_slag() -> None:
    plain = catalogue.material("E8")
    oxidised = oxides_wt_pct(plain)[Oxide.SIO2] - plain.oxides_wt_pct[Oxide.SIO2]
    assert oxidised == pytest.approx(2.139 * 0.98 * plain.content(Element.SI), rel=1e-3)
    problem, _ = solved(with_fluxes(random_instance(1)))
    assert problem.slag is not None
    assert problem.slag.total[problem.furnace_columns :].max() == 0.0


def test_contradictory_practice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"basicity_min 2\.4 exceeds basicity_max 2"):
        SlagPractice(basicity_min=2.4, basicity_max=2.0)
