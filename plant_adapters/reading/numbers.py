"""A whole column as numbers: its decimal sign is decided once, from all cells, and told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plant_adapters.reading.cells import DECIMALS, Cell, Decimal, UnreadableError, is_lost, read_cell
from plant_adapters.reading.units import conversion
from steel.errors import InputError
from steel.heats import FloatArray

SURELY = 10
"""How many times as many different cells must speak for one decimal sign as for the other."""
SIGNS = {".": "point", ",": "comma"}


@dataclass(frozen=True)
class NumberForm:
    """How a column of numbers is to be read.

    Attributes:
        column: its name.
        unit: it is written in.
        to: it is wanted in; both "" where it has none.
        groups: signs that may set three digits apart.
        exact: whether a bound, or a value that is lost, is no answer, as for a mass that was charged.
    """

    column: str
    unit: str = ""
    to: str = ""
    groups: str = ".,' "
    exact: bool = False


@dataclass(frozen=True)
class NumberColumn:
    """A column as read.

    Attributes:
        values: (N,) in the wanted unit, NaN where nothing is said; half the limit where only that is known.
        below: (N,) limit of detection where the value lies below one, else NaN.
        bad: by position, what would have been right in a cell that cannot be read.
        above: positions whose value lies above the range; nothing is known of it.
        examples: two cells and what they were read as.
    """

    values: FloatArray
    below: FloatArray
    bad: dict[int, str] = field(default_factory=dict)
    above: tuple[int, ...] = ()
    examples: tuple[tuple[str, float], ...] = ()


def decide_decimals(
    columns: Mapping[str, tuple[Sequence[Any], NumberForm]], stated: Decimal | None
) -> dict[str, Decimal]:
    """The decimal sign of every column, from all of its cells; what one leaves open is as in the others.

    Raises:
        InputError: a column writes both, or nothing tells what a sign in it means; the message shows the cells.
    """
    if stated is not None:
        return dict.fromkeys(columns, stated)
    return decided_by({name: evidence(cells, form.groups) for name, (cells, form) in columns.items()})


def decided_by(columns: Mapping[str, "DecimalEvidence"]) -> dict[str, Decimal]:
    """The decimal sign of every column, by what speaks for it.

    Raises:
        InputError: as `decide_decimals`.
    """
    decided: dict[str, Decimal] = {}
    open_ones: dict[str, str] = {}
    for name, seen in columns.items():
        point, comma = (seen.only.get(sign, (0, "")) for sign in DECIMALS)
        if min(point[0], comma[0]) * SURELY > max(point[0], comma[0]):
            expected = 'one decimal sign; state `decimal = "."` or `decimal = ","`'
            raise InputError((point[1], comma[1]), f"column {name}", expected)
        if seen.only:
            decided[name] = "." if point[0] > comma[0] else ","
        elif seen.either is not None:
            open_ones[name] = seen.either
    signs = set(decided.values())
    for name, cell in open_ones.items():
        if len(signs) != 1:
            with_comma, with_point = (read_cell(cell, sign).value for sign in (",", "."))
            expected = (
                f"`decimal`: with a comma it is {with_comma:g}, with a point {with_point:g}, and no other cell tells"
            )
            raise InputError(cell, f"column {name}", expected)
        decided[name] = next(iter(signs))
    return {name: decided.get(name, ".") for name in columns}


@dataclass(frozen=True)
class DecimalEvidence:
    """What a column's cells say of its decimal sign.

    Attributes:
        only: by sign, how many different cells can be read with it only, and one of them.
        either: a cell that reads differently with either.
    """

    only: dict[Decimal, tuple[int, str]] = field(default_factory=dict)
    either: str | None = None

    def __add__(self, other: "DecimalEvidence") -> "DecimalEvidence":
        both = {
            sign: (
                self.only.get(sign, (0, ""))[0] + other.only.get(sign, (0, ""))[0],
                (self.only | other.only)[sign][1],
            )
            for sign in {**self.only, **other.only}
        }
        return DecimalEvidence(both, self.either or other.either)


def evidence(cells: Sequence[Any], groups: str) -> DecimalEvidence:
    """What a column's cells say of its decimal sign.

    Args:
        cells: of the column, or of a block of it.
        groups: signs that may set three digits apart.
    """
    only: dict[Decimal, tuple[int, str]] = {}
    either: str | None = None
    for text in dict.fromkeys(cell for cell in cells if isinstance(cell, str) and ("." in cell or "," in cell)):
        found = {sign: cell.value for sign in DECIMALS if (cell := _tried(text, sign, groups)) and not cell.missing}
        if len(found) == 1:
            sign = next(iter(found))
            count, first = only.get(sign, (0, text))
            only[sign] = (count + 1, first)
        elif len(found) > 1 and either is None:
            either = text
    return DecimalEvidence(only, either)


def _tried(text: str, decimal: Decimal, groups: str) -> Cell | None:
    try:
        return read_cell(text, decimal, groups)
    except UnreadableError:
        return None


def read_numbers(cells: Sequence[Any], form: NumberForm, decimal: Decimal) -> NumberColumn:
    """Read a column; cells may be text, or numbers where the file has types.

    Raises:
        InputError: the column's unit is none that is known.
    """
    convert = conversion(form.unit, form.to, f"column {form.column}") if form.to else None
    values, below = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
    bad: dict[int, str] = {}
    above: list[int] = []
    examples: list[tuple[str, float]] = []
    known: dict[str, Cell | str] = {}
    for position, written in enumerate(cells):
        text = written if isinstance(written, str) else ""
        cell = known.get(text) if text else _typed(written)
        if cell is None:
            cell = known[text] = _read(text, form, decimal)
        if isinstance(cell, str):
            bad[position] = cell
            continue
        if cell.missing:
            continue
        number = cell.value
        if convert is not None:
            number = convert(number) if not cell.unit else conversion(cell.unit, form.to, form.column)(number)
        if form.exact and cell.bound:
            bad[position] = "a mass, not a bound of one"
            continue
        if cell.bound == ">":
            above.append(position)
            continue
        below[position] = number if cell.bound == "<" else np.nan
        values[position] = number / 2.0 if cell.bound == "<" else number
        if len(examples) < 2 and number:
            examples.append((text or f"{written}", float(values[position])))
    return NumberColumn(values, below, bad, tuple(above), tuple(examples))


def _typed(written: object) -> "Cell | str":
    """A cell that the file has a type for."""
    if written is None or written == "":
        return Cell(np.nan)
    if isinstance(written, bool | np.bool_) or not isinstance(written, int | float | np.number):
        return "a number, or empty"
    if np.isinf(written):
        return "a finite number"
    return Cell(float(written))


def _read(text: str, form: NumberForm, decimal: Decimal) -> "Cell | str":
    """A cell of text, or what would have been right."""
    try:
        if form.exact and is_lost(text):
            return "the value itself"
        cell = read_cell(text, decimal, form.groups)
        if cell.unit and form.to:
            conversion(cell.unit, form.to, form.column)
        elif cell.unit:
            return f"a number with decimal {SIGNS[decimal]}, or empty"
    except UnreadableError as error:
        return str(error)
    except InputError as error:
        return f"a number in {form.unit}, or with {error.expected}"
    return cell
