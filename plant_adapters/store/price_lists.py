"""Price lists: what a material costs from when on, by supplier or as the plant itself reckons."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plant_adapters.store.clock import YARD, tick
from plant_adapters.store.database import Database, stamp
from plant_adapters.store.yard_tables import PRICES
from steel.yard import ListedPrice


class PriceLists:
    """Price lists of all plants of one database.

    Args:
        database: whose.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, plant: str, prices: Sequence[ListedPrice], by: str) -> None:
        """Add prices; one without an end ends those of its material and supplier that began before it."""
        now = stamp()
        rows = [
            {
                "plant": plant, "material": one.material, "supplier": one.supplier,
                "price_eur_per_t": one.price_eur_per_t, "valid_from": stamp(one.valid_from),
                "valid_until": None if one.valid_until is None else stamp(one.valid_until),
                "written_at": now, "written_by": by,
            }
            for one in prices
        ]  # fmt: skip
        if rows:
            with self._database.writing(to=f"yard of {plant}") as connection:
                for row in rows:
                    if row["valid_until"] is None:
                        connection.execute(_ended(row))
                    connection.execute(sa.insert(PRICES), row)
                tick(connection, plant, YARD)

    def listed(self, plant: str) -> tuple[ListedPrice, ...]:
        """Every price that is valid or will be, in the order in which a later one counts before an earlier one."""
        now = stamp()
        query = (
            sa.select(PRICES)
            .where((PRICES.c.plant == plant) & (PRICES.c.valid_until.is_(None) | (PRICES.c.valid_until > now)))
            .where(PRICES.c.valid_until.is_(None) | (PRICES.c.valid_until > PRICES.c.valid_from))
            .order_by(PRICES.c.valid_from, PRICES.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        names = ListedPrice.model_fields
        return tuple(ListedPrice.model_validate({name: row[name] for name in names}, strict=False) for row in rows)


def prices_at(listed: Sequence[ListedPrice], time: datetime) -> dict[str, float]:
    """What each material costs at a time by the plant's own prices, €/t; those of suppliers are offers."""
    return {one.material: one.price_eur_per_t for one in listed if not one.supplier and one.counts_at(time)}


def _ended(row: dict[str, Any]) -> sa.Update:
    """Prices end where another of the same material and supplier begins that has no end."""
    same = sa.and_(*(PRICES.c[name] == row[name] for name in ("plant", "material", "supplier")))
    before = (PRICES.c.valid_from <= row["valid_from"]) & PRICES.c.valid_until.is_(None)
    return sa.update(PRICES).where(same & before).values(valid_until=row["valid_from"])
