"""Order + stock + surrogate to recipe: the optimizer's one way in."""

from dataclasses import replace

from optimizer.explain.conflicts import ImpossibleOrderError, conflicts_of
from optimizer.explain.outcome import Outcome, outcome_of
from optimizer.explain.reasons import bindings, notes, unused
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import UNUSED_BELOW_T, RecipeProblem, build_problem
from optimizer.solve.errors import InfeasibleError
from optimizer.solve.interruption import within
from optimizer.solve.joint import solve_jointly
from optimizer.solve.mass_band import solve_in_band
from optimizer.solve.packing import can_be_packed, fill_baskets, layered
from optimizer.solve.solver import Solution, WarmPool
from steel.grades import Order
from steel.heats import FloatArray
from steel.plants import Plant
from steel.recipes import Comparison, Recipe, RecipeLine
from surrogate.model.description import Description


class Optimizer:
    """Finds recipes; keeps what stays true between calls, safe to share between threads."""

    def __init__(self) -> None:
        self._pool = WarmPool()

    def recommend(
        self, plant: Plant, order: Order, description: Description, options: RecipeOptions | None = None
    ) -> Recipe:
        """The cheapest recipe that meets the order with the asked confidence.

        Raises:
            ImpossibleOrderError: no recipe does; it names the requirements that contradict one another.
            InputError: the yard or an order's value cannot be used.
            SolverError: time ran out before any recipe was found.
        """
        problem = build_problem(plant, order, description, options or RecipeOptions())
        return self.solve(problem)

    def solve(self, problem: RecipeProblem) -> Recipe:
        """The same for a problem already built."""
        solution = self.solution(problem)
        return recipe_from(problem, solution, outcome_of(problem, solution.columns_t))

    def solution(self, problem: RecipeProblem, explain: bool = True) -> Solution:
        """The optimal numbers of a problem; where there are none, what conflicts is looked for only if asked.

        Raises:
            ImpossibleOrderError: no recipe meets every requirement.
        """
        with within(problem.options.time_limit_s):
            try:
                found = self._solve(problem)
                if problem.baskets_apart or can_be_packed(problem, found.columns_t[: problem.furnace_columns]):
                    return found
                # What the crane lifts seldom fails to be split between baskets; then each has its own columns.
                problem = replace(problem, baskets_apart=True)
                return self._solve(problem)
            except InfeasibleError:
                raise (conflicts_of(problem) if explain else ImpossibleOrderError(())) from None

    def _solve(self, problem: RecipeProblem) -> Solution:
        if problem.options.joint:
            return solve_jointly(self._at_best_mass, problem)[1]
        return self._at_best_mass(problem)

    def _at_best_mass(self, problem: RecipeProblem) -> Solution:
        # Where a t of steel has a price already, the least cost is sought, not the least per t.
        banded = problem.order.tolerance_t > 0 and problem.steel_eur_per_t is None
        return solve_in_band(self._pool.solve, problem) if banded else self._pool.solve(problem)


def recipe_from(
    problem: RecipeProblem, solution: Solution, outcome: Outcome, comparisons: tuple[Comparison, ...] = (),
    loads: FloatArray | None = None,
) -> Recipe:  # fmt: skip
    """Write a solution as the engineer reads it; its baskets as even as they can be, unless loads (n, B) are given."""
    columns, n = solution.columns_t, problem.furnace_columns
    if loads is None:
        loads = fill_baskets(problem, columns[:n])
    lines = [
        RecipeLine(
            material=item.material.name,
            title=item.material.title,
            stage=item.stage,
            mass_t=float(columns[column]),
            price_eur_per_t=item.price_eur_per_t,
            baskets_t=tuple(loads[column].tolist()) if column < n else (),
        )
        for column, item in enumerate(problem.items)
        if columns[column] > UNUSED_BELOW_T
    ]
    return Recipe(
        grade=problem.order.grade.name,
        order_t=problem.order.mass_t,
        baskets=layered(problem, loads),
        lines=tuple(sorted(lines, key=lambda line: (line.stage == "tapping", -line.mass_t))),
        analysis=outcome.analysis,
        tapped_t=outcome.final_t,
        metallic_yield=outcome.metallic_yield,
        energy_kwh_per_t=outcome.energy_kwh_per_t,
        emissions_kgco2e_per_t=outcome.emissions_kgco2e_per_t,
        costs_eur_per_t=outcome.costs_eur_per_t,
        slag=outcome.slag,
        bath=outcome.bath,
        confidence=problem.options.confidence,
        bindings=bindings(problem, solution),
        unused=unused(problem, solution),
        optimality_gap=solution.gap,
        solve_ms=solution.solve_ms,
        comparisons=comparisons,
        notes=notes(problem, solution),
    )
