"""What of an output is neither linear nor convex, in the recipe model."""

from optimizer.networks import NetworkRows
from optimizer.problem import RecipeProblem
from optimizer.rows import RowModel
from optimizer.trees import TreeRows
from steel.heats import FloatArray
from surrogate.bends import Bends


class BendRows:
    """Trees and networks of one model.

    Args:
        model: whose first columns are the masses.
        problem: whose furnace columns they ask about.
        most_t: (n,) most of each furnace column.
    """

    def __init__(self, model: RowModel, problem: RecipeProblem, most_t: FloatArray) -> None:
        self.trees = TreeRows(model, problem, most_t)
        self._networks = NetworkRows(model, problem, most_t)

    def total(self, name: str, bends: Bends) -> dict[int, float]:
        """Their sum times the tapped mass, of one output, as coefficients of columns."""
        return self.trees.total(bends.trees) | self._networks.total(name, bends.network)
