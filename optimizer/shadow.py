"""What relaxing each requirement is worth: the duals of the linear optimum, by requirement."""

import itertools
from dataclasses import dataclass

import numpy as np

from optimizer.problem import RecipeProblem
from optimizer.rows import RowModel
from optimizer.session import Session
from steel.heats import FloatArray

RULES = ("group_most", "group_least", "basket_most", "basket_least")
CAPS = ("energy_limit", "power_on")
ROOM = ("basket_volume", "basket_weight")


@dataclass(frozen=True)
class Shadow:
    """What one unit of relaxing each requirement saves at the optimum, €.

    Attributes:
        limits: per wt%, by (kind, element symbol).
        most, least: (n + m,) per t of stock and of must-use.
        reduced: (n + m,) € per t by which an unused column is too dear; below zero where it would pay, but a lot or the
            number of materials keeps it out.
        other: all baskets together per m³ and per t, energy per kWh, by the row's name.
        rules: per t of a group or of a basket rule, by kind and name.
        balances: per unit of its sum by which a rule of slag or bath gives way, by its name.
    """

    limits: dict[tuple[str, str], float]
    most: FloatArray
    least: FloatArray
    reduced: FloatArray
    other: dict[str, float]
    rules: dict[tuple[str, str], float]
    balances: dict[str, float]


def shadow_of(problem: RecipeProblem, model: RowModel, session: Session) -> Shadow:
    """Prices of the requirements at the linear optimum a session has just found."""
    rows, columns = model.rows, model.columns
    duals, reduced = session.duals()

    def dual(*name: str | int) -> float:
        return abs(float(duals[rows[name]])) if name in rows else 0.0

    def all_of(*begin: str) -> float:
        """Of every basket's row of one requirement."""
        return sum(abs(float(duals[at])) for row, at in rows.items() if row[: len(begin)] == begin)

    baskets = problem.plant.furnace.baskets
    apart = baskets.count if baskets is not None and problem.baskets_apart else 1
    final_t = float(problem.yields @ session.values[: len(problem.items)])
    masses = reduced[: len(problem.items)]
    too_dear = np.maximum(masses, 0.0) * (problem.least == 0)
    for j in range(len(problem.items)):
        use = columns.get(("used", j))
        if use is not None and round(session.values[use]) == 0:
            too_dear[j] -= dual("use", j)
    kinds = itertools.product(("maximum", "minimum"), (row.element.value for row in problem.rows))
    return Shadow(
        limits={(kind, name): dual(kind, name) * final_t for kind, name in kinds},
        most=np.maximum(-masses, 0.0),
        least=np.maximum(masses, 0.0) * (problem.least > 0),
        reduced=too_dear,
        other={name: dual(name) for name in CAPS} | {name: all_of(name) / apart for name in ROOM},
        balances={rule.name: dual("balance", rule.name) for rule in problem.balance_rules},
        rules={(kind, name): all_of(kind, name) for kind, name in {row[:2] for row in rows if row[0] in RULES}},
    )
