"""Where a table's header stands, what its columns are called, and what units a row beneath it tells."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from plant_adapters.reading.table import Line, TableFormat, Wanted, as_name
from plant_adapters.reading.units import is_unit
from steel.errors import InputError

HEADER_WITHIN = 30
"""Lines in which a header is looked for."""


@dataclass(frozen=True)
class Header:
    """A table's header.

    Attributes:
        row: its line.
        names: of all columns, empty where one has none.
        units: by name, where a row beneath the header or the name itself tells it.
        rest: the lines behind it.
    """

    row: int
    names: tuple[str, ...]
    rest: Iterator[Line]
    units: dict[str, str] = field(default_factory=dict)

    @property
    def doubled(self) -> tuple[str, ...]:
        """Names that head more than one column."""
        counted = Counter(name for name in self.names if name)
        return tuple(name for name, count in counted.items() if count > 1)


def find_header(lines: Iterable[Line], form: TableFormat, wanted: Wanted, file: str) -> Header:
    """The header of a table: where it is stated, or else the first line, or two lines together, of the names wanted.

    Raises:
        InputError: there are no lines, or the one that is stated is none of them.
    """
    rest = iter(lines)
    before: list[Line] = []
    for line in rest:
        before.append(line)
        if len(before) == HEADER_WITHIN or line[0] == form.header_row:
            break
    if not before:
        raise InputError(file, "table file", "a header and rows; there is nothing in it")
    at, names = _found(before, form, wanted, file)
    while names and not names[-1]:
        names.pop()
    units, behind = {name: unit for name in names if (unit := _told_unit(name))}, before[at + 1 :]
    if not behind:
        behind = list(itertools.islice(rest, 1))
    if behind and (told := _units_row(behind[0][1], names)) is not None:
        units |= told
        behind = behind[1:]
    return Header(before[at][0], tuple(names), itertools.chain(behind, rest), units)


def _found(before: list[Line], form: TableFormat, wanted: Wanted, file: str) -> tuple[int, list[str]]:
    if form.header_row is not None:
        numbers = [number for number, _ in before]
        if form.header_row not in numbers:
            raise InputError(form.header_row, f"header_row of {file}", f"a line up to {max(numbers)}")
        at = numbers.index(form.header_row)
        names = _names(before[at][1])
        both = _together(before[at - 1][1], before[at][1]) if at else names
        return at, both if wanted(tuple(both)) > wanted(tuple(names)) else names
    for at, (_, cells) in enumerate(before):
        names = _names(cells)
        both = _together(cells, before[at + 1][1]) if at + 1 < len(before) else names
        if wanted(tuple(both)) > wanted(tuple(names)):
            return at + 1, both
        if wanted(tuple(names)):
            return at, names
    return 0, _names(before[0][1])


def _names(cells: Iterable[Any]) -> list[str]:
    return [as_name(cell) for cell in cells]


def _together(above: list[Any], below: list[Any]) -> list[str]:
    """The names of a header of two lines: what stands over several columns is said of each of them."""
    over, names = "", []
    for top, bottom in itertools.zip_longest(_names(above), _names(below), fillvalue=""):
        # A name that stands over no other is one of a single column, merged over both lines.
        over = "" if top and not bottom else top or over
        names.append(f"{over} {bottom}".strip() if bottom else top)
    return names


def _told_unit(name: str) -> str:
    """The unit that a name ends in, in brackets; empty where it tells none."""
    found = re.search(r"[(\[]\s*([^()\[\]]+?)\s*[)\]]$", name)
    return found[1] if found and is_unit(found[1]) else ""


def _units_row(cells: list[Any], names: list[str]) -> dict[str, str] | None:
    """By column, what a row beneath a header says that it is in; None where the row is no such one."""
    told, others = {}, 0
    for name, cell in zip(names, cells, strict=False):
        text = "" if cell is None else str(cell).strip().strip("[]()").strip()
        if is_unit(text):
            told[name] = text
        elif re.search(r"\d", text):
            return None
        elif text.strip("-–—"):
            others += 1
    return told if told and len(told) >= others else None
