"""What is in each material, by the plant's own heats: contents with intervals, and how they moved.

What heats show is the part of a content that arrives in the steel. For noble elements that is the content;
for the others it is divided by the catalogue's recovery to be comparable, which the heats cannot check.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from steel.elements import NOBLE, Element
from steel.heats import FloatArray, HeatLog
from steel.materials import FURNACE_RECOVERY, Material
from surrogate.drift_state import Trajectory
from surrogate.fit import catalogue_priors, fit, trajectories
from surrogate.heat_data import prepare, typical_values
from surrogate.linear import Posterior
from surrogate.remainder import FitOptions

CHARACTERISED = (Element.CU, Element.SN, Element.NI, Element.CR, Element.MO, Element.P, Element.S)
Z_90 = 1.645


@dataclass(frozen=True)
class Estimate:
    """An estimated content of one material, with the interval that holds the truth with 90 % probability.

    Attributes:
        wt_pct, low, high: content of the material.
        catalogue_wt_pct: what the catalogue, or the supplier's claim in the plant file, says.
        lot_spread_wt_pct: standard deviation of single lots about it.
        moves: whether it moved over the heats.
        history: (run's last heat, wt%, low, high) of each run of heats, oldest first.
    """

    wt_pct: float
    low: float
    high: float
    catalogue_wt_pct: float
    lot_spread_wt_pct: float
    moves: bool
    history: tuple[tuple[str, float, float, float], ...]

    @property
    def differs(self) -> bool:
        """Whether the catalogue's figure lies outside the interval."""
        return not self.low <= self.catalogue_wt_pct <= self.high


@dataclass(frozen=True)
class Characterisation:
    """One material.

    Attributes:
        heats: how many charged it. usual_share: its mean share of the charges that did.
        metallic_yield: t tapped per t charged. contents: by element.
    """

    material: str
    material_class: str
    heats: int
    usual_share: float
    metallic_yield: float
    contents: dict[Element, Estimate]


def characterise(
    log: HeatLog, materials: tuple[Material, ...], progress: Callable[[str, float], None] | None = None
) -> list[Characterisation]:
    """Characterise every metal-bearing material of a plant from its heats."""
    model = fit(log, materials, FitOptions(remainders=()), progress=progress)
    data = prepare(model, log)
    priors = catalogue_priors(model.schema, typical_values(data.targets))
    paths = trajectories(model.schema, model.outputs, priors, data, model.lot_t)
    runs = len(next(iter(paths.values())).smoothed)
    last = [str(log.heat_ids[block.stop - 1]) for block in data.blocks(runs)]
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
                metallic_yield=float(model.yields[column]),
                contents={
                    element: _estimate(
                        material, element, column, paths[element.value], model.outputs[element.value].lot_sd, last
                    )
                    for element in CHARACTERISED
                    if element in model.schema.elements
                },
            )
        )
    return found


def _estimate(
    material: Material, element: Element, column: int, path: Trajectory, lot_sd: FloatArray, last: list[str]
) -> Estimate:
    usual = 1.0 if element in NOBLE else FURNACE_RECOVERY[element]
    recovery = material.recovery.get(element, usual)

    def interval(state: Posterior) -> tuple[float, float, float]:
        mean, sd = float(state.mean[column]), float(np.sqrt(state.covariance[column, column]))
        return mean / recovery, max(0.0, mean - Z_90 * sd) / recovery, (mean + Z_90 * sd) / recovery

    now = interval(path.now)
    return Estimate(
        wt_pct=now[0],
        low=now[1],
        high=now[2],
        catalogue_wt_pct=material.content(element),
        lot_spread_wt_pct=float(lot_sd[column]) / recovery,
        moves=bool(path.movement.moves[column] > 0),
        history=tuple((heat, *interval(state)) for heat, state in zip(last, path.smoothed, strict=True)),
    )
