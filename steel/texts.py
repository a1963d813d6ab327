"""Texts that people name things by: one line that reads as it is written, on a page, in a file, in a spreadsheet."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of what follows, so that it reads as something else."""
BREAKING = frozenset("\u2028\u2029")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def one_line(text: str) -> str:
    """A text as it was given.

    Raises:
        ValueError: it has a line break or another control sign, or one that turns the direction of writing.
    """
    for sign in text:
        if unicodedata.category(sign) == "Cc" or sign in TURNING or sign in BREAKING:
            raise ValueError(f"one line of plain signs; U+{ord(sign):04X} is none")
    return text


Line = Annotated[str, Field(max_length=500), AfterValidator(one_line)]
"""One line, or nothing."""
NameLine = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
"""What something is called."""


def plain_cell(value: object) -> object:
    """A value as a spreadsheet's cell: text that it would take for a formula gets an apostrophe before it."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
