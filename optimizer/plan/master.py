"""The master problem of a campaign: how often to make each recipe found so far, and what to buy.

Recipes of one kind of heat that use the same materials may be mixed at will (every rule is convex once it is decided
which materials are used), so only the number of heats by set of materials has to be whole.
"""

import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from optimizer.model.instance import has_rule_decisions
from optimizer.model.program import Extension, Program
from optimizer.model.statement.structure import has_lot_decision
from optimizer.plan.master_statement import Tier, master_program
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
        convex = convex and not any(item.lift_t > 0 for item in problem.items) and not has_rule_decisions(problem)
        decided = [j for j in range(len(masses_t)) if has_lot_decision(problem, j)]
        used = frozenset(j for j in decided if masses_t[j] > UNUSED_BELOW_T)
        self.patterns.append(Pattern(kind, masses_t, cost_eur, used if convex else len(self.patterns)))

    @cached_property
    def _stated(self) -> Program:
        return master_program(self.supply, self.campaign, self.tiers(), self.unmade_eur)

    def _with_patterns(self, whole: bool) -> Program:
        """The master with a column for each pattern and period, and whole numbers of heats where asked."""
        supply, extension = self.supply, Extension(self._stated)
        rows, periods = extension.rows, supply.heats.shape[1]
        mixed: dict[tuple[int, int, Hashable], dict[int, float]] = {}
        for number, pattern in enumerate(self.patterns):
            takes = [(row, float(pattern.masses_t[j])) for row, j in enumerate(supply.limited)]
            for period in np.flatnonzero(supply.heats[pattern.kind]):
                p = int(period)
                column = extension.column("times", number, p, cost=pattern.cost_eur)
                extension.into_row(rows["made", pattern.kind, p], column, 1.0)
                mixed.setdefault((pattern.kind, p, pattern.mixes_with), {})[column] = 1.0
                for row, mass_t in takes:
                    if mass_t > UNUSED_BELOW_T:
                        for q in range(p, periods):
                            extension.into_row(rows["use", row, q], column, -mass_t)
        for group, others in mixed.items() if whole else ():
            number_of = extension.column("heats", *group, upper=float(supply.heats[group[0], group[1]]), integer=True)
            extension.row("mixed", *group, others={**others, number_of: -1.0}, lower=0.0, upper=0.0)
        return extension.applied()

    def relaxed(self) -> tuple[float, Duals]:
        """Value and prices of the master with fractional heats and purchases."""
        model = self._with_patterns(whole=False)
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
        model = self._with_patterns(whole=True)
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
