"""What a recipe claims: with which probability each of its limits is missed."""

from optimizer.problem.recipe_problem import RecipeProblem
from steel.claims import LimitClaim
from steel.heats import FloatArray


def claims_of(problem: RecipeProblem, columns_t: FloatArray) -> tuple[LimitClaim, ...]:
    """The risk of every limit of a recipe (n + m,), t; a limit on what does not scatter claims nothing."""
    final_t = float(problem.yields @ columns_t)
    found = []
    for row in problem.rows:
        mean, sd = row.mean(columns_t) / final_t, row.sd(columns_t) / final_t
        if sd <= 0 or row.exact:
            continue
        if row.maximum is not None:
            above = 1.0 - row.quantiles.probability((row.maximum - mean) / sd)
            found.append(LimitClaim(element=row.element, side="maximum", limit_wt_pct=row.maximum, risk=above))
        if row.minimum is not None:
            under = row.quantiles.probability((row.minimum - mean) / sd)
            found.append(LimitClaim(element=row.element, side="minimum", limit_wt_pct=row.minimum, risk=under))
    return tuple(found)
