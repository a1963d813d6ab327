"""The master of a campaign, stated in Pyomo as the recipe is; patterns found later join its rows as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyomo.core as pyo

from optimizer.model.compiled import compile_model
from optimizer.model.program import Program
from optimizer.plan.supply import Supply
from steel.campaigns import Campaign
from steel.heats import FloatArray


@dataclass(frozen=True)
class Tier:
    """One price of one offer."""

    offer: int
    least_t: float
    most_t: float
    price_eur_per_t: float


def master_model(
    supply: Supply, campaign: Campaign, tiers: Sequence[Tier], unmade_eur: FloatArray
) -> pyo.ConcreteModel:
    """Heats to be made, stock by period, and what can be bought; no pattern yet.

    Args:
        supply: of the campaign.
        campaign: its offers.
        tiers: every price of every offer.
        unmade_eur: (K,) price of leaving a heat of a kind unmade.
    """
    items = supply.kinds[0].items
    row_of = {items[j].material.name: row for row, j in enumerate(supply.limited)}
    model = pyo.ConcreteModel("campaign")
    model.HEATS = pyo.Set(initialize=[(int(k), int(p)) for k, p in np.argwhere(supply.heats > 0)], dimen=2)
    model.LIMITED = pyo.RangeSet(0, len(supply.limited) - 1)
    model.PERIODS = pyo.RangeSet(0, len(supply.starts) - 1)
    model.TIERS = pyo.RangeSet(0, len(tiers) - 1)
    material = {t: row_of[campaign.offers[tier.offer].material] for t, tier in enumerate(tiers)}
    begins = {t: supply.period(campaign.offers[tier.offer].from_heat) for t, tier in enumerate(tiers)}
    # A unit's use is charged at the yard's price, so a purchase costs the rest.
    rest = {
        t: tier.price_eur_per_t - items[supply.limited[material[t]]].price_eur_per_t for t, tier in enumerate(tiers)
    }
    model.unmade = pyo.Var(model.HEATS, within=pyo.NonNegativeReals)
    model.used_t = pyo.Var(model.LIMITED, model.PERIODS, within=pyo.NonNegativeReals)
    model.buy = pyo.Var(model.TIERS, bounds=lambda _, t: (0, tiers[t].most_t))
    model.take = pyo.Var(model.TIERS, within=pyo.Integers, bounds=(0, 1))
    model.cost_eur = pyo.Objective(
        expr=sum(float(unmade_eur[k]) * model.unmade[k, p] for k, p in model.HEATS)
        + sum(rest[t] * model.buy[t] for t in model.TIERS)
    )
    model.made = pyo.Constraint(model.HEATS, rule=lambda _, k, p: model.unmade[k, p] == int(supply.heats[k, p]))
    # What patterns use up to a period's end is what they take in it and before.
    model.use = pyo.Constraint(model.LIMITED, model.PERIODS, rule=lambda _, row, p: model.used_t[row, p] == 0)
    model.stock = pyo.Constraint(
        model.LIMITED,
        model.PERIODS,
        rule=lambda _, row, p: (
            model.used_t[row, p] - sum(model.buy[t] for t in model.TIERS if material[t] == row and begins[t] <= p)
            <= float(supply.stock_t[row, p])
        ),
    )
    model.tier_most = pyo.Constraint(model.TIERS, rule=lambda _, t: model.buy[t] <= tiers[t].most_t * model.take[t])
    model.tier_least = pyo.Constraint(model.TIERS, rule=lambda _, t: model.buy[t] >= tiers[t].least_t * model.take[t])
    model.one_tier = pyo.Constraint(
        sorted({tier.offer for tier in tiers}),
        rule=lambda _, offer: sum(model.take[t] for t in model.TIERS if tiers[t].offer == offer) <= 1,
    )
    last = len(supply.starts) - 1
    model.used_up = pyo.Constraint(
        sorted(set(material.values())),
        rule=lambda _, row: sum(model.buy[t] for t in model.TIERS if material[t] == row) <= model.used_t[row, last],
    )
    return model


def master_program(supply: Supply, campaign: Campaign, tiers: Sequence[Tier], unmade_eur: FloatArray) -> Program:
    """The same as arrays."""
    return compile_model(master_model(supply, campaign, tiers, unmade_eur)).filled({})[0]
