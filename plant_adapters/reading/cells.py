"""One cell as a number: the grammar that tables, the command and the page share.

`[< > ≤ ≥ ~] [+ -] digits [groups] [decimal digits] [e10] [-] [unit] [* ! ? #]`; a group sign is one only before
exactly three digits, left of the decimal sign, and never after a leading zero.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal

Decimal = Literal[".", ","]
DECIMALS: tuple[Decimal, ...] = (".", ",")
MISSING = frozenset(
    {
        "", "-", "--", "---", "–", "—", "n.a.", "n.a", "n/a", "na", "n.n.", "n.n", "n.d.", "n.d", "nd", "n.b.", "nan",
        "null", "none", "nil", "bdl", "lod", "<lod", "< lod", ".", "..", "...",
    }
)  # fmt: skip
"""Ways of saying that nothing was measured, or nothing was found, in small letters."""
LOST = frozenset({"#n/a", "#nv", "#null!"})
"""What a spreadsheet writes where a value could not be found; so are signs that fill a cell too narrow for it."""
_ALIKE = str.maketrans({"−": "-", "‐": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'", "≤": "<", "≥": ">"})
_NUMBER = re.compile(
    r"(?P<bound>[<>~]?)\s*(?P<sign>[+-]?)\s*"
    r"(?P<digits>[0-9](?:[0-9.,']|\ (?=[0-9]))*|[.,][0-9]+)(?P<exponent>[eE][+-]?[0-9]{1,3})?"
    r"(?P<behind>-?)\s*(?P<unit>(?:[A-Za-z%°µ][A-Za-z%°/³.-]*)?)\s*(?P<flag>[*!?#]*)"
)
_GROUP_SIGNS = ".,' "


class UnreadableError(ValueError):
    """A cell is no number under its convention; the message says what would be right."""


@dataclass(frozen=True)
class Cell:
    """What a cell says.

    Attributes:
        value: NaN where nothing is said.
        bound: "<" where the value is a limit of detection, ">" where it is the end of the range, else "".
        unit: as written in the cell, "" where it is not.
    """

    value: float
    bound: Literal["", "<", ">"] = ""
    unit: str = ""

    @property
    def missing(self) -> bool:
        """Whether the cell says that there is nothing."""
        return math.isnan(self.value)


NOTHING = Cell(math.nan)


def read_cell(text: str, decimal: Decimal, groups: str = _GROUP_SIGNS) -> Cell:
    """Read one cell.

    Args:
        text: as written.
        decimal: the decimal sign.
        groups: signs that may set groups of three digits apart; "" where none may, as in an analysis.

    Raises:
        UnreadableError: it is no number under this convention.
    """
    plain = text.translate(_ALIKE).strip()
    if plain.casefold() in MISSING or plain.casefold() in LOST or set(plain) == {"#"}:
        return NOTHING
    found = _NUMBER.fullmatch(plain)
    name = {".": "point", ",": "comma"}[decimal]
    if found is None or (found["sign"] and found["behind"]):
        raise UnreadableError(f"a number with decimal {name}, or empty")
    number = float(f"{_digits(found['digits'], decimal, groups, name)}{found['exponent'] or ''}")
    if not math.isfinite(number):
        raise UnreadableError("a finite number")
    negative = "-" in (found["sign"], found["behind"])
    bound: Literal["", "<", ">"] = "<" if found["bound"] == "<" else ">" if found["bound"] == ">" else ""
    return Cell(-number if negative else number, bound, found["unit"])


def is_lost(text: str) -> bool:
    """Whether a cell says that there is a value, and not which."""
    plain = text.strip().casefold()
    return plain in LOST or (plain != "" and set(plain) == {"#"})


def _digits(written: str, decimal: Decimal, groups: str, name: str) -> str:
    """Digits with a point, group signs taken out where they are ones."""
    whole, sign, part = written.partition(decimal)
    if part and not part.isdigit():
        raise UnreadableError(f"one decimal {name}, and nothing but digits behind it")
    used = {character for character in whole if not character.isdigit()}
    if not used:
        return f"{whole or '0'}.{part or '0'}" if sign else whole
    group = used.pop()
    parts = whole.split(group)
    well_set = 1 <= len(parts[0]) <= 3 and parts[0][0] != "0" and all(len(each) == 3 for each in parts[1:])
    if used or group not in groups or not well_set:
        raise UnreadableError(f"a number with decimal {name}; {group!r} sets no three digits apart here")
    return f"{''.join(parts)}.{part or '0'}"


def read_entry(text: str) -> float:
    """A number that a person typed: point and comma are both the decimal sign, and nothing sets groups apart.

    Raises:
        UnreadableError: it is no number, or a bound, a unit or a flag stands with it.
    """
    plain = text.translate(_ALIKE).strip()
    if not re.fullmatch(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?", plain):
        raise UnreadableError("a finite number such as 0.25 or 0,25, without signs between its digits")
    number = float(plain.replace(",", "."))
    if not math.isfinite(number):
        raise UnreadableError("a finite number")
    return number
