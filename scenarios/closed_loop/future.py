"""What comes to a plant whatever it charges: orders, prices, stock, lots, and what goes wrong."""

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from scenarios.practice import campaigns, wander
from scenarios.virtual_plant import VirtualPlant
from scenarios.world import ANALYSED, stable_rng
from steel.elements import Element
from steel.errors import InputError
from steel.heats import FloatArray
from steel.plants import Plant, YardItem

LOT_HEATS = 4
"""Heats that one lot of a material lasts."""
MARKET_SPREAD, MARKET_HEATS = 0.08, 300
"""Spread of all scrap prices together, relative, and for how many heats they keep their way."""
PRICE_SPREAD, PRICE_HEATS = 0.05, 100
"""The same of each material's own price."""
DELIVERY_HEATS = 12
"""Mean time between two deliveries of one material, heats."""
FULL, EMPTY = 1.2, 0.5
"""Stock after a delivery and least stock, as a share of the plant file's."""


@dataclass(frozen=True)
class Cheat:
    """A supplier who delivers something else from one heat on.

    Attributes:
        material: whose contents change.
        element: which of them.
        factor: by which it is more than before.
        from_heat: first heat with such lots, counted from 0.
    """

    material: str
    element: Element = Element.CU
    factor: float = 1.5
    from_heat: int = 0


@dataclass(frozen=True)
class SensorFailure:
    """A spectrometer's channel that reports nothing, and a flow meter that is stuck, for so many heats."""

    element: Element
    process: str
    from_heat: int
    heats: int


@dataclass(frozen=True)
class Events:
    """What goes wrong.

    Attributes:
        drift_per_1000_heats: relative change of all contents of a material, by name.
        cheat: of a supplier.
        failure: of sensors.
        swap_one_in: heats of which in one a scrap is charged from another bay than booked; None: never.
        swap_from_wt_pct: least change of the heat's copper for which that counts as one.
    """

    drift_per_1000_heats: dict[str, float] = field(default_factory=dict)
    cheat: Cheat | None = None
    failure: SensorFailure | None = None
    swap_one_in: int | None = None
    swap_from_wt_pct: float = 0.0


@dataclass(frozen=True)
class Future:
    """N heats to come at one plant; what happens in them depends on no policy.

    Attributes:
        virtual: the plant with its truth.
        grades: (N,) what is ordered.
        prices_eur_per_t: (N, yard) of every yard item.
        stock_share: (N, yard) of the plant file's stock.
        lots: (N, n, E) contents of every furnace material, wt%.
        factors: (N, n, E) what drift and cheating make of a material's usual contents.
        events: what goes wrong.
        seed: of everything that happens in a heat.
    """

    virtual: VirtualPlant
    grades: NDArray[np.str_]
    prices_eur_per_t: FloatArray
    stock_share: FloatArray
    lots: FloatArray
    factors: FloatArray
    events: Events
    seed: int

    def __len__(self) -> int:
        return len(self.grades)

    def plant(self, heat: int) -> Plant:
        """The plant with that heat's prices and stock."""
        today = iter(zip(self.prices_eur_per_t[heat].tolist(), self.stock_share[heat].tolist(), strict=True))

        def then(item: YardItem) -> dict[str, float | None]:
            price, share = next(today)
            stock = None if item.available_t is None else item.available_t * share
            return {"price_eur_per_t": price, "available_t": stock}

        return self.virtual.plant.with_items(then)

    def rng(self, heat: int, what: str) -> Generator:
        """Chance of one heat, the same for whatever is charged."""
        return stable_rng("future", self.seed, self.virtual.plant.name, heat, what)


def future_of(virtual: VirtualPlant, heats: int, seed: int, events: Events | None = None) -> Future:
    """Draw what is to come.

    Raises:
        InputError: a material that cheats or drifts is not in the yard, or no heats are asked for.
    """
    if heats < 1:
        raise InputError(heats, "number of heats", "1 or more")
    events, names = events or Events(), virtual.material_names
    named = [*events.drift_per_1000_heats, *([events.cheat.material] if events.cheat else [])]
    for name in named:
        if name not in names:
            raise InputError(name, "material of an event", f"one of {', '.join(names)}")
    rng = stable_rng("future", seed, virtual.plant.name)
    items = virtual.plant.yard
    market = wander(rng, heats, 1, MARKET_SPREAD, MARKET_HEATS)
    own = wander(rng, heats, len(items), PRICE_SPREAD, PRICE_HEATS)
    scrap = np.array([item.material.metallic_yield > 0 and item.stage == "furnace" for item in items])
    prices = np.array([item.price_eur_per_t for item in items]) * np.exp(market * scrap + own)
    runs = -(-heats // LOT_HEATS) + 1
    lots = np.stack([true.draw_lots(runs, rng) for true in virtual.truth], axis=1)
    turn = (np.arange(heats)[:, None] + rng.integers(LOT_HEATS, size=len(names))) // LOT_HEATS
    factors = _factors(virtual, heats, events)
    return Future(
        virtual=virtual,
        grades=np.array(campaigns(rng, virtual.plant.grades, heats)),
        prices_eur_per_t=prices,
        stock_share=_stock(rng, heats, len(items)),
        lots=lots[turn, np.arange(len(names))] * factors,
        factors=factors,
        events=events,
        seed=seed,
    )


def _stock(rng: Generator, heats: int, items: int) -> FloatArray:
    """(N, items) what a delivery now and then fills and the plant's usual charges take away."""
    shares = np.empty((heats, items))
    level = rng.uniform(EMPTY, FULL, items)
    use = (FULL - EMPTY) / DELIVERY_HEATS * rng.uniform(0.5, 1.5, items)
    for heat in range(heats):
        arrives = rng.random(items) < 1.0 / DELIVERY_HEATS
        level = np.where(arrives, FULL, np.maximum(EMPTY, level - use))
        shares[heat] = level
    return shares


def _factors(virtual: VirtualPlant, heats: int, events: Events) -> FloatArray:
    names = virtual.material_names
    factors = np.ones((heats, len(names), len(ANALYSED)))
    for name, rate in events.drift_per_1000_heats.items():
        factors[:, names.index(name)] *= np.exp(rate * np.arange(heats) / 1000.0)[:, None]
    if events.cheat is not None:
        cheat = events.cheat
        factors[cheat.from_heat :, names.index(cheat.material), ANALYSED.index(cheat.element)] *= cheat.factor
    return factors
