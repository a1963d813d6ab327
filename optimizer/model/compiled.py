"""A Pyomo model compiled to arrays: where each number of the day goes, so that a solve only fills numbers in.

Every coefficient, bound and cost is a sum of products of at most two of the model's mutable parameters. Each product is
a slot; filling in is one weighted count over the slots. What one unit of any number is worth at an optimum follows from
the same slots and the multipliers there (envelope theorem).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyomo.core as pyo
from numpy.typing import NDArray

from optimizer.model.linear_forms import LinearForm, LinearForms, NotLinearError, Polynomial
from optimizer.model.program import IntArray, Name, Program
from steel.heats import FloatArray

ONE_COLUMN: Name = ("one",)
"""A column that is 1, for what of the objective no decision changes."""
Filled = Mapping[str, FloatArray | float]
"""Values of each mutable parameter, in the order of its index set."""


@dataclass(frozen=True)
class Compiled:
    """A model as arrays, its numbers still to be filled in.

    Attributes:
        columns: index of each, by component name and index.
        rows: the same.
        integer: columns that are whole.
        blocks: parameters in order, with how many numbers each has.
        starts: which coefficients there are (compressed sparse rows).
        indices: which coefficients there are (compressed sparse rows).
        where: (S,)
        first: (S,)
        second: (S,)
        factor: (S,)
        slots: `flat[where] += factor · number[first] · number[second]`.
        fixed: (F,) what of coefficients, costs and bounds no number changes.
    """

    columns: Mapping[Name, int]
    rows: Mapping[Name, int]
    integer: list[int]
    blocks: Mapping[str, int]
    starts: IntArray
    indices: IntArray
    where: NDArray[np.int_]
    first: NDArray[np.int_]
    second: NDArray[np.int_]
    factor: FloatArray
    fixed: FloatArray

    @cached_property
    def _cuts(self) -> list[int]:
        """Ends of coefficients, costs, lower and upper bounds, lower sides of rows."""
        columns, rows = len(self.columns), len(self.rows)
        sizes = [len(self.indices), columns, columns, columns, rows]
        return [int(end) for end in np.cumsum(sizes)]

    def filled(self, numbers: Filled) -> tuple[Program, FloatArray]:
        """The program with a day's numbers, and these in a row, 1 last."""
        flat = np.concatenate([*(np.ravel(numbers[name]) for name in self.blocks), [1.0]])
        products = self.factor * flat[self.first] * flat[self.second]
        everything = self.fixed + np.bincount(self.where, products, len(self.fixed))
        values, cost, lower, upper, row_lower, row_upper = np.split(everything, self._cuts)
        program = Program(
            self.columns, self.rows, cost, lower, upper, self.integer, row_lower, row_upper, self.starts, self.indices,
            values,
        )  # fmt: skip
        return program, flat

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each parameter's numbers begin in the row of all."""
        begins = np.concatenate([[0], np.cumsum(list(self.blocks.values()))]).tolist()
        return dict(zip(self.blocks, begins, strict=False))

    def worth(self, flat: FloatArray, values: FloatArray, row_duals: FloatArray, reduced: FloatArray) -> FloatArray:
        """What one unit more of each number adds to the least cost.

        Args:
            flat: the day's numbers in a row.
            values: of the columns at the optimum.
            row_duals: (R,) as a linear solver has them.
            reduced: costs (N,).
        """
        columns, rows = len(self.columns), len(self.rows)
        values, row_duals, reduced = values[:columns], row_duals[:rows], reduced[:columns]
        of_row = np.repeat(row_duals, np.diff(self.starts))
        weights = np.concatenate([
            -of_row * values[self.indices], values, np.maximum(reduced, 0.0), np.minimum(reduced, 0.0),
            np.maximum(row_duals, 0.0), np.minimum(row_duals, 0.0),
        ])  # fmt: skip
        return self._gathered(flat, weights)

    def easing(self, flat: FloatArray, values: FloatArray, row: int) -> FloatArray:
        """By how much one unit more of each number eases a row, at values of the columns."""
        weights = np.zeros(len(self.fixed))
        of_row = slice(self.starts[row], self.starts[row + 1])
        weights[of_row] = -values[self.indices[of_row]]
        weights[len(self.fixed) - len(self.rows) + row] = 1.0
        return self._gathered(flat, weights)

    def _gathered(self, flat: FloatArray, weights: FloatArray) -> FloatArray:
        weighted = weights[self.where] * self.factor
        found = np.bincount(self.first, weighted * flat[self.second], len(flat))
        return np.asarray(found + np.bincount(self.second, weighted * flat[self.first], len(flat)))


class _Slots:
    def __init__(self, one: int) -> None:
        self._one = one
        self.slots: list[tuple[int, int, int, float]] = []
        self.constants: list[tuple[int, float]] = []

    def put(self, at: int, polynomial: Polynomial) -> None:
        for numbers, factor in polynomial.items():
            if numbers:
                self.slots.append((at, numbers[0], (*numbers, self._one)[1], factor))
            else:
                self.constants.append((at, factor))


def compile_model(model: pyo.ConcreteModel) -> Compiled:
    """Compile a linear model whose objective is minimised.

    A row with a lower side alone is turned round, so that every inequality is an upper one.

    Raises:
        NotLinearError: a constraint or the objective is not linear in the variables.
    """
    parameters = [
        p for component in model.component_objects(pyo.Param) if component.mutable for p in component.values()
    ]
    blocks = {c.name: len(c) for c in model.component_objects(pyo.Param) if c.mutable}
    forms = LinearForms({id(parameter): index for index, parameter in enumerate(parameters)})
    variables = list(model.component_data_objects(pyo.Var))
    columns = {_name(variable): j for j, variable in enumerate(variables)}
    at_column: dict[int | None, int] = {id(variable): j for j, variable in enumerate(variables)}
    objective = forms.of(next(model.component_data_objects(pyo.Objective, active=True)).expr)
    constraints = list(model.component_data_objects(pyo.Constraint, active=True))
    sides = [_sides(forms, constraint) for constraint in constraints]
    if None in objective:
        at_column[None] = columns[ONE_COLUMN] = len(columns)
    pattern = [sorted(at_column[variable] for variable in body) for body, _, _ in sides]
    starts = np.concatenate([[0], np.cumsum([len(each) for each in pattern])]).astype(np.int32)
    n, r, filled = len(columns), len(sides), int(starts[-1])
    cost_at, lower_at, upper_at = filled, filled + n, filled + 2 * n
    row_lower_at = filled + 3 * n
    fixed = np.zeros(row_lower_at + 2 * r)
    fixed[lower_at:upper_at], fixed[upper_at:row_lower_at] = -np.inf, np.inf
    fixed[row_lower_at : row_lower_at + r], fixed[row_lower_at + r :] = -np.inf, np.inf
    slots = _Slots(len(parameters))

    def bound(at: int, form: LinearForm | None) -> None:
        if form is not None:
            fixed[at] = 0.0
            slots.put(at, form.get(None, {}))

    for variable, coefficient in objective.items():
        slots.put(cost_at + at_column[variable], coefficient)
    for j, variable in enumerate(variables):
        bound(lower_at + j, None if variable.lower is None else forms.of(variable.lower))
        bound(upper_at + j, None if variable.upper is None else forms.of(variable.upper))
    if ONE_COLUMN in columns:
        fixed[[lower_at + n - 1, upper_at + n - 1]] = 1.0
    for row, ((body, low, high), at) in enumerate(zip(sides, pattern, strict=True)):
        place = {column: int(starts[row]) + k for k, column in enumerate(at)}
        for variable, coefficient in body.items():
            slots.put(place[at_column[variable]], coefficient)
        bound(row_lower_at + row, low)
        bound(row_lower_at + r + row, high)
    for at_slot, value in slots.constants:
        fixed[at_slot] += value
    table = list(zip(*slots.slots, strict=True)) or [(), (), (), ()]
    where, first, second = (np.array(column, dtype=np.int_) for column in table[:3])
    factor = np.array(table[3], dtype=np.float64)
    return Compiled(
        columns=columns,
        rows={_name(constraint): row for row, constraint in enumerate(constraints)},
        integer=[j for j, variable in enumerate(variables) if not variable.is_continuous()],
        blocks=blocks,
        starts=starts,
        indices=np.array([column for at in pattern for column in at], dtype=np.int32),
        where=where,
        first=first,
        second=second,
        factor=factor,
        fixed=fixed,
    )


def _name(component: pyo.Component) -> Name:
    """Component name and index of a variable or constraint; its block's before it, where it has one of its own."""
    parent, index = component.parent_component(), component.index()
    block = parent.parent_block()
    begin = () if block.parent_block() is None else ("rule", block.local_name)
    if index is None:
        return (*begin, parent.local_name)
    return (*begin, parent.local_name, *(index if isinstance(index, tuple) else (index,)))


def _sides(forms: LinearForms, constraint: pyo.Constraint) -> tuple[LinearForm, LinearForm | None, LinearForm | None]:
    """Variables' part of a constraint and what it lies between, every inequality an upper one."""
    low, body, high = constraint.to_bounded_expression()
    try:
        form = forms.of(body)
    except NotLinearError as error:
        error.rule = constraint.parent_block().local_name
        raise
    constant: LinearForm = {None: form[None]} if None in form else {}
    variables: LinearForm = {variable: polynomial for variable, polynomial in form.items() if variable is not None}

    def side(expression: object) -> LinearForm | None:
        if expression is None:
            return None
        found = forms.of(expression)
        return _difference(found, constant)

    lower, upper = side(low), side(high)
    if upper is None and lower is not None:
        return _negated(variables), None, _negated(lower)
    return variables, lower, upper


def _negated(form: LinearForm) -> LinearForm:
    return {variable: {n: -f for n, f in polynomial.items()} for variable, polynomial in form.items()}


def _difference(form: LinearForm, other: LinearForm) -> LinearForm:
    found = {variable: dict(polynomial) for variable, polynomial in form.items()}
    for variable, polynomial in other.items():
        into = found.setdefault(variable, {})
        for numbers, factor in polynomial.items():
            into[numbers] = into.get(numbers, 0.0) - factor
    return found
