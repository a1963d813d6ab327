"""The buyer's month: which offers to take for an order book, and up to which price each pays.

The month is planned as a campaign over all that is offered. Then each offer is left out in turn: what its first t would
save in the heats as they are then planned is its break-even price. How sure that is comes from what is not known of the
material's content; the multipliers of the limits turn it into €.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from joblib import Parallel  # type: ignore[import-untyped]

from optimizer.explain.value_in_use import limit_prices, value_in_use, worth_eur_per_t
from optimizer.plan.campaign import charged_worth, first_master, improve, plan_campaign
from optimizer.plan.master import Duals, Master
from optimizer.plan.supply import Supply, gather
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.interruption import within
from optimizer.solve.solver import Solution, solve_recipe
from steel.buying import MonthAdvice, OfferAdvice, ScrapOffer, Verdict
from steel.campaigns import Campaign, CampaignPlan, Delivery, Offer, PriceBreak
from steel.elements import Element
from steel.errors import InputError
from steel.grades import Order
from steel.plants import Plant
from surrogate.model.description import Description

Doubt = Mapping[str, Mapping[Element, float]]
"""By material, how uncertain what a t of it brings of an element is on average, wt%."""
SURE, UNSURE = 0.8, 0.2
"""Probabilities of paying from which an offer is taken, and up to which one walks away from it."""
NEXT_TO_NOTHING_T = 1e-3
Z_90 = 1.645
DRAWS = 4000
PLAN_SHARE = 0.6
"""Of the time, for the plan itself."""


def month_advice(
    plant: Plant,
    orders: Sequence[Order],
    offers: Sequence[ScrapOffer],
    description: Description,
    options: RecipeOptions,
    names: Mapping[str, str],
    doubt: Doubt,
    reference: str | None = None,
    time_limit_s: float = 120.0,
    workers: int = 1,
    progress: Callable[[str, float], None] | None = None,
) -> MonthAdvice:
    """Plan a month and advise on each offer.

    Args:
        plant: with the month's first stock; of what is offered it is counted.
        orders: the order book, a heat each.
        offers: and contracts.
        description: of the furnace.
        options: for every heat.
        names: by offer, what its material is called in the yard.
        doubt: of those materials.
        reference: material against which values in use are told; the one that the plan uses most unless given.
        time_limit_s: for all of it.
        workers: of joblib.
        progress: called with a stage and the share done.

    Raises:
        ImpossibleOrderError: one of the orders could not be made with all of the supply to itself.
        InputError: an offer's material, or the reference, is not in the yard.
        SolverError: time was up before every order had a recipe.
    """
    say = progress or (lambda stage, share: None)
    deadline = time.perf_counter() + time_limit_s
    campaign = _campaign(orders, offers, names)
    supply = gather(plant, campaign, description, options)
    judged: list[OfferAdvice] = []
    judged_by = deadline - PLAN_SHARE * time_limit_s
    with within(time_limit_s), Parallel(n_jobs=workers, return_as="generator") as parallel:
        master = first_master(parallel, supply, campaign)
        against = reference or _most_used(master)
        improve(master, parallel, judged_by, lambda stage, share: None)
        for number, offer in enumerate(offers):
            say(f"offer {offer.offer_id}", (1.0 - PLAN_SHARE) * number / len(offers))
            solved = _at_worth(supply, _without(master, parallel, number, judged_by), names[offer.offer_id])
            judged.append(_advice(offer, names[offer.offer_id], solved, doubt, against))
    # A plan is exact to a thousandth or two of all that it costs: what is surely too dear has no place in it.
    left = [one.offer for one in judged if one.verdict != "walk away"]
    plan = plan_campaign(
        plant, _campaign(orders, offers, names, left), description, options,
        max(deadline - time.perf_counter(), PLAN_SHARE * time_limit_s), workers,
        lambda stage, share: say(stage, 1.0 - PLAN_SHARE * (1.0 - share)),
    )  # fmt: skip
    yard = {item.material.name: item.price_eur_per_t for item in plant.yard}
    over = sum(offer.least_t * (offer.price_eur_per_t - yard[names[offer.offer_id]]) for offer in offers)
    say("done", 1.0)
    return MonthAdvice(
        offers=tuple(one.model_copy(update={"planned_t": _taken(one.offer, names, plan)}) for one in judged),
        plan=plan,
        contracts_eur=over,
    )


def _taken(offer: ScrapOffer, names: Mapping[str, str], plan: CampaignPlan) -> float:
    """What a plan takes of an offer, contracted mass with it."""
    name, price = names[offer.offer_id], offer.price_eur_per_t
    bought = (one.mass_t for one in plan.purchases if (one.material, one.price_eur_per_t) == (name, price))
    return sum(bought) + offer.least_t


def _campaign(
    orders: Sequence[Order], offers: Iterable[ScrapOffer], names: Mapping[str, str],
    bought: Sequence[ScrapOffer] | None = None,
) -> Campaign:  # fmt: skip
    """What is contracted comes whatever it is worth; the rest of an offer, or of some, may be bought."""
    every = tuple(offers)
    return Campaign(
        orders=tuple(orders),
        deliveries=tuple(
            Delivery(material=names[one.offer_id], mass_t=one.least_t) for one in every if one.least_t > 0
        ),
        offers=tuple(
            Offer(
                material=names[one.offer_id],
                most_t=max(one.most_t - one.least_t, NEXT_TO_NOTHING_T),
                breaks=(PriceBreak(from_t=0.0, price_eur_per_t=one.price_eur_per_t),),
            )
            for one in (every if bought is None else bought)
        ),
    )


def _without(master: Master, parallel: Parallel, number: int, deadline: float) -> Duals:
    """What materials are worth where one offer cannot be taken; recipes that are known already are kept."""
    campaign, supply = master.campaign, master.supply
    none = campaign.offers[number].model_copy(update={"most_t": NEXT_TO_NOTHING_T})
    others = (*campaign.offers[:number], none, *campaign.offers[number + 1 :])
    left = Master(supply, campaign.model_copy(update={"offers": others}), master.unmade_eur, list(master.patterns))
    return improve(left, parallel, deadline, lambda stage, share: None)[1]


def _at_worth(supply: Supply, duals: Duals, without: str) -> list[tuple[RecipeProblem, Solution]]:
    """Each kind of heat's recipe without a material, where scarce ones cost what they are worth."""
    found = []
    for kind in range(len(supply.kinds)):
        asked = charged_worth(supply, kind, duals.worth[:, 0], 0.0)
        most = asked.most.copy()
        most[asked.column_of[without]] = 0.0
        problem = replace(asked, most=most)
        found.append((problem, solve_recipe(problem)))
    return found


def _advice(
    offer: ScrapOffer, name: str, solved: Sequence[tuple[RecipeProblem, Solution]], doubt: Doubt, reference: str
) -> OfferAdvice:  # fmt: skip
    values, slopes = [], []
    for problem, solution in solved:
        column = problem.column_of[name]
        values.append(float(worth_eur_per_t(problem, solution)[column]))
        maxima, minima = limit_prices(problem, solution)
        slopes.append([
            (minima[row] - maxima[row]) * doubt.get(name, {}).get(one.element, 0.0)
            for row, one in enumerate(problem.rows)
        ])  # fmt: skip
    best = int(np.argmax(values))
    # The same content is wrong in all grades alike; the offer goes to whichever it is then worth most to.
    draws = np.random.default_rng(0).standard_normal((DRAWS, len(slopes[best])))
    drawn = np.max(np.array(values)[:, None] + np.array(slopes) @ draws.T, axis=0)
    pays_with = float((drawn > offer.price_eur_per_t).mean())
    problem, solution = solved[best]
    if reference not in problem.column_of:
        raise InputError(reference, "reference", f"a material of the yard: {', '.join(problem.column_of)}")
    return OfferAdvice(
        offer=offer,
        verdict=_verdict(pays_with),
        planned_t=offer.least_t,
        break_even_eur_per_t=values[best],
        low=float(np.quantile(drawn, 0.05)),
        high=float(np.quantile(drawn, 0.95)),
        pays_with=pays_with,
        value_in_use=value_in_use(problem, solution, problem.column_of[name], problem.column_of[reference]),
    )


def _verdict(pays_with: float) -> Verdict:
    if pays_with >= SURE:
        return "buy"
    return "walk away" if pays_with <= UNSURE else "hold"


def _most_used(master: Master) -> str:
    """The metal that most of would be charged."""
    problem = master.supply.kinds[0]
    used = sum(pattern.masses_t * master.supply.heats[pattern.kind].sum() for pattern in master.patterns)
    metal = np.where(problem.counted > 0, used, 0.0)
    return problem.items[int(np.argmax(metal))].material.name
