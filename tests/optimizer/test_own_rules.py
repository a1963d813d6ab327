"""A plant's own rules: held, priced, explained, reviewed and named in conflicts; what cannot be stated is refused."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.explain.review import review
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.solver import Solution
from steel.errors import InputError
from steel.plants import RulesFile
from tests.optimizer.instances import Instance, random_instance

HEAD = "import pyomo.environ as pyo\nfrom chargewise import rule\n\n"
RATIO = (
    HEAD
    + """@rule("scrap 1 at most half of scrap 0 and 3 t", unit="t")
def ratio(model):
    return model.charged_t["scrap 1"] <= 0.5 * model.charged_t["scrap 0"] + 3
"""
)
TOGETHER = (
    HEAD
    + """@rule("scrap 1 only with at least 20 t of scrap 2", unit="t")
def together(model):
    model.both = pyo.Var(within=pyo.Binary)
    return [model.charged_t["scrap 1"] <= 200 * model.both, model.charged_t["scrap 2"] >= 20 * model.both]
"""
)
BY_BASKET = (
    HEAD
    + """@rule("no more than 10 t of scrap 4 in basket 1", unit="t")
def first_basket(model):
    return model.basket_t[1, "scrap 4"] <= 10
"""
)


def problem_of(instance: Instance, text: str | None) -> RecipeProblem:
    plant = instance.plant
    if text is not None:
        plant = plant.model_copy(update={"rules": RulesFile(name="rules.py", text=text)})
    return build_problem(plant, instance.order, instance.description, RecipeOptions(confidence=0.9, gap=1e-7))


def solved(text: str | None, seed: int = 2) -> tuple[RecipeProblem, Solution]:
    problem = problem_of(random_instance(seed), text)
    return problem, Optimizer().solution(problem)


def test_a_ratio_is_held_and_priced_by_what_a_ton_more_saves() -> None:
    _, free = solved(None)
    assert free.columns_t[1] > 0.5 * free.columns_t[0] + 3
    problem, found = solved(RATIO)
    assert found.columns_t[1] <= 0.5 * found.columns_t[0] + 3 + 1e-6
    assert found.objective_eur > free.objective_eur
    (binding,) = [one for one in Optimizer().solve(problem).bindings if "half of scrap 0" in one.requirement]
    assert binding.step == "+1 t"
    eased = [solved(RATIO.replace("+ 3\n", f"+ {value}\n"))[1].objective_eur for value in (2.95, 3.05)]
    saved = (eased[0] - eased[1]) / 0.1 / found.final_t
    assert binding.worth_eur_per_t == pytest.approx(saved, rel=0.05)


@pytest.mark.parametrize("seed", [2, 4, 9])
def test_if_then_is_held_whichever_way_is_cheaper(seed: int) -> None:
    instance = random_instance(seed)
    _, found = solved(TOGETHER, seed)
    cheapest = np.inf
    for of_first, of_second in ((0.0, 0.0), (200.0, 20.0)):
        # Both ways of it, enumerated.
        yard = tuple(
            item.model_copy(update={"available_t": min(item.available_t or 0.0, of_first)})
            if item.material.name == "scrap 1"
            else item.model_copy(update={"min_t": of_second})
            if item.material.name == "scrap 2"
            else item
            for item in instance.plant.yard
        )
        way = replace(instance, plant=instance.plant.model_copy(update={"yard": yard}))
        try:
            cheapest = min(cheapest, Optimizer().solution(problem_of(way, None)).objective_eur)
        except ImpossibleOrderError:
            continue
    assert found.objective_eur == pytest.approx(cheapest, rel=1e-6)


def test_a_rule_by_basket_is_held_by_the_baskets_that_are_shown() -> None:
    problem, found = solved(BY_BASKET)
    recipe = Optimizer().solve(problem)
    (first,) = [line for line in recipe.lines if line.material == "scrap 4"]
    assert found.columns_t[4] > 10.0
    assert first.baskets_t[0] <= 10.0 + 1e-4
    assert sum(first.baskets_t) == pytest.approx(first.mass_t)


def test_a_rule_that_cannot_be_met_is_named_as_the_plant_says_it() -> None:
    impossible = RATIO.replace("<= 0.5 * model.charged_t", "<= -9 - model.charged_t")
    with pytest.raises(ImpossibleOrderError) as caught:
        solved(impossible)
    assert "scrap 1 at most half of scrap 0 and 3 t" in [one.requirement for one in caught.value.conflicts]
    (relaxed,) = [one.relax_to for one in caught.value.conflicts]
    assert relaxed is not None
    assert "give way by" in relaxed


def test_a_charge_that_breaks_a_rule_is_told_so() -> None:
    _, free = solved(None)
    problem, found = solved(RATIO)
    mine = {item.material.name: float(t) for item, t in zip(problem.items[:5], free.columns_t, strict=False)}
    assert any("half of scrap 0" in miss for miss in review(problem, found, mine).misses)
    own = {item.material.name: float(t) for item, t in zip(problem.items[:5], found.columns_t, strict=False)}
    assert not review(problem, found, own).misses


@pytest.mark.parametrize("text", [RATIO, TOGETHER, BY_BASKET])
@pytest.mark.parametrize("seed", [2, 4, 9])
def test_the_review_of_a_recipe_finds_no_rule_of_its_own_broken(text: str, seed: int) -> None:
    problem, found = solved(text, seed)
    own = {item.material.name: float(t) for item, t in zip(problem.items[:5], found.columns_t, strict=False)}
    assert review(problem, found, own).misses == ()


def test_a_charge_that_no_choice_of_a_rules_decision_saves_is_told_so() -> None:
    problem, found = solved(TOGETHER)
    mine = {"scrap 0": 60.0, "scrap 1": 30.0, "scrap 2": 5.0, "scrap 4": 15.0}
    assert any("only with at least 20 t" in miss for miss in review(problem, found, mine).misses)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('return model.charged_t["scrap 1"] * model.charged_t["scrap 0"] <= 3', "multiplies two masses"),
        ('return model.charged_t["scrap 1"] ** 2 <= 3', "not linear"),
        ('return model.charged_t["scarp 1"] <= 3', "did you mean 'scrap 1'"),
        ("return True", "a linear relation between masses"),
        ('return "scrap 1 <= 3"', "a linear relation between masses"),
        ("return []", "a linear relation between masses"),
        ("return model.charged <= 3", "AttributeError"),
        ("return 1 / 0", "line 6"),
        ('return model.charged_t["scrap 1"] / model.charged_t["scrap 0"] <= 3', "plain number"),
    ],
)
def test_what_is_no_linear_rule_is_refused_with_file_and_rule(body: str, told: str) -> None:
    text = HEAD + f'@rule("a rule")\ndef wrong(model):\n    {body}\n'
    with pytest.raises(InputError) as caught:
        solved(text)
    message = str(caught.value)
    assert "rule wrong of rules.py" in message
    assert told in message, message


@pytest.mark.parametrize(
    ("text", "told"),
    [("def f(:\n", "line 1"), ("x = 1\n", "marked with `@rule"), ("1 / 0\n", "ZeroDivisionError"), ("", "marked with")],
)
def test_a_rules_file_that_does_not_run_is_refused(text: str, told: str) -> None:
    with pytest.raises(InputError, match="rules") as caught:
        solved(text)
    assert told in str(caught.value)


def test_a_rule_by_basket_needs_baskets() -> None:
    instance = random_instance(2)
    furnace = instance.plant.furnace.model_copy(update={"baskets": None})
    without = replace(instance, plant=instance.plant.model_copy(update={"furnace": furnace}))
    with pytest.raises(InputError, match="states its baskets"):
        Optimizer().solution(problem_of(without, BY_BASKET))
