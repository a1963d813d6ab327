"""Whole decisions that the masses of a solution suggest, as a start to beat."""

import numpy as np

from optimizer.problem import UNUSED_BELOW_T, RecipeProblem
from optimizer.rows import RowModel
from steel.heats import FloatArray


def suggested_decisions(problem: RecipeProblem, model: RowModel, values: FloatArray) -> FloatArray:
    """Each yes/no decision of a model as a solution's masses have it; together they need not leave a recipe.

    Args:
        problem: what is decided.
        model: its columns.
        values: of all columns; decisions may be fractional.
    """
    n = problem.furnace_columns
    columns = np.maximum(values[: len(problem.items)], 0.0)
    tapped = float(problem.furnace_yields @ columns)
    most = problem.options.max_materials
    ranked = sorted(np.flatnonzero(problem.counted), key=lambda j: -columns[j])
    beyond = set() if most is None else {int(j) for j in ranked[most:]}
    pieces = {row.element.value: row.pieces for row in problem.rows}
    networks = {row.element.value: row.bends.network for row in problem.rows} | {"energy": problem.energy_bends.network}
    before = {name: network.before_relu(columns[None, :n] / tapped) for name, network in networks.items() if tapped}
    names = {column: name for name, column in model.columns.items()}
    suggested = []
    for kind, *rest in (names[column] for column in model.integer):
        if kind == "used":
            suggested.append(columns[rest[0]] > UNUSED_BELOW_T and rest[0] not in beyond)
        elif kind == "lifts":
            lifted_t = columns[rest[0]] if len(rest) == 1 else values[model.columns["in", *rest]]
            suggested.append(np.floor(lifted_t / problem.items[rest[0]].lift_t + 0.5))
        elif kind == "split":
            suggested.append(columns[rest[0]] <= rest[1] * tapped)
        elif kind == "energy_piece":
            suggested.append(int(np.argmax(problem.energy_pieces @ columns[:n])) == rest[0])
        elif kind == "active":
            output, layer, unit = rest
            suggested.append(bool(before[output][layer][0, unit] > 0.0) if tapped else False)
        else:
            suggested.append(int(np.argmax(pieces[rest[0]] @ columns)) == rest[1])
    return np.array(suggested, dtype=np.float64)
