"""Active constraints and what they cost, what it is worth, and what would have to be cheaper to be used."""

from optimizer.model.requirements import requirements_of
from optimizer.problem.recipe_problem import UNUSED_BELOW_T, RecipeProblem
from optimizer.solve.solver import Solution
from steel.recipes import Binding, UnusedMaterial

WORTH_MENTIONING_EUR_PER_T = 0.005


def bindings(problem: RecipeProblem, solution: Solution) -> tuple[Binding, ...]:
    """Every requirement with a price, dearest first."""
    found = [(one, solution.prices.of(one) * one.step / solution.final_t) for one in requirements_of(problem)]
    priced = [
        Binding(requirement=str(one), worth_eur_per_t=worth, step=one.step_words, source=one.source.value)
        for one, worth in found
        # With whole materials there is no price of one more.
        if worth > WORTH_MENTIONING_EUR_PER_T and one.key != ("count",)
    ]
    return tuple(sorted(priced, key=lambda binding: -binding.worth_eur_per_t))


def unused(problem: RecipeProblem, solution: Solution) -> tuple[UnusedMaterial, ...]:
    """Materials left out, nearest to coming in first."""
    worth = solution.prices.most - solution.prices.reduced
    out = [
        UnusedMaterial(
            material=item.material.name,
            price_eur_per_t=item.price_eur_per_t,
            enters_at_eur_per_t=item.price_eur_per_t + float(worth[column]),
        )
        for column, item in enumerate(problem.items)
        if solution.columns_t[column] <= UNUSED_BELOW_T
    ]
    return tuple(sorted(out, key=lambda line: line.price_eur_per_t - line.enters_at_eur_per_t))


def notes(problem: RecipeProblem, solution: Solution) -> tuple[str, ...]:
    """What the reader must know: limits nobody can promise, masses no past heat has seen, plant remarks."""
    found = list(problem.plant.notes)
    for element in problem.unpredicted:
        found.append(f"{element.value} is asked for but the surrogate does not predict it; the recipe does not hold it")
    largest = problem.description.largest_share
    if largest is not None:
        charged = solution.columns_t[: problem.furnace_columns]
        for item, mass in zip(problem.items, charged, strict=False):
            share = float(mass / charged.sum())
            seen = float(largest[problem.description.names.index(item.material.name)])
            if share > 1.05 * seen + 0.005:
                used = f"{100 * share:.0f} % of the charge, past heats used at most {100 * seen:.0f} %"
                found.append(f"{item.material.name}: {used}")
    return tuple(found)
