"""The next heats of a cast sequence, rolling: planned again after every heat, with the steel that each leaves behind.

What the heats share is allotted by the plan of the whole campaign. Each heat is then made at its own best, in its turn:
from the heel that the one before leaves, from what it was allotted, and from what nobody was. A plan that was made
before goes on unless a new one saves more than a plan is exact.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.plan.campaign import ENOUGH, plan_campaign
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.errors import SolverError
from optimizer.solve.interruption import within
from steel.campaigns import Campaign, Delivery
from steel.elements import Element
from steel.errors import InputError
from steel.heats import FloatArray
from steel.plants import Plant
from steel.sequences import ReturnsPractice, SequenceHeat, SequencePlan
from surrogate.model.description import Description

Masses = dict[str, float]
MET = 1e-3
"""By how much a limit's probability may be short of the asked confidence in a plan that goes on."""
SPARE_T = 1e-6


def plan_sequence(
    optimizer: Optimizer,
    plant: Plant,
    campaign: Campaign,
    description: Description,
    options: RecipeOptions,
    before: SequencePlan | None = None,
    time_limit_s: float = 10.0,
) -> SequencePlan:
    """Plan the heats of a sequence.

    Args:
        optimizer: finds recipes.
        plant: with the stock of now; materials without `available_t` are there for every heat.
        campaign: the heats that are left, in order, and what arrives.
        description: of the furnace, with the heel that is in it now.
        options: for every heat.
        before: what is left of the plan so far, `SequencePlan.after` the heats that were made.
        time_limit_s: for all of it.

    Raises:
        ImpossibleOrderError: one of the orders could not be made with all of the supply to itself.
        InputError: a delivery names a material that is not in the yard, or something is to be bought.
        SolverError: time was up before every order had a recipe.
    """
    if campaign.offers:
        raise InputError(len(campaign.offers), "offers", "none: what to buy is a campaign's question")
    with within(time_limit_s):
        kept = None if before is None else _goes_on(plant, campaign, description, options, before)
        fresh = _planned(optimizer, plant, campaign, description, options, time_limit_s)
    if kept is not None and len(kept.unmade) <= len(fresh.unmade):
        saves = kept.cost_eur - fresh.cost_eur
        if len(kept.unmade) < len(fresh.unmade) or saves <= ENOUGH * abs(kept.cost_eur):
            return kept
    return fresh


def with_returns(plant: Plant, campaign: Campaign, returns: ReturnsPractice) -> Campaign:
    """A campaign with what comes back of its own heats.

    Args:
        plant: in whose yard it lies.
        campaign: from its first heat on; `Campaign.after` keeps what is still to come of heats that were made.
        returns: scrap of the plant's own.

    Raises:
        InputError: the material is not in the yard, or its stock is not counted.
    """
    item = plant.item(returns.material)
    if item is None or item.available_t is None:
        raise InputError(returns.material, "returns.material", "a material of the yard whose stock is given")
    coming = tuple(
        Delivery(material=returns.material, mass_t=returns.share * order.mass_t, from_heat=number + returns.after_heats)
        for number, order in enumerate(campaign.orders, 1)
        if number + returns.after_heats <= len(campaign.orders)
    )
    return campaign.model_copy(update={"deliveries": (*campaign.deliveries, *coming)})


def _planned(
    optimizer: Optimizer, plant: Plant, campaign: Campaign, description: Description, options: RecipeOptions,
    time_limit_s: float,
) -> SequencePlan:  # fmt: skip
    """A new plan: what is shared by the campaign's plan, then heat by heat."""
    whole = plan_campaign(plant, campaign, description, options, time_limit_s / 2.0)
    allotted = [heat.masses_t for heat in whole.heats]
    yard = _Yard(plant, campaign)
    spare = yard.spare_of(allotted)
    heats: list[SequenceHeat] = []
    heel = description.heel_wt_pct
    for number, order in enumerate(campaign.orders):
        furnace = replace(description, heel_wt_pct=heel)
        problem = build_problem(plant, order, furnace, options)
        found = None
        for most in yard.limits(problem, number, allotted, spare):
            with suppress(ImpossibleOrderError, SolverError):
                found = optimizer.solution(replace(problem, most=most), explain=False).columns_t
                break
        heat = _heat(number, problem, found, heel)
        yard.take(number, heat.masses_t)
        spare = yard.spare_of(allotted[number + 1 :], number + 1)
        heel = _heel(heat, heel)
        heats.append(heat)
    return _plan(heats, yard)


def _goes_on(
    plant: Plant, campaign: Campaign, description: Description, options: RecipeOptions, before: SequencePlan
) -> SequencePlan | None:
    """The plan so far as things now are; None where stock or a limit stand in its way."""
    if [(heat.grade, heat.order_t) for heat in before.heats] != [(o.grade.name, o.mass_t) for o in campaign.orders]:
        return None
    yard, heel, heats = _Yard(plant, campaign), description.heel_wt_pct, []
    for number, (order, told) in enumerate(zip(campaign.orders, before.heats, strict=True)):
        problem = build_problem(plant, order, replace(description, heel_wt_pct=heel), options)
        if not told.masses_t:
            heats.append(_heat(number, problem, None, heel))
            continue
        if set(told.masses_t) - set(problem.column_of) or not yard.has(number, told.masses_t):
            return None
        columns = np.array([told.masses_t.get(item.material.name, 0.0) for item in problem.items])
        heat = _heat(number, problem, columns, heel)
        if heat.met_with < options.confidence - MET:
            return None
        yard.take(number, heat.masses_t)
        heel = _heel(heat, heel)
        heats.append(heat)
    return _plan(heats, yard).model_copy(update={"kept": True})


class _Yard:
    """Stock of what heats share, as they take it one after another."""

    def __init__(self, plant: Plant, campaign: Campaign) -> None:
        stocks = {item.material.name: item.available_t for item in plant.yard if item.available_t is not None}
        self.names = tuple(stocks)
        size = len(campaign.orders)
        self._come = {name: np.full(size + 1, stock) for name, stock in stocks.items()}
        for delivery in campaign.deliveries:
            if delivery.material in self._come:
                self._come[delivery.material][delivery.from_heat - 1 :] += delivery.mass_t
        self._taken = dict.fromkeys(self.names, 0.0)

    def on_hand(self, name: str, number: int) -> float:
        """What there is of a material for a heat, from 0."""
        return max(float(self._come[name][number]) - self._taken[name], 0.0)

    def has(self, number: int, masses_t: Masses) -> bool:
        """Whether a heat's masses are there."""
        return all(masses_t.get(name, 0.0) <= self.on_hand(name, number) + SPARE_T for name in self.names)

    def take(self, number: int, masses_t: Masses) -> None:
        """A heat takes its masses."""
        for name in self.names:
            self._taken[name] += min(masses_t.get(name, 0.0), self.on_hand(name, number))

    def spare_of(self, allotted: list[Masses], first: int = 0) -> dict[str, FloatArray]:
        """By material, (H,) what no heat from each on to the last was allotted, in the order they come."""
        spare: dict[str, FloatArray] = {}
        for name in self.names:
            wanted = np.cumsum([masses.get(name, 0.0) for masses in allotted])
            come = self._come[name][first : first + len(allotted)] - self._taken[name]
            free = come - wanted
            # What is free at a heat must be free at all later ones, too.
            spare[name] = np.minimum.accumulate(free[::-1])[::-1] if len(free) else free
        return spare

    def limits(
        self, problem: RecipeProblem, number: int, allotted: list[Masses], spare: dict[str, FloatArray]
    ) -> Iterator[FloatArray]:
        """(n + m,) most of each column: what the heat was allotted and nobody was; then all that is there."""
        for shared in (True, False):
            most = problem.most.copy()
            for name in self.names:
                column = problem.column_of.get(name)
                if column is None:
                    continue
                there = self.on_hand(name, number)
                free = max(float(spare[name][0]), 0.0) if len(spare[name]) else there
                own = allotted[number].get(name, 0.0) + free
                most[column] = min(most[column], there, own if shared else there)
            yield most

    def left_t(self) -> Masses:
        """What is there once all is made."""
        return {name: max(float(self._come[name][-1]) - self._taken[name], 0.0) for name in self.names}


def _heat(
    number: int, problem: RecipeProblem, columns_t: FloatArray | None, heel: dict[Element, float]
) -> SequenceHeat:
    order = problem.order
    if columns_t is None:
        return SequenceHeat(
            number=number + 1, grade=order.grade.name, order_t=order.mass_t, masses_t={}, cost_eur_per_t=0.0,
            met_with=0.0, heel_wt_pct=heel, bath_wt_pct={},
        )  # fmt: skip
    outcome, furnace = outcome_of(problem, columns_t), problem.description
    charge = np.zeros(len(furnace.names))
    for item, mass_t in zip(problem.items[: problem.furnace_columns], columns_t, strict=False):
        charge[furnace.names.index(item.material.name)] = mass_t
    return SequenceHeat(
        number=number + 1,
        grade=order.grade.name,
        order_t=order.mass_t,
        masses_t=problem.used_t(columns_t),
        cost_eur_per_t=outcome.costs_eur_per_t.total,
        met_with=outcome.weakest[0],
        heel_wt_pct=heel,
        bath_wt_pct={element: max(furnace.bath_wt_pct(element, charge), 0.0) for element in furnace.elements},
    )


def _heel(heat: SequenceHeat, before: dict[Element, float]) -> dict[Element, float]:
    """What a heat leaves in the furnace; what was there where it is not made."""
    return {element: heat.bath_wt_pct[element] for element in before} if heat.bath_wt_pct else before


def _plan(heats: list[SequenceHeat], yard: _Yard) -> SequencePlan:
    return SequencePlan(
        heats=tuple(heats),
        cost_eur=sum(heat.cost_eur_per_t * heat.order_t for heat in heats if heat.masses_t),
        unmade=tuple(heat.number for heat in heats if not heat.masses_t),
        stock_left_t=yard.left_t(),
    )
