"""A plant's yard as of now: prices that are valid and stocks that are left, in place of those of the plant file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from plant_adapters.store.price_lists import PriceLists, prices_at
from plant_adapters.store.yard_book import YardBook
from steel.plants import Plant
from steel.yard import ListedPrice, StockEstimate

Z_95 = 1.645
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class YardToday:
    """What differs from the plant file now.

    Attributes:
        changes: by material, its `price_eur_per_t` and `available_t` as far as they are known.
        surely_t: by material, what of its stock is there with 95 % probability.
        until: when a price begins or ends.
    """

    changes: dict[str, dict[str, float]]
    until: datetime = NEVER
    surely_t: dict[str, float] = field(default_factory=dict)

    @property
    def stocks_t(self) -> dict[str, float]:
        """By material, what is left of it, where stock is booked."""
        return {name: change["available_t"] for name, change in self.changes.items() if "available_t" in change}

    def on(self, plant: Plant) -> Plant:
        """The plant with it; materials that its yard does not have are left out."""
        return plant.with_items(lambda item: self.changes.get(item.material.name, {})) if self.changes else plant


def yard_today(plant: str, book: YardBook, lists: PriceLists, now: datetime) -> YardToday:
    """What is known of a plant's yard at a time."""
    return differing(lists.listed(plant), book.stocks(plant), now)


def differing(listed: Sequence[ListedPrice], stocks: Mapping[str, StockEstimate], now: datetime) -> YardToday:
    """What of a yard differs from its plant file at a time, by price lists and books."""
    changes = {material: {"price_eur_per_t": price} for material, price in prices_at(listed, now).items()}
    for material, stock in stocks.items():
        changes[material] = {**changes.get(material, {}), "available_t": stock.mass_t}
    times = [time for one in listed for time in (one.valid_from, one.valid_until) if time is not None and time > now]
    surely = {material: stock.surely_t(Z_95) for material, stock in stocks.items()}
    return YardToday(changes, min(times, default=NEVER), surely)
