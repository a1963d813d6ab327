"""Shadow prices: what easing each requirement is worth at an optimum, from the multipliers there."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.model.instance import Instance
from optimizer.model.requirements import Requirement
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.highs import Session
from steel.heats import FloatArray


@dataclass(frozen=True)
class Prices:
    """Shadow prices of one optimum.

    Attributes:
        numbers: what one unit more of each of the statement's numbers adds to the cost, €.
        places: where each parameter's numbers begin in that row.
        most: (n + m,) € per t of stock.
        least: (n + m,) € per t of must-use.
        reduced: (n + m,) € per t by which an unused column is too dear (reduced cost); below zero where it would pay,
            but a lot or the number of materials keeps it out.
    """

    numbers: FloatArray
    places: Mapping[str, int]
    most: FloatArray
    least: FloatArray
    reduced: FloatArray

    def of(self, requirement: Requirement) -> float:
        """What easing a requirement by one unit saves, €."""
        index = self.places[requirement.block] + requirement.offset
        return max(0.0, -requirement.sense * requirement.scale * float(self.numbers[index]))


def no_prices(problem: RecipeProblem, instance: Instance) -> Prices:
    """Of an optimum whose multipliers nobody knows."""
    none = np.zeros(len(problem.items))
    return Prices(np.zeros(len(instance.flat)), instance.compiled.places, none, none, none)


def prices_at(problem: RecipeProblem, instance: Instance, session: Session) -> Prices:
    """Prices at the linear optimum a session has just found."""
    compiled, columns = instance.compiled, len(problem.items)
    row_duals, reduced = session.duals()
    numbers = compiled.worth(instance.flat, session.values, row_duals, reduced)
    masses = reduced[:columns]
    too_dear = np.maximum(masses, 0.0) * (problem.least == 0)
    for name, use in compiled.columns.items():
        if name[0] == "used" and round(session.values[use]) == 0:
            too_dear[problem.column_of[name[1]]] -= abs(float(row_duals[compiled.rows["use", name[1]]]))
    most = compiled.places["most_t"]
    return Prices(
        numbers=numbers,
        places=compiled.places,
        most=np.maximum(-numbers[most : most + columns], 0.0),
        least=np.maximum(masses, 0.0) * (problem.least > 0),
        reduced=too_dear,
    )
