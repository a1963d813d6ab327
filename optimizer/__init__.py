"""Order, stock and surrogate to recipe, with a certificate."""

from typing import TYPE_CHECKING

from steel.offers import offering

if TYPE_CHECKING:
    from optimizer.explain.conflicts import ImpossibleOrderError
    from optimizer.explain.recommend import Optimizer
    from optimizer.model.requirements import requirements_of
    from optimizer.plan.campaign import plan_campaign
    from optimizer.plan.front import front
    from optimizer.problem.options import Aim, Objective, RecipeOptions
    from optimizer.problem.own_rules import rule
    from optimizer.problem.recipe_problem import RecipeProblem, build_problem
    from optimizer.solve.errors import SolverError

__all__ = [
    "Aim",
    "ImpossibleOrderError",
    "Objective",
    "Optimizer",
    "RecipeOptions",
    "RecipeProblem",
    "SolverError",
    "build_problem",
    "front",
    "plan_campaign",
    "requirements_of",
    "rule",
]
__getattr__ = offering(
    __name__,
    {
        "Aim": "optimizer.problem.options",
        "ImpossibleOrderError": "optimizer.explain.conflicts",
        "Objective": "optimizer.problem.options",
        "Optimizer": "optimizer.explain.recommend",
        "RecipeOptions": "optimizer.problem.options",
        "RecipeProblem": "optimizer.problem.recipe_problem",
        "SolverError": "optimizer.solve.errors",
        "build_problem": "optimizer.problem.recipe_problem",
        "front": "optimizer.plan.front",
        "plan_campaign": "optimizer.plan.campaign",
        "requirements_of": "optimizer.model.requirements",
        "rule": "optimizer.problem.own_rules",
    },
)
