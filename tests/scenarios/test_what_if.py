from typing import Any

import numpy as np
import pytest

from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from scenarios.what_if.scenario import AS_IS, gallery, read_scenario, scenario_from
from scenarios.what_if.study import what_if
from steel import catalogue
from steel.elements import Element
from steel.errors import InputError
from steel.grades import Order
from surrogate.model.added_material import with_material
from tests.conftest import Installation


@pytest.mark.parametrize("name", gallery())
def test_every_scenario_of_the_gallery_runs(installation: Installation, name: str) -> None:
    plant = installation.plant
    found = what_if(plant.plant, plant.description, read_scenario(name), ("B500B",))
    assert found.cases[0].case == AS_IS
    assert found.compared == ("B500B",), [case.grades[0].impossible for case in found.cases]
    assert len(found.cases) == 1 + len(read_scenario(name).cases())
    for case in found.cases:
        assert case.cost_eur_per_t is not None
        assert 100 < case.cost_eur_per_t < 1500


def test_dearer_scrap_makes_dearer_steel_and_the_plant_as_it_is_costs_what_its_recipe_costs(
    installation: Installation,
) -> None:
    plant = installation.plant
    found = what_if(plant.plant, plant.description, read_scenario("scrap-price-shock"), ("B500B",))
    cost = {case.case: case.cost_eur_per_t or 0.0 for case in found.cases}
    assert cost["scrap +30 %"] > cost["scrap +15 %"] > cost[AS_IS] > cost["scrap -15 %"] > cost["scrap -30 %"]
    order = Order(grade=plant.plant.grade("B500B"), mass_t=plant.plant.furnace.tap_weight_t)
    problem = build_problem(plant.plant, order, plant.description, RecipeOptions())
    own = outcome_of(problem, Optimizer().solution(problem).columns_t).costs_eur_per_t.total
    assert cost[AS_IS] == pytest.approx(own, rel=2e-4)


def test_cases_run_beside_one_another_as_they_run_alone(installation: Installation) -> None:
    plant, scenario = installation.plant, read_scenario("supplier-lost")
    alone = what_if(plant.plant, plant.description, scenario, ("B500B", "SAE1008"))
    beside = what_if(plant.plant, plant.description, scenario, ("B500B", "SAE1008"), workers=2)
    for one, other in zip(alone.cases, beside.cases, strict=True):
        assert one.case == other.case
        assert one.cost_eur_per_t == pytest.approx(other.cost_eur_per_t, rel=2e-4)


def test_a_third_of_dri_is_charged_and_thins_the_copper(installation: Installation) -> None:
    plant = installation.plant
    found = what_if(plant.plant, plant.description, read_scenario("dri-30"), ("SAE1008",))
    masses = found.cases[-1].grades[0].masses_t
    metal = {
        name: mass for name, mass in masses.items() if (item := plant.plant.item(name)) is None
        or (item.material.metallic_yield > 0 and item.stage == "furnace")
    }  # fmt: skip
    assert metal["cold DRI"] >= 0.3 * sum(metal.values()) * (1 - 1e-6)
    assert (found.cases[-1].energy_kwh_per_t or 0) > (found.cases[0].energy_kwh_per_t or 0)


def test_what_a_material_that_is_not_charged_adds_is_nothing(installation: Installation) -> None:
    known = installation.plant.description
    wider = with_material(known, catalogue.material("DRI"))

    charge = np.linspace(5, 15, len(known.names))
    with_none = np.append(charge, 0.0)
    for element, pieces in known.elements.items():
        t = known.tapped_t(charge)
        assert wider.elements[element].value(with_none, t) == pytest.approx(pieces.value(charge, t))
        assert wider.elements[element].sd(with_none, t) == pytest.approx(pieces.sd(charge, t))
    assert wider.elements[Element.CU].linear[-1] < known.elements[Element.CU].linear.max()


def test_a_grade_that_cannot_be_made_says_why_and_the_others_are_compared(installation: Installation) -> None:
    plant = installation.plant
    scenario = scenario_from(
        {"title": "no copper at all", "case": [{"name": "Cu / 20", "maximum_factors": {"Cu": 0.05}}]}
    )
    found = what_if(plant.plant, plant.description, scenario, ("B500B",))
    assert found.compared == ()
    assert "Cu" in found.cases[1].grades[0].impossible
    assert found.cases[0].grades[0].cost_eur_per_t is not None


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"title": "x", "case": [{"name": "a", "pryce_factors": {"scrap": 1.1}}]}, "pryce_factors"),
        ({"title": "x", "case": [{"name": "a", "prices_eur_per_t": {"E40 shredded": -5}}]}, "-5"),
        ({"title": "x", "case": [{"name": "a", "price_factors": {"scrap": 0}}]}, "price_factors"),
        ({"title": "x"}, "case"),
        ({"title": "x", "case": [{"name": str(number)} for number in range(61)]}, "at most 60"),
        ({"title": "x", "case": [{"name": "a"}, {"name": "a"}]}, "twice"),
        ({"title": "x", "sweep": {"key": "title", "values": [1]}}, "swept"),
        ({"title": "x", "sweep": {"key": "confidence", "values": [1, 2], "names": ["a"]}}, "names"),
        ({"title": "x", "sweep": {"key": "carbon_eur_per_t", "values": [-1]}}, "carbon_eur_per_t"),
        ({"title": "x", "case": [{"name": "a"}], "colour": "red"}, "colour"),
        ({"title": "x", "case": [{"name": "a", "furnace": {"energy": 2}}]}, "energy"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_by_name(raw: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        scenario_from(raw)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"without": ["E99"]}, "E99"),
        ({"prices_eur_per_t": {"E40 shreded": 300.0}}, "E40 shredded"),
        ({"add": [{"class": "E40", "name": "E40 shredded", "price_eur_per_t": 300.0}]}, "does not have yet"),
        ({"add": [{"class": "E4711", "price_eur_per_t": 300.0}]}, "E4711"),
        ({"least_shares": {"unobtainium": 0.3}}, "unobtainium"),
    ],
)
def test_a_change_of_what_the_yard_does_not_have_is_refused_before_anything_runs(
    installation: Installation, change: dict[str, Any], told: str
) -> None:
    plant = installation.plant
    scenario = scenario_from({"title": "x", "case": [{"name": "first"}, {"name": "second", **change}]})
    ran: list[str] = []
    with pytest.raises(InputError, match=told):
        what_if(plant.plant, plant.description, scenario, ("B500B",), progress=lambda case, share: ran.append(case))
    assert not ran
