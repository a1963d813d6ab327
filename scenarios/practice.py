"""How a virtual plant has charged so far: rules of thumb, drifting prices, what the yard had."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from steel.elements import Element
from steel.grades import Grade
from steel.heats import FloatArray
from steel.materials import MaterialKind
from steel.plants import Plant, YardItem

RESIDUAL_RULES = (Element.CU, Element.SN, Element.NI)
"""The melt shop's rule of thumb looks at these alone."""
PROCESS_SPREAD = {
    "oxygen_nm3_per_t": 3.0, "gas_nm3_per_t": 0.7, "injected_carbon_kg_per_t": 1.2,
    "tap_temperature_c": 9.0, "power_on_min": 2.5, "power_off_min": 4.0,
}  # fmt: skip
"""Standard deviation of each process input about the usual, from heat to heat."""
SAFETY_MARGIN = 0.80
"""It aims at this share of the limit, by what it believes of its materials."""


@dataclass(frozen=True)
class Practice:
    """N heats as they were charged.

    Attributes:
        grades: (N,) grade names, in campaigns.
        charged_t: (N, n) t, furnace materials in the order of `plant.charge_items()`.
        process: each process input, (N,).
        prices_eur_per_t: (N, n) what the materials cost that day.
    """

    grades: list[str]
    charged_t: FloatArray
    process: dict[str, FloatArray]
    prices_eur_per_t: FloatArray


def wander(rng: Generator, heats: int, columns: int, spread: float, memory: int) -> FloatArray:
    """(heats, columns) stationary AR(1) paths of that spread; `memory` heats is their correlation time."""
    keep = np.exp(-1.0 / memory)
    steps = rng.standard_normal((heats, columns)) * spread * np.sqrt(1 - keep**2)
    path = np.empty((heats, columns))
    level = rng.standard_normal(columns) * spread
    for heat in range(heats):
        level = keep * level + steps[heat]
        path[heat] = level
    return path


def campaigns(rng: Generator, grades: tuple[str, ...], heats: int) -> list[str]:
    """The grades of so many heats: runs of one, of 4 to 15 heats each."""
    sequence: list[str] = []
    while len(sequence) < heats:
        sequence += [grades[rng.integers(len(grades))]] * int(rng.integers(4, 16))
    return sequence[:heats]


def _metal_shares(believed: FloatArray, grade: Grade, attractiveness: FloatArray, rng: Generator) -> FloatArray:
    """Shares of the metal-bearing materials: cheap ones as far as the rule of thumb allows.

    `believed` is (m, R), wt% in the steel if only that material were charged, elements of RESIDUAL_RULES.
    """
    limits = np.array([SAFETY_MARGIN * grade.maximum_wt_pct.get(element, 1.0) for element in RESIDUAL_RULES])
    clean = np.asarray((believed <= 0.8 * limits).all(axis=1))
    if not clean.any():
        clean[np.argmin((believed / limits).max(axis=1))] = True
    cheap = rng.dirichlet(np.maximum(10.0 * attractiveness / attractiveness.sum(), 0.10))
    best = np.where(clean, cheap + 1e-6, 0.0)
    best /= best.sum()
    low, high = best @ believed, cheap @ believed
    over = high > limits
    room = np.clip((limits - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    allowed = float(room[over].min(initial=1.0))
    return np.asarray(allowed * cheap + (1 - allowed) * best)


def usual_process(plant: Plant, heats: int, rng: Generator) -> dict[str, FloatArray]:
    """Each process input of so many heats, (N,), about what the furnace usually gets."""
    usual = plant.furnace.process
    return {name: usual[name] + spread * rng.standard_normal(heats) for name, spread in PROCESS_SPREAD.items()}


def metal_charge_t(
    plant: Plant, grade: Grade, believed_wt_pct: FloatArray, liked: FloatArray, wanted_t: float, rng: Generator
) -> FloatArray:
    """(m,) t of each metal-bearing material that a melt shop charges for one heat, in steps of half a tonne.

    Args:
        plant: whose yard, as it is today.
        grade: what is to be made.
        believed_wt_pct: (m, R) wt% in the steel of each material alone, elements as in `RESIDUAL_RULES`.
        liked: (m,) `attractiveness` of each.
        wanted_t: steel.
        rng: source of chance.
    """
    items = [item for item in plant.charge_items() if item.material.metallic_yield > 0]
    yields = np.array([item.material.metallic_yield for item in items])
    most = np.array([np.inf if item.most_t is None else item.most_t for item in items])
    shares = _metal_shares(believed_wt_pct, grade, liked, rng)
    capped = np.minimum(shares * wanted_t / float(shares @ yields), most)
    return np.asarray(np.round(capped * wanted_t / float(capped @ yields) * 2.0) / 2.0)


def usual_t(item: YardItem, plant: Plant) -> float:
    """T of a slag former or of carbon that a melt shop charges by habit."""
    share = {MaterialKind.CARBON: 0.009, MaterialKind.FLUX: 0.016}[item.material.kind]
    return (0.032 if item.material.material_class == "lime" else share) * plant.furnace.tap_weight_t


def attractiveness(plant: Plant, prices_eur_per_t: FloatArray, stock_share: FloatArray) -> FloatArray:
    """(m,) of each metal-bearing material to a melt shop: much where there is much of it, and where it is cheap.

    Args:
        plant: with its usual stock.
        prices_eur_per_t: (m,) today.
        stock_share: (m,) of the usual stock that there is.
    """
    items = [item for item in plant.charge_items() if item.material.metallic_yield > 0]
    usual = np.array([item.available_t or plant.furnace.tap_weight_t for item in items])
    relative = prices_eur_per_t / prices_eur_per_t.mean()
    return np.asarray(usual * stock_share * relative**-1.5)


def charge_history(
    plant: Plant, grades: dict[str, Grade], heats: int, contents_wt_pct: FloatArray, rng: Generator
) -> Practice:
    """Make up how the plant charged its last heats.

    Args:
        plant: whose practice.
        grades: its grades by name.
        heats: how many.
        contents_wt_pct: (n, R) what the melt shop has come to believe its materials hold of RESIDUAL_RULES.
        rng: source of chance.
    """
    items = list(plant.charge_items())
    metal = np.array([item.material.metallic_yield > 0 for item in items])
    metal_items = [item for item, is_metal in zip(items, metal, strict=True) if is_metal]
    base = np.array([item.price_eur_per_t for item in items])
    market = wander(rng, heats, 1, 0.12, 900)
    prices = base * np.exp(market * metal + wander(rng, heats, len(items), 0.05, 300))
    stock = np.clip(0.75 + wander(rng, heats, len(metal_items), 0.35, 120), 0.02, 1.2)
    names = campaigns(rng, plant.grades, heats)
    process = usual_process(plant, heats, rng)
    charged = np.zeros((heats, len(items)))
    yields = np.array([item.material.metallic_yield for item in metal_items])
    believed = contents_wt_pct[metal] / yields[:, None]
    most = np.array([item.max_t or np.inf for item in metal_items])
    for heat, name in enumerate(names):
        shares = _metal_shares(believed, grades[name], attractiveness(plant, prices[heat][metal], stock[heat]), rng)
        wanted_t = plant.furnace.tap_weight_t * rng.normal(1.0, 0.015)
        capped = np.minimum(shares * wanted_t / float(shares @ yields), most)
        charged[heat, metal] = np.round(capped * wanted_t / float(capped @ yields) * 2.0) / 2.0
    for column, item in enumerate(items):
        if not metal[column]:
            charged[:, column] = _addition_t(item, plant, heats, rng)
    return Practice(names, charged, process, prices)


def _addition_t(item: YardItem, plant: Plant, heats: int, rng: Generator) -> FloatArray:
    """Slag formers and carbon by the furnace's habit, in steps of 50 kg."""
    mean = usual_t(item, plant)
    level = 1.0 + wander(rng, heats, 1, 0.18, 60)[:, 0] + 0.08 * rng.standard_normal(heats)
    return np.asarray(np.maximum(0.0, np.round(mean * level / 0.05) * 0.05))
