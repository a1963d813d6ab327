"""Days as a plant has them: prices and stocks that differ from the plant file's."""

from numpy.random import Generator

from steel.plants import Plant, YardItem

PRICES = (0.9, 1.1)
STOCKS = (0.3, 1.2)
"""Least and most of the plant file's figure on a random day."""


def random_day(plant: Plant, rng: Generator) -> Plant:
    """The plant with every price and stock drawn anew, each by itself."""

    def drawn(item: YardItem) -> dict[str, float]:
        price = {"price_eur_per_t": item.price_eur_per_t * float(rng.uniform(*PRICES))}
        stock = {} if item.available_t is None else {"available_t": item.available_t * float(rng.uniform(*STOCKS))}
        return price | stock

    return plant.with_items(drawn)
