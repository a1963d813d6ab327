"""Whether recipes keep what they claim: recipes for random days, each made many times by the virtual furnace."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from optimizer.explain.claims import claims_of
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from scenarios.closed_loop.days import random_day
from scenarios.closed_loop.policies import decided
from scenarios.ladle import finish, fresh_lots, misses
from scenarios.virtual_plant import VirtualPlant
from scenarios.world import stable_rng
from steel.elements import Element
from steel.grades import Order
from steel.heats import FloatArray, HeatLog
from surrogate.model.model import Surrogate

BINDS = 0.8
"""Share of the risk it may take from which a limit binds."""
FEWEST = 30
"""Recipes whose limit must bind before its share of misses is judged."""


@dataclass(frozen=True)
class Claim:
    """One limit of one recipe that binds: what was claimed of it and what happened.

    Attributes:
        side: "maximum" or "minimum"; "all" of a joint confidence.
        claimed: probability of a miss.
        missed: share of the heats that missed it.
    """

    plant: str
    grade: str
    confidence: float
    element: Element | None
    side: str
    claimed: float
    missed: float


def claims_at(
    virtual: VirtualPlant,
    model: Surrogate,
    past: HeatLog,
    days: int,
    options: Iterable[RecipeOptions],
    heats: int = 400,
    seed: int = 0,
) -> list[Claim]:
    """Recipes for every grade of a plant on random days, and how often each limit that binds was missed.

    Args:
        virtual: where.
        model: its surrogate.
        past: heats whose steel may be the heel of such a day.
        days: random days a grade.
        options: how sure; one recipe each.
        heats: how often each recipe is made, all of a day from the same lots.
        seed: of days and heats.
    """
    rng, asked, optimizer = stable_rng("claims", virtual.plant.name, seed), tuple(options), Optimizer()
    furnace = virtual.plant.furnace
    share, found = furnace.heel_t / (furnace.heel_t + furnace.tap_weight_t), []
    for name in virtual.plant.grades:
        order = Order(grade=virtual.plant.grade(name), mass_t=furnace.tap_weight_t)
        before = np.flatnonzero(past.grades == name)
        for _ in range(days):
            today = random_day(virtual.plant, rng)
            heel = past.analysis_wt_pct[rng.choice(before)]
            known = dict(zip(past.elements, heel.tolist(), strict=True))
            description = model.describe(furnace.process, share, known)
            lots = fresh_lots(virtual, heats, rng)
            for option in asked:
                problem = build_problem(today, order, description, option)
                try:
                    columns = optimizer.solution(problem, explain=False).columns_t
                except ImpossibleOrderError:
                    continue
                recipe = decided(problem, columns)
                made = finish(virtual, recipe.charged_t, recipe.additions_t, heel, lots, rng)
                found += _claims(virtual.plant.name, problem, columns, made.reported(rng))
    return found


def _claims(plant: str, problem: RecipeProblem, columns_t: FloatArray, reported: FloatArray) -> list[Claim]:
    grade, allowed = problem.order.grade.name, BINDS * (1.0 - problem.options.confidence)
    found, any_missed, in_all = [], np.zeros(len(reported), dtype=bool), 0.0
    confidence, by_limit = problem.options.confidence, misses(reported, problem.order.grade)
    for claim in claims_of(problem, columns_t):
        missed = by_limit[claim.element, claim.side]
        any_missed |= missed
        in_all += claim.risk
        if not problem.options.joint and claim.risk >= allowed:
            share = float(missed.mean())
            found.append(Claim(plant, grade, confidence, claim.element, claim.side, claim.risk, share))
    if problem.options.joint and in_all >= allowed:
        found.append(Claim(plant, grade, confidence, None, "all", in_all, float(any_missed.mean())))
    return found


@dataclass(frozen=True)
class Kept:
    """How one element's binding limits were kept at one confidence, over all plants.

    Attributes:
        recipes: in which one binds.
        claimed: mean probability of a miss.
        missed: mean share of misses.
        worst: greatest share of misses of a single recipe.
    """

    element: Element | None
    confidence: float
    recipes: int
    claimed: float
    missed: float
    worst: float

    @property
    def ratio(self) -> float:
        """Misses over claimed ones."""
        return self.missed / self.claimed


def kept(claims: list[Claim]) -> list[Kept]:
    """Claims put together by element and confidence; one that binds in fewer than `FEWEST` recipes is left out."""
    groups: dict[tuple[Element | None, float], list[Claim]] = defaultdict(list)
    for claim in claims:
        groups[claim.element, claim.confidence].append(claim)
    return [
        Kept(
            element,
            confidence,
            len(group),
            float(np.mean([claim.claimed for claim in group])),
            float(np.mean([claim.missed for claim in group])),
            max(claim.missed for claim in group),
        )
        for (element, confidence), group in groups.items()
        if len(group) >= FEWEST
    ]
