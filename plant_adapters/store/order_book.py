"""The order book: the heats that production planning orders, each as it was said last."""

from dataclasses import dataclass

import sqlalchemy as sa

from plant_adapters.store.connection_tables import HEAT_ORDERS
from plant_adapters.store.database import Database, stamp
from steel.errors import InputError
from steel.messages import HeatOrdered


@dataclass(frozen=True)
class BookedOrder:
    """A heat that is ordered.

    Attributes:
        told_by: the connection that it came through, or who entered it.
    """

    order: HeatOrdered
    told_by: str
    changed_at: str


class OrderBook:
    """Heat orders of the plants of one database.

    Args:
        database: whose.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, plant: str, order: HeatOrdered, by: str) -> bool:
        """Book an order, or a later version of one; whether it is new.

        Raises:
            InputError: a later version is booked already, or the same one says something else.
        """
        content = order.model_dump(mode="json")
        this = (HEAT_ORDERS.c.plant == plant) & (HEAT_ORDERS.c.heat_id == order.heat_id)
        row = {
            "plant": plant, "heat_id": order.heat_id, "version": order.version, "is_cancelled": order.is_cancelled,
            "due_at": None if order.due_at is None else stamp(order.due_at), "content": content, "told_by": by,
            "changed_at": stamp(),
        }  # fmt: skip
        with self._database.writing(to=f"orders of {plant}") as connection:
            known = connection.execute(sa.select(HEAT_ORDERS).where(this)).mappings().first()
            if known is not None and known["content"] == content:
                return False
            if known is not None and known["version"] >= order.version:
                expected = f"a version above {known['version']}, which says otherwise"
                raise InputError(order.version, f"version of order {order.heat_id}", expected)
            connection.execute(sa.delete(HEAT_ORDERS).where(this))
            connection.execute(sa.insert(HEAT_ORDERS), row)
        return True

    def of(self, plant: str, heat_id: str) -> BookedOrder | None:
        """The order of a heat; None where there is none."""
        this = (HEAT_ORDERS.c.plant == plant) & (HEAT_ORDERS.c.heat_id == heat_id)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(HEAT_ORDERS).where(this)).mappings().first()
        return None if row is None else _booked(row)

    def listed(self, plant: str, most: int = 200, cancelled: bool = False) -> tuple[BookedOrder, ...]:
        """A plant's orders, the one due first at the beginning."""
        query = sa.select(HEAT_ORDERS).where(HEAT_ORDERS.c.plant == plant)
        if not cancelled:
            query = query.where(HEAT_ORDERS.c.is_cancelled.is_(False))
        by = (HEAT_ORDERS.c.due_at.is_(None), HEAT_ORDERS.c.due_at, HEAT_ORDERS.c.heat_id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(*by).limit(most)).mappings()
            return tuple(_booked(row) for row in rows)


def _booked(row: "sa.RowMapping") -> BookedOrder:
    return BookedOrder(HeatOrdered.model_validate(row["content"]), row["told_by"], row["changed_at"])
