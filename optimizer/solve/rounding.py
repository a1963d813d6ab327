"""Whole decisions that the masses of a solution suggest, as a start to beat."""

import numpy as np

from optimizer.model.program import Program
from optimizer.problem.recipe_problem import UNUSED_BELOW_T, RecipeProblem
from steel.heats import FloatArray


def suggested_decisions(problem: RecipeProblem, program: Program, values: FloatArray) -> FloatArray:
    """Each yes/no decision of a model as a solution's masses have it; together they need not leave a recipe.

    Args:
        problem: what is decided.
        program: its columns.
        values: of all columns; decisions may be fractional.
    """
    n = problem.furnace_columns
    columns = np.maximum(values[: len(problem.items)], 0.0)
    tapped = float(problem.furnace_yields @ columns)
    most = problem.options.max_materials
    ranked = sorted(np.flatnonzero(problem.counted), key=lambda j: -columns[j])
    beyond = set() if most is None else {int(j) for j in ranked[most:]}
    pieces = {row.element.value: row.pieces for row in problem.rows}
    networks = {row.element.value: row.predictors.network for row in problem.rows} | {
        "energy": problem.energy_predictors.network
    }
    before = {name: network.before_relu(columns[None, :n] / tapped) for name, network in networks.items() if tapped}
    names = {column: name for name, column in program.columns.items()}
    column_of = problem.column_of
    suggested = []
    for kind, *rest in (names[column] for column in program.integer):
        if kind == "used":
            j = column_of[rest[0]]
            suggested.append(columns[j] > UNUSED_BELOW_T and j not in beyond)
        elif kind == "lifts":
            name, basket = rest
            j = column_of[name]
            lifted_t = values[program.columns["basket_t", basket, name]] if basket else columns[j]
            suggested.append(np.floor(lifted_t / problem.items[j].lift_t + 0.5))
        elif kind == "split":
            suggested.append(columns[rest[0]] <= rest[1] * tapped)
        elif kind == "melting_chosen":
            # Energy that is linear has one piece, which is none of these.
            pieces_kwh = problem.energy_pieces @ columns[:n]
            suggested.append((int(np.argmax(pieces_kwh)) if len(pieces_kwh) else 0) == rest[0])
        elif kind == "active":
            output, layer, unit = rest
            suggested.append(bool(before[output][layer][0, unit] > 0.0) if tapped else False)
        elif kind == "piece_chosen":
            suggested.append(int(np.argmax(pieces[rest[0]] @ columns)) == rest[1])
        else:
            suggested.append(np.round(values[program.columns[kind, *rest]]))
    return np.array(suggested, dtype=np.float64)
