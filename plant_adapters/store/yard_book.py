"""The yard's books: lots come in, counts correct, charges draw first in first out; all of it adds up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from plant_adapters.store.clock import YARD, tick
from plant_adapters.store.database import Database, stamp
from plant_adapters.store.yard_tables import LOTS, MOVEMENTS, STOCKS
from steel.errors import InputError
from steel.materials import Origin
from steel.yard import Count, Lot, LotState, StockEstimate, stock_sd_t

NOTHING_T = 1e-9
"""Below it a mass is none."""


@dataclass(frozen=True)
class Drawn:
    """Mass that was drawn of one lot; of what no lot accounts for where it names none."""

    material: str
    bay: str
    lot_id: str | None
    mass_t: float


class YardBook:
    """Lots and stocks of all plants of one database.

    Args:
        database: whose.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def deliver(self, plant: str, lots: Sequence[Lot], by: str) -> int:
        """Book lots in; the same lot twice is one. Returns how many are new.

        Raises:
            InputError: a lot's number is another lot's.
        """
        new = 0
        with self._database.writing(to=f"yard of {plant}") as connection:
            for at, lot in enumerate(lots):
                content = lot.model_dump(mode="json")
                this = (LOTS.c.plant == plant) & (LOTS.c.lot_id == lot.lot_id)
                known = connection.scalar(sa.select(LOTS.c.content).where(this))
                if known == content:
                    continue
                if known is not None:
                    expected = f"a number of its own; lot {lot.lot_id} of {known['material']} is booked in already"
                    raise InputError(lot.lot_id, f"lots.{at}.lot_id", expected)
                row = {
                    "plant": plant, "lot_id": lot.lot_id, "material": lot.material, "bay": lot.bay,
                    "delivered_at": stamp(lot.delivered_at), "content": content, "drawn_t": 0.0,
                    "remaining_t": lot.net_t, "is_open": True,
                }  # fmt: skip
                connection.execute(sa.insert(LOTS), row)
                self._move(connection, plant, Drawn(lot.material, lot.bay, lot.lot_id, -lot.net_t), "delivered", by)
                self._restock(connection, plant, lot.material, lot.bay, book_t=lot.net_t, weighed_t=lot.net_t)
                new += 1
            if new:
                tick(connection, plant, YARD)
        return new

    def count(self, plant: str, counts: Mapping[str, Count], by: str, bay: str = "") -> None:
        """Set materials' stock in a bay to what was counted; what is missing was drawn of the oldest lots."""
        with self._database.writing(to=f"yard of {plant}") as connection:
            for material, count in counts.items():
                before = self._book(connection, plant, material, bay)
                missing = before - count.mass_t
                if missing > 0:
                    self._draw(connection, plant, material, missing, "counted", by, bay=bay)
                else:
                    self._move(connection, plant, Drawn(material, bay, None, missing), "counted", by)
                    self._restock(connection, plant, material, bay, unticketed_t=-missing, book_t=-missing)
                this = _stock(plant, material, bay)
                fresh = {"weighed_t": 0.0, "drawn_t": 0.0, "counted_sd_t": count.known_sd_t}
                connection.execute(sa.update(STOCKS).where(this).values(fresh))
            if counts:
                tick(connection, plant, YARD)

    def draw(
        self, connection: sa.Connection, plant: str, masses_t: Mapping[str, float], heat_id: str, by: str,
        lots_t: Mapping[str, float] | None = None,
    ) -> tuple[Drawn, ...]:  # fmt: skip
        """Book what a heat was charged with, first in first out, in a transaction of the caller's.

        Materials of which no stock is kept are left out; a mass below none goes back to where the material lies.

        Args:
            connection: of the transaction.
            plant: whose yard.
            masses_t: by material.
            heat_id: that it was charged to.
            by: who reports it.
            lots_t: what is said to come from a lot, t by its number; it is drawn of that lot first.

        Returns:
            What was drawn of which lot; adds up to what was charged.
        """
        kept = set(connection.scalars(sa.select(STOCKS.c.material).where(STOCKS.c.plant == plant)))
        drawn = [
            one
            for material, mass_t in masses_t.items()
            if material in kept and mass_t > 0
            for one in self._draw(connection, plant, material, mass_t, "charged", by, heat_id, lots_t=lots_t)
        ]
        for material, mass_t in masses_t.items():
            if material in kept and mass_t < 0:
                drawn.append(self._put_back(connection, plant, material, -mass_t, by, heat_id))
        if drawn:
            tick(connection, plant, YARD)
        return tuple(drawn)

    def lots(self, plant: str, material: str | None = None, open_only: bool = True) -> tuple[LotState, ...]:
        """Lots in the order they came."""
        query = sa.select(LOTS).where(LOTS.c.plant == plant).order_by(LOTS.c.delivered_at, LOTS.c.lot_id)
        if material is not None:
            query = query.where(LOTS.c.material == material)
        if open_only:
            query = query.where(LOTS.c.is_open)
        with self._database.reading() as connection:
            return tuple(_state(row) for row in connection.execute(query).mappings())

    def lot(self, plant: str, lot_id: str) -> LotState | None:
        """One lot; None where there is none of that number."""
        query = sa.select(LOTS).where((LOTS.c.plant == plant) & (LOTS.c.lot_id == lot_id))
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _state(row)

    def stocks(self, plant: str) -> dict[str, StockEstimate]:
        """What there is of each material of which stock is kept."""
        query = sa.select(STOCKS).where(STOCKS.c.plant == plant).order_by(STOCKS.c.material, STOCKS.c.bay)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        by_material: dict[str, list[sa.RowMapping]] = {}
        for row in rows:
            by_material.setdefault(row["material"], []).append(row)
        return {material: _estimate(material, of) for material, of in by_material.items()}

    def materials_in(self, plant: str, bay: str) -> tuple[str, ...]:
        """Materials that a bay holds, or held."""
        query = sa.select(STOCKS.c.material).where((STOCKS.c.plant == plant) & (STOCKS.c.bay == bay))
        with self._database.reading() as connection:
            return tuple(connection.scalars(query.order_by(STOCKS.c.material)))

    def supplied(self, plant: str) -> dict[str, dict[tuple[str, str], float]]:
        """By heat, t of each material from each supplier, as far as lots of known suppliers were drawn."""
        found: dict[str, dict[tuple[str, str], float]] = {}
        for heat_id, material, lot, mass_t in self._drawn_of_lots(plant):
            if lot.get("supplier"):
                heat, origin = found.setdefault(heat_id, {}), (material, str(lot["supplier"]))
                heat[origin] = heat.get(origin, 0.0) + mass_t
        return found

    def origins(self, plant: str) -> dict[str, dict[str, dict[Origin, float]]]:
        """By heat and material, t of each origin of recycled content, as far as lots tell it."""
        found: dict[str, dict[str, dict[Origin, float]]] = {}
        for heat_id, material, lot, mass_t in self._drawn_of_lots(plant):
            if lot.get("recycled"):
                of = found.setdefault(heat_id, {}).setdefault(material, {})
                of[lot["recycled"]] = of.get(lot["recycled"], 0.0) + mass_t
        return found

    def _drawn_of_lots(self, plant: str) -> Iterator[tuple[str, str, dict[str, Any], float]]:
        """Heat, material, lot and t of all that was drawn of lots for heats."""
        lots = {str(row["lot_id"]): row["content"] for row in self._lot_rows(plant)}
        drawn = (MOVEMENTS.c.plant == plant) & MOVEMENTS.c.heat_id.is_not(None) & MOVEMENTS.c.lot_id.is_not(None)
        columns = (MOVEMENTS.c.heat_id, MOVEMENTS.c.material, MOVEMENTS.c.lot_id, MOVEMENTS.c.mass_t)
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(*columns).where(drawn)).all()
        for heat_id, material, lot_id, mass_t in rows:
            yield str(heat_id), str(material), lots.get(str(lot_id), {}), -float(mass_t)

    def _lot_rows(self, plant: str) -> Sequence["sa.RowMapping"]:
        query = sa.select(LOTS.c.lot_id, LOTS.c.content).where(LOTS.c.plant == plant)
        with self._database.reading() as connection:
            return connection.execute(query).mappings().all()

    def movements(self, plant: str, most: int, before: int | None = None) -> list[dict[str, Any]]:
        """What came and went, the newest first; before a number of one."""
        query = sa.select(MOVEMENTS).where(MOVEMENTS.c.plant == plant).order_by(MOVEMENTS.c.id.desc()).limit(most)
        if before is not None:
            query = query.where(MOVEMENTS.c.id < before)
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _draw(
        self, connection: sa.Connection, plant: str, material: str, mass_t: float, kind: str, by: str,
        heat_id: str | None = None, bay: str | None = None, lots_t: Mapping[str, float] | None = None,
    ) -> list[Drawn]:  # fmt: skip
        """Draw of a material: of lots that are named, then what no lot accounts for, then of lots, the oldest first."""
        rest, drawn = mass_t, []
        stocks = sa.select(STOCKS).where((STOCKS.c.plant == plant) & (STOCKS.c.material == material))
        lots = sa.select(LOTS).where((LOTS.c.plant == plant) & (LOTS.c.material == material) & LOTS.c.is_open)
        if bay is not None:
            stocks, lots = stocks.where(STOCKS.c.bay == bay), lots.where(LOTS.c.bay == bay)
        places = connection.execute(stocks.order_by(STOCKS.c.bay)).mappings().all()
        for row in connection.execute(lots.where(LOTS.c.lot_id.in_(list(lots_t or {})))).mappings().all():
            taken = min(rest, row["remaining_t"], (lots_t or {})[row["lot_id"]])
            if taken > NOTHING_T:
                drawn.append(Drawn(material, row["bay"], row["lot_id"], taken))
                self._take(connection, plant, row, taken)
                rest -= taken
        for place in places:
            taken = min(rest, max(0.0, place["unticketed_t"]))
            if taken > NOTHING_T:
                drawn.append(Drawn(material, place["bay"], None, taken))
                rest -= taken
        for row in connection.execute(lots.order_by(LOTS.c.delivered_at, LOTS.c.lot_id)).mappings().all():
            taken = min(rest, row["remaining_t"])
            if taken > NOTHING_T:
                drawn.append(Drawn(material, row["bay"], row["lot_id"], taken))
                self._take(connection, plant, row, taken)
                rest -= taken
        if rest > NOTHING_T:
            # More than was ever booked in: the books were wrong, and say so until somebody counts.
            drawn.append(Drawn(material, places[0]["bay"], None, rest))
        for one in drawn:
            self._move(connection, plant, one, kind, by, heat_id)
            unticketed = one.mass_t if one.lot_id is None else 0.0
            self._restock(
                connection, plant, material, one.bay,
                unticketed_t=-unticketed, book_t=-one.mass_t, drawn_t=one.mass_t,
            )  # fmt: skip
        return drawn

    def _put_back(
        self, connection: sa.Connection, plant: str, material: str, mass_t: float, by: str, heat_id: str
    ) -> Drawn:
        """What was said to be drawn and was not, after all; of which lot is not known any more."""
        this = (STOCKS.c.plant == plant) & (STOCKS.c.material == material)
        bay = str(connection.scalar(sa.select(STOCKS.c.bay).where(this).order_by(STOCKS.c.bay).limit(1)))
        back = Drawn(material, bay, None, -mass_t)
        self._move(connection, plant, back, "charged", by, heat_id)
        self._restock(connection, plant, material, bay, unticketed_t=mass_t, book_t=mass_t, drawn_t=-mass_t)
        return back

    def _take(self, connection: sa.Connection, plant: str, row: "sa.RowMapping", taken: float) -> None:
        left = row["remaining_t"] - taken
        this = (LOTS.c.plant == plant) & (LOTS.c.lot_id == row["lot_id"])
        values = {"drawn_t": row["drawn_t"] + taken, "remaining_t": left, "is_open": left > NOTHING_T}
        connection.execute(sa.update(LOTS).where(this).values(values))

    def _book(self, connection: sa.Connection, plant: str, material: str, bay: str) -> float:
        found = connection.scalar(sa.select(STOCKS.c.book_t).where(_stock(plant, material, bay)))
        return 0.0 if found is None else float(found)

    def _restock(self, connection: sa.Connection, plant: str, material: str, bay: str, **by_t: float) -> None:
        """Change a stock's masses by so much; it begins at nothing."""
        this = _stock(plant, material, bay)
        changed = sa.update(STOCKS).where(this).values({name: STOCKS.c[name] + mass for name, mass in by_t.items()})
        if connection.execute(changed).rowcount == 0:
            nothing = {"unticketed_t": 0.0, "book_t": 0.0, "weighed_t": 0.0, "drawn_t": 0.0, "counted_sd_t": 0.0}
            key = {"plant": plant, "material": material, "bay": bay}
            connection.execute(sa.insert(STOCKS), {**key, **nothing, **by_t})

    def _move(
        self, connection: sa.Connection, plant: str, drawn: Drawn, kind: str, by: str, heat_id: str | None = None
    ) -> None:
        row = {
            "plant": plant, "material": drawn.material, "bay": drawn.bay, "lot_id": drawn.lot_id, "kind": kind,
            "mass_t": -drawn.mass_t, "heat_id": heat_id, "moved_at": stamp(), "booked_by": by,
        }  # fmt: skip
        connection.execute(sa.insert(MOVEMENTS), row)


def _state(row: "sa.RowMapping") -> LotState:
    return LotState(lot=Lot.model_validate(row["content"]), drawn_t=row["drawn_t"], remaining_t=row["remaining_t"])


def _estimate(material: str, rows: Sequence["sa.RowMapping"]) -> StockEstimate:
    book = sum(row["book_t"] for row in rows)
    variance = sum(stock_sd_t(row["weighed_t"], row["drawn_t"], row["counted_sd_t"]) ** 2 for row in rows)
    bays = tuple(row["bay"] for row in rows if row["bay"])
    return StockEstimate(material=material, mass_t=max(0.0, book), sd_t=variance**0.5, book_t=book, bays=bays)


def _stock(plant: str, material: str, bay: str) -> sa.ColumnElement[bool]:
    return (STOCKS.c.plant == plant) & (STOCKS.c.material == material) & (STOCKS.c.bay == bay)
