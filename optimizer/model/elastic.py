"""The elastic form of a program: every requirement may give way by a slack of its own (after Chinneck 2008)."""

import numpy as np

from optimizer.model.program import Extension, Program
from optimizer.model.requirements import AT_MOST, Requirement, requirements_of
from optimizer.problem.recipe_problem import RecipeProblem

MASSES = ("charged_t", "added_t")


def elastic(program: Program, problem: RecipeProblem) -> Program:
    """A program whose requirements each have a slack column, `("slack", *key)`, held at zero until it is freed."""
    extension = Extension(program)
    doubled: list[int] = []
    for requirement in requirements_of(problem):
        slack = extension.column("slack", *requirement.key, upper=0.0)
        if requirement.key[0] in ("stock", "must_use"):
            _state_mass(extension, requirement, slack)
            continue
        for row in _rows_of(program, requirement):
            if np.isfinite(program.row_upper[row]):
                extension.into_row(row, slack, -1.0)
            if np.isfinite(program.row_lower[row]):
                columns, values = program.row_parts(row)
                others = {**dict(zip(columns.tolist(), values.tolist(), strict=True)), slack: 1.0}
                extension.row("below", *requirement.key, row, others=others, lower=float(program.row_lower[row]))
                doubled.append(row)
    found = extension.applied()
    found.row_lower[doubled] = -np.inf
    return found


def _rows_of(program: Program, requirement: Requirement) -> list[int]:
    key = requirement.key
    return [at for name, at in program.rows.items() if name[: len(key)] == key]


def _state_mass(extension: Extension, requirement: Requirement, slack: int) -> None:
    """State what a mass may be as a row, for its bounds cannot give way."""
    kind, name = requirement.key
    mass = next(at for column, at in extension.columns.items() if column[0] in MASSES and column[1] == name)
    if requirement.sense == AT_MOST:
        extension.row(kind, name, others={mass: 1.0, slack: -1.0}, upper=requirement.bound)
    else:
        extension.row(kind, name, others={mass: 1.0, slack: 1.0}, lower=requirement.bound)
