"""A whole column as times: the order of day, month and year is decided once, from all cells, and told."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import AfterValidator

from steel.errors import InputError

DateOrder = Literal["DMY", "MDY", "YMD"]
ORDERS: tuple[DateOrder, ...] = ("DMY", "MDY", "YMD")
WORDS: dict[str, str] = {"DMY": "day first", "MDY": "month first", "YMD": "year first"}
Times = NDArray[np.datetime64]
EARLIEST = datetime(1950, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
"""How far a clock may be ahead before a heat lies in the future."""
CENTURY = 2000
SERIALS = (20_000.0, 80_000.0)
"""Days since 30 December 1899, as a spreadsheet counts them, of the years 1954 to 2119."""
NOTHING = frozenset({"", "-", "--", "n/a", "n.a.", "na", "null", "none", "nan", "nat"})
_MONTHS = {
    name: month
    for month, names in enumerate(
        ("jan", "feb", "mar mär mrz", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez"), 1
    )
    for name in names.split()
}
_CLOCK = (
    r"(?:[T ,]+(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?\s*"
    r"(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|UTC)?)?"
)
_DATE = re.compile(r"(?P<a>\d{1,4})(?P<sign>[./ -])(?P<b>\d{1,2})(?P=sign)(?P<c>\d{1,4})" + _CLOCK)
_COMPACT = re.compile(
    r"(?P<a>\d{4})(?P<b>\d{2})(?P<c>\d{2})(?:[T ]?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?"
)
_NAMED = re.compile(
    r"(?:(?P<day>\d{1,2})\.?[ -]?(?P<month>[A-Za-zä]{3,9})\.?|(?P<month2>[A-Za-zä]{3,9})\.? (?P<day2>\d{1,2}),?)"
    r"[ -]?(?P<year>\d{4})" + _CLOCK
)


def _known_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{zone!r} is no IANA time zone such as Europe/Berlin") from error
    return zone


ZoneName = Annotated[str, AfterValidator(_known_zone)]
"""An IANA time zone's name."""


@dataclass(frozen=True)
class TimeColumn:
    """A column of times as read.

    Attributes:
        times: (N,) UTC, NaT where nothing is said.
        bad: by position, what would have been right in a cell that cannot be read.
        how: in words.
        examples: two cells and what they were read as.
    """

    times: Times
    bad: dict[int, str] = field(default_factory=dict)
    how: str = ""
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Parts:
    """A date whose first and last figures may be day or month or year, and the time of day behind it."""

    a: int
    b: int
    c: int
    year_first: bool
    short: bool
    dotted: bool
    clock: tuple[int, int, int]
    offset: timedelta | None


def read_times(cells: Sequence[Any], column: str, zone: str, stated: DateOrder | None, now: datetime) -> TimeColumn:
    """Read a column.

    Args:
        cells: text, or datetimes and numbers where the file has types.
        column: its name.
        zone: IANA time zone of cells that state none.
        stated: order of day, month and year; None to take it from the column.
        now: with its zone; what lies later cannot have happened.

    Raises:
        InputError: the column can be read in more than one order, or in none; the message shows cells.
    """
    parts = [_parts(cell) for cell in cells]
    order = stated or order_by(_evidence(cells, parts), column)
    local = ZoneInfo(zone)
    times = np.full(len(cells), np.datetime64("NaT", "s"))
    bad: dict[int, str] = {}
    examples: list[tuple[str, str]] = []
    before: datetime | None = None
    serial = False
    for position, (cell, part) in enumerate(zip(cells, parts, strict=True)):
        if part is None:
            continue
        serial |= not isinstance(cell, datetime) and isinstance(part, datetime)
        try:
            found = _in_utc(part if isinstance(part, datetime) else _dated(part, order), local, before)
            if not EARLIEST <= found <= now + AHEAD:
                raise ValueError(f"a time between {EARLIEST.year} and now, {now.date().isoformat()}")
        except ValueError as error:
            bad[position] = str(error)
            continue
        before = found
        times[position] = np.datetime64(found.replace(tzinfo=None), "s")
        if len(examples) < 2:
            examples.append((str(cell), f"{found.astimezone(local):%-d %B %Y %H:%M}"))
    said = sum(part is not None for part in parts)
    if said and len(bad) == said:
        cell = str(cells[next(iter(bad))])
        raise InputError(cell, f"column {column}", f"{bad[next(iter(bad))]}; no cell of the column can be read")
    how = "days since 1900, as spreadsheets count" if serial else WORDS[order] if order else ""
    return TimeColumn(times, bad, f"{how}, {zone}" if how else zone, tuple(examples))


def _parts(cell: Any) -> "_Parts | datetime | str | None":
    """What a cell says: a date in parts, a datetime, text that is no date, or nothing."""
    if cell is None or pd.isna(cell):
        return None
    if isinstance(cell, date):
        return cell if isinstance(cell, datetime) else datetime.combine(cell, time())
    if isinstance(cell, int | float | np.number) and not isinstance(cell, bool):
        return _serial(float(cell)) or _numbered(str(cell)) or str(cell)
    text = " ".join(str(cell).replace("\u00a0", " ").split())
    if text.casefold() in NOTHING:
        return None
    days = re.fullmatch(r"\d{5}(?:[.,]\d+)?", text)
    return (_serial(float(text.replace(",", "."))) if days else _numbered(text) or _named(text)) or text


def _serial(days: float) -> datetime | None:
    if not SERIALS[0] <= days <= SERIALS[1]:
        return None
    return datetime(1899, 12, 30) + timedelta(seconds=round(days * 86400.0))


def _numbered(text: str) -> _Parts | None:
    found = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None:
        return None
    a, b, c = found["a"], found["b"], found["c"]
    compact = found.re is _COMPACT
    clock, offset = _clock(found)
    return _Parts(
        int(a), int(b), int(c), len(a) == 4, len(a) < 4 and len(c) < 4, not compact and found["sign"] == ".",
        clock, offset,
    )  # fmt: skip


def _named(text: str) -> _Parts | None:
    found = _NAMED.fullmatch(text)
    if found is None:
        return None
    month = _MONTHS.get((found["month"] or found["month2"])[:3].casefold())
    if month is None:
        return None
    clock, offset = _clock(found)
    return _Parts(int(found["year"]), month, int(found["day"] or found["day2"]), True, False, False, clock, offset)


def _clock(found: "re.Match[str]") -> tuple[tuple[int, int, int], timedelta | None]:
    groups = found.groupdict()
    hour, minute, second = (int(groups[name] or 0) for name in ("hour", "minute", "second"))
    half = (groups.get("half") or "").replace(".", "").upper()
    if half:
        hour = 99 if not 1 <= hour <= 12 else hour % 12 + 12 * (half == "PM")
    zone = groups.get("zone")
    if not zone:
        return (hour, minute, second), None
    if zone in ("Z", "UTC"):
        return (hour, minute, second), timedelta()
    sign = -1 if zone[0] == "-" else 1
    return (hour, minute, second), sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))


@dataclass(frozen=True)
class OrderEvidence:
    """What a column's cells say of the order of day, month and year.

    Attributes:
        dates: in figures, how many.
        open_ones: of these, that do not begin with the year.
        short: of the open ones, with a year of two figures; dotted: with points between.
        possible: by order, how many of the open ones can be read in it.
        shown: two of them.
    """

    dates: int = 0
    open_ones: int = 0
    short: int = 0
    dotted: int = 0
    possible: dict[DateOrder, int] = field(default_factory=dict)
    shown: tuple[str, ...] = ()

    def __add__(self, other: "OrderEvidence") -> "OrderEvidence":
        return OrderEvidence(
            self.dates + other.dates, self.open_ones + other.open_ones, self.short + other.short,
            self.dotted + other.dotted,
            {order: self.possible.get(order, 0) + other.possible.get(order, 0) for order in ORDERS},
            (self.shown + other.shown)[:2],
        )  # fmt: skip


def order_evidence(cells: Sequence[Any]) -> OrderEvidence:
    """What a column's cells, or a block of them, say of the order of day, month and year."""
    return _evidence(cells, [_parts(cell) for cell in cells])


def _evidence(cells: Sequence[Any], parts: "Sequence[_Parts | datetime | str | None]") -> OrderEvidence:
    dates = [part for part in parts if isinstance(part, _Parts)]
    open_ones = [part for part in dates if not part.year_first]
    shown = (str(cell) for cell, part in zip(cells, parts, strict=True) if isinstance(part, _Parts))
    return OrderEvidence(
        len(dates), len(open_ones), sum(part.short for part in open_ones), sum(part.dotted for part in open_ones),
        {order: sum(_possible(part, order) for part in open_ones) for order in ORDERS},
        tuple(itertools.islice(shown, 2)),
    )  # fmt: skip


def order_by(seen: OrderEvidence, column: str) -> DateOrder | None:
    """The one order in which all dates of a column can be read; None where each says its own.

    Raises:
        InputError: there is more than one, or none; the message shows cells.
    """
    if not seen.open_ones:
        return "YMD" if seen.dates else None
    tried: tuple[DateOrder, ...] = ORDERS if seen.short == seen.open_ones else ("DMY", "MDY")
    if seen.dotted == seen.open_ones:
        tried = ("DMY",)
    fits = [order for order in tried if seen.possible[order] == seen.open_ones]
    shown = list(seen.shown)
    where = f"dates of column {column}"
    if len(fits) > 1:
        expected = " or ".join(f"`date_order = {order!r}` ({WORDS[order]})".replace("'", '"') for order in fits)
        raise InputError(shown, where, f"{expected}; no cell of the column tells which")
    if fits:
        return fits[0]
    most = max(tried, key=lambda order: seen.possible[order])
    if (seen.open_ones - seen.possible[most]) * 20 > seen.open_ones:
        raise InputError(shown, where, "one order of day, month and year for all; state `date_order`")
    return most


def _possible(part: _Parts, order: DateOrder) -> bool:
    try:
        _dated(part, order)
    except ValueError:
        return False
    return True


def _dated(part: "_Parts | str", order: DateOrder | None) -> datetime:
    """The time of a date in parts.

    Raises:
        ValueError: there is none; the message says what would be right.
    """
    if isinstance(part, str):
        raise ValueError("a date such as 2024-03-01 06:10")
    figures = (part.a, part.b, part.c)
    used: DateOrder = "YMD" if part.year_first or order is None else order
    year, month, day = {"YMD": figures, "DMY": figures[::-1], "MDY": (part.c, part.a, part.b)}[used]
    if part.short or year < 100:
        year += CENTURY
    hour, minute, second = part.clock
    try:
        midnight = hour == 24 and minute == second == 0
        found = datetime(year, month, day, 0 if midnight else hour, minute, second) + timedelta(days=int(midnight))
    except ValueError:
        raise ValueError(f"a date, {WORDS[used]}, and a time of day that exist") from None
    return found if part.offset is None else found.replace(tzinfo=timezone(part.offset))


def _in_utc(found: datetime, zone: ZoneInfo, before: datetime | None) -> datetime:
    """A time in UTC; one of an hour that comes twice is the first that does not lie before the row above.

    Raises:
        ValueError: the clocks went over it.
    """
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    first, second = (found.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != found:
        raise ValueError(f"a time that exists in {zone.key}: the clocks went over this one")
    return second if before is not None and first < before <= second else first
