"""The bath's carbon and oxygen: stoichiometry by hand, an independent linear program, and what an engineer is told."""

from dataclasses import replace

import numpy as np
import pytest

from chargewise.commands.console import tables as render
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.explain.review import review
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.solver import Solution
from steel import catalogue
from steel.bath import BathPractice, oxygen_taken_nm3_per_t
from steel.elements import Element
from steel.heats import FloatArray
from steel.materials import Material
from steel.plants import YardItem
from steel.slag import SlagPractice
from surrogate.model.description import Description
from tests.optimizer.instances import Instance, random_instance
from tests.optimizer.prices import price
from tests.optimizer.test_slag import linear_optimum, wider

COAL = catalogue.material("anthracite")
BOIL = BathPractice(carbon_min_wt_pct=0.5)


def with_coal(instance: Instance, practice: BathPractice | None = BOIL, coal_t: float = 5.0) -> Instance:
    """The instance with charge carbon, whose scrap holds some carbon, silicon and manganese."""
    told = instance.description

    def impure(material: Material) -> Material:
        number = told.names.index(material.name)
        contents = {Element.C: 0.05 + 0.05 * number, Element.SI: 0.2, Element.MN: 0.5}
        return material.model_copy(update={"contents_wt_pct": contents})

    description = Description(
        materials=(*(impure(material) for material in told.materials), COAL),
        yields=np.append(told.yields, 0.0),
        elements={element: wider(pieces, 1) for element, pieces in told.elements.items()},
        energy=wider(told.energy, 1),
    )
    yard = [
        item.model_copy(update={"material": impure(item.material)}) if item.material.name in told.names else item
        for item in instance.plant.yard
    ]
    yard.append(YardItem(material=COAL, price_eur_per_t=300.0, available_t=coal_t))
    furnace = instance.plant.furnace.model_copy(update={"bath": practice})
    plant = instance.plant.model_copy(update={"yard": tuple(yard), "furnace": furnace})
    return Instance(plant, instance.order, description)


def solved(instance: Instance) -> tuple[RecipeProblem, Solution]:
    options = RecipeOptions(confidence=0.5, cut_tolerance=1e-6, gap=1e-7)
    problem = build_problem(instance.plant, instance.order, instance.description, options)
    return problem, Optimizer().solution(problem)


def carbon_t(problem: RecipeProblem, columns_t: FloatArray) -> float:
    return sum(
        float(mass) * item.material.content(Element.C) / 100.0
        for item, mass in zip(problem.items, columns_t, strict=True)
        if item.stage == "furnace"
    )


def priced(instance: Instance, eur_per_nm3: float) -> Instance:
    prices = instance.plant.prices.model_copy(update={"oxygen_eur_per_nm3": eur_per_nm3})
    return replace(instance, plant=instance.plant.model_copy(update={"prices": prices}))


def test_oxygen_is_stoichiometry() -> None:
    pure = Material(
        name="carbon", material_class="carbon", kind=COAL.kind, bulk_density_t_per_m3=0.8, metallic_yield=0.0,
        contents_wt_pct={Element.C: 100.0}, recovery={Element.C: 0.0},
    )  # fmt: skip
    # 12.011 kg of carbon take half a kmol of oxygen, 11.207 Nm³, to carbon monoxide.
    assert oxygen_taken_nm3_per_t(pure) == pytest.approx(1000 * 11.207 / 12.011, rel=1e-4)
    kept = pure.model_copy(update={"recovery": {Element.C: 0.25}})
    assert oxygen_taken_nm3_per_t(kept) == pytest.approx(0.75 * oxygen_taken_nm3_per_t(pure))
    silicon = pure.model_copy(update={"contents_wt_pct": {Element.SI: 1.0}, "recovery": {Element.SI: 0.0}})
    assert oxygen_taken_nm3_per_t(silicon) == pytest.approx(10 * 22.414 / 28.086, rel=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_the_charge_brings_the_carbon_asked_for_and_no_recipe_is_cheaper(seed: int) -> None:
    problem, solution = solved(with_coal(random_instance(seed, scatter=False)))
    columns = solution.columns_t
    furnace_t = float(problem.furnace_yields @ columns)
    assert 100 * carbon_t(problem, columns) / furnace_t >= 0.5 - 1e-4
    told = outcome_of(problem, columns).bath
    assert told is not None
    assert told.carbon_wt_pct == pytest.approx(100 * carbon_t(problem, columns) / furnace_t, rel=1e-4)
    unit = np.eye(len(problem.items))
    rows = [[0.005 * y - carbon_t(problem, one) for y, one in zip(problem.furnace_yields, unit, strict=True)]]
    assert solution.objective_eur == pytest.approx(linear_optimum(problem, rows), rel=2e-6)


def test_the_price_of_carbon_is_what_a_little_less_saves() -> None:
    instance = random_instance(1)
    costs = {c: solved(with_coal(instance, BathPractice(carbon_min_wt_pct=c))) for c in (0.79, 0.8, 0.81)}
    problem, solution = costs[0.8]
    found = price(problem, solution, "balance", "carbon_min")
    assert found == pytest.approx((costs[0.81][1].objective_eur - costs[0.79][1].objective_eur) / 0.02, rel=0.02)
    recipe = Optimizer().solve(problem)
    assert any(binding.requirement == "carbon charged ≥ 0.8 wt%" for binding in recipe.bindings)


def test_the_lances_limit_what_a_charge_may_bring() -> None:
    free, loose = solved(with_coal(random_instance(2), BathPractice()))
    told = outcome_of(free, loose.columns_t).bath
    assert told is not None
    most = 0.97 * told.oxygen_nm3_per_t
    problem, solution = solved(with_coal(random_instance(2), BathPractice(oxygen_most_nm3_per_t=most)))
    held = outcome_of(problem, solution.columns_t).bath
    assert held is not None
    assert held.oxygen_nm3_per_t <= most * (1 + 1e-6)
    assert solution.objective_eur > loose.objective_eur
    # Half of it lost to the gas, twice as much is blown.
    lost, same = solved(with_coal(random_instance(2), BathPractice(oxygen_used=0.5)))
    twice = outcome_of(lost, same.columns_t).bath
    assert twice is not None
    assert twice.oxygen_nm3_per_t == pytest.approx(2 * told.oxygen_nm3_per_t)


def test_iron_oxide_of_the_slag_takes_oxygen_too() -> None:
    instance = with_coal(random_instance(1), BathPractice())
    furnace = instance.plant.furnace.model_copy(update={"slag": SlagPractice(feo_wt_pct=30.0)})
    slagging = replace(instance, plant=instance.plant.model_copy(update={"furnace": furnace}))
    (plain, recipe), (problem, _) = solved(instance), solved(slagging)
    assert plain.bath is not None
    assert problem.bath is not None
    assert problem.slag is not None
    more = float((problem.bath.oxygen - plain.bath.oxygen) @ recipe.columns_t)
    feo_kg = 1000 * 0.3 * float(problem.slag.total @ recipe.columns_t)
    assert feo_kg > 0
    assert more == pytest.approx(feo_kg * 11.207 / 71.844, rel=1e-4)


def test_oxygen_by_charge_is_paid_and_counted_material_by_material() -> None:
    usual = priced(with_coal(random_instance(1), BathPractice()), 0.1)
    by_charge = priced(with_coal(random_instance(1), BathPractice(oxygen_by_charge=True)), 0.1)
    (before, _), (after, solution) = solved(usual), solved(by_charge)
    assert after.bath is not None
    columns = solution.columns_t
    paid = float((after.cost.process - before.cost.process) @ columns)
    blown = float(after.bath.oxygen @ columns)
    practice_nm3 = before.plant.furnace.process.get("oxygen_nm3_per_t", 0.0) * float(before.furnace_yields @ columns)
    assert paid == pytest.approx(0.1 * (blown - practice_nm3))
    emitted = float((after.emissions.scope3 - before.emissions.scope3) @ columns)
    assert emitted == pytest.approx(after.plant.emission_factors.oxygen_kgco2e_per_nm3 * (blown - practice_nm3))


def test_carbon_that_cannot_be_is_named_with_what_can() -> None:
    instance = random_instance(3)
    with pytest.raises(ImpossibleOrderError) as told:
        solved(with_coal(instance, BathPractice(carbon_min_wt_pct=4.0), coal_t=1.0))
    (conflict,) = [c for c in told.value.conflicts if "carbon" in c.requirement]
    assert conflict.relax_to is not None
    possible = float(conflict.relax_to.removesuffix(" wt%").rsplit(" ", 1)[1])
    solved(with_coal(instance, BathPractice(carbon_min_wt_pct=possible - 0.005), coal_t=1.0))
    with pytest.raises(ImpossibleOrderError):
        solved(with_coal(instance, BathPractice(carbon_min_wt_pct=possible + 0.005), coal_t=1.0))


def test_an_engineer_reads_the_bath_and_what_a_charge_of_his_own_misses(capsys: pytest.CaptureFixture[str]) -> None:
    problem, solution = solved(with_coal(random_instance(1)))
    recipe = Optimizer().solve(problem)
    assert recipe.bath is not None
    render.recipe(recipe)
    assert f"Carbon charged {recipe.bath.carbon_wt_pct:.2f} wt% of the steel" in capsys.readouterr().out
    mine = {f"scrap {i}": float(t) for i, t in enumerate(solution.columns_t[:5])}
    assert any(miss.startswith("carbon charged ≥ 0.5 wt%: 0.") for miss in review(problem, solution, mine).misses)


def test_contradictory_practice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"carbon_min_wt_pct 1\.0 exceeds carbon_max_wt_pct 0\.5"):
        BathPractice(carbon_min_wt_pct=1.0, carbon_max_wt_pct=0.5)
