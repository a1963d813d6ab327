"""Names that become parts of file names: of plants, and of whatever else a person may name."""

import re

from steel.errors import InputError

PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
RESERVED = frozenset({"ca", "server", "con", "prn", "aux", "nul"})
"""The authority's and the coordinator's own files, and names that one operating system keeps for itself."""


def checked_name(name: str, where: str) -> str:
    """A name that is safe as a file name everywhere, as it was given.

    Args:
        name: to check.
        where: what it is the name of, for the message.

    Raises:
        InputError: it is empty, too long, reserved, or has other signs than small letters, digits, - and _ inside.
    """
    if not PATTERN.fullmatch(name) or name in RESERVED:
        reserved = f", and not one of {', '.join(sorted(RESERVED))}"
        raise InputError(name, where, f"1 to 64 small letters, digits, - and _, beginning with no - or _{reserved}")
    return name
