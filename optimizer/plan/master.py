"""The master problem of a campaign: how often to make each recipe found so far, and what to buy.

Recipes of one kind of heat that use the same materials may be mixed at will (every rule is convex once it is decided
which materials are used), so only the number of heats by set of materials has to be whole.
"""

import time
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from optimizer.model.program import Extension, Program, empty_program
from optimizer.model.statement.structure import has_lot_decision
from optimizer.plan.supply import Supply
from optimizer.problem.recipe_problem import UNUSED_BELOW_T
from optimizer.solve.highs import Session
from steel.campaigns import Campaign, Purchase
from steel.heats import FloatArray

UNMADE = 4.0
"""Price of a heat that is not made, as a multiple of its cost with all of the supply to itself."""
MASTER_GAP = 1e-3
LINEAR_S = 30.0
"""What a linear master may take; it takes some tens of milliseconds."""


@dataclass(frozen=True)
class Pattern:
    """One recipe for one kind of heat: masses (n + m,), its cost, and the set it may be mixed within."""

    kind: int
    masses_t: FloatArray
    cost_eur: float
    mixes_with: Hashable


@dataclass(frozen=True)
class Tier:
    """One price of one offer."""

    offer: int
    least_t: float
    most_t: float
    price_eur_per_t: float


@dataclass(frozen=True)
class Duals:
    """What one more t of a limited material is worth at the master's optimum, €.

    Attributes:
        scarcity: (L, P) on hand at the end of a period, at least 0.
        used_up: (L,) by which its use is rewarded, because a purchase must be used up, at least 0.
    """

    scarcity: FloatArray
    used_up: FloatArray

    @property
    def worth(self) -> FloatArray:
        """(L, P) € per t of use in a period."""
        return np.asarray(np.cumsum(self.scarcity[:, ::-1], axis=1)[:, ::-1] - self.used_up[:, None])

    def towards(self, other: "Duals", share: float) -> "Duals":
        """A mixture: a share of the other, the rest of this."""
        return Duals(
            (1 - share) * self.scarcity + share * other.scarcity, (1 - share) * self.used_up + share * other.used_up
        )


@dataclass
class Master:
    """Patterns found so far over one campaign's supply.

    Attributes:
        unmade_eur: (K,) price of leaving a heat of a kind unmade.
    """

    supply: Supply
    campaign: Campaign
    unmade_eur: FloatArray
    patterns: list[Pattern] = field(default_factory=list)

    def tiers(self) -> list[Tier]:
        """Every price of every offer, with the masses it holds for."""
        return [
            Tier(number, one.from_t, after.from_t if after else offer.most_t, one.price_eur_per_t)
            for number, offer in enumerate(self.campaign.offers)
            for one, after in zip(offer.breaks, (*offer.breaks[1:], None), strict=True)
        ]

    def add(self, kind: int, masses_t: FloatArray, cost_eur: float) -> None:
        """Take in a recipe."""
        problem = self.supply.kinds[kind]
        # Trees and lifts make a rule of the masses themselves: such recipes do not mix.
        convex = not any(row.predictors or len(row.pieces) for row in problem.rows) and not problem.energy_predictors
        convex = convex and not any(item.lift_t > 0 for item in problem.items)
        decided = [j for j in range(len(masses_t)) if has_lot_decision(problem, j)]
        used = frozenset(j for j in decided if masses_t[j] > UNUSED_BELOW_T)
        self.patterns.append(Pattern(kind, masses_t, cost_eur, used if convex else len(self.patterns)))

    def _state(self, whole: bool) -> Program:
        supply, model = self.supply, Extension(empty_program())
        periods = supply.heats.shape[1]
        limited, column_of = supply.limited, {int(j): row for row, j in enumerate(supply.limited)}
        in_stock: list[list[dict[int, float]]] = [[{} for _ in range(periods)] for _ in limited]
        made: dict[tuple[int, int], dict[int, float]] = {}
        mixed: dict[tuple[int, int, Hashable], dict[int, float]] = {}
        bought: dict[int, dict[int, float]] = {row: {} for row in range(len(limited))}
        for k, p in np.argwhere(supply.heats > 0):
            unmade = model.column("unmade", int(k), int(p), cost=float(self.unmade_eur[k]))
            made[int(k), int(p)] = {unmade: 1.0}
        for number, pattern in enumerate(self.patterns):
            for p in np.flatnonzero(supply.heats[pattern.kind]):
                column = model.column("times", number, int(p), cost=pattern.cost_eur)
                made[pattern.kind, int(p)][column] = 1.0
                mixed.setdefault((pattern.kind, int(p), pattern.mixes_with), {})[column] = 1.0
                for row, j in enumerate(limited):
                    if pattern.masses_t[j] > UNUSED_BELOW_T:
                        bought[row][column] = -float(pattern.masses_t[j])
                        for q in range(int(p), periods):
                            in_stock[row][q][column] = float(pattern.masses_t[j])
        self._state_offers(model, column_of, in_stock, bought)
        for (k, p), others in made.items():
            heats = float(supply.heats[k, p])
            model.row("made", k, p, others=others, lower=heats, upper=heats)
        for row in range(len(limited)):
            for p in range(periods):
                model.row("stock", row, p, others=in_stock[row][p], upper=float(supply.stock_t[row, p]))
        for group, others in mixed.items() if whole else ():
            number_of = model.column("heats", *group, upper=float(supply.heats[group[0], group[1]]), integer=True)
            model.row("mixed", *group, others={**others, number_of: -1.0}, lower=0.0, upper=0.0)
        return model.applied()

    def _state_offers(
        self,
        model: Extension,
        row_of: dict[int, int],
        in_stock: list[list[dict[int, float]]],
        bought: dict[int, dict[int, float]],
    ) -> None:
        """What is bought joins the stock; a unit's use is charged at the yard's price, so a purchase costs the rest."""
        items = self.supply.kinds[0].items
        of_offer: dict[int, dict[int, float]] = {}
        used: dict[int, dict[int, float]] = {}
        for number, tier in enumerate(self.tiers()):
            offer = self.campaign.offers[tier.offer]
            j = next(j for j in row_of if items[j].material.name == offer.material)
            price = tier.price_eur_per_t - items[j].price_eur_per_t
            mass = model.column("buy", number, upper=tier.most_t, cost=price)
            take = model.column("take", number, upper=1.0, integer=True)
            model.row("tier_most", number, others={mass: 1.0, take: -tier.most_t}, upper=0.0)
            model.row("tier_least", number, others={take: tier.least_t, mass: -1.0}, upper=0.0)
            of_offer.setdefault(tier.offer, {})[take] = 1.0
            for p in range(self.supply.period(offer.from_heat), len(self.supply.starts)):
                in_stock[row_of[j]][p][mass] = -1.0
            used.setdefault(row_of[j], {})[mass] = 1.0
        for number, takes in of_offer.items():
            model.row("one_tier", number, others=takes, upper=1.0)
        for row, masses in used.items():
            model.row("used_up", row, others={**bought[row], **masses}, upper=0.0)

    def relaxed(self) -> tuple[float, Duals]:
        """Value and prices of the master with fractional heats and purchases."""
        model = self._state(whole=False)
        session = Session(model, time.perf_counter() + LINEAR_S, MASTER_GAP)
        value, _ = session.run()
        duals, _ = session.duals()
        count, periods = self.supply.stock_t.shape
        scarcity, used_up = np.zeros((count, periods)), np.zeros(count)
        for name, row in model.rows.items():
            # Duals of rows that are at most something are at most zero.
            if name[0] == "stock":
                scarcity[name[1], name[2]] = max(0.0, -duals[row])
            elif name[0] == "used_up":
                used_up[name[1]] = max(0.0, -duals[row])
        return value, Duals(scarcity, used_up)

    def bound(self, duals: Duals, heat_eur: FloatArray) -> float:
        """What no plan can undercut, by weak duality.

        Args:
            duals: any.
            heat_eur: (K, P) least cost of a heat when use of material is charged at these.
        """
        supply, items = self.supply, self.supply.kinds[0].items
        heats = float((supply.heats * np.minimum(heat_eur, self.unmade_eur[:, None])).sum())
        saved = np.zeros(len(self.campaign.offers))
        for tier in self.tiers():
            offer = self.campaign.offers[tier.offer]
            row = next(r for r, j in enumerate(supply.limited) if items[j].material.name == offer.material)
            worth = float(duals.worth[row, supply.period(offer.from_heat)])
            price = tier.price_eur_per_t - items[supply.limited[row]].price_eur_per_t
            saved[tier.offer] = min(saved[tier.offer], (price - worth) * tier.most_t)
        return heats + float(saved.sum()) - float((duals.scarcity * supply.stock_t).sum())

    def whole(self, limit_s: float) -> tuple[dict[tuple[int, int, Hashable], FloatArray], dict[int, float]]:
        """Whole numbers of heats, and purchases.

        Returns:
            By kind, period and set: (patterns,) times of each pattern, their sum whole; by tier: t bought.
        """
        model = self._state(whole=True)
        session = Session(model, time.perf_counter() + limit_s, MASTER_GAP, slow_heuristics=True)
        session.decide(integral=True)
        session.run()
        values = session.values
        found: dict[tuple[int, int, Hashable], FloatArray] = {}
        for name, column in model.columns.items():
            if name[0] == "times" and values[column] > 1e-9:
                pattern = self.patterns[name[1]]
                group = (pattern.kind, name[2], pattern.mixes_with)
                found.setdefault(group, np.zeros(len(self.patterns)))[name[1]] = values[column]
        bought = {int(n[1]): float(values[c]) for n, c in model.columns.items() if n[0] == "buy" and values[c] > 1e-6}
        return found, bought

    def purchase(self, tier: int, mass_t: float) -> Purchase:
        """What is bought at a tier."""
        one = self.tiers()[tier]
        offer = self.campaign.offers[one.offer]
        return Purchase(
            material=offer.material, from_heat=offer.from_heat, mass_t=mass_t, price_eur_per_t=one.price_eur_per_t
        )
