"""Pages of long lists: a cursor says where to go on, whatever comes in meanwhile."""

import base64
import binascii
import re

import orjson

from steel.errors import InputError

TIME = re.compile(r"\d{1,12}(\.\d{1,12})?")
LONGEST = 400
"""Characters of a cursor."""


def cursor_after(first: str, second: str) -> str:
    """The cursor of what comes after an entry of a list that is ordered by a pair; opaque to clients."""
    return base64.urlsafe_b64encode(orjson.dumps([first, second])).decode().rstrip("=")


def read_cursor(text: str, of_time: bool = False) -> tuple[str, str]:
    """The pair of a cursor that a client sent back.

    Args:
        text: the cursor.
        of_time: whether its list is ordered by seconds since 1970.

    Raises:
        InputError: it is none.
    """
    wrong = InputError(text[:50], "cursor", "the `next` of a page, as it was given")
    if len(text) > LONGEST:
        raise wrong
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise wrong from None
    if not (isinstance(found, list) and len(found) == 2 and all(isinstance(part, str) for part in found)):
        raise wrong
    if any("\0" in part for part in found):
        raise wrong
    if of_time and not TIME.fullmatch(found[0]):
        raise wrong
    return found[0], found[1]
