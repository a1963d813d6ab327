"""Files of messages: samples, tickets, stock and price lists, a row or a line each, read by their maps."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from plant_adapters.messages.read_message import MessageReader, Raw
from plant_adapters.messages.received import Received, receive, received
from plant_adapters.reading.files import read_table
from plant_adapters.reading.table import Table, TableFormat
from steel.errors import InputError
from steel.frozen import Frozen

MOST_BYTES = 20_000_000


class RowsForm(Frozen):
    """How a file's rows make messages.

    Attributes:
        line: a regular expression of a line with named groups, for files that are no tables, such as telegrams.
        sample: column by which rows belong together: burns of a sample, or its elements row by row.
        burn: column that numbers burns, or names them as the instrument's mean.
        mean: what it says of the mean; ours of the burns unless there is one.
        element: column of symbols, where each row is one element's value.
        value: column of the values.
    """

    line: str | None = None
    sample: str | None = None
    burn: str | None = None
    mean: str = "Mean"
    element: str | None = None
    value: str | None = None


def read_messages(
    path: Path, table: TableFormat, rows: RowsForm, readers: Sequence[MessageReader]
) -> tuple[list[Received], int]:
    """The messages of a file, and how many rows it has.

    Raises:
        InputError: it cannot be read as a whole, or a column that a map needs is missing.
    """
    if rows.line is not None:
        raws = list(_lines(path, rows.line, table))
        count = len(raws)
    else:
        cells = read_table(path, table, lambda names: sum(_fits(reader, names, rows) for reader in readers))
        _check_columns(cells, readers, rows, path)
        raws = list(_rows(cells))
        count = len(raws) + len(cells.misfits)
        raws += [{"line": line, "cells": text} for line, text in cells.misfits.items()]
        if rows.element is not None:
            raws = list(_pivoted(raws, rows))
        if rows.burn is not None:
            raws = list(_averaged(raws, rows, path))
    return [one for raw in raws for one in receive(readers, raw)], count


def read_documents(path: Path, schemas: Path | None, readers: Sequence[MessageReader]) -> tuple[list[Received], int]:
    """The messages of a B2MML document, and how many there are.

    Raises:
        InputError: it is no document that is read.
    """
    from plant_adapters.messages.b2mml import read_b2mml  # noqa: PLC0415  (its library is not every plant's)

    told = read_b2mml(path.read_bytes(), schemas, path.name)
    by_kind = {reader.form.kind: reader for reader in readers}
    return [received(by_kind[kind], raw) for kind, raw in told], len(told)


def _fits(reader: MessageReader, names: tuple[str, ...], rows: RowsForm) -> int:
    """How many of the columns that a map needs there are, if all are."""
    needed = {*reader.form.needed(), *(name for name in (rows.sample, rows.burn, rows.element, rows.value) if name)}
    return len(set(names)) if needed <= set(names) else 0


def _check_columns(cells: Table, readers: Sequence[MessageReader], rows: RowsForm, path: Path) -> None:
    for reader in readers:
        if _fits(reader, cells.columns, rows):
            continue
        needed = [*reader.form.needed(), *(n for n in (rows.sample, rows.burn, rows.element, rows.value) if n)]
        missing = [name for name in needed if name not in cells.columns]
        raise InputError(missing, f"columns of {path.name}", f"columns among {', '.join(cells.columns)}")


def _rows(cells: Table) -> Iterator[Raw]:
    for line, row in zip(cells.cells.index, cells.cells.to_dict("records"), strict=True):
        yield {"line": int(line), **{str(name): _plain(value) for name, value in row.items()}}


def _plain(value: object) -> object:
    """A cell as JSON."""
    return value if isinstance(value, str | int | float | bool) else str(value)


def _lines(path: Path, pattern: str, table: TableFormat) -> Iterator[Raw]:
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path.stat().st_size:,} bytes", path.name, f"at most {MOST_BYTES:,}")
    try:
        text = path.read_text(table.encoding or "utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text("cp1252")
    form = re.compile(pattern)
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        found = form.search(line)
        yield {"line": number, **(found.groupdict(default="") if found else {"cells": line})}


def _pivoted(raws: list[Raw], rows: RowsForm) -> Iterator[Raw]:
    """Rows of one element each as one message a sample; what a sample says besides is of its first row."""
    samples: dict[str, Raw] = {}
    for raw in raws:
        if rows.sample is None or rows.sample not in raw:
            yield raw
            continue
        key = str(raw[rows.sample]) + (f" {raw.get(rows.burn, '')}" if rows.burn else "")
        whole = samples.setdefault(key, {name: v for name, v in raw.items() if name not in (rows.element, rows.value)})
        whole[str(raw.get(rows.element or "", ""))] = raw.get(rows.value or "", "")
    yield from samples.values()


def _averaged(raws: list[Raw], rows: RowsForm, path: Path) -> Iterator[Raw]:
    """Burns of a sample as one message: the instrument's mean, or ours of the burns."""
    if rows.sample is None:
        raise InputError(None, f"sample of {path.name}", "the column by which burns belong together")
    samples: dict[str, list[Raw]] = {}
    for raw in raws:
        if rows.sample not in raw:
            yield raw
            continue
        samples.setdefault(str(raw[rows.sample]), []).append(raw)
    for burns in samples.values():
        means = [raw for raw in burns if str(raw.get(rows.burn or "", "")).strip().casefold() == rows.mean.casefold()]
        numbered = [raw for raw in burns if re.fullmatch(r"\d+(\.0)?", str(raw.get(rows.burn or "", "")).strip())]
        if means:
            yield means[-1]
        elif numbered:
            yield _mean(numbered)


def _mean(burns: list[Raw]) -> Raw:
    """Burns' mean, of what is a number in each of them; what is said in words is of the first."""
    first = dict(burns[0])
    for name, value in burns[0].items():
        values = [_as_number(burn.get(name)) for burn in burns]
        numbers = [one for one in values if one is not None]
        alike = len({str(burn.get(name)) for burn in burns}) == 1
        if name != "line" and not alike and _as_number(value) is not None and len(numbers) == len(values):
            first[name] = sum(numbers) / len(numbers)
    return first


def _as_number(value: object) -> float | None:
    try:
        return float(str(value).strip().replace(",", "."))
    except ValueError:
        return None
