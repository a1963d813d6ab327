"""A plant's table of codes: what another system calls a material, a grade or a bay, and what it is called here."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from plant_adapters.reading.files import read_table
from plant_adapters.reading.table import TableFormat, as_number, once
from plant_adapters.reading.times import read_times
from steel.complaints import meant
from steel.errors import InputError

NEEDED, MAY = ("code", "name"), ("kind", "valid_from", "valid_to")
KINDS = ("material", "grade", "bay", "supplier")


class UnknownCodeError(InputError):
    """A code stands in no row of the table that is valid; it waits until one is added."""


class CodeTable:
    """Codes of one file, looked into again whenever it changes.

    Args:
        path: CSV with `code` and `name`, and if wanted `kind` (material unless given), `valid_from`, `valid_to`.

    Raises:
        InputError: it cannot be read, or a code means two things at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed_at = -1
        self._rows: dict[tuple[str, str], list[tuple[str, pd.Timestamp, pd.Timestamp]]] = {}
        self._look()

    def name(self, kind: str, code: str, at: datetime | None = None) -> str:
        """What a code stands for at a time, now unless given.

        Raises:
            UnknownCodeError: no row that is valid then tells it.
        """
        self._look()
        now = pd.Timestamp((at or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None))
        for name, since, until in self._rows.get((kind, _bare(code)), []):
            if since <= now < until:
                return name
        known = [one for of, one in self._rows if of == kind]
        raise UnknownCodeError(code, f"{kind} code", f"a code of {self._path.name}{meant(code, known)}")

    def _look(self) -> None:
        try:
            changed_at = self._path.stat().st_mtime_ns
        except OSError:
            raise InputError(str(self._path), "codes", "a file; there is none of that name") from None
        if changed_at != self._changed_at:
            self._rows = _read(self._path)
            self._changed_at = changed_at


def _read(path: Path) -> dict[tuple[str, str], list[tuple[str, pd.Timestamp, pd.Timestamp]]]:
    def heads(names: tuple[str, ...]) -> int:
        return len(set(names) & {*NEEDED, *MAY}) if set(NEEDED) <= set(names) else 0

    table = read_table(path, TableFormat(), heads)
    once(NEEDED, table, path.name)
    rows: dict[tuple[str, str], list[tuple[str, pd.Timestamp, pd.Timestamp]]] = {}
    bounds = {}
    for column, none in (("valid_from", pd.Timestamp("1900-01-01")), ("valid_to", pd.Timestamp("2200-01-01"))):
        said = table.cells[column].tolist() if column in table.columns else [""] * len(table.cells)
        read = read_times(said, f"{column} of {path.name}", "UTC", None, datetime(2200, 1, 1, tzinfo=UTC))
        bounds[column] = [none if pd.isna(time) else pd.Timestamp(time) for time in read.times]
    for at, (line, row) in enumerate(table.cells.iterrows()):
        kind = str(row.get("kind", "") or "material")
        if kind not in KINDS:
            raise InputError(kind, f"{path.name}, line {line}: kind", f"one of {', '.join(KINDS)}")
        key, since, until = (kind, _bare(row["code"])), bounds["valid_from"][at], bounds["valid_to"][at]
        for name, others_since, others_until in rows.get(key, []):
            if since < others_until and others_since < until and name != str(row["name"]):
                expected = f"one meaning at a time; it is {name} already"
                raise InputError(str(row["code"]), f"{path.name}, line {line}: code", expected)
        rows.setdefault(key, []).append((str(row["name"]), since, until))
    return rows


def _bare(code: object) -> str:
    """A code in one spelling: 000000000012345678, 12345678.0 and 12345678 are one."""
    text = as_number(code)
    return text.lstrip("0") or "0" if text.isdigit() else text
