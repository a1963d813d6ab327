"""Names that become parts of file names: of plants, and of whatever else a person may name."""

import re
import unicodedata
from collections.abc import Iterable

from steel.errors import InputError

PATTERN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")
RESERVED = frozenset({"ca", "server", "con", "prn", "aux", "nul"})
"""The authority's and the coordinator's own files, and names that one operating system keeps for itself."""


def checked_name(name: str, where: str) -> str:
    """A name that is safe as a file name everywhere, as it was given.

    Args:
        name: to check.
        where: what it is the name of, for the message.

    Raises:
        InputError: it is empty, too long, reserved, or has other signs than letters, digits, - and _ inside.
    """
    if not is_name(name):
        signs = "1 to 64 letters (a to z), digits, - and _, beginning and ending with no - or _"
        raise InputError(name, where, f"{signs}, and not one of {', '.join(sorted(RESERVED))}")
    return name


def is_name(name: str) -> bool:
    """Whether a name is safe as a file name everywhere."""
    return PATTERN.fullmatch(name) is not None and name.casefold() not in RESERVED


def folded(name: str) -> str:
    """A name as a person compares it: however it is composed, whatever its case and blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def as_one(names: Iterable[str]) -> list[str]:
    """Names that a person would take for one that came before."""
    seen: set[str] = set()
    found = []
    for name in names:
        if folded(name) in seen:
            found.append(name)
        seen.add(folded(name))
    return found
