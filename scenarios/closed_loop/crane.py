"""What a crane really does of a recipe: scales err, scrap comes from the wrong bay, bays are empty; and what then."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.plan.rest_of_heat import rest_of_heat
from optimizer.problem.options import RecipeOptions
from optimizer.solve.errors import SolverError
from scenarios.closed_loop.accounts import account
from scenarios.ladle import finish, fresh_lots, misses
from scenarios.virtual_plant import VirtualPlant
from steel.grades import Order
from steel.heats import FloatArray
from steel.materials import MaterialKind
from steel.plants import Plant
from steel.recipes import Recipe
from steel.shift import together_t
from surrogate.model.description import Description

Loads = list[dict[str, float]]


@dataclass(frozen=True)
class Mishaps:
    """What goes wrong while a heat is charged.

    Attributes:
        weighing_sd: relative, of each lift against what was wanted; the scale says what it really was.
        wrong_bay: share of heats in which one scrap comes from another bay, and the crane says so.
        empty_bay: share of heats in which one scrap is not to be had after the first basket.
    """

    weighing_sd: float = 0.03
    wrong_bay: float = 0.05
    empty_bay: float = 0.05


@dataclass(frozen=True)
class Charged:
    """A heat as it was charged, made many times.

    Attributes:
        off_spec: share of times that it misses any limit.
        cost_eur_per_t: mean of all times.
    """

    off_spec: float
    cost_eur_per_t: float


@dataclass(frozen=True)
class CraneHeat:
    """One order of a day, and what goes wrong with it.

    Attributes:
        plant: with the day's prices and stock.
        swapped: scrap of the first basket, and the one that came in its place.
        empty: scrap that is not to be had after the first basket.
        errors: relative, by basket and material, of what was lifted against what was wanted.
    """

    plant: Plant
    order: Order
    description: Description
    options: RecipeOptions
    recipe: Recipe
    swapped: tuple[str, str] | None
    empty: str | None
    errors: Sequence[dict[str, float]]

    def blind(self) -> tuple[Loads, dict[str, float]]:
        """Baskets and additions, if the first recipe is kept: of what is missing the others give more."""
        loads = [self._lifted(self._wanted(self.recipe, number), number) for number in range(self.baskets)]
        return loads, self.recipe.additions_t()

    def optimised_again(self, optimizer: Optimizer, confidence: float) -> tuple[Loads, dict[str, float]]:
        """Baskets and additions, if the rest is optimised again after every basket; as planned where it cannot be."""
        options = self.options.model_copy(update={"confidence": confidence})
        loads: Loads = []
        now = self.recipe
        for number in range(self.baskets):
            loads.append(self._lifted(self._wanted(now, number), number))
            gone = () if self.empty is None else (self.empty,)
            with suppress(ImpossibleOrderError, SolverError):
                now = rest_of_heat(
                    optimizer, self.plant, self.order, self.description, options, now, loads, gone
                ).recipe  # fmt: skip
        return loads, now.additions_t()

    @property
    def baskets(self) -> int:
        """How many are planned."""
        return len(self.recipe.baskets)

    def _wanted(self, recipe: Recipe, number: int) -> dict[str, float]:
        """What a basket is to hold; of a scrap that is not to be had the others give more."""
        lines = ((line.material, line.baskets_t) for line in recipe.lines if line.baskets_t)
        wanted = {name: loads[number] for name, loads in lines if number < len(loads) and loads[number] > 0}
        if not number or self.empty not in wanted:
            return wanted
        gone = wanted.pop(self.empty)
        metal = {name: mass_t for name, mass_t in wanted.items() if self._is_metal(name)}
        more = 1.0 + gone / max(sum(metal.values()), 1e-9)
        return {name: mass_t * (more if name in metal else 1.0) for name, mass_t in wanted.items()}

    def _lifted(self, wanted: dict[str, float], number: int) -> dict[str, float]:
        """What was really lifted of what was wanted."""
        found: dict[str, float] = {}
        for name, mass_t in wanted.items():
            really = self.swapped[1] if number == 0 and self.swapped and name == self.swapped[0] else name
            found[really] = found.get(really, 0.0) + mass_t * (1.0 + self.errors[number].get(name, 0.0))
        return found

    def _is_metal(self, name: str) -> bool:
        item = self.plant.item(name)
        return item is not None and item.material.metallic_yield > 0


def crane_heat(
    plant: Plant, order: Order, description: Description, options: RecipeOptions, recipe: Recipe, mishaps: Mishaps,
    rng: Generator,
) -> CraneHeat:  # fmt: skip
    """A heat with what goes wrong drawn."""
    charged = recipe.charged_t()
    scrap = [item.material.name for item in plant.charge_items() if item.material.kind is MaterialKind.SCRAP]
    used = [name for name in scrap if charged.get(name, 0.0) > 0.05 * order.mass_t]
    swapped, empty = None, None
    if used and rng.random() < mishaps.wrong_bay:
        booked = used[rng.integers(len(used))]
        others = [name for name in scrap if name != booked]
        swapped = (booked, others[rng.integers(len(others))]) if others else None
    if used and rng.random() < mishaps.empty_bay:
        empty = used[rng.integers(len(used))]
    errors = [
        {name: float(mishaps.weighing_sd * rng.standard_normal()) for name in charged} for _ in recipe.baskets
    ]  # fmt: skip
    return CraneHeat(plant, order, description, options, recipe, swapped, empty, errors)


def made(
    virtual: VirtualPlant, heat: CraneHeat, charge: tuple[Loads, dict[str, float]], heel_wt_pct: FloatArray, draws: int,
    rng: Generator,
) -> Charged:  # fmt: skip
    """A charge made many times, each from other lots."""
    loads, additions_t = charge
    charged_t = together_t(loads)
    found = finish(virtual, charged_t, additions_t, heel_wt_pct, fresh_lots(virtual, draws, rng), rng)
    any_missed = np.zeros(draws, dtype=bool)
    for missed in misses(found.reported(rng), heat.order.grade).values():
        any_missed |= missed
    return Charged(float(any_missed.mean()), account(heat.plant, charged_t, additions_t, found).cost_eur_per_t)
