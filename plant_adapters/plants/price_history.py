"""Prices and stock as they were: a table of times, materials, prices and, if wanted, stock."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from plant_adapters.plants.prices import in_the_yard
from plant_adapters.reading.columns import read_columns
from plant_adapters.reading.files import read_table
from plant_adapters.reading.numbers import NumberForm
from plant_adapters.reading.table import TableFormat, once
from plant_adapters.reading.times import read_times
from steel.errors import InputError
from steel.plants import Plant, YardItem

TIME, MATERIAL, PRICE, STOCK = "time", "material", "price_eur_per_t", "available_t"
NEEDED = (TIME, MATERIAL, PRICE)


@dataclass(frozen=True)
class Entry:
    """A price, and stock where it is known, from a time on.

    Attributes:
        time: UTC.
        price_eur_per_t: from then on; None where only the stock is said.
        available_t: from then on; None where nothing is said.
    """

    time: np.datetime64
    price_eur_per_t: float | None
    available_t: float | None


@dataclass(frozen=True)
class PriceHistory:
    """Entries by material, oldest first."""

    entries: dict[str, tuple[Entry, ...]]

    @property
    def has_stock(self) -> bool:
        """Whether any stock is said."""
        return any(entry.available_t is not None for of in self.entries.values() for entry in of)

    def plant_at(self, plant: Plant, time: np.datetime64) -> Plant:
        """The plant with each material's last price and stock up to a time; the plant's own where there is none."""

        def then(item: YardItem) -> dict[str, float]:
            past = [entry for entry in self.entries.get(item.material.name, ()) if entry.time <= time]
            prices = [entry.price_eur_per_t for entry in past if entry.price_eur_per_t is not None]
            stocks = [entry.available_t for entry in past if entry.available_t is not None]
            price = {"price_eur_per_t": prices[-1]} if prices else {}
            return price | ({"available_t": stocks[-1]} if stocks else {})

        return plant.with_items(then)


def price_history(rows: Iterable[tuple[np.datetime64, str, float | None, float | None]]) -> PriceHistory:
    """A history of (time, material, €/t, t available) in any order."""
    by_material: dict[str, list[Entry]] = defaultdict(list)
    for time, material, price, stock in rows:
        by_material[material].append(Entry(time, price, stock))
    return PriceHistory({name: tuple(sorted(of, key=lambda entry: entry.time)) for name, of in by_material.items()})


def read_price_history(path: Path, plant: Plant, zone: str = "UTC", form: TableFormat | None = None) -> PriceHistory:
    """Read a CSV, Excel or Parquet file with the columns time, material, price_eur_per_t and, if wanted, available_t.

    Args:
        path: the file.
        plant: whose yard its materials are of.
        zone: IANA time zone of times that state none.
        form: how the file is written, where it must be said.

    Raises:
        InputError: a column is missing, a cell cannot be read, a stock is negative, or a material is not in the yard.
    """
    form = form or TableFormat()
    table = read_table(path, form, lambda names: set(NEEDED) <= set(names))
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise InputError(missing, path.name, f"the columns {', '.join(NEEDED)} and, if wanted, {STOCK}")
    once(NEEDED, table, path.name)
    if table.misfits:
        line, text = next(iter(table.misfits.items()))
        raise InputError(text, f"{path.name} line {line}", f"{len(table.columns)} cells")
    numbered = [name for name in (PRICE, STOCK) if name in table.columns]
    cells = {name: (table.cells[name].tolist(), NumberForm(name, groups=form.groups)) for name in numbered}
    numbers, _ = read_columns(cells, form.decimal)
    times = read_times(table.cells[TIME].tolist(), TIME, zone, form.date_order, datetime.now(UTC))
    lines = table.cells.index.tolist()
    for name, column in [(TIME, times.bad), *((name, numbers[name].bad) for name in numbered)]:
        for position, expected in column.items():
            cell = str(table.cells[name].iloc[position])
            raise InputError(cell, f"{path.name} line {lines[position]}, column {name}", expected)
    materials = [str(cell) for cell in table.cells[MATERIAL].tolist()]
    in_the_yard(plant, dict.fromkeys(materials, 0.0), path.name)
    none = np.full(len(materials), np.nan)
    prices, stocks = (numbers[name].values if name in numbers else none for name in (PRICE, STOCK))
    for place in np.flatnonzero(stocks < 0).tolist():
        raise InputError(float(stocks[place]), f"{path.name} line {lines[place]}, column {STOCK}", "0 or more")
    for place in np.flatnonzero(np.isnat(times.times)).tolist():
        raise InputError("", f"{path.name} line {lines[place]}, column {TIME}", "a time")
    known = [[float(v) if np.isfinite(v) else None for v in values] for values in (prices, stocks)]
    return price_history(zip(times.times, materials, *known, strict=True))
