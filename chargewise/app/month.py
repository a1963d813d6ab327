"""The buyer's month as people ask for it: an order book, offers, price lists and contracts at a plant."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import numpy as np
from pydantic import Field

from chargewise.app.orders import GradeRun, orders_of, with_stock
from chargewise.app.plants import LoadedPlant, Plants
from optimizer.plan.buying import month_advice
from optimizer.plan.lots_apart import Parcel, with_parcels
from optimizer.problem.options import RecipeOptions
from plant_adapters.plants.prices import with_prices
from steel.buying import MonthAdvice, ScrapOffer
from steel.complaints import meant
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Order
from steel.names import as_one
from steel.plants import Plant
from steel.quantities import EurPerT, Seconds, StockT, YesNo
from steel.texts import NameLine
from surrogate.fit.suppliers import SupplierEffects, supplier_effects

LISTED_MOST_T = 100_000.0
"""What can be had at a listed price: as much as a month may need."""


class MonthOrder(Frozen):
    """A month's order book and what can be bought for it.

    Attributes:
        heats: the order book, as runs of one grade.
        offers: and contracts; the contracted least is taken whatever it is worth.
        from_price_lists: whether prices of suppliers' lists that are valid now are offers too.
        available_t: stock at the month's beginning of what is offered, by material; by the yard's books unless given,
            else none. Of other materials every heat has the plant file's.
        prices_eur_per_t: today's prices of what is not offered, by material.
        reference: material against which values in use are told; the one that is used most unless given.
        options: for every heat.
        time_limit_s: for all of it.
    """

    plant: str
    heats: Annotated[tuple[GradeRun, ...], Field(min_length=1, max_length=200)]
    offers: Annotated[tuple[ScrapOffer, ...], Field(max_length=60)] = ()
    from_price_lists: YesNo = False
    available_t: dict[str, StockT] = {}
    prices_eur_per_t: dict[str, EurPerT] = {}
    reference: NameLine | None = None
    options: RecipeOptions = RecipeOptions()
    time_limit_s: Seconds = 120.0

    def orders(self, plant: Plant) -> tuple[Order, ...]:
        """The order book, a heat each.

        Raises:
            InputError: an unknown grade or element, or too many heats.
        """
        return orders_of(self.heats, plant)


def checked_month(plants: Plants, asked: MonthOrder) -> tuple[Plant, tuple[ScrapOffer, ...]]:
    """The plant with the month's first stock, and every offer.

    Raises:
        InputError: nothing is offered, two offers share a name, or a material is not in the yard.
    """
    loaded = plants.loaded(asked.plant)
    offers = (*asked.offers, *(_listed(plants, asked.plant) if asked.from_price_lists else ()))
    if not offers:
        raise InputError(0, "offers", "one offer or more, or `from_price_lists` and a price list that is valid now")
    doubled = as_one([offer.offer_id for offer in offers])
    if doubled:
        raise InputError(doubled, "offers", "each offer_id once")
    names = [item.material.name for item in loaded.plant.charge_items()]
    for offer in offers:
        if offer.material not in names:
            raise InputError(
                offer.material,
                f"offer {offer.offer_id}",
                f"a furnace material of the yard{meant(offer.material, names)}",
            )
    asked.orders(loaded.plant)
    priced = with_prices(loaded.plant, asked.prices_eur_per_t, "prices_eur_per_t")
    free = priced.with_items(lambda item: {"max_t": item.most_t, "available_t": None})
    booked = plants.book.stocks(asked.plant)
    stock = {offer.material: booked[offer.material].mass_t if offer.material in booked else 0.0 for offer in offers}
    # What is offered is limited by what is bought, no longer by the stock that the plant file has for a heat.
    rules = {item.material.name: item.max_t for item in loaded.described.yard}
    bought = free.with_items(lambda item: {"max_t": rules[item.material.name]} if item.material.name in stock else {})
    return with_stock(bought, stock | asked.available_t), offers


def plan_month(
    plants: Plants, asked: MonthOrder, workers: int = 1, progress: Callable[[str, float], None] | None = None
) -> MonthAdvice:
    """Plan a month and advise on each offer; of suppliers whose scrap differs, each is counted for what it is.

    Raises:
        ImpossibleOrderError: one of the orders could not be made with all of the supply to itself.
        InputError: a value cannot be used.
        SolverError: time was up before every order had a recipe.
    """
    loaded = plants.loaded(asked.plant)
    plant, offers = checked_month(plants, asked)
    description, names = loaded.description, {offer.offer_id: offer.material for offer in offers}
    effects = _effects(plants, loaded)
    if effects is not None:
        names = {offer.offer_id: f"{offer.material} of {offer.offer_id}" for offer in offers}
        parcels = [
            Parcel(names[offer.offer_id], offer.material, offer.supplier, 0.0, offer.price_eur_per_t)
            for offer in offers
        ]
        plant, description = with_parcels(plant, description, parcels, effects)
    doubt = {names[offer.offer_id]: _doubt(loaded, offer, effects) for offer in offers}
    return month_advice(
        plant, asked.orders(plant), offers, description, asked.options, names, doubt, asked.reference,
        asked.time_limit_s, workers, progress,
    )  # fmt: skip


def _listed(plants: Plants, plant: str) -> tuple[ScrapOffer, ...]:
    """Suppliers' listed prices that are valid now, as offers."""
    now = datetime.now(UTC)
    valid = [
        one for one in plants.price_lists.listed(plant)
        if one.supplier and one.valid_from <= now and (one.valid_until is None or now < one.valid_until)
    ]  # fmt: skip
    newest = {(one.supplier, one.material): one for one in sorted(valid, key=lambda one: one.valid_from)}
    return tuple(
        ScrapOffer(
            offer_id=f"{one.supplier}: {one.material}"[:40], material=one.material, supplier=one.supplier,
            price_eur_per_t=one.price_eur_per_t, most_t=LISTED_MOST_T,
        )
        for one in newest.values()
    )  # fmt: skip


def _effects(plants: Plants, loaded: LoadedPlant) -> SupplierEffects | None:
    """How suppliers differ; None where nothing shows it, or the model cannot tell parcels apart."""
    supplied = plants.book.supplied(loaded.plant.name)
    if not supplied or loaded.description.has_predictors:
        return None
    found = supplier_effects(loaded.model, loaded.history, supplied)
    differ = any(one.spread > 0 for one in (*found.contents.values(), found.metallic_yield))
    return found if differ else None


def _doubt(loaded: LoadedPlant, offer: ScrapOffer, effects: SupplierEffects | None) -> dict[Element, float]:
    """How uncertain a material's contents are on average, its lots' scatter left out."""
    names = [material.name for material in loaded.model.schema.materials]
    if offer.material not in names:
        return {}
    column, origin = names.index(offer.material), (offer.material, offer.supplier)
    found = {}
    for element in loaded.model.schema.elements:
        variance = float(loaded.model.outputs[element.value].linear.covariance[column, column])
        if effects is not None and origin in effects.origins:
            variance += float(effects.contents[element].sd[effects.origins.index(origin)]) ** 2
        found[element] = float(np.sqrt(max(variance, 0.0)))
    return found
