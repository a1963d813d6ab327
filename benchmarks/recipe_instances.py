"""The instance family of the recipe benchmark: 24 materials, 8 limits, 3 baskets, min-lots, 24 convex energy pieces."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from steel import catalogue
from steel.baskets import Baskets
from steel.campaigns import Campaign, Delivery, Offer, PriceBreak
from steel.elements import Element
from steel.grades import Grade, Order
from steel.heats import FloatArray
from steel.materials import Material, MaterialKind
from steel.plants import Furnace, Plant, Prices, YardItem
from surrogate.model.description import Description, OutputPieces
from surrogate.model.quantiles import LEVELS, Quantiles

MATERIALS, PIECES, MASS_T, CONFIDENCE, MOST_MATERIALS = 24, 24, 100.0, 0.99, 8
CLEANEST = 4
HEATS = 100
RANGES = {"Cu": (0.03, 0.5), "Sn": (0.002, 0.05), "Ni": (0.02, 0.2), "Cr": (0.02, 0.25), "Mo": (0.003, 0.06),
          "P": (0.008, 0.045), "S": (0.01, 0.07), "As": (0.003, 0.03)}  # fmt: skip
NORMAL = Quantiles(norm.ppf(LEVELS))


@dataclass(frozen=True)
class Family:
    """One plant's description, and what its re-solves vary about."""

    description: Description
    materials: tuple[Material, ...]
    prices: FloatArray
    limits: dict[Element, float]

    def draw(self, rng: np.random.Generator, lots: bool) -> tuple[Plant, Order]:
        """The plant and order of one re-solve: new prices, limits and stock; min-lots where asked."""
        count = len(self.materials)
        factors = rng.uniform(0.85, 1.15, count)
        stock = rng.uniform(8.0, 60.0, count)
        smallest = rng.uniform(3.0, 9.0, count) * lots
        yard = tuple(
            YardItem(
                material=material,
                price_eur_per_t=float(self.prices[j] * factors[j]),
                available_t=float(stock[j]),
                min_lot_t=float(min(smallest[j], stock[j])),
            )
            for j, material in enumerate(self.materials)
        )
        limits = {element: float(limit * rng.uniform(0.92, 1.12)) for element, limit in self.limits.items()}
        plant = Plant(
            name="family",
            furnace=Furnace(tap_weight_t=MASS_T, baskets=Baskets(count=3, volume_m3=70, max_t=60)),
            yard=yard,
            prices=Prices(electricity_eur_per_kwh=float(rng.uniform(0.05, 0.15))),
            emission_factors=catalogue.emission_factors(),
        )
        return plant, Order(grade=Grade(name="family", maximum_wt_pct=limits), mass_t=MASS_T)


def family(seed: int = 0, count: int = MATERIALS) -> Family:
    """A family of like problems of so many materials, whose cleanest ones are the dearest."""
    rng = np.random.default_rng(seed)
    dirt = np.concatenate([rng.uniform(0.0, 0.12, CLEANEST), rng.uniform(0.15, 1.0, count - CLEANEST)])
    materials = tuple(
        Material(
            name=f"scrap {j:02d}", material_class="E40", kind=MaterialKind.SCRAP,
            bulk_density_t_per_m3=float(rng.uniform(0.5, 1.2)), metallic_yield=0.93,
        )
        for j in range(count)
    )  # fmt: skip
    elements, limits = {}, {}
    usual = np.full(count, 1.0 / count) / 0.93
    for symbol, (low, high) in RANGES.items():
        content = low + (high - low) * dirt * rng.uniform(0.3, 1.0, count)
        common = 0.1 * np.outer(content, content) * 0.3**2
        covariance = common + np.diag((0.3 * content) ** 2 + (0.01 * low) ** 2)
        elements[Element(symbol)] = OutputPieces(content, np.zeros((0, count)), covariance, NORMAL)
        # As in a grade, some limits bind and others only might.
        limits[Element(symbol)] = float(rng.uniform(0.9, 1.5) * content @ usual)
    slopes = rng.normal(0.0, 25.0, (PIECES, count))
    pieces = 380.0 + slopes - np.maximum(0.0, slopes.mean(axis=1, keepdims=True))
    nothing = np.zeros((count, count))
    description = Description(
        materials=materials,
        yields=rng.uniform(0.88, 0.97, count),
        elements=elements,
        energy=OutputPieces(np.zeros(count), pieces, nothing, NORMAL),
    )
    return Family(description, materials, 430.0 - 160.0 * dirt + rng.normal(0, 12, count), limits)


def campaign(members: Family, seed: int = 0) -> tuple[Plant, Campaign]:
    """A plant and 100 heats of four grades in runs over one stock, with four deliveries and two offers."""
    rng = np.random.default_rng(seed)
    plant, order = members.draw(rng, lots=True)
    grades = [
        Grade(name=f"grade {factor}", maximum_wt_pct={e: factor * w for e, w in order.grade.maximum_wt_pct.items()})
        for factor in (1.4, 1.15, 1.0, 0.85)
    ]
    orders: list[Order] = []
    while len(orders) < HEATS:
        orders += [Order(grade=grades[rng.integers(len(grades))], mass_t=MASS_T)] * int(rng.integers(4, 13))
    yard = tuple(item.model_copy(update={"available_t": float(HEATS * rng.uniform(4, 20))}) for item in plant.yard)
    deliveries = tuple(
        Delivery(
            material=yard[rng.integers(MATERIALS)].material.name,
            mass_t=float(HEATS * rng.uniform(0.5, 3)),
            from_heat=heat,
        )
        for heat in (21, 41, 61, 81)
    )
    offers = tuple(
        Offer(
            material=item.material.name,
            most_t=400.0,
            from_heat=31,
            breaks=(
                PriceBreak(from_t=50, price_eur_per_t=1.06 * item.price_eur_per_t),
                PriceBreak(from_t=200, price_eur_per_t=1.02 * item.price_eur_per_t),
            ),
        )
        for item in (yard[0], yard[2])
    )
    return plant.model_copy(update={"yard": yard}), Campaign(
        orders=tuple(orders[:HEATS]), deliveries=deliveries, offers=offers
    )
