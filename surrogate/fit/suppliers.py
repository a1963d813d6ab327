"""What suppliers and seasons make of a material: contents and yield, shrunk to the material as it is to its class.

What a surrogate leaves of each heat is laid to who delivered the scrap, and when: `r = Σ x δ + lots + noise` with x the
t charged of a material from a supplier per t tapped, and `δ ~ N(0, (τ c)²)` with c the material's content. How far
suppliers differ, τ, is what the heats make likeliest (empirical Bayes): where they do not, it is nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from steel.elements import Element
from steel.heats import FloatArray, HeatLog
from surrogate.fit.heat_data import HeatData, prepare
from surrogate.fit.lots import shared_lot_statistics
from surrogate.model.linear import Statistics
from surrogate.model.model import Surrogate

Origin = tuple[str, str]
"""A material, and a supplier or a season."""
Supplied = Mapping[str, Mapping[Origin, float]]
"""By heat, t of each material from each supplier; what nobody knows of is left out."""
SPREADS = (0.0, 0.03, 0.06, 0.1, 0.15, 0.22, 0.3)
"""Relative standard deviations of suppliers about their material that are tried."""
YIELD_SPREADS = (0.0, 0.004, 0.008, 0.015, 0.03)
WORTH = 3.0
"""Gain in logarithm of likelihood from which suppliers are taken to differ at all."""
CLIP_SD = 4.0
SEASONS = ("winter", "spring", "summer", "autumn")


@dataclass(frozen=True)
class Effects:
    """How one output differs by origin.

    Attributes:
        mean: (G,) of each origin, in the output's unit per t charged.
        sd: (G,) of the same.
        spread: relative standard deviation of suppliers; 0 where they are alike.
        seasonal: the same of seasons.
    """

    mean: FloatArray
    sd: FloatArray
    spread: float
    seasonal: float


@dataclass(frozen=True)
class SupplierEffects:
    """Suppliers and seasons of a plant.

    Attributes:
        origins: G of them.
        supplied_t: (G,) t of each in the heats that taught it.
        contents: by element, wt% of the steel from a t charged.
        metallic_yield: t tapped per t charged.
    """

    origins: tuple[Origin, ...]
    supplied_t: FloatArray
    contents: dict[Element, Effects]
    metallic_yield: Effects

    def more_wt_pct(self, element: Element, origin: Origin) -> float:
        """What a t of a material from an origin brings more than the material does; 0 of an origin nobody knows."""
        effects = self.contents.get(element)
        if effects is None or origin not in self.origins:
            return 0.0
        return float(effects.mean[self.origins.index(origin)])

    def shift_wt_pct(self, element: Element, log: HeatLog, supplied: Supplied, tapped_t: FloatArray) -> FloatArray:
        """(N,) what fresh steel holds more than the material's means say.

        Args:
            element: which.
            log: N heats.
            supplied: who delivered what of them.
            tapped_t: (N,).
        """
        masses = _masses(log, supplied, self.origins)
        return np.asarray(masses @ self.contents[element].mean / tapped_t)


def season_of(month: int) -> str:
    """The season of a month, 1 for January."""
    return SEASONS[month % 12 // 3]


def supplier_effects(model: Surrogate, log: HeatLog, supplied: Supplied) -> SupplierEffects:
    """How contents and yields differ by supplier and season.

    Args:
        model: of the materials.
        log: heats, oldest first.
        supplied: who delivered what of them.
    """
    data = prepare(model, log)
    materials = [material.name for material in model.schema.materials]
    delivered = sorted({origin for split in supplied.values() for origin in split if origin[0] in materials})
    scrap = [m.name for m in model.schema.materials if m.metallic_yield > 0]
    origins = (*delivered, *((name, season) for name, season in product(scrap, SEASONS)))
    masses = _masses(log, supplied, origins)
    seasonal = np.array([origin[1] in SEASONS for origin in origins], dtype=bool)
    column = np.array([materials.index(name) for name, _ in origins], dtype=int)
    charged = model.schema.charged(log)
    tapped = model.tapped_t(charged, model.schema.standardised(log))
    shares = masses / tapped[:, None]
    contents = {
        element: _likeliest(statistics, np.maximum(content[column], 1e-6), seasonal, SPREADS)
        for element, statistics, content in _statistics(model, data, shares)
    }
    away = np.where(np.isfinite(log.tapped_t), log.tapped_t / tapped - 1.0, np.nan)
    known = np.isfinite(away) & (np.abs(away) < 1.0)
    noise = max(1.4826 * float(np.median(np.abs(away[known] - np.median(away[known])))), 1e-4) if known.any() else 1.0
    rows = shares[known]
    statistics = Statistics(rows.T @ rows / noise**2, rows.T @ away[known] / noise**2, int(known.sum()))
    yields = _likeliest(statistics, np.ones(len(origins)), seasonal, YIELD_SPREADS)
    return SupplierEffects(origins, masses.sum(axis=0), contents, yields)


def _statistics(
    model: Surrogate, data: HeatData, shares: FloatArray
) -> Iterable[tuple[Element, Statistics, FloatArray]]:
    """Each element's sums over the heats, successive ones that shared a lot counted for what they are worth."""
    named = {element: model.outputs[element.value] for element in model.schema.elements}
    residuals = data.residuals(model.outputs, CLIP_SD)
    outputs = {element.value: output for element, output in named.items()}
    lot_sd = np.array([output.lot_sd for output in outputs.values()])
    bands = data.lots.bands(lot_sd, data.noise(outputs), model.lot_t)
    place = list(model.outputs)
    for band, (element, output) in zip(bands, named.items(), strict=True):
        target = residuals[:, place.index(element.value)]
        yield element, shared_lot_statistics(band, shares, target), output.linear.mean


def _likeliest(sums: Statistics, scale: FloatArray, seasonal: FloatArray, spreads: tuple[float, ...]) -> Effects:
    """Effects at the spreads of suppliers and seasons that the heats make likeliest; none where little is gained."""
    information = (sums.information + sums.information.T) / 2.0
    best, gain = (0.0, 0.0), WORTH
    for pair in product(spreads, spreads):
        found = _gain(information, sums.moment, scale * np.where(seasonal, pair[1], pair[0]))
        if found > gain:
            best, gain = pair, found
    width = scale * np.where(seasonal, best[1], best[0])
    inner = np.eye(len(width)) + width[:, None] * information * width
    solved = np.linalg.solve(inner, np.column_stack([width * sums.moment, np.diag(width)]))
    mean = width * solved[:, 0]
    variance = width * np.diag(solved[:, 1:])
    return Effects(mean, np.sqrt(np.maximum(variance, 0.0)), *best)


def _gain(information: FloatArray, moment: FloatArray, width: FloatArray) -> float:
    """Logarithm of likelihood of effects of such widths over that of none."""
    inner = np.eye(len(width)) + width[:, None] * information * width
    scaled = width * moment
    return 0.5 * float(scaled @ np.linalg.solve(inner, scaled)) - 0.5 * float(np.linalg.slogdet(inner)[1])


def _masses(log: HeatLog, supplied: Supplied, origins: tuple[Origin, ...]) -> FloatArray:
    """(N, G) t of each origin in each heat; a season's are all of its material that was charged in it."""
    place = {origin: g for g, origin in enumerate(origins)}
    months = log.tapped_at.astype("datetime64[M]").astype(int) % 12 + 1
    column = {name: j for j, name in enumerate(log.materials)}
    found = np.zeros((len(log), len(origins)))
    for row, heat_id in enumerate(log.heat_ids):
        for origin, mass_t in supplied.get(str(heat_id), {}).items():
            if origin in place:
                found[row, place[origin]] = mass_t
    for (name, season), g in place.items():
        if season in SEASONS and name in column:
            now = np.array([season_of(int(month)) == season for month in months])
            found[:, g] = np.where(now, log.charged_t[:, column[name]], 0.0)
    return found
