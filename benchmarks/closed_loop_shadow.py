"""Whether the shadow report recovers the saving that is known at a virtual plant."""

from dataclasses import replace

import numpy as np

from chargewise.app.shadow import shadow
from plant_adapters.plants.price_history import PriceHistory, price_history
from scenarios.bundled import virtual_plant
from scenarios.closed_loop.accounts import account
from scenarios.closed_loop.future import Future, future_of
from scenarios.closed_loop.loop import Loop
from scenarios.closed_loop.policies import Chargewise, MeltShop
from scenarios.ladle import finish, fresh_lots
from scenarios.virtual_plant import TAP_TO_TAP_S
from steel.heats import HeatLog, together
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions

BEFORE = 800
"""Heats on record before the stretch that is shadowed."""
DRAWS = 200


def shadow_error_pct(name: str, seed: int, heats: int) -> float:
    """How far a shadow report's saving is from the true one of the same charges, %."""
    virtual = virtual_plant(name)
    before = virtual.history(BEFORE)
    future = future_of(virtual, heats, seed)
    ladle = fit(before, virtual.materials, FitOptions(remainders=()))
    policy = MeltShop(virtual, Chargewise(ladle), seed)
    recorded = _after(before, together(Loop(future, policy, draws=2).run().recorded))
    log = together([before, recorded])
    history = _history(future, recorded)
    found = shadow(virtual.plant, log, virtual.materials, slice(BEFORE, None), history)
    numbers = {str(heat): number for number, heat in enumerate(recorded.heat_ids)}
    true = []
    for one in found.heats:
        heat = numbers[one.heat_id]
        costs = []
        for side in (one.as_charged, one.shadow):
            rng = future.rng(heat, "shadow")
            lots = fresh_lots(virtual, DRAWS, rng) * future.factors[heat]
            made = finish(virtual, side.charged_t, side.additions_t, recorded.heel_wt_pct[heat], lots, rng)
            costs.append(account(future.plant(heat), side.charged_t, side.additions_t, made).cost_eur_per_t)
        true.append(costs[0] - costs[1])
    return 100.0 * abs(found.saving_eur_per_t.mean / float(np.mean(true)) - 1.0)


def _after(before: HeatLog, later: HeatLog) -> HeatLog:
    """The later heats, tapped after those before."""
    step = np.timedelta64(TAP_TO_TAP_S, "s")
    return replace(later, tapped_at=before.tapped_at[-1] + step * np.arange(1, len(later) + 1))


def _history(future: Future, recorded: HeatLog) -> PriceHistory:
    yard = future.virtual.plant.yard
    return price_history(
        (
            recorded.tapped_at[heat],
            item.material.name,
            float(future.prices_eur_per_t[heat, column]),
            None if item.available_t is None else float(item.available_t * future.stock_share[heat, column]),
        )
        for heat in range(len(future))
        for column, item in enumerate(yard)
    )
