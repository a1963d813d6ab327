"""Which basket each material goes into, and in which order."""

import math
import time
from dataclasses import replace

import numpy as np

from optimizer.model.instance import Form, instance_of
from optimizer.model.program import Extension, Program
from optimizer.problem.recipe_problem import UNUSED_BELOW_T, RecipeProblem
from optimizer.solve.errors import InfeasibleError
from optimizer.solve.highs import Session
from steel.baskets import BasketLoad, Baskets, Layer, from_the_bottom
from steel.heats import FloatArray
from surrogate.model.predictors import Predictors

EVEN_ENOUGH = 0.01
"""Share by which the heaviest basket may weigh more than it must."""
LONGEST_S = 2.0
ROUNDING = 1e-6
"""t by which a load may differ before it is made to add up, and share by which a basket may be overfull."""


def baskets_needed(problem: RecipeProblem, charged_t: FloatArray) -> int:
    """Fewest baskets that hold a charge (n,) by volume and weight; 0 where the plant has no baskets."""
    baskets = problem.plant.furnace.baskets
    if baskets is None:
        return 0
    if problem.baskets_apart or baskets.told_apart:
        return baskets.count
    by_volume = float(problem.volume_per_t @ charged_t) / baskets.volume_m3
    by_weight = float(charged_t.sum()) / baskets.max_t
    return max(1, math.ceil(max(by_volume, by_weight) - 1e-6))


def fill_baskets(problem: RecipeProblem, charged_t: FloatArray) -> FloatArray:
    """T of each material (n,) in each of B baskets, (n, B), as even as rules and crane lifts allow.

    Raises:
        InfeasibleError: the baskets do not hold it so.
    """
    baskets, least = problem.plant.furnace.baskets, baskets_needed(problem, charged_t)
    lifted = [item.lift_t > 0 and t > UNUSED_BELOW_T for item, t in zip(problem.items, charged_t, strict=False)]
    if baskets is None or not (problem.baskets_apart or baskets.told_apart or any(lifted)):
        return np.repeat(charged_t[:, None] / max(least, 1), least, axis=1)
    for count in range(least, baskets.count + 1):
        try:
            return _packed(problem, baskets, charged_t, count)
        except InfeasibleError:
            continue
    raise InfeasibleError


def can_be_packed(problem: RecipeProblem, charged_t: FloatArray) -> bool:
    """Whether the baskets hold a charge (n,) by their rules and the crane's lifts."""
    try:
        fill_baskets(problem, charged_t)
    except InfeasibleError:
        return False
    return True


def _packed(problem: RecipeProblem, baskets: Baskets, charged_t: FloatArray, count: int) -> FloatArray:
    n = len(charged_t)
    lifts = np.array([item.lift_t for item in problem.items[:n]])
    whole = np.where(lifts > 0, lifts * np.round(charged_t / np.where(lifts > 0, lifts, 1.0)), charged_t)
    program = _program(problem, baskets, whole, count)
    inside = np.array([
        [program.columns["basket_t", b + 1, item.material.name] for b in range(count)] for item in problem.items[:n]
    ])  # fmt: skip
    extension = Extension(program)
    heaviest = extension.column("heaviest", cost=1.0)
    for b in range(count):
        extension.row("heaviest", b, others={**dict.fromkeys(inside[:, b], 1.0), heaviest: -1.0}, upper=0.0)
    session = Session(extension.applied(), time.perf_counter() + LONGEST_S, EVEN_ENOUGH)
    session.decide(integral=bool(program.integer))
    session.run()
    loads: FloatArray = session.values[inside]
    loads[loads <= UNUSED_BELOW_T] = 0.0
    exact: FloatArray = loads * (charged_t / np.maximum(loads.sum(axis=1), UNUSED_BELOW_T))[:, None]
    return exact


def _program(problem: RecipeProblem, baskets: Baskets, charged_t: FloatArray, count: int) -> Program:
    """The statement with a charge (n,) held, about nothing but so many baskets, at no cost."""
    none = np.zeros(len(problem.items) - len(charged_t))
    roomy = {"volume_m3": baskets.volume_m3 * (1 + ROUNDING), "max_t": baskets.max_t * (1 + ROUNDING), "count": count}
    furnace = problem.plant.furnace.model_copy(update={"baskets": baskets.model_copy(update=roomy)})
    plain = problem.without_rules()
    alone = replace(
        plain,
        plant=plain.plant.model_copy(update={"furnace": furnace}),
        rows=(),
        energy_pieces=np.zeros((0, len(charged_t))),
        energy_predictors=Predictors(),
        least=np.concatenate([np.maximum(charged_t - ROUNDING, 0.0), none]),
        most=np.concatenate([charged_t + ROUNDING, none]),
        baskets_apart=True,
        steel_eur_per_t=None,
    )
    program = instance_of(alone, Form(any_mass=True, rules="by basket")).program
    program.cost = np.zeros(len(program.cost))
    return program


def layered(problem: RecipeProblem, loads_t: FloatArray) -> tuple[BasketLoad, ...]:
    """Loads (n, B) as each basket is filled, from the bottom up."""
    found = []
    for load in loads_t.T:
        masses = {i.material.name: float(t) for i, t in zip(problem.items, load, strict=False) if t > UNUSED_BELOW_T}
        order = from_the_bottom(item.material for item in problem.items if item.material.name in masses)
        layers = tuple(
            Layer(material=m.name, mass_t=masses[m.name], volume_m3=masses[m.name] / m.bulk_density_t_per_m3)
            for m in order
        )
        found.append(BasketLoad(layers=layers))
    return tuple(found)
