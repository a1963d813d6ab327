"""A first mapping proposed from a table's columns: what is surely meant, and what a person must say."""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from plant_adapters.mapping.words import (
    CLASSES,
    ENERGY,
    GRADE,
    HEAT,
    HEEL,
    PROCESS,
    TAPPED,
    TAPPED_AT,
    UNIT_WORDS,
    USUAL_UNIT,
    Words,
)  # fmt: skip
from plant_adapters.reading.columns import read_columns
from plant_adapters.reading.numbers import NumberForm
from plant_adapters.reading.table import Table
from plant_adapters.reading.units import conversion
from steel import catalogue
from steel.elements import Element
from steel.errors import InputError
from steel.heats import FloatArray

MOST_WT_PCT = 30.0
MEDIA = {"oxygen_nm3_per_t": 200.0, "gas_nm3_per_t": 100.0, "injected_carbon_kg_per_t": 100.0}
"""What a t of steel takes at most; more is of a whole heat."""


@dataclass(frozen=True)
class Suggestion:
    """A proposed mapping.

    Attributes:
        toml: its file, with a word on each line that is not sure.
        sure: what is surely meant, in words.
        asks: what a person must say.
    """

    toml: str
    sure: tuple[str, ...] = field(default_factory=tuple)
    asks: tuple[str, ...] = field(default_factory=tuple)


def names_a_heat(names: Sequence[str]) -> bool:
    """Whether one of a line's cells says that it heads the heats' numbers."""
    return any(_bare(name) in HEAT for name in names)


def suggest(table: Table, name: str) -> Suggestion:
    """Propose a mapping for a table.

    Args:
        table: that was read.
        name: of the plant's record.

    Raises:
        InputError: no column is named as heats' numbers are, or no element was analysed.
    """
    found = _Found(table)
    return found.written(name)


class _Found:
    """What of a table is recognised."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.sure: list[str] = []
        self.asks: list[str] = []
        self.left = list(table.columns)
        self.heat = self._take(HEAT)
        if self.heat is None:
            raise InputError(
                table.columns, "columns", "one named as heats' numbers are, such as heat, charge or Schmelze"
            )
        self.elements = self._elements()
        if not self.elements:
            raise InputError(table.columns, "columns", "one or more named by an element, such as Cu, cu_pct or Mn [%]")
        self.tapped_at = self._take(TAPPED_AT, text=True)
        self.grade = self._take(GRADE, text=True)
        self.tapped = self._take(TAPPED)
        self.heel = self._take(HEEL)
        self.energy = self._take(ENERGY)
        taken = {process: self._take(words) for process, words in PROCESS.items()}
        self.process = {process: column for process, column in taken.items() if column is not None}
        self.materials = [column for column in self.left if _numeric(self.table.cells[column].tolist())]

    def written(self, name: str) -> Suggestion:
        """The mapping's file."""
        pattern, codes = _pattern(self.materials)
        masses = np.array([self._values(column) for column in self.materials])
        unit = self._mass_unit(pattern, masses)
        most = float(np.nanmax(masses)) if masses.size else 0.0
        lines = [
            f"# Proposed from {len(self.table.cells)} rows; `chargewise mapping check` says what it loses.",
            f"name = {_quoted(name)}", f"heat_id = {_quoted(str(self.heat))}",
        ]  # fmt: skip
        lines += self._plain("tapped_at", self.tapped_at) + self._plain("grade", self.grade)
        if self.tapped_at is not None:
            lines.append('timezone = "UTC"  # ASK: the zone of these times, such as Europe/Berlin')
            self.asks.append(f"the time zone of {self.tapped_at}")
        lines += self._measured("tapped", self.tapped, "t") + self._measured("heel", self.heel, "t")
        lines += self._measured("energy", self.energy, "kWh", per_heat_above=1500.0)
        if self.process:
            lines += ["", "[process]"]
        for process, column in self.process.items():
            lines += self._measured(process, column, USUAL_UNIT[process], MEDIA.get(process, np.inf))
        lines += [
            "",
            "[analysis]",
            *self._analysis(),
            "",
            "[materials]",
            f"pattern = {_quoted(pattern)}",
            f"unit = {_quoted(unit)}",
        ]
        lines.append(f"max_per_heat = {max(1.2 * most, 1.0):.0f}  # more than this in one heat is absurd")
        lines += ["", "[materials.codes]"]
        for code in codes:
            guess = _class_of(code)
            if guess is None:
                lines.append(
                    f'{_quoted(code)} = {{ class = "E3" }}  # ASK: the class of the catalogue that {code} is of'
                )
                self.asks.append(f"what {code} is: a class of the catalogue")
            else:
                lines.append(f"{_quoted(code)} = {{ class = {_quoted(guess)}, name = {_quoted(code)} }}")
                self.sure.append(f"{code} is {guess}, {catalogue.material(guess).title.lower()}")
        if not codes:
            self.asks.append("which columns are materials; none was recognised")
        rest = [column for column in self.left if column not in self.materials]
        if rest:
            lines.insert(1, f"# Not read: {', '.join(rest)}")
        return Suggestion("\n".join(lines) + "\n", tuple(self.sure), tuple(self.asks))

    def _take(self, words: Words, text: bool = False) -> str | None:
        """The first column that is called so, of text where that is asked for."""
        for column in self.left:
            if _bare(column) in words and not (text and _numeric(self.table.cells[column].tolist())):
                self.left.remove(column)
                return column
        return None

    def _elements(self) -> dict[Element, str]:
        found: dict[Element, str] = {}
        for column in list(self.left):
            element = _element_of(column)
            if element is None or element in found or not _numeric(self.table.cells[column].tolist()):
                continue
            values = self._values(column)
            if not np.isfinite(values).any() or np.nanmax(values) > MOST_WT_PCT * 100:
                continue
            found[element] = column
            self.left.remove(column)
        return found

    def _values(self, column: str) -> FloatArray:
        cells = self.table.cells[column].tolist()
        try:
            return read_columns({column: (cells, NumberForm(column))}, None)[0][column].values
        except InputError:
            return np.full(len(cells), np.nan)

    def _plain(self, key: str, column: str | None) -> list[str]:
        if column is None:
            self.asks.append(f"which column is {key}; none was recognised")
            return []
        self.sure.append(f"{column} is {key}")
        return [f"{key} = {_quoted(column)}"]

    def _measured(self, key: str, column: str | None, usual: str, per_heat_above: float = np.inf) -> list[str]:
        """A column and its unit; a value beyond what a t of steel takes is of a whole heat."""
        if column is None:
            return []
        unit = _unit_of(column) or usual
        # A unit that is none of what is measured is told when the mapping is read.
        with suppress(InputError):
            per_heat_above /= conversion(unit, usual, column).factor
        values = self._values(column)
        per = ', per = "heat"' if np.isfinite(values).any() and np.nanmedian(values) > per_heat_above else ""
        told = "" if _unit_of(column) else f"  # ASK: whether it is in {usual}"
        if not _unit_of(column):
            self.asks.append(f"the unit of {column}; {usual} is taken")
        self.sure.append(f"{column} is {key}")
        return [f"{key} = {{ column = {_quoted(column)}, unit = {_quoted(unit)}{per} }}{told}"]

    def _analysis(self) -> list[str]:
        symbols = ", ".join(_quoted(element.value) for element in self.elements)
        columns = ", ".join(f"{element.value} = {_quoted(column)}" for element, column in self.elements.items())
        ppm = [
            element
            for element, column in self.elements.items()
            if _unit_of(column) == "ppm" or self._looks_ppm(element)
        ]
        lines = ['unit = "wt%"', f"elements = [{symbols}]", f"columns = {{ {columns} }}"]
        if ppm:
            units = ", ".join(f'{element.value} = "ppm"' for element in ppm)
            lines.append(f"units = {{ {units} }}")
            self.asks.append(f"whether {', '.join(ppm)} are in ppm, as their values look")
        self.sure.append(f"analysed: {', '.join(element.value for element in self.elements)}")
        return lines

    def _looks_ppm(self, element: Element) -> bool:
        values = self._values(self.elements[element])
        return bool(np.nanmedian(values) > MOST_WT_PCT) if np.isfinite(values).any() else False

    def _mass_unit(self, pattern: str, masses: FloatArray) -> str:
        said = _unit_of(pattern.replace("{code}", " "))
        if said in ("kg", "t", "lb"):
            return str(said)
        charged = float(np.nanmedian(np.nansum(masses, axis=0))) if masses.size else 0.0
        guess = "kg" if charged > 1000.0 else "t"
        self.asks.append(f"the unit of the materials; {guess} is taken, for a heat comes to {charged:,.0f}")
        return guess


def _bare(name: str) -> str:
    """A name without its unit, blanks and signs, in plain small letters."""
    small = unicodedata.normalize(
        "NFKD", name.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    )
    plain = re.sub(r"[(\[].*?[)\]]", " ", small)
    words = [word for word in re.split(r"[^a-z0-9]+", plain) if word]
    while len(words) > 1 and words[-1] in UNIT_WORDS:
        words.pop()
    return "".join(words)


def _unit_of(name: str) -> str | None:
    """The unit that a column's name tells, in brackets or at its end."""
    bracketed = re.search(r"[(\[]\s*(.*?)\s*[)\]]", name)
    tokens = [bracketed[1]] if bracketed else re.split(r"[\s_\-.]+", name)[-1:]
    text = tokens[-1].lower().replace("³", "3").replace("°", "deg").replace("%", "pct")
    return UNIT_WORDS.get(text)


def _element_of(column: str) -> Element | None:
    """The element that a column is named by: Cu, cu_pct, Cu [%], analysis_Cu."""
    bare = re.sub(r"[(\[].*?[)\]]|%", " ", column)
    words = [word for word in re.split(r"[\s_\-.:/]+", bare) if word]
    kept = [
        word
        for word in words
        if word.lower() not in ("pct", "wt", "ppm", "analysis", "analyse", "chem", "final", "lab")
    ]
    if len(kept) != 1:
        return None
    for element in Element:
        if kept[0] in (element.value, element.value.upper(), element.value.lower()):
            return element
    return None


def _numeric(cells: Sequence[object]) -> bool:
    """Whether what is written is numbers, as far as anything is."""
    said = [cell for cell in cells if cell != ""]
    numbers = [
        cell for cell in said if isinstance(cell, int | float) or re.match(r"^[<>]?\s*-?[\d.,' ]+\s*[%*]?$", str(cell))
    ]
    return bool(said) and len(numbers) >= 0.8 * len(said)


def _pattern(columns: Sequence[str]) -> tuple[str, list[str]]:
    """What material columns have in common about their codes, and the codes."""
    if len(columns) < 2:
        return "{code}", list(columns)
    before = _in_common(columns)
    after = _in_common([column[::-1] for column in columns])[::-1]
    before = before if not before or not before[-1].isdigit() else before.rstrip("0123456789")
    codes = [column[len(before) : len(column) - len(after) or None] for column in columns]
    if not all(codes) or len(set(codes)) < len(codes) or not re.search(r"[\s_\-.]$|^[A-Za-z]?$", before):
        before, codes = "", [column[: len(column) - len(after) or None] for column in columns]
    if not all(codes) or len(set(codes)) < len(codes):
        return "{code}", list(columns)
    return f"{before}{{code}}{after}", codes


def _in_common(texts: Sequence[str]) -> str:
    """What all begin with."""
    first, last = min(texts), max(texts)
    length = next((at for at, sign in enumerate(first) if at >= len(last) or last[at] != sign), len(first))
    return first[:length]


def _class_of(code: str) -> str | None:
    bare = _bare(code)
    for name, words in CLASSES:
        if any(bare == word or (len(word) > 2 and word in bare) for word in words):
            return name
    return None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
