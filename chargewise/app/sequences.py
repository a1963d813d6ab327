"""A cast sequence as people ask for it, planned again as it rolls."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from chargewise.app.orders import CampaignOrder, GradeRun
from chargewise.app.plants import LoadedPlant
from optimizer.explain.recommend import Optimizer
from optimizer.plan.sequence import plan_sequence, with_returns
from optimizer.problem.options import RecipeOptions
from steel.campaigns import Delivery
from steel.elements import by_element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.quantities import EurPerT, Seconds, StockT, WholeNumber, WtPct
from steel.sequences import ReturnsPractice, SequencePlan

MOST_HEATS = 60


class SequenceOrder(Frozen):
    """The heats of a cast sequence, as far as it has come.

    Attributes:
        heats: all of them, those that are made too.
        heats_done: so many of them are made.
        plan: as it was before the last heats, so that it goes on unless a new one saves enough; None for a new one.
        plan_done: heats that were made by then.
        deliveries: what arrives, counted from the first heat.
        returns: scrap of the plant's own that comes back.
        available_t: stock now that the heats share; of other materials every heat has the plant file's.
        prices_eur_per_t: today's prices, by material.
        heel_wt_pct: of the steel that is in the furnace now; the newest heat's unless given.
        options: for every heat.
        time_limit_s: for all of it.
    """

    plant: str
    heats: Annotated[tuple[GradeRun, ...], Field(min_length=1, max_length=MOST_HEATS)]
    heats_done: Annotated[WholeNumber, Field(ge=0)] = 0
    plan: SequencePlan | None = None
    plan_done: Annotated[WholeNumber, Field(ge=0)] = 0
    deliveries: Annotated[tuple[Delivery, ...], Field(max_length=200)] = ()
    returns: ReturnsPractice | None = None
    available_t: dict[str, StockT] = {}
    prices_eur_per_t: dict[str, EurPerT] = {}
    heel_wt_pct: dict[str, WtPct] = {}
    options: RecipeOptions = RecipeOptions()
    time_limit_s: Seconds = 10.0


def planned_sequence(optimizer: Optimizer, loaded: LoadedPlant, asked: SequenceOrder) -> SequencePlan:
    """The heats that are left of a sequence; the same plan where nothing changed.

    Raises:
        ImpossibleOrderError: one of the orders could not be made with all of the supply to itself.
        InputError: a value cannot be used, or no heat is left.
        SolverError: time was up before every order had a recipe.
    """
    same = CampaignOrder(
        plant=asked.plant, heats=asked.heats, deliveries=asked.deliveries, prices_eur_per_t=asked.prices_eur_per_t,
        available_t=asked.available_t, options=asked.options,
    )  # fmt: skip
    plant = same.plant_today(loaded.plant)
    campaign = same.campaign(plant)
    count = len(campaign.orders)
    if count > MOST_HEATS:
        raise InputError(count, "heats", f"at most {MOST_HEATS} heats in all; more are a campaign's question")
    if asked.heats_done >= count:
        raise InputError(asked.heats_done, "heats_done", f"fewer than the {count} heats of the sequence")
    before = asked.plan
    if before is not None:
        if not 0 <= asked.heats_done - asked.plan_done <= len(before.heats):
            raise InputError(asked.plan_done, "plan_done", f"heats made when the plan was, at most {asked.heats_done}")
        before = before.after(asked.heats_done - asked.plan_done)
    if asked.returns is not None:
        campaign = with_returns(plant, campaign, asked.returns)
    description = loaded.description
    if asked.heel_wt_pct:
        told = by_element(asked.heel_wt_pct, "heel_wt_pct")
        description = replace(description, heel_wt_pct={**description.heel_wt_pct, **told})
    left = campaign.after(asked.heats_done) if asked.heats_done else campaign
    return plan_sequence(optimizer, plant, left, description, asked.options, before, asked.time_limit_s)
