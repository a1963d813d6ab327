"""What a stated confidence takes: standard deviations of margin for each limit."""

from optimizer.problem.options import RecipeOptions
from steel.grades import Order
from surrogate.model.description import Description
from surrogate.model.quantiles import Quantiles


def risk_of_each(order: Order, description: Description, options: RecipeOptions) -> float:
    """Probability with which each limit may be missed, all alike."""
    risk = 1.0 - options.confidence
    if not options.joint:
        return risk
    grade = order.grade
    limits = [e for e in (*grade.maximum_wt_pct, *grade.minimum_wt_pct) if e in description.elements]
    return risk / max(len(limits), 1)


def margins(quantiles: Quantiles, options: RecipeOptions, upper_risk: float, lower_risk: float) -> tuple[float, float]:
    """Standard deviations between the mean and a maximum, and a minimum; both at least 0."""
    if options.risk == "tail_mean":
        upper, lower = quantiles.mean_above(1.0 - upper_risk), quantiles.mean_below(lower_risk)
    else:
        upper, lower = quantiles.at(1.0 - upper_risk), quantiles.at(lower_risk)
    return max(0.0, upper), max(0.0, -lower)
