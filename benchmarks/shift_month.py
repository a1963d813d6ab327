"""Part of the benchmark of a shift: a buyer's month at each bundled plant, and how near its plan is to the best."""

import numpy as np

from optimizer.plan.buying import month_advice
from optimizer.problem.options import RecipeOptions
from scenarios.bundled import names, virtual_plant
from scenarios.rolling import learned
from scenarios.world import stable_rng
from steel.buying import ScrapOffer
from steel.grades import Order
from steel.materials import MaterialKind
from steel.plants import Plant, YardItem

HEATS = 400
STOCK_HEATS, OFFERED_HEATS = 30.0, 150.0
"""For how many heats' worth of steel there is, and is offered, of each better scrap."""
OFFERS = 4
PRICES = (0.85, 1.2)
TIME_S = 40.0


def month_figures() -> dict[str, float]:
    """The worst plan's gap, and how many offers were bought, held and left."""
    gaps, verdicts = [], []
    for name in names():
        virtual = virtual_plant(name)
        furnace, (model, description) = virtual.plant.furnace, learned(virtual)
        rng = stable_rng("month", name)
        scrap = [item for item in virtual.plant.charge_items() if item.material.kind is MaterialKind.SCRAP]
        dear = sorted(scrap, key=lambda item: -item.price_eur_per_t)[:OFFERS]
        half_t = OFFERED_HEATS * furnace.tap_weight_t / 2.0
        offers = [
            ScrapOffer(
                offer_id=f"offer {number}", material=item.material.name, most_t=half_t,
                least_t=furnace.tap_weight_t * number, price_eur_per_t=item.price_eur_per_t * rng.uniform(*PRICES),
            )
            for number, item in enumerate(dear)
        ]  # fmt: skip
        plant = _stocked(virtual.plant, {item.material.name for item in dear})
        made = plant.made()
        orders = [
            Order(grade=plant.grade(made[rng.integers(len(made))]), mass_t=furnace.tap_weight_t) for _ in range(HEATS)
        ]
        called = {offer.offer_id: offer.material for offer in offers}
        column = {material.name: j for j, material in enumerate(model.schema.materials)}
        doubt = {
            material: {
                element: float(
                    np.sqrt(model.outputs[element.value].linear.covariance[column[material], column[material]])
                )
                for element in model.schema.elements
            }
            for material in called.values()
        }
        found = month_advice(plant, orders, offers, description, RecipeOptions(), called, doubt, time_limit_s=TIME_S)
        gaps.append(found.plan.gap)
        verdicts += [one.verdict for one in found.offers]
    return {
        "month_plan_gap": max(gaps),
        **{f"offers_{word.replace(' ', '_')}": float(verdicts.count(word)) for word in ("buy", "hold", "walk away")},
    }


def _stocked(plant: Plant, offered: set[str]) -> Plant:
    """The plant with the month's first stock of what is offered."""
    stock_t = STOCK_HEATS * plant.furnace.tap_weight_t / OFFERS

    def changed(item: YardItem) -> dict[str, float | None]:
        if item.material.name in offered:
            return {"available_t": stock_t, "max_t": None}
        return {"max_t": item.most_t, "available_t": None}

    return plant.with_items(changed)
