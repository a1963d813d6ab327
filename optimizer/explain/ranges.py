"""The range of each price and limit over which a recipe stands: over which its charge is made of the same materials.

Solved again at ever larger steps to either side until the materials change, then halved in between. Duals would say it
for one vertex of a linear programme only; a recipe with margins moves smoothly and keeps its materials beyond that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.model.requirements import requirements_of
from optimizer.problem.elements import ElementRow
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.errors import OutOfTimeError, SolverError
from optimizer.solve.interruption import seconds_left, within
from optimizer.solve.solver import Solution
from steel.answers import Range, Ranges, StandsFrom

STEPS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5)
"""Shares of the value tried to either side."""
HALVINGS = 7
SURE_GAP = 1e-6
Materials = frozenset[str]


@dataclass(frozen=True)
class Dial:
    """One price or limit.

    Attributes:
        set_to: the problem with it at another value.
    """

    of: str
    unit: str
    value: float
    set_to: Callable[[float], RecipeProblem]


def ranges(
    optimizer: Optimizer,
    problem: RecipeProblem,
    time_limit_s: float = 5.0,
    progress: Callable[[float], None] | None = None,
) -> Ranges:
    """Ranges of the prices of all metal-bearing materials used and of electricity, and of every limit.

    Args:
        optimizer: solves again.
        problem: the order.
        time_limit_s: after which what is not yet varied is left out, by name.
        progress: called with the share done.

    Raises:
        ImpossibleOrderError: no recipe meets the order.
    """
    # Within a gap the materials of two optima may differ; here they are what is asked for.
    options = problem.options.model_copy(update={"gap": min(problem.options.gap, SURE_GAP)})
    problem = replace(problem, options=options)

    def made_of(asked: RecipeProblem) -> Materials:
        if seconds_left() > 0:
            materials = _materials(problem, optimizer.solution(asked, explain=False))
            if seconds_left() > 0:
                return materials
        raise OutOfTimeError

    found, left_out = [], []
    with within(time_limit_s):
        usual = _materials(problem, optimizer.solution(problem))
        dials = [*_prices(problem, usual), *_limits(problem)]
        for number, dial in enumerate(dials, start=1):
            try:
                low, high = (_end(made_of, dial, usual, side) for side in (-1.0, 1.0))
            except SolverError:
                left_out.append(dial.of)
            else:
                found.append(Range(of=dial.of, unit=dial.unit, value=dial.value, low=low, high=high))
            if progress:
                progress(number / len(dials))
    return Ranges(found=tuple(found), left_out=tuple(left_out))


def _materials(problem: RecipeProblem, solution: Solution) -> Materials:
    parts = problem.parts_of(solution.columns_t)
    return frozenset(item.material.name for item, part in zip(problem.items, parts, strict=True) if part)


def _prices(problem: RecipeProblem, used: Materials) -> Iterator[Dial]:
    def material_at(j: int) -> Callable[[float], RecipeProblem]:
        def set_to(value: float) -> RecipeProblem:
            prices = problem.cost.material.copy()
            prices[j] = value
            return replace(problem, cost=replace(problem.cost, material=prices))

        return set_to

    for j, item in enumerate(problem.items):
        if item.material.name in used and item.price_eur_per_t > 0:
            yield Dial(f"price of {item.material.name}", "€/t", item.price_eur_per_t, material_at(j))
    if problem.cost.electricity_per_kwh > 0:
        yield Dial(
            "price of electricity", "€/kWh", problem.cost.electricity_per_kwh,
            lambda value: replace(problem, cost=replace(problem.cost, electricity_per_kwh=value)),
        )  # fmt: skip


def _limits(problem: RecipeProblem) -> Iterator[Dial]:
    rows = {row.element.value: row for row in problem.rows}

    def limit_at(row: ElementRow, kind: str) -> Callable[[float], RecipeProblem]:
        def set_to(value: float) -> RecipeProblem:
            moved = replace(row, maximum=value) if kind == "maximum" else replace(row, minimum=value)
            return replace(problem, rows=tuple(moved if one is row else one for one in problem.rows))

        return set_to

    for requirement in requirements_of(problem):
        if requirement.key[0] in ("maximum", "minimum") and requirement.bound:
            kind, name = requirement.key
            of = requirement.words.partition(" {}")[0]
            yield Dial(of, requirement.unit.strip(), requirement.bound, limit_at(rows[name], kind))


def _end(made_of: Callable[[RecipeProblem], Materials], dial: Dial, usual: Materials, side: float) -> StandsFrom | None:
    """The end of the range on one side; None where nothing changes there."""

    def change_at(share: float) -> str:
        asked = dial.set_to(dial.value * (1.0 + side * share))
        try:
            now = made_of(asked)
        except ImpossibleOrderError:
            return "no recipe is left"
        left, came = sorted(usual - now), sorted(now - usual)
        return ", ".join([f"{name} leaves" for name in left] + [f"{name} comes in" for name in came])

    same = 0.0
    for step in STEPS:
        change = change_at(step)
        if change:
            break
        same = step
    else:
        return None
    other = step
    for _ in range(HALVINGS):
        middle = (same + other) / 2
        nearer = change_at(middle)
        if nearer:
            other, change = middle, nearer
        else:
            same = middle
    return StandsFrom(value=dial.value * (1.0 + side * same), change=change)
