"""A plant's database: a query, or several, read on from a watermark with an overlap, and never written to."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from plant_adapters.connections.protocol import Arrival
from plant_adapters.mapping.mapping import Mapping as HeatMapping
from plant_adapters.mapping.part import PartMap
from plant_adapters.reading.table import Table, as_name
from plant_adapters.sources.table import heats_of
from plant_adapters.store.database import driver_reason
from steel.errors import InputError

SELECTS = re.compile(r"^\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:select|with)\b", re.IGNORECASE | re.DOTALL)
Watermark = datetime | float | str


class SqlSource:
    """A query of a database.

    Args:
        name: of the connection.
        url: SQLAlchemy URL.
        query: of the heats, a row each or several; `:since` in it is the watermark less the overlap.
        parts: queries of the mapping's further tables, by what their `file` says.
        mapping: what the columns mean.
        watermark: column that says how new a row is: a time, a number or a text; None to read all each time.
        start: where the watermark begins.
        overlap: by which it is set back, hours of a time or units of a number, for what comes late.
        every_s: how often it is asked.
        timeout_s: for a connection and a query.
        most_rows: at a time.
    """

    def __init__(
        self, name: str, url: str, query: str, parts: Mapping[str, str], mapping: HeatMapping, watermark: str | None,
        start: Watermark | None, overlap: float, every_s: float, timeout_s: float, most_rows: int,
    ) -> None:  # fmt: skip
        self._name, self._url, self._query, self._parts = name, url, query, parts
        self._mapping, self._watermark, self._start = mapping, watermark and as_name(watermark), start
        self._overlap, self._timeout_s, self._most_rows = overlap, timeout_s, most_rows
        self.every_s = every_s
        for text in (query, *parts.values()):
            if not SELECTS.match(text):
                raise InputError(text[:60], f"query of {name}", "one that begins with SELECT or WITH: it only reads")
        if watermark is not None and start is None:
            raise InputError(None, f"start of {name}", "where the watermark begins, such as 2026-01-01T00:00:00Z")

    def arrivals(self, position: Any) -> Iterator[Arrival]:
        """Rows from a position on, the overlap with them.

        Raises:
            InputError: a column is missing, or more rows than are read at a time have one watermark.
            ConnectionError: the database does not answer, or refuses.
        """
        while True:
            since = _read(position) if position is not None else self._start
            main, newest = self._ask(self._query, since)
            if not len(main.cells):
                return
            batch = heats_of(self._name, main, self._mapping, partial(self._part, since))
            after = position if newest is None else _kept(newest)
            yield Arrival(batch, after)
            if len(main.cells) < self._most_rows or newest is None:
                return
            if after == position:
                expected = f"fewer than {self._most_rows} rows within the overlap; raise most_rows or lower overlap"
                raise InputError(f"{self._most_rows} rows", f"query of {self._name}", expected)
            position = after

    def stored(self, arrival: Arrival) -> None:
        """The database need not be told."""

    def check(self) -> str:
        """Ask for the newest rows, and whether the columns are there.

        Raises:
            InputError: a column that the mapping names is missing.
            ConnectionError: the database does not answer, or refuses.
        """
        main, _ = self._ask(self._query, self._start, most=20)
        for part in self._mapping.tables:
            for _ in self._part(self._start, part):
                pass
        missing = [name for name in self._mapping.plain_columns() if name not in main.columns]
        if missing and not self._mapping.tables:
            raise InputError(missing, f"columns of {self._name}", f"columns among {', '.join(main.columns)}")
        return f"{len(main.columns)} columns, the first {len(main.cells)} rows"

    def _part(self, since: Watermark | None, part: PartMap) -> Iterator[tuple[str, Table]]:
        if part.file is None or part.file not in self._parts:
            raise InputError(part.file, f"tables of {self._name}", f"one of {', '.join(self._parts) or 'its queries'}")
        yield part.file, self._ask(self._parts[part.file], since, most=20 * self._most_rows)[0]

    def _ask(self, query: str, since: Watermark | None, most: int | None = None) -> tuple[Table, Watermark | None]:
        """A query's rows as a table, and the newest watermark among them."""
        values: dict[str, Any] = {}
        if ":since" in query:
            values["since"] = self._set_back(since)
        try:
            engine = sa.create_engine(self._url, poolclass=NullPool, connect_args=_timeouts(self._url, self._timeout_s))
            with engine.connect() as connection:
                if engine.dialect.name == "sqlite":
                    connection.exec_driver_sql("PRAGMA query_only = ON")
                elif engine.dialect.name == "postgresql":
                    connection = connection.execution_options(postgresql_readonly=True)  # noqa: PLW2901
                result = connection.execute(sa.text(query), values)
                names = [as_name(name) for name in tuple(result.keys())]
                rows = [[_plain(cell) for cell in row] for row in result.fetchmany(most or self._most_rows)]
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise ConnectionError(f"{self._name}: {driver_reason(error)}") from None
        doubled = tuple(sorted({name for name in names if names.count(name) > 1}))
        cells = pd.DataFrame(rows, columns=names, index=range(1, len(rows) + 1), dtype=object)
        table = Table(cells.drop(columns=list(doubled)), doubled=doubled, header_row=0)
        return table, self._newest(table) if query is self._query else None

    def _newest(self, table: Table) -> Watermark | None:
        if self._watermark is None:
            return None
        if self._watermark not in table.columns:
            raise InputError(self._watermark, f"watermark of {self._name}", f"one of {', '.join(table.columns)}")
        known = [cell for cell in table.cells[self._watermark] if cell != ""]
        return max(known, default=None)

    def _set_back(self, since: Watermark | None) -> Watermark | None:
        if isinstance(since, datetime):
            return since - timedelta(hours=self._overlap)
        if isinstance(since, int | float):
            return since - self._overlap
        return since


def _plain(cell: Any) -> Any:
    if cell is None:
        return ""
    return float(cell) if isinstance(cell, Decimal) else cell


def _kept(watermark: Watermark) -> dict[str, Any]:
    """A watermark as JSON."""
    if isinstance(watermark, datetime):
        return {"time": watermark.isoformat()}
    return {"text": watermark} if isinstance(watermark, str) else {"number": float(watermark)}


def _read(position: Mapping[str, Any]) -> Watermark:
    if "time" in position:
        return datetime.fromisoformat(position["time"])
    found: Watermark = position["text"] if "text" in position else position["number"]
    return found


def _timeouts(url: str, timeout_s: float) -> dict[str, Any]:
    """How long a driver may take to connect and to answer."""
    name = sa.make_url(url).get_backend_name()
    whole = max(1, round(timeout_s))
    if name == "postgresql":
        return {"connect_timeout": whole, "options": f"-c statement_timeout={1000 * whole}"}
    if name in ("mysql", "mariadb"):
        return {"connect_timeout": whole, "read_timeout": whole}
    if name == "oracle":
        return {"tcp_connect_timeout": float(whole)}
    return {"timeout": whole} if name in ("sqlite", "mssql") else {}
