"""What recipes are compared with: a ReLU network in Pyomo through OMLT, and differential evolution."""

import time
from importlib import import_module
from typing import Any

import numpy as np
import pyomo.environ as pyo
from scipy.optimize import differential_evolution
from sklearn.neural_network import MLPRegressor

from optimizer.problem.recipe_problem import RecipeProblem
from steel.heats import FloatArray

# OMLT has no type information.
_OMLT: Any = import_module("omlt")
_NETS: Any = import_module("omlt.neuralnet")
_LAYERS: Any = import_module("omlt.neuralnet.layer")
SAMPLES, UNITS = 4000, 64
MISSED_EUR = 1e6
ENERGY_MEAN, ENERGY_SCALE = 380.0, 20.0
"""kWh/t from which, and by which, the network's target is measured."""


def train_network(problem: RecipeProblem, seed: int = 0) -> MLPRegressor:
    """A plain ReLU network of two layers that has learned the energy of a charge from its shares per t of steel."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(problem.furnace_columns, 0.4), SAMPLES)
    masses = shares / (shares @ problem.yields[: problem.furnace_columns])[:, None]
    target = np.array([problem.energy_kwh(row) for row in masses])
    network = MLPRegressor(hidden_layer_sizes=(UNITS, UNITS), max_iter=300, random_state=seed)
    return network.fit(masses, (target - ENERGY_MEAN) / ENERGY_SCALE)


def omlt_seconds(problem: RecipeProblem, network: MLPRegressor, limit_s: float) -> float:
    """Wall time of the same order with mean limits, lots and baskets, and the network as big-M rows."""
    n = problem.furnace_columns
    definition = _NETS.NetworkDefinition(scaled_input_bounds=dict.fromkeys(range(n), (0.0, 1.2)))
    before = _LAYERS.InputLayer([n])
    definition.add_layer(before)
    for depth, (weights, biases) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        activation = "relu" if depth < len(network.coefs_) - 1 else "linear"
        sizes = [weights.shape[0]], [weights.shape[1]]
        layer = _LAYERS.DenseLayer(*sizes, activation=activation, weights=weights, biases=biases)
        definition.add_layer(layer)
        definition.add_edge(before, layer)
        before = layer
    model: Any = pyo.ConcreteModel()
    model.net = _OMLT.OmltBlock()
    model.net.build_formulation(_NETS.ReluBigMFormulation(definition))
    mass_t, shares = problem.order.mass_t, model.net.inputs
    columns = range(n)
    model.order = pyo.Constraint(expr=sum(float(problem.yields[j]) * shares[j] for j in columns) == 1.0)
    model.used = pyo.Var(columns, domain=pyo.Binary)
    model.rules = pyo.ConstraintList()
    for j in columns:
        model.rules.add(shares[j] <= min(float(problem.most[j]) / mass_t, 1.2) * model.used[j])
        model.rules.add(shares[j] >= float(problem.lots[j]) / mass_t * model.used[j])
    model.rules.add(sum(model.used[j] for j in columns) <= (problem.options.max_materials or n))
    for row in problem.rows:
        if row.maximum is not None:
            model.rules.add(sum(float(row.linear[j]) * shares[j] for j in columns) <= row.maximum)
    baskets = problem.plant.furnace.baskets
    if baskets is not None:
        volume = sum(float(problem.volume_per_t[j]) * shares[j] for j in columns)
        model.rules.add(volume <= baskets.count * baskets.volume_m3 / mass_t)
    energy = ENERGY_MEAN + ENERGY_SCALE * model.net.outputs[0]
    spent = sum(float(problem.cost.columns[j]) * shares[j] for j in columns)
    model.cost = pyo.Objective(expr=spent + problem.cost.per_kwh * energy)
    solver: Any = pyo.SolverFactory("appsi_highs")
    solver.config.time_limit = limit_s
    solver.config.mip_gap = problem.options.gap
    solver.config.load_solution = False
    started = time.perf_counter()
    solver.solve(model)
    return time.perf_counter() - started


def evolved(problem: RecipeProblem, generations: int, seed: int = 0) -> tuple[FloatArray, float]:
    """The recipe that differential evolution finds, t, and its wall time; few materials and lots by repair."""
    n, most = problem.furnace_columns, problem.options.max_materials or problem.furnace_columns

    def repaired(population: FloatArray) -> FloatArray:
        shares = population.T / population.sum(axis=0)[:, None]
        least_kept = np.sort(shares, axis=1)[:, -most]
        shares = np.where(shares >= least_kept[:, None], shares, 0.0)
        masses = problem.order.mass_t * shares / (shares @ problem.yields[:n])[:, None]
        masses = np.where(masses >= 0.5 * problem.lots[:n], np.maximum(masses, problem.lots[:n] * (masses > 0)), 0.0)
        tapped = np.maximum(masses @ problem.yields[:n], 1e-9)
        return np.asarray(masses * (problem.order.mass_t / tapped)[:, None])

    def price(population: FloatArray) -> FloatArray:
        masses = repaired(np.maximum(population, 1e-9))
        energy = masses @ problem.energy_linear + (masses @ problem.energy_pieces.T).max(axis=1)
        cost = masses @ problem.cost.columns[:n] + problem.cost.per_kwh * energy
        missed = np.maximum(masses - problem.most[:n], 0).sum(axis=1)
        missed += np.where((masses > 0) & (masses < problem.lots[:n] - 1e-9), 1.0, 0.0).sum(axis=1)
        for row in problem.rows:
            if row.maximum is not None:
                sd = np.linalg.norm(masses @ row.root.T, axis=1)
                over = masses @ row.linear + row.upper_z * sd - row.maximum * problem.order.mass_t
                missed += np.maximum(over, 0) / (row.maximum * problem.order.mass_t)
        return np.asarray(cost + MISSED_EUR * missed)

    started = time.perf_counter()
    search: Any = differential_evolution
    found = search(
        price, [(0.0, 1.0)] * n, maxiter=generations, popsize=15, seed=seed, polish=False, vectorized=True,
        updating="deferred", tol=0.0,
    )  # fmt: skip
    elapsed = time.perf_counter() - started
    return repaired(np.maximum(found.x, 1e-9)[:, None])[0], elapsed
