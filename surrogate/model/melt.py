"""A charge once it is molten: what is expected of it, what a sample says more, and what is added to it since.

Expectation and sample are put together by their precisions: with variances p of what was expected and e of the sample,
the mean is `(expected / p + sampled / e) / (1 / p + 1 / e)` and the variance `1 / (1 / p + 1 / e)`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steel.elements import Element
from steel.heats import FloatArray
from steel.materials import Material, MaterialKind
from surrogate.model.description import Description, OutputPieces
from surrogate.model.stated_model import NORMAL

MELT = Material(
    name="molten steel", material_class="melt", kind=MaterialKind.INTERNAL, bulk_density_t_per_m3=7.0,
    metallic_yield=1.0,
)  # fmt: skip
"""The melt as a material that further materials are charged to."""
SAMPLE_ERROR_CV = 0.015
"""Relative error of a sample and its analysis, where no heats have told it."""
LEAST_ERROR_WT_PCT = 2e-4
"""Error of the analysis of a trace."""


@dataclass(frozen=True)
class Melt:
    """Molten steel.

    Attributes:
        steel_t: its mass.
        wt_pct: expected content of each element.
        sd_wt_pct: standard deviation of the same.
        error_cv: relative error of a sample, by element.
    """

    steel_t: float
    wt_pct: dict[Element, float]
    sd_wt_pct: dict[Element, float]
    error_cv: dict[Element, float]

    def sampled(self, found_wt_pct: Mapping[Element, float], error_cv: float | None = None) -> "Melt":
        """The melt after a sample of it was analysed; what no sample tells stays as it was expected.

        Args:
            found_wt_pct: as it was analysed.
            error_cv: relative error of this sample; the usual one unless given.
        """
        mean, sd = dict(self.wt_pct), dict(self.sd_wt_pct)
        for element, found in found_wt_pct.items():
            error = self._error(element, found, error_cv)
            before = self.sd_wt_pct.get(element, math.inf)
            weight = 1.0 / (1.0 + (error / before) ** 2) if before > 0 else 0.0
            mean[element] = weight * found + (1.0 - weight) * self.wt_pct.get(element, 0.0)
            sd[element] = math.sqrt(weight) * error
        return Melt(self.steel_t, mean, sd, self.error_cv)

    def away(self, found_wt_pct: Mapping[Element, float]) -> dict[Element, float]:
        """How far a sample is from what is expected, in standard deviations of both together."""
        known = {element: found for element, found in found_wt_pct.items() if element in self.wt_pct}
        spread = {e: math.hypot(self.sd_wt_pct[e], self._error(e, self.wt_pct[e])) for e in known}
        return {element: (found - self.wt_pct[element]) / spread[element] for element, found in known.items()}

    def with_additions(
        self, additions: Iterable[tuple[Material, float]], kept: Mapping[Element, float] | None = None
    ) -> "Melt":
        """The melt after additions.

        Args:
            additions: what, and t of it.
            kept: share of an element that the treatment leaves of what the melt held.
        """
        given = tuple(additions)
        final_t = self.steel_t + sum(material.metallic_yield * mass_t for material, mass_t in given)
        mean, sd = {}, {}
        for element in self.wt_pct:
            left = (kept or {}).get(element, 1.0) * self.steel_t
            brought = [(m.recovered_content(element) * t, m.content_cv.get(element, 0.0)) for m, t in given]
            mean[element] = (left * self.wt_pct[element] + sum(mass for mass, _ in brought)) / final_t
            scatter = math.hypot(left * self.sd_wt_pct[element], *(cv * mass for mass, cv in brought))
            sd[element] = scatter / final_t
        return Melt(final_t, mean, sd, self.error_cv)

    def with_charge(self, description: Description, charged_t: Mapping[str, float]) -> "Melt":
        """The melt after further charge of materials that the surrogate knows."""
        more = np.array([charged_t.get(name, 0.0) for name in description.names])
        more_t = description.tapped_t(more)
        steel_t = self.steel_t + more_t
        mean, sd = dict(self.wt_pct), dict(self.sd_wt_pct)
        for element, pieces in description.elements.items():
            brought = float(pieces.linear @ more)
            mean[element] = (self.steel_t * self.wt_pct[element] + brought) / steel_t
            scatter = float(np.sqrt(more @ pieces.covariance @ more))
            sd[element] = math.hypot(self.steel_t * self.sd_wt_pct[element], scatter) / steel_t
        return Melt(steel_t, mean, sd, self.error_cv)

    def _error(self, element: Element, wt_pct: float, error_cv: float | None = None) -> float:
        usual = self.error_cv.get(element, SAMPLE_ERROR_CV)
        return math.hypot((usual if error_cv is None else error_cv) * wt_pct, LEAST_ERROR_WT_PCT)


def expected_melt(description: Description, charged_t: Mapping[str, float]) -> Melt:
    """What is expected of a charge before any sample, the steel that the heat before left mixed in.

    Args:
        description: of the furnace.
        charged_t: by material; what the surrogate does not know counts for nothing.
    """
    charge = np.array([charged_t.get(name, 0.0) for name in description.names])
    steel_t = description.tapped_t(charge)

    def sd(element: Element, pieces: OutputPieces) -> float:
        # As wide as the outcomes of past heats were, not as a normal distribution would have it.
        calibrated = (pieces.quantiles.at(0.95) - pieces.quantiles.at(0.05)) / (NORMAL.at(0.95) - NORMAL.at(0.05))
        lots = math.sqrt(max(float(charge @ pieces.covariance @ charge), 0.0)) / steel_t
        return description.fresh_share(element) * lots * calibrated

    return Melt(
        steel_t=steel_t,
        wt_pct={element: max(description.bath_wt_pct(element, charge), 0.0) for element in description.elements},
        sd_wt_pct={element: sd(element, pieces) for element, pieces in description.elements.items()},
        error_cv={
            element: pieces.sampling_cv or SAMPLE_ERROR_CV for element, pieces in description.elements.items()
        },
    )  # fmt: skip


def melt_description(melt: Melt, description: Description) -> Description:
    """The furnace's description with the melt for its charge, and its materials as what may be charged to it.

    What heats taught beside each material's own contents holds of whole charges, and is left out of a little more.
    """
    names = 1 + len(description.materials)

    def of(element: Element) -> OutputPieces:
        pieces = description.elements.get(element)
        if pieces is None:
            contents = np.array([material.recovered_content(element) for material in description.materials])
            spread = contents * [material.content_cv.get(element, 0.0) for material in description.materials]
            more, sampling_cv = np.diag(spread**2), SAMPLE_ERROR_CV
        else:
            contents, more, sampling_cv = pieces.linear, pieces.covariance, pieces.sampling_cv
        return _pieces(melt.wt_pct[element], melt.sd_wt_pct[element], contents, more, sampling_cv)

    energy = description.energy
    return Description(
        materials=(MELT, *description.materials),
        yields=np.concatenate([[1.0], description.yields]),
        elements={element: of(element) for element in melt.wt_pct},
        energy=OutputPieces(
            np.concatenate([[0.0], energy.linear]), np.zeros((0, names)), np.zeros((names, names)), NORMAL
        ),
        process=description.process,
    )


def _pieces(
    wt_pct: float, sd_wt_pct: float, contents: FloatArray, covariance: NDArray[np.float64], sampling_cv: float
) -> OutputPieces:
    size = 1 + len(contents)
    whole = np.zeros((size, size))
    whole[0, 0], whole[1:, 1:] = sd_wt_pct**2, covariance
    return OutputPieces(
        np.concatenate([[wt_pct], contents]), np.zeros((0, size)), whole, NORMAL, sampling_cv=sampling_cv
    )
