"""Pyomo expressions as linear forms: coefficients of variables, each a polynomial in the day's numbers.

Pyomo's own standard form evaluates parameters or keeps them as expressions; here a coefficient is kept as the sum of
products of at most two numbers, so that new numbers are filled in without walking any expression again.
"""

from collections.abc import Mapping
from typing import Any

from pyomo.core.expr import numeric_expr

Polynomial = dict[tuple[int, ...], float]
"""Factor of each product of numbers, by their indices; () is the constant."""
LinearForm = dict[int | None, Polynomial]
"""Coefficient of each variable, by its `id`; None is what no variable multiplies."""
ONE: Polynomial = {(): 1.0}


class NotLinearError(ValueError):
    """An expression is not linear in the variables, or multiplies more than two numbers.

    Attributes:
        rule: the plant's own rule that states it, if any does.
    """

    rule: str | None = None


class LinearForms:
    """Reads expressions of one model.

    Args:
        numbers: index of each mutable parameter, by its `id`.
    """

    def __init__(self, numbers: Mapping[int, int]) -> None:
        self._numbers = numbers
        self._known: dict[int, LinearForm] = {}

    def of(self, expression: Any) -> LinearForm:
        """The linear form of an expression.

        Raises:
            NotLinearError: it has none.
        """
        if isinstance(expression, (int, float)):
            return {None: {(): float(expression)}}
        if expression.is_parameter_type():
            index = self._numbers.get(id(expression))
            return {None: {(): float(expression.value)} if index is None else {(index,): 1.0}}
        if expression.is_variable_type():
            return {id(expression): ONE}
        if expression.is_named_expression_type():
            if id(expression) not in self._known:
                self._known[id(expression)] = self.of(expression.arg(0))
            return self._known[id(expression)]
        return self._compound(expression)

    def _compound(self, expression: Any) -> LinearForm:
        parts = [self.of(part) for part in expression.args]
        if isinstance(expression, numeric_expr.SumExpression):
            total: LinearForm = {}
            for part in parts:
                _add(total, part)
            return total
        if isinstance(expression, numeric_expr.NegationExpression):
            return _scaled(parts[0], {(): -1.0})
        if isinstance(expression, numeric_expr.ProductExpression):
            first, second = parts
            if first.keys() - {None}:
                first, second = second, first
            if first.keys() - {None}:
                raise NotLinearError(f"{expression} multiplies two masses")
            return _scaled(second, first.get(None, {}))
        if isinstance(expression, numeric_expr.DivisionExpression):
            below = parts[1]
            if below.keys() != {None} or below[None].keys() != {()}:
                raise NotLinearError(f"{expression} divides by what is not a plain number")
            return _scaled(parts[0], {(): 1.0 / below[None][()]})
        raise NotLinearError(f"{expression} is not linear")


def _add(total: LinearForm, part: LinearForm) -> None:
    for variable, polynomial in part.items():
        into = total.setdefault(variable, {})
        if into is ONE:
            into = total[variable] = dict(ONE)
        for numbers, factor in polynomial.items():
            into[numbers] = into.get(numbers, 0.0) + factor


def _scaled(form: LinearForm, by: Polynomial) -> LinearForm:
    return {variable: _product(polynomial, by) for variable, polynomial in form.items()}


def _product(first: Polynomial, second: Polynomial) -> Polynomial:
    found: Polynomial = {}
    for left, one in first.items():
        for right, other in second.items():
            numbers = tuple(sorted(left + right))
            if len(numbers) > 2:
                raise NotLinearError("a coefficient is the product of more than two numbers")
            found[numbers] = found.get(numbers, 0.0) + one * other
    return found
