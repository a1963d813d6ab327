"""The recipe as any other solver takes it: the whole statement in Pyomo, its cones and predictors as algebra.

It is how a recipe is checked by others: what Pyomo finds with a solver of its own must cost the same.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.opt import TerminationCondition

from optimizer.model.instance import instance_of, numbers_of, pyomo_model
from optimizer.model.program import Name, Program
from optimizer.model.statement.structure import structure_of
from optimizer.problem.recipe_problem import RecipeProblem
from steel.errors import InputError
from steel.heats import FloatArray

FORMATS = (".lp", ".mps", ".nl")
HIGHS = frozenset({"highs", "appsi_highs"})
LINEAR_SOLVERS = HIGHS | {"glpk", "cbc"}
"""Solvers that take no cones: these get tangents instead, one more wherever a solution misses its margin."""
ALIASES = {"scip": "scip_direct"}
"""What Pyomo calls a solver that came from the registry."""
MOST_ROUNDS = 200
HELD, HELD_WT_PCT_T = 2e-7, 1e-8
"""How exactly tangents hold a margin: as a share of it, and at least what a linear solver holds its rows to."""
FINE = {"primal_feasibility_tolerance": 1e-9, "mip_feasibility_tolerance": 1e-9}
"""What HiGHS is asked for; its own tolerances are coarser than the margins of a clean steel."""
OPTIMAL = (TerminationCondition.optimal, TerminationCondition.locallyOptimal)


class OtherSolverError(RuntimeError):
    """Another solver ended without an optimum."""


@dataclass(frozen=True)
class Checked:
    """What another solver found.

    Attributes:
        solver: its name.
        cost_eur: of the heat.
        columns_t: (n + m,) t.
        took_ms: wall time, building included.
    """

    solver: str
    cost_eur: float
    columns_t: FloatArray
    took_ms: float


def whole_model(problem: RecipeProblem, cones: bool = True) -> pyo.ConcreteModel:
    """The statement of a problem with its numbers and predictors, and its cones where they are asked for."""
    structure = structure_of(problem)
    model = pyomo_model(structure, numbers_of(problem))
    stated = instance_of(problem)
    _add_predictors(model, stated.program, len(stated.compiled.columns), len(stated.compiled.rows))
    if cones:
        _add_cones(model, problem)
    return model


def write_model(problem: RecipeProblem, path: Path) -> None:
    """Write a problem for another solver.

    Raises:
        InputError: the file's ending is none of `.lp`, `.mps` and `.nl`.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(path.name, "--export", f"a file that ends in {', '.join(FORMATS)}")
    whole_model(problem).write(str(path), io_options={"symbolic_solver_labels": True})


def solve_by(problem: RecipeProblem, solver: str, near: FloatArray | None = None) -> Checked:
    """Solve a problem with a solver that Pyomo finds.

    Args:
        problem: to be solved.
        solver: its name.
        near: (n + m,) a recipe where a solver without cones gets its first tangents; they cut off nothing, wherever
            they are, but save most of the rounds.

    Raises:
        InputError: it finds none of that name.
        OtherSolverError: the solver ended without an optimum.
    """
    started, found = time.perf_counter(), _solver(solver)
    model = whole_model(problem, cones=solver not in LINEAR_SOLVERS)
    roots = _roots(problem)
    tangents = model.tangents = pyo.ConstraintList()
    if near is not None and solver in LINEAR_SOLVERS:
        for element, root in roots.items():
            _add_tangent(model, element, root, near, tangents)
    for _ in range(MOST_ROUNDS):
        _run(found, model, solver, problem.options.gap)
        masses = np.array([pyo.value(model.mass_t[name]) for name in model.MATERIALS])
        if solver not in LINEAR_SOLVERS or not _missed(model, roots, masses, tangents):
            took_ms = 1000.0 * (time.perf_counter() - started)
            return Checked(solver, pyo.value(model.cost_eur), np.maximum(masses, 0.0), took_ms)
    raise OtherSolverError(f"{solver}: margins did not converge in {MOST_ROUNDS} rounds of tangents")


def _run(found: Any, model: pyo.ConcreteModel, name: str, gap: float) -> None:
    """Run a solver and load what it found.

    Raises:
        OtherSolverError: that is no optimum.
    """
    try:
        options = {**FINE, "mip_rel_gap": gap} if name in HIGHS else {}
        condition = found.solve(model, options=options).solver.termination_condition
    except Exception as error:
        raise OtherSolverError(f"{name} ended without an optimum: {error}") from error
    if condition not in OPTIMAL:
        raise OtherSolverError(f"{name} ended without an optimum: {condition}")


def _solver(name: str) -> Any:
    for one in (name, ALIASES.get(name)):
        if one is not None:
            found = pyo.SolverFactory(one)
            if found.available(exception_flag=False):
                return found
    raise InputError(name, "--solver", "a solver that Pyomo finds here, such as highs, scip, ipopt or gurobi")


def _roots(problem: RecipeProblem) -> dict[str, FloatArray]:
    """Of every margin, (r, n + m), rows without anything left out."""
    rows = [row for row in problem.rows if row.has_margin and (row.needs_above or row.needs_below)]
    return {row.element.value: row.root[np.abs(row.root).max(axis=1) > 0] for row in rows}


def _add_cones(model: pyo.ConcreteModel, problem: RecipeProblem) -> None:
    roots = _roots(problem)
    parts = [(e, k) for e, root in roots.items() for k in range(len(root))]
    model.scatter = pyo.Var(parts)
    names = list(model.MATERIALS)
    model.scattered = pyo.Constraint(
        parts,
        rule=lambda _, e, k: (
            model.scatter[e, k] == sum(float(v) * model.mass_t[n] for v, n in zip(roots[e][k], names, strict=True) if v)
        ),
    )
    model.cone = pyo.Constraint(
        list(roots),
        rule=lambda _, e: sum(model.scatter[e, k] ** 2 for k in range(len(roots[e]))) <= model.margin[e] ** 2,
    )


def _missed(
    model: pyo.ConcreteModel, roots: dict[str, FloatArray], masses: FloatArray, tangents: pyo.ConstraintList
) -> bool:
    """Add a tangent wherever a solution misses its margin; whether any did."""
    missed = False
    for element, root in roots.items():
        scatter = float(np.linalg.norm(root @ masses))
        if scatter - pyo.value(model.margin[element]) > max(HELD * scatter, HELD_WT_PCT_T):
            _add_tangent(model, element, root, masses, tangents)
            missed = True
    return missed


def _add_tangent(
    model: pyo.ConcreteModel, element: str, root: FloatArray, masses: FloatArray, tangents: pyo.ConstraintList
) -> None:
    image = root @ masses
    slope = root.T @ image / max(float(np.linalg.norm(image)), 1e-12)
    parts = zip(slope, model.MATERIALS, strict=True)
    tangents.add(sum(float(value) * model.mass_t[name] for value, name in parts) <= model.margin[element])


def _add_predictors(model: pyo.ConcreteModel, program: Program, columns: int, rows: int) -> None:
    """The columns and rows of trees and networks, which the statement's arrays were extended by."""
    names = list(program.columns)
    variables = [_variable(model, name) for name in names[:columns]]
    whole = set(program.integer)
    added = range(columns, len(names))
    model.predictor = pyo.Var(
        list(added),
        within=pyo.Reals,
        bounds=lambda _, j: (_side(program.lower[j]), _side(program.upper[j])),
    )
    for j in added:
        if j in whole:
            model.predictor[j].domain = pyo.Integers
        variables.append(model.predictor[j])
    model.predicting = pyo.ConstraintList()
    for row in range(rows, len(program.row_lower)):
        at, values = program.row_parts(row)
        body = sum(float(value) * variables[column] for column, value in zip(at, values, strict=True) if value)
        model.predicting.add((_side(program.row_lower[row]), body, _side(program.row_upper[row])))


def _variable(model: pyo.ConcreteModel, name: Name) -> Any:
    if name == ("one",):
        return 1.0
    if name[0] == "rule":
        block, component, *index = name[1:]
        return _at(getattr(getattr(model.rule, str(block)), str(component)), tuple(index))
    return _at(getattr(model, str(name[0])), name[1:])


def _at(component: pyo.Component, index: Name) -> Any:
    if not index:
        return component
    return component[index if len(index) > 1 else index[0]]


def _side(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
