"""A cast sequence as it rolls: heat after heat is made as it was planned, and the rest planned again."""

from dataclasses import dataclass, replace

from optimizer.explain.recommend import Optimizer
from optimizer.plan.sequence import plan_sequence, with_returns
from optimizer.problem.options import RecipeOptions
from scenarios.bundled import names, virtual_plant
from scenarios.virtual_plant import VirtualPlant
from steel.campaigns import Campaign
from steel.grades import Order
from steel.materials import MaterialKind
from steel.plants import Plant, YardItem
from steel.sequences import ReturnsPractice, SequenceHeat, SequencePlan
from surrogate.fit.fit import fit
from surrogate.model.description import Description
from surrogate.model.model import Surrogate


@dataclass(frozen=True)
class Rolling:
    """A sequence in progress.

    Attributes:
        plant: with the stock of now.
        campaign: what is left to make.
        description: with the heel of now.
    """

    plant: Plant
    campaign: Campaign
    description: Description

    def after(self, heat: SequenceHeat) -> "Rolling":
        """Once the next heat is made as it was planned; what comes before the one after it is in the yard."""
        come: dict[str, float] = {}
        for delivery in self.campaign.deliveries:
            if delivery.from_heat <= 1:
                come[delivery.material] = come.get(delivery.material, 0.0) + delivery.mass_t

        def left(name: str, stock_t: float) -> float:
            return max(stock_t + come.get(name, 0.0) - heat.masses_t.get(name, 0.0), 0.0)

        plant = self.plant.with_items(
            lambda item: {} if item.available_t is None else {"available_t": left(item.material.name, item.available_t)}
        )
        heel = {element: heat.bath_wt_pct[element] for element in self.description.heel_wt_pct}
        return Rolling(plant, self.campaign.after(1), replace(self.description, heel_wt_pct=heel))

    def planned(
        self,
        optimizer: Optimizer,
        options: RecipeOptions,
        before: SequencePlan | None = None,
        time_limit_s: float = 30.0,
    ) -> SequencePlan:
        """The plan of what is left."""
        return plan_sequence(optimizer, self.plant, self.campaign, self.description, options, before, time_limit_s)


def rolled(optimizer: Optimizer, start: Rolling, options: RecipeOptions, plan: SequencePlan) -> list[SequenceHeat]:
    """Every heat as it was made, the rest planned again after each."""
    made, now, left = [], start, plan
    while left.heats:
        heat = left.heats[0]
        made.append(heat)
        left = left.after(1)
        if left.heats:
            now = now.after(heat)
            left = now.planned(optimizer, options, left)
    return made


HEATS, STOCK_HEATS = 12, 1.2
"""Of the sequence that is tried, and for how many heats' worth of steel there is of each better scrap."""
RETURNED, AFTER = 0.05, 4
HISTORY = 700
"""Heats that a surrogate learns from."""


def learned(virtual: VirtualPlant) -> tuple[Surrogate, Description]:
    """A surrogate of a virtual plant's history, and its furnace with the steel that the newest heat left."""
    log, furnace = virtual.history(HISTORY), virtual.plant.furnace
    model = fit(log, virtual.materials)
    newest = dict(zip(log.elements, log.analysis_wt_pct[-1].tolist(), strict=True))
    share = furnace.heel_t / (furnace.heel_t + furnace.tap_weight_t)
    return model, model.describe(furnace.process, share, newest)


def bundled_sequence(name: str) -> Rolling:
    """A sequence of a bundled plant that shares its own returns and its dearest scraps."""
    virtual = virtual_plant(name)
    furnace, description = virtual.plant.furnace, learned(virtual)[1]
    own = next(i.material.name for i in virtual.plant.charge_items() if i.material.kind is MaterialKind.INTERNAL)
    bought = [item for item in virtual.plant.charge_items() if item.material.kind is MaterialKind.SCRAP]
    dear = sorted(bought, key=lambda item: -item.price_eur_per_t)[:2]
    shared = {item.material.name: STOCK_HEATS * furnace.tap_weight_t for item in dear}
    shared[own] = 0.5 * furnace.tap_weight_t

    def stocked(item: YardItem) -> dict[str, float | None]:
        if item.material.name in shared:
            return {"available_t": shared[item.material.name]}
        return {"max_t": item.most_t, "available_t": None}

    plant = virtual.plant.with_items(stocked)
    made = plant.made()
    orders = tuple(
        Order(grade=plant.grade(made[number % len(made)]), mass_t=furnace.tap_weight_t) for number in range(HEATS)
    )
    returns = ReturnsPractice(material=own, share=RETURNED, after_heats=AFTER)
    return Rolling(plant, with_returns(plant, Campaign(orders=orders), returns), description)


def replanned_equals_planned() -> tuple[bool, float]:
    """Whether sequences that are planned again after every heat stay as planned, and what planning anew would gain.

    The gain is the greatest share of the cost that a new plan of the second half saves on the old one's.
    """
    same, gains = [], []
    optimizer, options = Optimizer(), RecipeOptions()
    for name in names():
        start = bundled_sequence(name)
        plan = start.planned(optimizer, options)
        made = rolled(optimizer, start, options, plan)
        same.append([heat.masses_t for heat in made] == [heat.masses_t for heat in plan.heats])
        half = start
        for heat in plan.heats[: HEATS // 2]:
            half = half.after(heat)
        kept = plan.after(HEATS // 2).cost_eur
        gains.append((kept - half.planned(optimizer, options).cost_eur) / kept)
    return all(same), max(gains)
