"""The statement: it costs what other solvers find, and every requirement's price is what easing it saves."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from benchmarks.recipe_instances import family
from benchmarks.recipe_statement import KINDS, SMALL, drawn
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.explain.verification import recipe_by, verify
from optimizer.model import instance
from optimizer.model.compiled import Filled, compile_model
from optimizer.model.exchange import solve_by, write_model
from optimizer.model.instance import compiled_statement, numbers_of
from optimizer.model.linear_forms import NotLinearError
from optimizer.model.requirements import Requirement, requirements_of
from optimizer.model.statement.structure import structure_of
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.solver import Solution, solve_recipe
from steel.errors import InputError

MEMBERS = family(3, SMALL)
CONES = ["limits", "lots", "aim", "basket rules", "convex remainder", "deciding rules of one's own"]


def solvable(kind: str, seed: int) -> tuple[RecipeProblem, Solution]:
    """An instance of a kind that has a recipe, and its optimum."""
    rng = np.random.default_rng(seed)
    for _ in range(200):
        problem = drawn(kind, MEMBERS, rng)
        try:
            return problem, Optimizer().solution(problem, explain=False)
        except ImpossibleOrderError:
            continue
    raise AssertionError(f"no instance of {kind} has a recipe")


@pytest.mark.parametrize("kind", KINDS)
def test_pyomo_and_a_solver_of_its_own_find_the_same_cost(kind: str) -> None:
    problem, found = solvable(kind, seed=11)
    assert found.objective_eur == pytest.approx(solve_by(problem, "highs").cost_eur, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [21, 22])
def test_a_solver_of_cones_finds_the_same_cost(kind: str, seed: int) -> None:
    problem, found = solvable(kind, seed)
    # SCIP holds its rows to 1e-6 of their own unit.
    assert found.objective_eur == pytest.approx(solve_by(problem, "scip").cost_eur, rel=2e-5)


@pytest.mark.parametrize("kind", CONES)
def test_a_solver_of_cones_finds_the_same_cost_for_some(kind: str) -> None:
    problem, found = solvable(kind, seed=31)
    assert found.objective_eur == pytest.approx(solve_by(problem, "scip").cost_eur, rel=2e-5)


EASED = ["limits", "electricity", "power on", "most per heat", "must use", "groups", "small baskets", "basket rules"]


@pytest.mark.parametrize("kind", [*EASED, "linear rules of one's own", "least of an element"])
def test_the_price_of_every_requirement_is_what_easing_it_saves(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each bound is moved where it stands, in the statement's own numbers, and the order is solved again."""
    problem, found = solvable(kind, seed=5)
    priced = [one for one in requirements_of(problem) if found.prices.of(one) > 1.0]
    assert priced
    for requirement in priced:
        # As much as is worth some cents of the heat: prices bend, and a solver is exact to a hundredth of that.
        step = min(0.2 / found.prices.of(requirement), 1e-3 * max(abs(requirement.bound), 0.1))
        with monkeypatch.context() as patched:
            patched.setattr(instance, "numbers_of", with_eased(requirement, step))
            saved = (found.objective_eur - solve_recipe(problem).objective_eur) / step
        assert saved == pytest.approx(found.prices.of(requirement), rel=0.05, abs=0.5), str(requirement)


def with_eased(requirement: Requirement, step: float) -> Callable[..., Filled]:
    """The day's numbers with the bound of a requirement eased."""

    def eased(*asked: Any) -> Filled:
        numbers = numbers_of(*asked)
        # A rule of the plant's own gives way by an allowance that is nothing.
        moved = np.array(numbers.get(requirement.block, 0.0), dtype=np.float64).ravel()
        moved[requirement.offset] += requirement.sense * requirement.scale * step
        return {**numbers, requirement.block: moved}

    return eased


def test_a_structure_is_compiled_once_and_only_its_numbers_change() -> None:
    rng = np.random.default_rng(0)
    first, second = (drawn("limits", MEMBERS, rng) for _ in range(2))
    assert structure_of(first) == structure_of(second)
    assert compiled_statement(structure_of(first)) is compiled_statement(structure_of(second))
    one, _ = compiled_statement(structure_of(first)).filled(numbers_of(first))
    other, _ = compiled_statement(structure_of(second)).filled(numbers_of(second))
    assert one.columns is other.columns
    assert not np.array_equal(one.cost, other.cost)


def test_a_product_of_three_numbers_or_of_two_masses_is_refused() -> None:
    model = pyo.ConcreteModel()
    model.p = pyo.Param([1, 2, 3], mutable=True, initialize=2.0)
    model.x = pyo.Var([1, 2])
    model.cost = pyo.Objective(expr=model.x[1])
    model.row = pyo.Constraint(expr=model.p[1] * model.p[2] * model.p[3] * model.x[1] <= 1.0)
    with pytest.raises(NotLinearError, match="more than two"):
        compile_model(model)
    model.row.set_value(model.x[1] * model.x[2] <= 1.0)
    with pytest.raises(NotLinearError, match="multiplies two masses"):
        compile_model(model)


@pytest.mark.parametrize("ending", ["lp", "mps", "nl"])
def test_a_model_is_written_for_others_cones_and_all(tmp_path: Path, ending: str) -> None:
    problem, _ = solvable("limits", seed=11)
    write_model(problem, tmp_path / f"recipe.{ending}")
    text = (tmp_path / f"recipe.{ending}").read_text("utf-8")
    assert len(text) > 5000
    if ending == "lp":
        assert "^ 2" in text


def test_a_model_is_not_written_in_an_unknown_form(tmp_path: Path) -> None:
    problem, _ = solvable("limits", seed=11)
    with pytest.raises(InputError, match=r"\.lp, \.mps, \.nl"):
        write_model(problem, tmp_path / "recipe.doc")


def test_a_solver_that_is_not_there_is_an_error_that_names_some() -> None:
    problem, _ = solvable("limits", seed=11)
    with pytest.raises(InputError, match="such as highs, scip"):
        solve_by(problem, "nosuchsolver")


def test_both_roads_agree_and_the_other_gives_a_recipe_too() -> None:
    problem, found = solvable("limits", seed=11)
    checked = verify(problem)
    assert checked.agrees
    assert checked.own_eur_per_t == pytest.approx(found.objective_eur_per_t, rel=1e-6)
    recipe = recipe_by(problem, "highs")
    assert recipe.costs_eur_per_t.total == pytest.approx(found.objective_eur_per_t, rel=1e-5)
    assert "without prices" in recipe.notes[0]
    worse = replace(checked, own_eur_per_t=1.001 * checked.other_eur_per_t)
    assert not worse.agrees
