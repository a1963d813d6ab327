"""What is in each material, by the plant's own heats: contents with intervals, and how they moved.

What heats show is the part of a content that arrives in the steel. For noble elements that is the content;
for the others it is divided by the catalogue's recovery to be comparable, which the heats cannot check.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from steel import catalogue
from steel.elements import Element
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.drift_state import Trajectory
from surrogate.fit.fit import catalogue_priors, fit, trajectories
from surrogate.fit.heat_data import prepare, typical_values
from surrogate.fit.remainder import FitOptions
from surrogate.fit.suppliers import SEASONS, Supplied, SupplierEffects, supplier_effects
from surrogate.fit.yields import yield_prior, yield_statistics
from surrogate.model.linear import Posterior, posterior
from surrogate.model.model import Output
from surrogate.model.schema import ENERGY

CHARACTERISED = (Element.CU, Element.SN, Element.NI, Element.CR, Element.MO, Element.P, Element.S)
Z_90 = 1.645


@dataclass(frozen=True)
class Estimate:
    """An estimated content of one material, with the interval that holds the truth with 90 % probability.

    Attributes:
        wt_pct: content of the material.
        low: content of the material.
        high: content of the material.
        catalogue_wt_pct: what the catalogue says of its class; None where it says nothing.
        claim_wt_pct: what the plant file claims for this supply instead; None where it claims nothing.
        lot_spread_wt_pct: standard deviation of single lots about it, today.
        moves: whether it moved over the heats.
        history: (run's last heat, wt%, low, high, lot spread in wt%) of each run of heats, oldest first.
    """

    wt_pct: float
    low: float
    high: float
    catalogue_wt_pct: float | None
    claim_wt_pct: float | None
    lot_spread_wt_pct: float
    moves: bool
    history: tuple[tuple[str, float, float, float, float], ...]

    @property
    def stated_wt_pct(self) -> float | None:
        """The claim, else the catalogue's figure."""
        return self.catalogue_wt_pct if self.claim_wt_pct is None else self.claim_wt_pct

    @property
    def differs(self) -> bool:
        """Whether what is stated lies outside the interval."""
        return self.stated_wt_pct is not None and not self.low <= self.stated_wt_pct <= self.high


@dataclass(frozen=True)
class Interval:
    """An estimate with the interval that holds the truth with 90 % probability."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class OriginEstimate:
    """A material from one supplier, or in one season.

    Attributes:
        origin: the supplier, or the season.
        supplied_t: in the heats that taught it.
        metallic_yield: t tapped per t charged.
        contents: by element, the content of the material.
    """

    origin: str
    supplied_t: float
    metallic_yield: Interval
    contents: dict[Element, Interval]


@dataclass(frozen=True)
class Characterisation:
    """One material.

    Attributes:
        heats: how many charged it.
        usual_share: its mean share of the charges that did.
        metallic_yield: t tapped per t charged.
        energy_kwh_per_t: electricity that a t of it takes in the furnace.
        contents: by element.
        origins: by supplier and season, where lots of known suppliers were drawn or seasons differ.
    """

    material: str
    material_class: str
    heats: int
    usual_share: float
    metallic_yield: Interval
    energy_kwh_per_t: Interval
    contents: dict[Element, Estimate]
    origins: tuple[OriginEstimate, ...] = ()


def characterise(
    log: HeatLog,
    materials: tuple[Material, ...],
    progress: Callable[[str, float], None] | None = None,
    supplied: Supplied | None = None,
) -> list[Characterisation]:
    """Characterise every metal-bearing material of a plant from its heats.

    Args:
        log: of the heats, oldest first.
        materials: of the furnace.
        progress: called with a stage and the share done.
        supplied: who delivered what of the heats, where it is known.
    """
    model = fit(log, materials, FitOptions(remainders=()), progress=progress)
    data = prepare(model, log)
    priors = catalogue_priors(model.schema, typical_values(data.targets))
    paths = trajectories(model.schema, model.outputs, priors, data, model.lot_t)
    last = [str(log.heat_ids[run.stop - 1]) for run in data.runs()]
    yields = posterior(yield_prior(model.schema), yield_statistics(model.schema, log))
    effects = supplier_effects(model, log, supplied or {})
    charged = model.schema.charged(log)
    total = np.maximum(charged.sum(axis=1), 1e-9)
    found = []
    for column, material in enumerate(model.schema.materials):
        if material.metallic_yield == 0:
            continue
        used = charged[:, column] > 0
        found.append(
            Characterisation(
                material=material.name,
                material_class=material.material_class,
                heats=int(used.sum()),
                usual_share=float((charged[:, column] / total)[used].mean()) if used.any() else 0.0,
                metallic_yield=_interval(yields, column),
                energy_kwh_per_t=_interval(paths[ENERGY].now, column),
                contents={
                    element: _estimate(
                        material, element, column, paths[element.value], model.outputs[element.value], last
                    )
                    for element in CHARACTERISED
                    if element in model.schema.elements
                },
            )
        )
    return [replace(one, origins=_origins(one, effects, materials)) for one in found]


def _origins(
    one: Characterisation, effects: SupplierEffects, materials: tuple[Material, ...]
) -> tuple[OriginEstimate, ...]:
    """A material by supplier and, where any element or the yield has seasons, by season."""
    material = next(material for material in materials if material.name == one.material)
    seasons = any(found.seasonal > 0 for found in (*effects.contents.values(), effects.metallic_yield))

    def shifted(mean: float, half: float, by: float, sd: float) -> Interval:
        wide = float(np.hypot(half, Z_90 * sd))
        return Interval(max(mean + by, 0.0), max(mean + by - wide, 0.0), max(mean + by, 0.0) + wide)

    found = []
    for g, (name, origin) in enumerate(effects.origins):
        if name != one.material or effects.supplied_t[g] <= 0 or (origin in SEASONS and not seasons):
            continue
        contents = {}
        for element, estimate in one.contents.items():
            recovery = material.recovery_of(element)
            by, sd = (
                float(part[g]) / recovery for part in (effects.contents[element].mean, effects.contents[element].sd)
            )
            contents[element] = shifted(estimate.wt_pct, (estimate.high - estimate.low) / 2.0, by, sd)
        yields, half = one.metallic_yield, (one.metallic_yield.high - one.metallic_yield.low) / 2.0
        own = shifted(yields.mean, half, float(effects.metallic_yield.mean[g]), float(effects.metallic_yield.sd[g]))
        found.append(OriginEstimate(origin, float(effects.supplied_t[g]), own, contents))
    return tuple(found)


def _interval(state: Posterior, column: int, per: float = 1.0) -> Interval:
    mean, sd = float(state.mean[column]) / per, float(np.sqrt(state.covariance[column, column])) / per
    return Interval(mean, max(0.0, mean - Z_90 * sd), mean + Z_90 * sd)


def _estimate(
    material: Material, element: Element, column: int, path: Trajectory, output: Output, last: list[str]
) -> Estimate:
    recovery = material.recovery_of(element)
    known = catalogue.materials().get(material.material_class)
    in_class, here = (None if m is None else m.contents_wt_pct.get(element) for m in (known, material))
    lots = float(output.lot_sd[column]) / recovery
    runs = zip(last, path.smoothed, output.motion.spread, strict=True)
    now = _interval(path.now, column, recovery)
    past = [(heat, _interval(state, column, recovery), lots * float(spread)) for heat, state, spread in runs]
    return Estimate(
        wt_pct=now.mean,
        low=now.low,
        high=now.high,
        catalogue_wt_pct=in_class,
        claim_wt_pct=here if here != in_class else None,
        lot_spread_wt_pct=lots,
        moves=bool(path.movement.moves[column] > 0),
        history=tuple((heat, at.mean, at.low, at.high, spread) for heat, at, spread in past),
    )
