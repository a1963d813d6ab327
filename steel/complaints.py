"""What a validation found wrong, in words for people: the value, where it was, what would be right."""

import difflib
import math
import types
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from steel.errors import InputError

NO_SUCH_KEY = "no such key"
MOST_SHOWN = 200
"""Characters of a value that a message repeats."""


@dataclass(frozen=True)
class Complaint:
    """One thing wrong.

    Attributes:
        where: dotted path of the field.
        value: as given, short and plain enough for JSON.
        expected: what would be right.
    """

    where: str
    value: Any
    expected: str
    unknown_key: bool = False

    def sentence(self, within: str = "") -> str:
        """The complaint as a sentence."""
        place = ": ".join(part for part in (within, self.where) if part)
        if self.unknown_key:
            return f"{place}: unknown key {self.value!r}{self.expected.removeprefix(NO_SUCH_KEY)}"
        if self.value is None:
            return f"{place}: expected {self.expected}"
        return f"{place}: {self.value!r} cannot be used; expected {self.expected}"


def complaints(error: ValidationError, model: Any = None) -> list[Complaint]:
    """Everything a validation found wrong.

    Args:
        error: the validation's.
        model: what was validated, for the keys that an unknown one may have meant.
    """
    found = [complaint(item, model) for item in error.errors(include_url=False, include_context=True)]
    # A misspelt key is often why another is missing.
    return sorted(found, key=lambda one: not one.unknown_key)


def complaint(item: Any, model: Any = None, skip: int = 0) -> Complaint:
    """One entry of a validation's errors.

    Args:
        item: the entry.
        model: what was validated.
        skip: parts of the place that lie outside it, such as "body".
    """
    kind, place, context = str(item["type"]), tuple(item["loc"]), item.get("ctx", {})
    where = ".".join(str(part) for part in place if part != "[key]")
    if kind == "extra_forbidden":
        known = _keys(model, place[skip:-1])
        return Complaint(where, plain(place[-1]), f"{NO_SUCH_KEY}{meant(str(place[-1]), known)}", unknown_key=True)
    if kind == "missing":
        return Complaint(where, None, "a value; it is missing")
    inner = context.get("error")
    if isinstance(inner, InputError):
        # A check of our own says better than its wrapping what was wrong, and where.
        within = ".".join(part for part in (where, inner.where) if part)
        return Complaint(within, plain(inner.value), inner.expected)
    return Complaint(where, plain(item.get("input")), _expected(kind, context, str(item["msg"])))


def input_error(error: ValidationError, where: str, model: Any = None) -> InputError:
    """The first thing wrong as an error, and how many more there are."""
    found = complaints(error, model)
    first = found[0]
    place = f"{where}: {first.where}" if first.where else where
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return InputError(first.value, place, first.expected + more, first.sentence(where) + more)


def meant(name: str, known: Iterable[str]) -> str:
    """The known name that a wrong one is nearest to, as the end of a sentence; else all there are, if few."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.65)
    folded = [one for one in names if one.casefold() == name.casefold()]
    if folded or near:
        return f"; did you mean {(folded or near)[0]!r}?"
    return f"; there are {', '.join(names)}" if 0 < len(names) <= 30 else ""


def plain(value: Any) -> Any:
    """A value as JSON can carry it, and no longer than a message should be."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**15 else str(value)[:MOST_SHOWN]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = value if isinstance(value, str) else _repr(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")[:MOST_SHOWN]


def _repr(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_word(k)}: {_word(v)}" for k, v in list(value.items())[:8]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_word(one) for one in list(value)[:8]) + "]"
    return str(value)


def _word(value: Any) -> str:
    return str(value)[:40]


def _expected(kind: str, context: dict[str, Any], message: str) -> str:
    bounds = {
        "greater_than": ("more than", "gt"), "greater_than_equal": ("at least", "ge"),
        "less_than": ("less than", "lt"), "less_than_equal": ("at most", "le"),
    }  # fmt: skip
    if kind in bounds:
        words, key = bounds[kind]
        return f"{words} {context[key]:g}"
    usual = {
        "finite_number": "a finite number",
        "float_type": "a number", "float_parsing": "a number",
        "int_type": "a whole number", "int_parsing": "a whole number", "int_from_float": "a whole number",
        "int_parsing_size": "a whole number of usual size",
        "string_type": "text", "bool_type": "true or false", "bool_parsing": "true or false",
        "dict_type": "a table of names and values", "model_type": "a table of names and values",
        "model_attributes_type": "a table of names and values",
        "tuple_type": "a list", "list_type": "a list",
        "string_unicode": "text whose characters exist",
        "json_invalid": f"JSON ({context.get('error', message)})",
    }.get(kind)  # fmt: skip
    if usual is not None:
        return usual
    if kind in ("enum", "literal_error"):
        return f"one of {str(context['expected']).replace(' or ', ', ')}"
    if kind in ("too_short", "string_too_short"):
        return f"at least {context.get('min_length')}"
    if kind in ("too_long", "string_too_long"):
        return f"at most {context.get('max_length')}"
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _keys(model: Any, place: Iterable[Any]) -> list[str]:
    """Keys that a model knows at a place within it."""
    found = model
    for part in place:
        found = _below(found, part)
    known = _model_of(found)
    if known is None:
        return []
    return [field.alias or name for name, field in known.model_fields.items()]


def _below(kind: Any, part: Any) -> Any:
    """The type of a field, or of an entry, of a type."""
    model = _model_of(kind)
    if model is None or not isinstance(part, str):
        return kind if model is not None else _entry(kind)
    for name, field in model.model_fields.items():
        if part in (name, field.alias):
            return field.annotation
    return None


def _entry(kind: Any) -> Any:
    """What a container holds; what may be one, where a type is optional."""
    arguments = [each for each in get_args(kind) if each not in (type(None), Ellipsis)]
    if get_origin(kind) in (Union, types.UnionType):
        return _entry(arguments[0]) if len(arguments) == 1 else None
    return arguments[-1] if arguments else None


def _model_of(kind: Any) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) in (Union, types.UnionType):
        models = [each for each in get_args(kind) if isinstance(each, type) and issubclass(each, BaseModel)]
        return models[0] if len(models) == 1 else None
    return None
