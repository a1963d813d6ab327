"""Small random instances, and their optimum found without a line of the optimizer's own formulation."""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog
from scipy.stats import norm

from steel import catalogue
from steel.baskets import Baskets
from steel.elements import Element
from steel.grades import Grade, Order
from steel.heats import FloatArray
from steel.materials import Material, MaterialKind
from steel.plants import Furnace, Plant, Prices, YardItem
from surrogate.model.description import Description, OutputPieces
from surrogate.model.networks import ReluNetwork
from surrogate.model.quantiles import LEVELS, Quantiles
from surrogate.model.trees import Trees, no_trees

NORMAL = Quantiles(norm.ppf(LEVELS))
CU, SN, MN = Element.CU, Element.SN, Element.MN


@dataclass(frozen=True)
class Instance:
    plant: Plant
    order: Order
    description: Description


def material(name: str, kind: MaterialKind = MaterialKind.SCRAP, **contents: float) -> Material:
    return Material(
        name=name,
        material_class="E40",
        kind=kind,
        bulk_density_t_per_m3=0.8,
        metallic_yield=0.9,
        contents_wt_pct={Element(symbol): value for symbol, value in contents.items()},
        recovery={Element.MN: 0.9},
    )


def random_instance(seed: int, materials: int = 5, scatter: bool = True, lots: bool = False) -> Instance:
    """A plant with some scrap, one manganese alloy, a copper, a tin and a manganese limit."""
    rng = np.random.default_rng(seed)
    yields = rng.uniform(0.85, 0.97, materials)
    copper, tin = rng.uniform(0.03, 0.5, materials), rng.uniform(0.002, 0.06, materials)
    copper[0], tin[0] = 0.02, 0.001
    pieces = rng.uniform(300, 450, (4, materials))

    def output(content: FloatArray, cv: float) -> OutputPieces:
        factor = cv * rng.normal(size=(materials, materials)) * content / 3 if scatter else np.zeros((1, materials))
        spread = cv * content if scatter else np.zeros(materials)
        covariance = factor.T @ factor + np.diag(spread**2)
        return OutputPieces(content, np.zeros((0, materials)), covariance, NORMAL)

    scrap = [material(f"scrap {i}") for i in range(materials)]
    description = Description(
        materials=tuple(scrap),
        yields=yields,
        elements={CU: output(copper, 0.3), SN: output(tin, 0.3), MN: output(rng.uniform(0.05, 0.2, materials), 0.1)},
        energy=OutputPieces(np.zeros(materials), pieces, np.zeros((materials, materials)), NORMAL),
        heel_share=0.1,
        heel_wt_pct={CU: 0.15},
    )
    yard = [
        YardItem(
            material=scrap[i],
            price_eur_per_t=float(rng.uniform(250, 420)),
            available_t=None if i == 0 else float(rng.uniform(10, 80)),
            min_lot_t=float(rng.uniform(3, 15)) if lots and i else 0.0,
        )
        for i in range(materials)
    ]
    alloy = material("FeMn", MaterialKind.FERROALLOY, Mn=75.0)
    yard.append(YardItem(material=alloy, price_eur_per_t=1200.0))
    grade = Grade(
        name="test",
        maximum_wt_pct={CU: float(rng.uniform(0.15, 0.3)), SN: float(rng.uniform(0.008, 0.03))},
        minimum_wt_pct={MN: 0.4},
    )
    plant = Plant(
        name="test",
        furnace=Furnace(tap_weight_t=100, baskets=Baskets(count=3, volume_m3=70, max_t=60)),
        yard=tuple(yard),
        prices=Prices(electricity_eur_per_kwh=float(rng.uniform(0.05, 0.2))),
        emission_factors=catalogue.emission_factors(),
    )
    return Instance(plant, Order(grade=grade, mass_t=100.0), description)


def independent_optimum(instance: Instance, confidence: float, max_materials: int | None = None) -> float:
    """Cost by enumerating which lots are used and, for each choice, a dense linear programme with its own cuts."""
    items = instance.plant.yard[:-1]
    free = [i for i, item in enumerate(items) if item.min_lot_t > 0 or max_materials is not None]
    best = np.inf
    for choice in itertools.product((False, True), repeat=len(free)):
        if max_materials is not None and sum(choice) > max_materials:
            continue
        bounds: list[tuple[float, float | None]] = []
        for i, item in enumerate(items):
            used = choice[free.index(i)] if i in free else True
            bounds.append((item.min_lot_t if used and i in free else 0.0, item.available_t if used else 0.0))
        best = min(best, _continuous_optimum(instance, confidence, [*bounds, (0.0, 5.0)]))
    return best


def with_trees(instance: Instance, seed: int, of: tuple[str, ...]) -> Instance:
    """The instance with random trees, on two split points of each of the first three scraps, for some outputs."""
    rng = np.random.default_rng(seed)
    points = np.sort(rng.uniform(0.05, 0.6, (3, 2)), axis=1)
    told = instance.description

    def grown(scale: float) -> Trees:
        feature = rng.integers(0, 3, (4, 3))
        return Trees(feature, points[feature, rng.integers(0, 2, (4, 3))], scale * rng.normal(size=(4, 4)))

    scales = {"Cu": 0.02, "Mn": 0.03}
    elements = {
        e: replace(pieces, trees=grown(scales[e.value])) if e.value in of else pieces
        for e, pieces in told.elements.items()
    }
    energy = replace(told.energy, trees=grown(15.0)) if "energy" in of else told.energy
    return replace(instance, description=replace(told, elements=elements, energy=energy))


def cell_by_cell_optimum(instance: Instance, confidence: float) -> float:
    """Cost by enumerating between which split points each scrap's share lies; there all trees are constants."""
    told = instance.description
    n = len(told.materials)
    wooded = [*told.elements.values(), told.energy]
    edges = [
        sorted({float(at) for p in wooded for at in p.trees.threshold[p.trees.feature == column]})
        for column in range(n)
    ]
    best = np.inf
    for cell in itertools.product(*(itertools.pairwise([0.0, *inner, 2.0]) for inner in edges)):
        middle = np.array([(low + high) / 2 for low, high in cell])
        flat = {e: _flattened(pieces, middle, told.yields) for e, pieces in told.elements.items()}
        description = replace(told, elements=flat, energy=_flattened(told.energy, middle, told.yields))
        rows = []
        for column, (low, high) in enumerate(cell):
            share = np.eye(n)[column]
            rows += [[*(low * told.yields - share), 0.0, 0.0], [*(share - high * told.yields), 0.0, 0.0]]
        bounds: list[tuple[float, float | None]] = [(0.0, item.available_t) for item in instance.plant.yard[:-1]]
        here = replace(instance, description=description)
        best = min(best, _continuous_optimum(here, confidence, [*bounds, (0.0, 5.0)], rows))
    return best


def with_network(instance: Instance, seed: int, of: str, units: tuple[int, ...] = (3, 2)) -> Instance:
    """The instance with a random network of ReLU units for one output, some of them cut at some charges only."""
    rng = np.random.default_rng(seed)
    told = instance.description
    sizes = (len(told.materials), *units, 1)
    scale = 30.0 if of == "energy" else 0.05
    weights = [rng.normal(size=(after, before)) / np.sqrt(before) for before, after in itertools.pairwise(sizes)]
    biases = [-0.2 * rng.uniform(size=after) for after in sizes[1:]]
    weights[-1], biases[-1] = scale * weights[-1], scale * biases[-1]
    network = ReluNetwork(tuple(weights), tuple(biases))
    elements = {e: replace(pieces, network=network) if e.value == of else pieces for e, pieces in told.elements.items()}
    energy = replace(told.energy, network=network) if of == "energy" else told.energy
    return replace(instance, description=replace(told, elements=elements, energy=energy))


def pattern_by_pattern_optimum(instance: Instance, of: str, confidence: float) -> float:
    """Cost by enumerating which units of the network are cut; with these known it is affine."""
    told = instance.description
    pieces = told.energy if of == "energy" else told.elements[Element(of)]
    network = pieces.network
    best = np.inf
    for pattern in itertools.product((0.0, 1.0), repeat=sum(len(biases) for biases in network.biases[:-1])):
        passes = iter(pattern)
        slope, offset = np.eye(len(told.materials)), np.zeros(len(told.materials))
        rows: list[list[float]] = []
        for weights, biases in zip(network.weights, network.biases, strict=True):
            slope, offset = weights @ slope, weights @ offset + biases
            if weights is network.weights[-1]:
                break
            for unit in range(len(biases)):
                on = next(passes)
                # What passes is at least zero, what is cut at most.
                over_t = slope[unit] + offset[unit] * told.yields
                rows.append([*((1.0 - 2.0 * on) * over_t), 0.0, 0.0])
                slope[unit], offset[unit] = on * slope[unit], on * offset[unit]
        affine = slope[0] + offset[0] * told.yields
        known = replace(pieces, network=ReluNetwork())
        if len(pieces.pieces):
            known = replace(known, pieces=pieces.pieces + affine)
        else:
            known = replace(known, linear=pieces.linear + affine)
        elements = {e: known if e.value == of else one for e, one in told.elements.items()}
        energy = known if of == "energy" else told.energy
        here = replace(instance, description=replace(told, elements=elements, energy=energy))
        bounds: list[tuple[float, float | None]] = [(0.0, item.available_t) for item in instance.plant.yard[:-1]]
        best = min(best, _continuous_optimum(here, confidence, [*bounds, (0.0, 5.0)], rows))
    return best


def _flattened(pieces: OutputPieces, shares: FloatArray, yields: FloatArray) -> OutputPieces:
    """An output whose trees are replaced by their value at some shares, times the tapped mass."""
    constant = pieces.trees.at(shares) * yields
    none = no_trees()
    if len(pieces.pieces):
        return replace(pieces, pieces=pieces.pieces + constant, trees=none)
    return replace(pieces, linear=pieces.linear + constant, trees=none)


def _continuous_optimum(
    instance: Instance,
    confidence: float,
    bounds: list[tuple[float, float | None]],
    more_rows: list[list[float]] | None = None,
) -> float:
    """Columns: scrap, alloy, then electricity."""
    told, plant, order = instance.description, instance.plant, instance.order
    n = len(told.materials)
    prices = [item.price_eur_per_t for item in plant.yard]
    cost = np.array([*prices, plant.prices.electricity_eur_per_kwh])
    final = np.array([*told.yields, 0.9, 0.0])
    furnace = np.array([*told.yields, 0.0, 0.0])
    rows = [[*piece, 0.0, -1.0] for piece in told.energy.pieces]
    rows += more_rows or []
    limits: list[float] = [0.0] * len(rows)
    volume = np.array([1 / 0.8] * n + [0.0, 0.0])
    weight = np.array([1.0] * n + [0.0, 0.0])
    baskets = plant.furnace.baskets
    assert baskets is not None
    rows += [list(volume), list(weight)]
    limits += [baskets.count * baskets.volume_m3, baskets.count * baskets.max_t]
    z = float(norm.ppf(confidence))
    means = {}
    for element, told_of in told.elements.items():
        heel = told.heel_wt_pct.get(element)
        share = told.heel_share if heel is not None else 0.0
        mean = (1 - share) * np.array([*told_of.linear, 0.0, 0.0]) + share * (heel or 0.0) * furnace
        mean[n] = plant.yard[-1].material.contents_wt_pct.get(element, 0.0) * (0.9 if element is MN else 1.0)
        root = (1 - share) * np.linalg.cholesky(told_of.covariance + 1e-18 * np.eye(n)).T
        means[element] = (mean, np.hstack([root, np.zeros((n, 2))]))
    for _ in range(200):
        found = linprog(
            cost, A_ub=np.array(rows), b_ub=np.array(limits), A_eq=[final], b_eq=[order.mass_t],
            bounds=[*bounds, (0.0, None)], method="highs",
        )  # fmt: skip
        if found.status != 0 or found.x is None or found.fun is None:
            return np.inf
        worst = 0.0
        for element, (mean, root) in means.items():
            sd = float(np.linalg.norm(root @ found.x))
            gradient = root.T @ (root @ found.x) / sd if sd > 0 else np.zeros(n + 2)
            high, low = order.grade.maximum_wt_pct.get(element), order.grade.minimum_wt_pct.get(element)
            for limit, sign in ((high, 1.0), (low, -1.0)):
                if limit is None:
                    continue
                over = sign * (float(mean @ found.x) - limit * order.mass_t) + z * sd
                if over > 1e-9 * order.mass_t:
                    rows.append(list(sign * (mean - limit * final) + z * gradient))
                    limits.append(0.0)
                    worst = max(worst, over)
        if worst == 0.0:
            return float(found.fun)
    raise AssertionError("the independent formulation did not settle")
