"""The yard's books as systems and people keep them: entries checked against the plant, each change written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from chargewise.app.audit import Audit
from chargewise.app.plants import Plants
from chargewise.app.yard_today import differing
from plant_adapters.plants.prices import in_the_yard
from plant_adapters.store.database import Database
from steel.errors import InputError
from steel.plants import YardItem
from steel.yard import Count, ListedPrice, Lot, LotState, StockEstimate


@dataclass(frozen=True)
class MaterialToday:
    """One material of the yard as it can be had now.

    Attributes:
        item: with the price that is valid and the stock that is left.
        stock: as the books have it; None where no stock is kept.
        lots: that are not used up, in the order they came.
        offers: what suppliers' lists ask for it now.
    """

    item: YardItem
    stock: StockEstimate | None
    lots: tuple[LotState, ...]
    offers: tuple[ListedPrice, ...]


class Yard:
    """Lots, stocks and prices of the plants of one installation.

    Args:
        plants: whose.
        database: that keeps the audit log.
    """

    def __init__(self, plants: Plants, database: Database) -> None:
        self._plants, self._audit = plants, Audit(database)

    def today(self, name: str) -> tuple[MaterialToday, ...]:
        """Every material of a plant's yard.

        Raises:
            InputError: there is no such plant.
        """
        now, book = datetime.now(UTC), self._plants.book
        stocks, lots = book.stocks(name), book.lots(name)
        listed = self._plants.price_lists.listed(name)
        return tuple(
            MaterialToday(
                item=item,
                stock=stocks.get(item.material.name),
                lots=tuple(one for one in lots if one.lot.material == item.material.name),
                offers=tuple(
                    one for one in listed if one.material == item.material.name and one.supplier and one.counts_at(now)
                ),
            )
            for item in differing(listed, stocks, now).on(self._plants.described(name)).yard
        )

    def deliver(self, name: str, lots: tuple[Lot, ...], by: str) -> int:
        """Book lots in; the same lot twice is one. Returns how many are new.

        Raises:
            InputError: a material is not in the yard, a lot comes twice or is another's, or arrives in the future.
        """
        now = datetime.now(UTC)
        self._known(name, {lot.material: 0.0 for lot in lots}, "lots")
        for at, lot in enumerate(lots):
            if lot.delivered_at > now:
                raise InputError(str(lot.delivered_at), f"lots.{at}.delivered_at", "a time that has been")
            if any(other.lot_id == lot.lot_id for other in lots[:at]):
                raise InputError(lot.lot_id, f"lots.{at}.lot_id", "each lot once")
        new = self._plants.book.deliver(name, lots, by)
        if new:
            self._audit.note(by, "lots booked in", name, ", ".join(lot.lot_id for lot in lots)[:200], lots=new)
        return new

    def count(self, name: str, counts: Mapping[str, Count], by: str, bay: str = "") -> None:
        """Set materials' stock to what was counted.

        Raises:
            InputError: a material is not in the yard.
        """
        self._known(name, {material: count.mass_t for material, count in counts.items()}, "stock")
        self._plants.book.count(name, counts, by, bay)
        counted = {material: count.mass_t for material, count in counts.items()}
        self._audit.note(by, "stock counted", name, bay, counted_t=counted)

    def price(self, name: str, prices: tuple[ListedPrice, ...], by: str) -> None:
        """Add prices to the plant's lists.

        Raises:
            InputError: a material is not in the yard.
        """
        self._known(name, {one.material: 0.0 for one in prices}, "prices")
        self._plants.price_lists.write(name, prices, by)
        changed = {one.material: one.price_eur_per_t for one in prices}
        self._audit.note(by, "prices listed", name, prices[0].supplier if prices else "", prices_eur_per_t=changed)

    def _known(self, name: str, masses: dict[str, float], where: str) -> None:
        in_the_yard(self._plants.described(name), masses, where)
