"""One problem's program: the statement of its structure, compiled once, with the numbers of the day."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.core as pyo

from optimizer.model.compiled import Compiled, Filled, compile_model
from optimizer.model.elastic import elastic
from optimizer.model.linear_forms import NotLinearError
from optimizer.model.predictors.embedding import with_predictors
from optimizer.model.program import Program
from optimizer.model.requirements import Requirement
from optimizer.model.statement.baskets import numbers_of_baskets
from optimizer.model.statement.energy import numbers_of_energy
from optimizer.model.statement.house_rules import numbers_of_house_rules
from optimizer.model.statement.limits import numbers_of_limits
from optimizer.model.statement.masses import numbers_of_masses, reach_t
from optimizer.model.statement.own_rules import not_linear
from optimizer.model.statement.recipe import recipe_model
from optimizer.model.statement.structure import RulesStated, Structure, structure_of
from optimizer.problem.recipe_problem import RecipeProblem
from steel.heats import FloatArray

MOST_KEPT = 128
"""Structures whose compiled statement is kept."""
ANY_MASS_T = 1e6
PLENTY = 1e5
"""What relaxes any requirement of one heat away, in its own unit."""
_kept: OrderedDict[Structure, Compiled] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Form:
    """How a problem is put.

    Attributes:
        elastic: whether every requirement has a slack column, held at zero until its bound is lifted; in the unit of
            its row: wt% · t, t, m³, materials, kWh.
        any_mass: whether the steel's mass is free.
        headroom: whether the least room under a limit is stated though nobody prefers it.
        rules: of a plant's own, those that are stated: all, those about baskets, or none.
    """

    elastic: bool = False
    any_mass: bool = False
    headroom: bool = False
    rules: RulesStated = "all"


PLAIN = Form()


@dataclass(frozen=True)
class Instance:
    """A program and where its numbers came from.

    Attributes:
        flat: the numbers in a row, as `compiled` has them.
    """

    program: Program
    compiled: Compiled
    flat: FloatArray

    def value_of(self, requirement: Requirement, values: FloatArray) -> float:
        """What a requirement's quantity comes to at values of the columns, in its bound's unit; the worst row's."""
        program = self.program
        over = -np.inf
        for row in self._rows_of(requirement):
            columns, parts = program.row_parts(row)
            reached = float(parts @ values[columns])
            beyond = max(reached - float(program.row_upper[row]), float(program.row_lower[row]) - reached)
            over = max(over, self._in_its_unit(requirement, values, row, beyond))
        return requirement.bound + requirement.sense * over

    def eased_by_slack(self, requirement: Requirement, values: FloatArray, slack: float) -> float:
        """What of a requirement, in its unit, a slack in its rows comes to at values of the columns."""
        if requirement.key[0] in ("stock", "must_use"):
            return slack
        return self._in_its_unit(requirement, values, self._rows_of(requirement)[0], slack)

    def _rows_of(self, requirement: Requirement) -> list[int]:
        key = requirement.key
        return [at for name, at in self.compiled.rows.items() if name[: len(key)] == key]

    def _in_its_unit(self, requirement: Requirement, values: FloatArray, row: int, by: float) -> float:
        index = self.compiled.places[requirement.block] + requirement.offset
        easing = self.compiled.easing(self.flat, values[: len(self.compiled.columns)], row)
        return by / max(requirement.sense * requirement.scale * float(easing[index]), 1e-12)


def compiled_statement(structure: Structure) -> Compiled:
    """The compiled statement of a structure, built where it is new.

    Raises:
        InputError: a plant's own rule cannot be stated.
    """
    with _lock:
        found = _kept.get(structure)
        if found is None:
            found = _kept[structure] = _compiled(structure)
            if len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
        else:
            _kept.move_to_end(structure)
        return found


def has_rule_decisions(problem: RecipeProblem) -> bool:
    """Whether a plant's own rules have yes/no decisions of their own, so that recipes cannot be mixed at will."""
    if problem.plant.rules is None:
        return False
    compiled = compiled_statement(structure_of(problem))
    names = list(compiled.columns)
    return any(names[column][0] == "rule" for column in compiled.integer)


def _compiled(structure: Structure) -> Compiled:
    try:
        return compile_model(recipe_model(structure))
    except NotLinearError as error:
        raise not_linear(error, structure) from error


def numbers_of(problem: RecipeProblem, form: Form = PLAIN) -> Filled:
    """Every number of the day."""
    numbers: dict[str, Any] = {
        **numbers_of_masses(problem),
        **numbers_of_energy(problem),
        **numbers_of_limits(problem),
        **numbers_of_baskets(problem),
        **numbers_of_house_rules(problem),
    }
    if form.any_mass:
        numbers |= {"least_steel_t": 0.0, "most_steel_t": ANY_MASS_T}
    if form.elastic:
        # Where stock may give way, nothing else must hold on to it.
        reach = reach_t(problem)
        lifts = numbers["lift_t"]
        lifted = [reach[j] for j, item in enumerate(problem.items) if item.lift_t > 0]
        numbers |= {
            "least_t": np.zeros(len(reach)),
            "most_t": np.where([item.most_t is not None for item in problem.items], reach, numbers["most_t"]),
            "can_be_used": np.ones(len(numbers["can_be_used"])),
            "most_lifts": np.floor(np.array(lifted) / lifts + 1e-9),
            "most_in_basket_t": PLENTY,
        }
    return numbers


def instance_of(problem: RecipeProblem, form: Form = PLAIN) -> Instance:
    """The program of a problem, its margins without any tangent yet.

    Raises:
        InputError: a plant's own rule cannot be stated.
    """
    structure = structure_of(problem, form.headroom, form.rules)
    compiled = compiled_statement(structure)
    allowances = {f"rule.{rule.name}.allowance": 0.0 for rule in structure.rules}
    program, flat = compiled.filled({**allowances, **numbers_of(problem, form)})
    program.relief = _relief(problem, program)
    program = with_predictors(program, problem)
    if form.elastic:
        program = elastic(program, problem)
    return Instance(program, compiled, flat)


def _relief(problem: RecipeProblem, program: Program) -> dict[int, float]:
    """wt% · t that each limit is held inside what was asked, by row."""
    found = {}
    for row in problem.rows:
        for kind, limit in (("maximum", row.maximum), ("minimum", row.minimum)):
            inside = 0.0 if limit is None else problem.inside_wt_pct(row, limit)
            if inside:
                found[program.rows[kind, row.element.value]] = inside * problem.mass_band_t[1]
    return found


def pyomo_model(structure: Structure, numbers: Filled) -> pyo.ConcreteModel:
    """The statement with a day's numbers, for people and other solvers to read."""
    model = recipe_model(structure)
    for parameter in model.component_objects(pyo.Param):
        if parameter.mutable and parameter.name in numbers:
            for one, value in zip(parameter.values(), np.ravel(numbers[parameter.name]), strict=True):
                one.set_value(float(value))
    return model
