"""A heat in progress: what was weighed stays, the rest is optimised again, and what can no longer be made is told."""

import pytest

from benchmarks.published_charges import EXACT, _ufmg, read_published
from chargewise.app.plants import LoadedPlant
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.plan.rest_of_heat import grades_left, rest_of_heat
from optimizer.problem.options import RecipeOptions
from steel.baskets import BasketRule
from steel.errors import InputError
from steel.grades import Order
from steel.recipes import Recipe
from tests.conftest import Installation
from tests.optimizer.test_published_charges import FOLDER, needs_charges

OPTIONS = RecipeOptions(max_materials=8)


@pytest.fixture(scope="module")
def loaded(installation: Installation) -> LoadedPlant:
    return installation.plant


@pytest.fixture(scope="module")
def optimizer() -> Optimizer:
    return Optimizer()


def order(loaded: LoadedPlant, grade: str = "B500B") -> Order:
    return Order(grade=loaded.described.grade(grade), mass_t=100.0)


@pytest.fixture(scope="module")
def planned(loaded: LoadedPlant, optimizer: Optimizer) -> Recipe:
    return optimizer.recommend(loaded.described, order(loaded), loaded.description, OPTIONS)


def basket(planned: Recipe, number: int) -> dict[str, float]:
    return {line.material: line.baskets_t[number - 1] for line in planned.lines if line.baskets_t}


@needs_charges
def test_the_published_charge_after_basket_1_was_weighed() -> None:
    problem = _ufmg(read_published(FOLDER)["ufmg_reopt_after_bucket1"], layered=(2,))
    plan = Optimizer().solve(problem)
    weighed = [{"No2 Bundles": 68.0, "Shredded": 11.5}]
    names = {item.material.name for item in problem.items}
    weighed = [{next(n for n in names if n.lower() == name.lower()): t for name, t in weighed[0].items()}]
    found = rest_of_heat(Optimizer(), problem.plant, problem.order, problem.description, EXACT, plan, weighed)
    assert not found.kept
    assert found.recipe.costs_eur_per_t.total * problem.order.mass_t == pytest.approx(57_966.0960, rel=1e-6)


@needs_charges
def test_the_published_charge_when_a_bay_is_empty() -> None:
    problem = _ufmg(read_published(FOLDER)["ufmg_eaf_2_buckets"])
    plan = Optimizer().solve(problem)
    gone = tuple(n for item in problem.items if (n := item.material.name).lower() == "no2 bundles")
    found = rest_of_heat(Optimizer(), problem.plant, problem.order, problem.description, EXACT, plan, [], gone)
    assert found.recipe.costs_eur_per_t.total * problem.order.mass_t == pytest.approx(57_993.3345, rel=1e-6)


def test_where_all_went_as_planned_the_rest_stays_as_it_was(
    loaded: LoadedPlant, optimizer: Optimizer, planned: Recipe
) -> None:
    weighed = [basket(planned, 1)]
    found = rest_of_heat(optimizer, loaded.described, order(loaded), loaded.description, OPTIONS, planned, weighed)
    assert found.kept
    assert found.dearer_by_eur_per_t == pytest.approx(0.0, abs=0.05)
    assert found.changes_t == {}
    rest = {name: sum(basket(planned, b)[name] for b in range(2, len(planned.baskets) + 1)) for name in found.rest_t}
    assert found.rest_t == pytest.approx(rest, rel=1e-3, abs=0.02)


@pytest.mark.parametrize("off", [0.9, 1.1, 1.25])
def test_what_was_weighed_is_in_the_first_basket_and_every_limit_is_kept(
    loaded: LoadedPlant, optimizer: Optimizer, planned: Recipe, off: float
) -> None:
    weighed = [{name: mass * (off if name == "E40 shredded" else 1.0) for name, mass in basket(planned, 1).items()}]
    found = rest_of_heat(
        optimizer, loaded.described, order(loaded), loaded.description, OPTIONS, planned, weighed, change_eur_per_t=0.0
    )
    first = {line.material: line.baskets_t[0] for line in found.recipe.lines if line.baskets_t}
    assert {n: t for n, t in first.items() if t > 1e-4} == pytest.approx(
        {n: t for n, t in weighed[0].items() if t > 1e-4}, rel=1e-4, abs=1e-4
    )
    assert all(one.met_after >= 0.95 - 1e-3 for one in found.limits)
    assert found.recipe.tapped_t == pytest.approx(100.0, rel=1e-3)


def test_a_bay_that_is_empty_in_mid_heat_gives_no_more(
    loaded: LoadedPlant, optimizer: Optimizer, planned: Recipe
) -> None:
    weighed, gone = [basket(planned, 1)], "E40 shredded"
    found = rest_of_heat(
        optimizer, loaded.described, order(loaded), loaded.description, OPTIONS, planned, weighed, (gone,)
    )
    assert gone not in found.rest_t
    assert found.recipe.charged_t()[gone] == pytest.approx(weighed[0][gone], rel=1e-4)
    assert not found.kept


def test_what_can_no_longer_be_made_is_told_and_what_still_can(loaded: LoadedPlant, optimizer: Optimizer) -> None:
    plan = optimizer.recommend(loaded.described, order(loaded, "SAE1008"), loaded.description, OPTIONS)
    weighed = [{"E40 shredded": 48.0}, {"E46 incinerated": 20.0, "E40 shredded": 20.0}]
    with pytest.raises(ImpossibleOrderError) as caught:
        rest_of_heat(optimizer, loaded.described, order(loaded, "SAE1008"), loaded.description, OPTIONS, plan, weighed)
    lost = {conflict.requirement.split()[0]: conflict.relax_to for conflict in caught.value.conflicts}
    assert lost.keys() & {"Cu", "Sn"}
    left = grades_left(optimizer, loaded.described, 100.0, loaded.description, OPTIONS, weighed)
    assert "SAE1008" not in [one.grade for one in left]
    assert [one.cost_eur_per_t for one in left] == sorted(one.cost_eur_per_t for one in left)


@pytest.mark.parametrize(
    ("weighed", "words"),
    [
        ([{"E40 shredded": 31_000.0}], "31000"),
        ([{"E40 shredded": -1.0}], "-1"),
        ([{"E41 shreded": 10.0}], "E41 shreded"),
        ([{"E40 shredded": 1.0}] * 4, "at most the 3 baskets"),
    ],
)
def test_what_cannot_have_been_weighed_is_refused_with_its_value(
    loaded: LoadedPlant, optimizer: Optimizer, planned: Recipe, weighed: list[dict[str, float]], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        rest_of_heat(optimizer, loaded.described, order(loaded), loaded.description, OPTIONS, planned, weighed)


@pytest.mark.parametrize("baskets", [(), (1, 2), (2,)])
def test_a_plants_own_rule_goes_on_for_the_baskets_that_are_left(
    loaded: LoadedPlant, optimizer: Optimizer, planned: Recipe, baskets: tuple[int, ...]
) -> None:
    rule = BasketRule(name="little shredded", materials=("E40 shredded",), baskets=baskets, max_t=4.0)
    furnace = loaded.described.furnace
    assert furnace.baskets is not None
    ruled = furnace.model_copy(update={"baskets": furnace.baskets.model_copy(update={"rules": (rule,)})})
    plant = loaded.described.model_copy(update={"furnace": ruled})
    # The first basket broke the rule already: that is no reason why no heat can be made.
    weighed = [{**basket(planned, 1), "E40 shredded": 9.0}]
    found = rest_of_heat(optimizer, plant, order(loaded), loaded.description, OPTIONS, planned, weighed)
    loads = next(line.baskets_t for line in found.recipe.lines if line.material == "E40 shredded")
    assert loads[0] == pytest.approx(9.0, rel=1e-4)
    assert all(
        load <= 4.0 + 1e-3 for number, load in enumerate(loads, start=1) if number > 1 and number in (baskets or (2, 3))
    )
