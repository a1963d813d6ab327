"""A plant's own rules in the statement: the relations that its functions return, each in a block of its own."""

from collections.abc import Iterator
from typing import Any

import pyomo.core as pyo
from pyomo.core.expr.relational_expr import EqualityExpression, InequalityExpression, RangedExpression

from optimizer.model.linear_forms import NotLinearError
from optimizer.model.statement.structure import Structure
from optimizer.problem.own_rules import OwnRule, at_line
from steel.complaints import meant
from steel.errors import InputError

RELATIONS = (EqualityExpression, InequalityExpression, RangedExpression)
WANTED = "a linear relation between masses, such as `model.charged_t['HBI'] <= 3`, or a list of them"


def state_own_rules(model: pyo.ConcreteModel, structure: Structure) -> None:
    """State a plant's own rules, each in a block of its own; every relation may give way by the block's `allowance`.

    Raises:
        InputError: a rule cannot be stated.
    """
    model.absent_t = pyo.Var(structure.absent, bounds=(0, 0))
    model.rule = pyo.Block()
    for one in structure.rules:
        block = pyo.Block(concrete=True)
        model.rule.add_component(one.name, block)
        _offer(model, block, structure)
        relations = _relations(one, block, structure)
        block.allowance = pyo.Param(mutable=True, initialize=0.0, domain=pyo.Any)
        block.held = pyo.ConstraintList()
        for relation in relations:
            block.held.add(_with_allowance(relation, block.allowance))


def _offer(model: pyo.ConcreteModel, block: pyo.Block, structure: Structure) -> None:
    """Give a rule's block what rules are about."""
    # What the surrogate does not know yet is in no recipe.
    absent = dict(model.absent_t.items())
    block.charged_t = {**absent, **dict(model.charged_t.items())}
    block.added_t = dict(model.added_t.items())
    block.mass_t = {**absent, **model.mass_t}
    if structure.baskets is not None and structure.baskets.apart:
        block.basket_t = dict(model.basket_t.items())
        block.BASKETS = list(model.BASKETS)
    for name in ("steel_t", "tapped_t", "metal_t", "energy_kwh"):
        block.add_component(name, pyo.Expression(expr=getattr(model, name)))


def _relations(one: OwnRule, block: pyo.Block, structure: Structure) -> list[Any]:
    if one.by_basket and (structure.baskets is None or not structure.baskets.apart):
        raise InputError("model.basket_t", one.where, "a plant whose furnace states its baskets")
    try:
        returned = one.state(block)
        relations = list(_flat(returned))
    except KeyError as error:
        known = (*structure.charged, *structure.added)
        named = error.args[0]
        raise InputError(named, one.where, f"a material of the yard{meant(str(named), known)}") from error
    except Exception as error:
        raise InputError(at_line(error, one.file), one.where, WANTED) from error
    for relation in relations:
        if not isinstance(relation, RELATIONS):
            raise InputError(relation, one.where, WANTED)
    if not relations:
        raise InputError("nothing", one.where, WANTED)
    return relations


def _flat(returned: Any) -> Iterator[Any]:
    if isinstance(returned, dict):
        yield from returned.values()
    elif isinstance(returned, (list, tuple)) or hasattr(returned, "__next__"):
        yield from returned
    else:
        yield returned


def _with_allowance(relation: Any, allowance: pyo.Param) -> Any:
    if isinstance(relation, RangedExpression):
        low, body, high = relation.args
        return (low - allowance, body, high + allowance)
    first, second = relation.args
    if isinstance(relation, EqualityExpression):
        return (-allowance, first - second, allowance)
    return first - second <= allowance


def not_linear(error: NotLinearError, structure: Structure) -> Exception:
    """What is said of a rule whose relation is not linear; the error itself where it is none of a rule."""
    one = next((one for one in structure.rules if one.name == error.rule), None)
    if one is None:
        return error
    return InputError(str(error), one.where, WANTED)
