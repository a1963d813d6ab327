"""A plant's own rules: Python functions of its own file that return Pyomo relations on the recipe's variables.

    from chargewise import rule

    @rule("HBI at most half of the pig iron and 3 t", unit="t")
    def hbi_with_pig_iron(model):
        return model.charged_t["HBI"] <= 0.5 * model.charged_t["Pig iron"] + 3

The model has `charged_t` and `added_t` by material, `mass_t` of both, `basket_t` by basket (from 1) and material,
`steel_t`, `tapped_t`, `metal_t` and `energy_kwh`. A rule may give it yes/no variables of its own, such as
`model.with_turnings = pyo.Var(within=pyo.Binary)`. The file is the plant's: it is run as a program.
"""

import types
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from steel.errors import InputError
from steel.plants import RulesFile

Statement = Callable[[Any], Any]


@dataclass(frozen=True)
class OwnRule:
    """One rule of a plant's own.

    Attributes:
        name: of its function.
        words: what it asks for, as people say it.
        unit: of what it gives way by.
        step: of what it gives way by.
        text: the whole file, which tells two rules of one name apart.
    """

    name: str
    words: str
    unit: str
    step: float
    file: str
    text: str = field(repr=False)
    state: Statement = field(compare=False, repr=False)

    @property
    def where(self) -> str:
        """Its place, for people."""
        return f"rule {self.name} of {self.file}"

    @property
    def by_basket(self) -> bool:
        """Whether it is about what goes into which basket."""
        return "basket_t" in _names_in(self.state.__code__)


def rule(words: str, unit: str = "t", step: float = 1.0) -> Callable[[Statement], Statement]:
    """Make a function of the recipe's model a rule of the plant.

    Args:
        words: what it asks for, as it is to be shown.
        unit: of the relation's sides.
        step: a relaxation that people talk about, in that unit.
    """

    def marked(function: Statement) -> Statement:
        function.requirement = (words, unit, step)  # type: ignore[attr-defined]
        return function

    return marked


def _names_in(code: types.CodeType) -> set[str]:
    inner = (_names_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType))
    return set(code.co_names).union(*inner)


@lru_cache(maxsize=64)
def own_rules(file: RulesFile | None) -> tuple[OwnRule, ...]:
    """The rules of a plant's file, in order; none without one.

    Raises:
        InputError: the file does not run, or states no rule.
    """
    if file is None:
        return ()
    module: dict[str, Any] = {"__name__": "plant_rules", "__file__": file.name}
    try:
        exec(compile(file.text, file.name, "exec"), module)  # noqa: S102 - the plant's own file, run as its program
    except Exception as error:
        raise InputError(at_line(error, file.name), f"rules file {file.name}", "a Python file that runs") from error
    found = [(value, value.requirement) for value in module.values() if hasattr(value, "requirement")]
    if not found:
        raise InputError(file.name, "rules file", "at least one function marked with `@rule(...)`")
    return tuple(
        OwnRule(function.__name__, words, unit, step, file.name, file.text, function)
        for function, (words, unit, step) in found
    )


def at_line(error: Exception, file: str) -> str:
    """An error of a rules file in words, with the line it came from."""
    line, trace = getattr(error, "lineno", None), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{type(error).__name__}: {error}" + (f" (line {line})" if line else "")
