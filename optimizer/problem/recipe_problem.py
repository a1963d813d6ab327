"""The recipe problem as plain arrays: what the formulation, the evaluation and the tests all read.

Columns are the n furnace materials x and the m tapping additions a, t. Every coefficient is per t of its
column, so that each requirement is linear, or a cone, in (x, a).
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.balance import BalanceRule
from optimizer.problem.bath import BathBalance, bath_balance
from optimizer.problem.elements import ElementRow, balances_of, element_row, predicted_total, predictors_of
from optimizer.problem.options import RecipeOptions
from optimizer.problem.own_rules import own_rules
from optimizer.problem.rates import CostRates, EmissionRates, cost_rates, emission_rates, oxygen_nm3
from optimizer.problem.slag import SlagBalance, slag_balance
from steel.elements import Element
from steel.errors import InputError
from steel.grades import Order
from steel.heats import FloatArray
from steel.plants import Plant, YardItem
from surrogate.model.description import Description
from surrogate.model.predictors import Predictors

UNUSED_BELOW_T = 1e-6
"""A mass that is none, t."""
KWH_PER_MWH, MIN_PER_H = 1000.0, 60.0
NEGLIGIBLE = 2e-4
"""Share of the order below which a material makes no recipe another one."""
SAME = 1e-9
"""Difference of two masses, t, or share of one, that is none."""
TOLERANCE, TOLERANCE_NONCONVEX = 1e-5, 1e-4
"""How exactly margins are held unless it is stated, as a share of the limit: quadratic steps reach more for the same
time than tangents do."""
HOUSE_RULES = ("max_materials", "max_energy_kwh_per_t", "max_power_on_min")
"""Options that are about the charge as a whole."""
LEAST_LIMIT_WT_PCT = 1e-3
"""Below this a tolerance is measured against it, not against the limit."""


@dataclass(frozen=True)
class RecipeProblem:
    """One order at one plant under one description.

    Attributes:
        items: n + m yard items, furnace materials first.
        furnace_columns: n.
        yields: (n + m,) t of final steel per t.
        rows: every element the surrogate predicts.
        energy_linear: (n,) kWh per t.
        energy_pieces: (K, n) kWh per t; the greatest counts.
        energy_predictors: what trees and a network add, kWh per t tapped.
        least: (n + m,) t; most is inf where nothing limits.
        most: (n + m,) t; most is inf where nothing limits.
        lots: (n + m,) min-lots, t; 0 where there is none.
        counted: (n + m,) whether a column counts towards `max_materials`.
        volume_per_t: (n,) m³ per t in a basket.
        baskets_apart: whether what goes into which basket is part of the problem.
        slag: its slag balance; None where the plant asks nothing of its slag.
        bath: its balance of carbon and oxygen; None where the plant asks nothing of its bath.
        unpredicted: limited or aimed elements that the surrogate knows nothing of.
        block_eur: (n + m,) what using any of a column costs, €; 0 where each t is paid.
        steel_eur_per_t: what a t beyond the order's mass is worth and one short of it costs, where the order leaves a
            band; None where its mass is kept.
    """

    plant: Plant
    order: Order
    options: RecipeOptions
    description: Description
    items: tuple[YardItem, ...]
    furnace_columns: int
    yields: FloatArray
    rows: tuple[ElementRow, ...]
    energy_linear: FloatArray
    energy_pieces: FloatArray
    energy_predictors: Predictors
    cost: CostRates
    emissions: EmissionRates
    least: FloatArray
    most: FloatArray
    lots: FloatArray
    counted: FloatArray
    volume_per_t: FloatArray
    baskets_apart: bool
    slag: SlagBalance | None
    bath: BathBalance | None
    unpredicted: tuple[Element, ...]
    block_eur: FloatArray
    steel_eur_per_t: float | None = None

    @property
    def crossed(self) -> bool:
        """Whether a requirement contradicts itself: more must be used than there is, or limits leave no room."""
        limits = [(row.minimum, row.maximum) for row in self.rows]
        return bool((self.least > self.most * (1.0 + SAME) + SAME).any()) or any(
            low is not None and high is not None and low > high for low, high in limits
        )

    @cached_property
    def column_of(self) -> dict[str, int]:
        """The column of each material, by name."""
        return {item.material.name: j for j, item in enumerate(self.items)}

    @property
    def kwh_per_min(self) -> float:
        """What the furnace draws in a minute of power on; 0 where nobody asks."""
        return (self.plant.furnace.mean_power_mw or 0.0) * KWH_PER_MWH / MIN_PER_H

    @property
    def furnace_yields(self) -> FloatArray:
        """(n + m,) t of furnace steel per t; zero for tapping additions."""
        return np.where(np.arange(len(self.yields)) < self.furnace_columns, self.yields, 0.0)

    @property
    def balance_rules(self) -> tuple[BalanceRule, ...]:
        """What is asked of slag and bath."""
        return tuple(rule for balance in (self.slag, self.bath) if balance is not None for rule in balance.rules)

    def parts_of(self, columns_t: FloatArray) -> NDArray[np.bool_]:
        """(n + m,) whether a recipe's metal-bearing charge is made of a material to any extent that matters."""
        return np.asarray((columns_t > NEGLIGIBLE * self.order.mass_t) & (self.counted > 0))

    def with_options(self, **changes: object) -> "RecipeProblem":
        """The same order with some options changed that its arrays do not depend on, such as the gap."""
        return replace(self, options=self.options.model_copy(update=changes))

    def without_rules(self) -> "RecipeProblem":
        """The same order with no rule about its charge but what the baskets hold and the crane lifts."""
        return replace(
            self,
            options=self.options.model_copy(update=dict.fromkeys(HOUSE_RULES)),
            lots=np.zeros(len(self.items)),
            block_eur=np.zeros(len(self.items)),
            slag=None,
            bath=None,
            plant=self.plant.model_copy(update={"groups": ()}),
        )

    def blocks_eur(self, columns_t: FloatArray) -> float:
        """What a recipe (n + m,) pays for blocks that are paid whole, €."""
        return float(self.block_eur @ (columns_t > UNUSED_BELOW_T))

    def charge_of(self, columns_t: FloatArray) -> tuple[dict[str, float], dict[str, float]]:
        """T of every furnace material and of every tapping addition that a recipe (n + m,) uses, by name."""
        used, furnace = self.used_t(columns_t), {item.material.name for item in self.items[: self.furnace_columns]}
        return {n: t for n, t in used.items() if n in furnace}, {n: t for n, t in used.items() if n not in furnace}

    def used_t(self, columns_t: FloatArray) -> dict[str, float]:
        """T of every material that a recipe (n + m,) uses, by name."""
        masses = {item.material.name: float(t) for item, t in zip(self.items, columns_t, strict=True)}
        return {name: mass for name, mass in masses.items() if mass > UNUSED_BELOW_T}

    def tolerance_wt_pct(self, limit_wt_pct: float) -> float:
        """How exactly a margin about a limit is held."""
        usual = TOLERANCE_NONCONVEX if self.nonconvex else TOLERANCE
        return (self.options.cut_tolerance or usual) * max(limit_wt_pct, LEAST_LIMIT_WT_PCT)

    @cached_property
    def nonconvex(self) -> bool:
        """Whether trees or networks are part of the problem."""
        limited = (row for row in self.rows if row.needs_above or row.needs_below)
        return bool(self.energy_predictors) or any(bool(row.predictors) for row in limited)

    def inside_wt_pct(self, row: ElementRow, limit_wt_pct: float) -> float:
        """How far inside a limit its row is held; hardly where limits all but meet, not at all without a margin."""
        if not row.has_margin:
            return 0.0
        apart = np.inf if row.minimum is None or row.maximum is None else row.maximum - row.minimum
        return min(self.tolerance_wt_pct(limit_wt_pct), max(apart, 0.0) / 4.0)

    def energy_kwh(self, columns_t: FloatArray) -> float:
        """Expected electricity of a recipe, kWh."""
        charged = columns_t[: self.furnace_columns]
        convex = float((self.energy_pieces @ charged).max()) if len(self.energy_pieces) else 0.0
        wooded = predicted_total(self.energy_predictors, self.furnace_yields, self.furnace_columns, columns_t)
        return float(self.energy_linear @ charged) + convex + wooded

    @property
    def mass_band_t(self) -> tuple[float, float]:
        """Least and most steel of a heat, t."""
        mass_t, tolerance_t = self.order.mass_t, 0.0 if self.steel_eur_per_t is None else self.order.tolerance_t
        return mass_t - tolerance_t, mass_t + tolerance_t

    def objective_eur(self, columns_t: FloatArray) -> float:
        """What the optimizer minimises, € per heat."""
        final = float(self.yields @ columns_t)
        off = sum(
            row.aim.eur_per_t_per_wt_pct * abs(row.mean(columns_t) - row.aim.wt_pct * final)
            for row in self.rows
            if row.aim is not None
        )
        beyond = (self.steel_eur_per_t or 0.0) * (final - self.order.mass_t)
        paid = float(self.cost.columns @ columns_t) + self.blocks_eur(columns_t)
        return paid + self.cost.per_kwh * self.energy_kwh(columns_t) + off - beyond


def build_problem(plant: Plant, order: Order, description: Description, options: RecipeOptions) -> RecipeProblem:
    """Gather a recipe problem.

    Raises:
        InputError: the yard is empty or holds nothing the surrogate knows or nothing that yields steel; a
            must-use material is one the surrogate does not know; the furnace's power is not known but asked for.
    """
    if options.max_power_on_min is not None and plant.furnace.mean_power_mw is None:
        where = f"max_power_on_min at {plant.name}"
        raise InputError(options.max_power_on_min, where, "a plant whose furnace states its `mean_power_mw`")
    furnace = _known_items(plant, description)
    tapping = plant.tapping_items()
    if not any(item.material.metallic_yield > 0 for item in furnace):
        raise InputError(
            [item.material.name for item in furnace], f"yard of {plant.name}", "at least one material that yields steel"
        )
    items = (*furnace, *tapping)
    place = {name: j for j, name in enumerate(description.names)}
    pick = np.array([place[item.material.name] for item in furnace])
    furnace_yields = np.concatenate([description.yields[pick], np.zeros(len(tapping))])
    yields = np.concatenate([description.yields[pick], [item.material.metallic_yield for item in tapping]])
    slag = slag_balance(plant.furnace.slag, items, furnace_yields)
    bath = bath_balance(plant.furnace.bath, items, furnace_yields, slag)
    oxygen = oxygen_nm3(plant.furnace, furnace_yields, bath)
    emissions = emission_rates(plant, description, items, pick, yields, oxygen)
    asked = {*order.grade.elements(), *options.aims}
    return RecipeProblem(
        plant=plant,
        order=order,
        options=options,
        description=description,
        items=items,
        furnace_columns=len(furnace),
        yields=yields,
        rows=tuple(
            element_row(element, balance, description, furnace_yields, len(furnace), order, options)
            for element, balance in balances_of(description, plant.furnace, tapping, pick).items()
        ),
        energy_linear=description.energy.linear[pick],
        energy_pieces=description.energy.pieces[:, pick],
        energy_predictors=predictors_of(description.energy, description, pick),
        cost=cost_rates(
            plant.furnace, plant.prices, items, len(furnace), yields, emissions, oxygen, options.preferences
        ),
        emissions=emissions,
        least=np.array([_least_t(item) for item in items]),
        most=np.array([np.inf if item.most_t is None else _whole(item.most_t) for item in items]),
        lots=np.array([item.min_lot_t for item in items]),
        counted=np.array([float(i.material.metallic_yield > 0) for i in furnace] + [0.0] * len(tapping)),
        volume_per_t=np.array([1.0 / item.material.bulk_density_t_per_m3 for item in furnace]),
        baskets_apart=_baskets_apart(plant),
        block_eur=np.array([item.price_eur_per_t * (item.available_t or 0.0) * item.paid_whole for item in items]),
        slag=slag,
        bath=bath,
        unpredicted=tuple(element for element in Element if element in asked and element not in description.elements),
    )


def _baskets_apart(plant: Plant) -> bool:
    """Whether it matters which basket something goes into."""
    baskets = plant.furnace.baskets
    return baskets is not None and (baskets.told_apart or any(rule.by_basket for rule in own_rules(plant.rules)))


def _least_t(item: YardItem) -> float:
    """What must be used of an item: where some must, at least what is worth a crane lift."""
    return max(item.min_t, item.min_lot_t) if item.min_t > 0 else 0.0


def _whole(mass_t: float) -> float:
    """A mass, or none where it is next to nothing."""
    return mass_t if mass_t >= UNUSED_BELOW_T else 0.0


def _known_items(plant: Plant, description: Description) -> tuple[YardItem, ...]:
    if not plant.yard:
        raise InputError(0, f"yard of {plant.name}", "at least one material to charge; the yard is empty")
    names, charged = set(description.names), plant.charge_items()
    known = tuple(item for item in charged if item.material.name in names)
    unknown = [item.material.name for item in charged if item.min_t > 0 and item.material.name not in names]
    if unknown:
        raise InputError(unknown, "must-use material", f"one the surrogate knows: {', '.join(description.names)}")
    if not known:
        raise InputError(
            [item.material.name for item in plant.yard], f"yard of {plant.name}",
            f"at least one material the surrogate knows: {', '.join(description.names)}",
        )  # fmt: skip
    return known
