"""What a campaign's heats can draw on: periods between arrivals, supply by period, kinds of heats."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from steel.campaigns import Campaign, Delivery, Offer, Purchase
from steel.errors import InputError
from steel.grades import Order
from steel.heats import FloatArray
from steel.plants import Plant, YardItem
from surrogate.model.description import Description


@dataclass(frozen=True)
class Supply:
    """A campaign as numbers.

    Attributes:
        kinds: K different orders, as problems of one heat that may draw on everything that will ever be there.
        heats: (K, P) heats of each kind in each period; a period begins where something arrives.
        kind_of: (N,) of every heat.
        period_of: (N,) of every heat.
        starts: (P,) first heat of each period, 0-based.
        limited: (L,) columns whose stock is limited.
        stock_t: (L, P) on hand by each period without any purchase.
    """

    kinds: tuple[RecipeProblem, ...]
    heats: NDArray[np.int_]
    kind_of: NDArray[np.int_]
    period_of: NDArray[np.int_]
    starts: tuple[int, ...]
    limited: NDArray[np.int_]
    stock_t: FloatArray

    def period(self, from_heat: int) -> int:
        """The period that begins with the arrivals of a heat (1-based)."""
        return self.starts.index(from_heat - 1)

    def on_hand(self, purchases: Iterable[Purchase]) -> FloatArray:
        """(L, P) t of every limited material that will have come by each period."""
        items, found = self.kinds[0].items, self.stock_t.copy()
        for one in purchases:
            for row, j in enumerate(self.limited):
                if items[j].material.name == one.material:
                    found[row, self.period(one.from_heat) :] += one.mass_t
        return found


def check_supply(plant: Plant, campaign: Campaign) -> None:
    """Refuse a campaign whose supply cannot be.

    Raises:
        InputError: a delivery or an offer names a material that is not in the yard, or comes after the last heat; a
            material is paid whole.
    """
    names = [item.material.name for item in plant.yard]
    arrivals: tuple[Delivery | Offer, ...] = (*campaign.deliveries, *campaign.offers)
    for one in arrivals:
        if one.material not in names:
            raise InputError(one.material, "material that arrives", f"one of the yard's {', '.join(names)}")
        if isinstance(one, Offer) and plant_item(plant, one.material).available_t is None:
            raise InputError(
                one.material, "material of an offer", "one whose stock the campaign shares; give its `available_t`"
            )
        if one.from_heat > len(campaign.orders):
            raise InputError(one.from_heat, f"from_heat of {one.material}", f"a heat up to {len(campaign.orders)}")
    blocks = [item.material.name for item in plant.yard if item.paid_whole]
    if blocks:
        raise InputError(blocks, "materials of a campaign", "materials paid by the t; a block is for one heat")


def gather(plant: Plant, campaign: Campaign, description: Description, options: RecipeOptions) -> Supply:
    """Gather a campaign.

    Raises:
        InputError: its supply cannot be.
    """
    check_supply(plant, campaign)
    arrivals: tuple[Delivery | Offer, ...] = (*campaign.deliveries, *campaign.offers)
    starts = tuple(sorted({0, *(one.from_heat - 1 for one in arrivals)}))
    period_of = np.searchsorted(starts, np.arange(len(campaign.orders)), side="right") - 1
    kinds = list(dict.fromkeys(_key(order) for order in campaign.orders))
    kind_of = np.array([kinds.index(_key(order)) for order in campaign.orders])
    heats = np.zeros((len(kinds), len(starts)), dtype=np.int_)
    np.add.at(heats, (kind_of, period_of), 1)
    ever = _ever_there(plant, campaign)
    orders = {_key(order): order for order in campaign.orders}
    problems = tuple(build_problem(ever, orders[key], description, options) for key in kinds)
    items = problems[0].items
    limited = np.array([j for j, item in enumerate(items) if item.available_t is not None], dtype=np.int_)
    stock = np.zeros((len(limited), len(starts)))
    for row, j in enumerate(limited):
        stock[row] = plant_item(plant, items[j].material.name).available_t or 0.0
        for one in campaign.deliveries:
            if one.material == items[j].material.name:
                stock[row, starts.index(one.from_heat - 1) :] += one.mass_t
    return Supply(problems, heats, kind_of, period_of, starts, limited, stock)


def plant_item(plant: Plant, material: str) -> YardItem:
    """The yard item of a material that is there."""
    return next(item for item in plant.yard if item.material.name == material)


def _key(order: Order) -> str:
    return order.model_copy(update={"due": None}).model_dump_json()


def _ever_there(plant: Plant, campaign: Campaign) -> Plant:
    """The plant with everything on hand that will ever arrive or can be bought."""
    coming: dict[str, float] = {}
    for delivery in campaign.deliveries:
        coming[delivery.material] = coming.get(delivery.material, 0.0) + delivery.mass_t
    for offer in campaign.offers:
        coming[offer.material] = coming.get(offer.material, 0.0) + offer.most_t
    yard = tuple(
        item
        if item.available_t is None
        else item.model_copy(update={"available_t": item.available_t + coming.get(item.material.name, 0.0)})
        for item in plant.yard
    )
    return plant.model_copy(update={"yard": yard})
