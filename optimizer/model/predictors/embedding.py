"""What trees and networks predict, as columns and rows added to the statement's arrays."""

from optimizer.model.predictors.networks import NetworkRows
from optimizer.model.predictors.trees import TreeRows
from optimizer.model.program import Extension, Name, Program
from optimizer.model.statement.masses import reach_t
from optimizer.model.statement.structure import states_predictors
from optimizer.problem.recipe_problem import RecipeProblem
from surrogate.model.predictors import Predictors


def with_predictors(program: Program, problem: RecipeProblem) -> Program:
    """A program whose remainders are tied to what trees and networks predict of the charge."""
    wooded = [row for row in problem.rows if states_predictors(row)]
    if not wooded and not problem.energy_predictors:
        return program
    extension = Extension(program)
    most_t = reach_t(problem)[: problem.furnace_columns]
    trees, networks = TreeRows(extension, problem, most_t), NetworkRows(extension, problem, most_t)
    predicted: dict[Name, tuple[str, Predictors]] = {
        ("remainder", row.element.value): (row.element.value, row.predictors) for row in wooded
    }
    if problem.energy_predictors:
        predicted["predicted_kwh",] = ("energy", problem.energy_predictors)
    for column, (name, predictors) in predicted.items():
        parts = trees.total(predictors.trees) | networks.total(name, predictors.network)
        parts[program.columns[column]] = -1.0
        extension.row("predicted", name, others=parts, lower=0.0, upper=0.0)
    trees.order_decisions()
    return extension.applied()
