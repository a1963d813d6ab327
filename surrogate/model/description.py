"""How a surrogate describes itself to an optimizer that does not know what it is.

For one heat's process inputs and heel, every quantity is a function of the furnace charge x (n masses, t)
that is linear, or the greatest of several linear ones, and homogeneous of degree one:

- tapped mass `T = y·x`;
- for each output, `T · value = m·x + max_k(a_k·x) + T · (Σ trees(x/T) + network(x/T))` (an element in wt%, energy in
  kWh/t);
- its standard deviation, `T · sd = sqrt(xᵀ V x + (s m·x)²)`, with s the relative one of sampling and analysis.

A heel is mixed in by its share κ of the bath: `wt% = (1 - κ) · value + κ · heel`. Any model that can write
itself so can be optimised exactly.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from steel.elements import Element
from steel.heats import FloatArray
from steel.materials import Material
from surrogate.model.networks import ReluNetwork
from surrogate.model.predictors import Predictors
from surrogate.model.quantiles import Quantiles
from surrogate.model.trees import Trees, no_trees


@dataclass(frozen=True)
class OutputPieces:
    """One output as pieces.

    Attributes:
        linear: (n,) m above.
        pieces: (K, n) a_k above; K = 0 where the output is linear.
        covariance: (n, n) V above: of the steel itself.
        quantiles: of (true - mean) / sd.
        trees: on x/T; each of their split points costs the optimizer a yes/no decision.
        network: on x/T; each of its units that may be cut at zero or not costs one.
        sampling_cv: s above, which holds of the steel that is analysed in the end, additions and all.
        usual: the value of a usual charge, per t tapped.
        usual_sd: the steel's standard deviation there; 0 where no charge is usual.
    """

    linear: FloatArray
    pieces: FloatArray
    covariance: FloatArray
    quantiles: Quantiles
    trees: Trees = field(default_factory=no_trees)
    network: ReluNetwork = field(default_factory=ReluNetwork)
    sampling_cv: float = 0.0
    usual: float = 0.0
    usual_sd: float = 0.0

    @cached_property
    def predictors(self) -> Predictors:
        """What is neither linear nor convex."""
        return Predictors(self.trees, self.network)

    @cached_property
    def root(self) -> FloatArray:
        """(n, n) L with `Lᵀ L = V`."""
        values, vectors = np.linalg.eigh(self.covariance)
        return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)

    def value(self, charged_t: FloatArray, tapped_t: float) -> float:
        """The mean, per t tapped."""
        convex = float((self.pieces @ charged_t).max()) if len(self.pieces) else 0.0
        return (float(self.linear @ charged_t) + convex) / tapped_t + self.predictors.at(charged_t / tapped_t)

    def sd(self, charged_t: FloatArray, tapped_t: float) -> float:
        """The standard deviation, per t tapped."""
        steel = math.sqrt(max(float(charged_t @ self.covariance @ charged_t), 0.0))
        return math.hypot(steel, self.sampling_cv * float(self.linear @ charged_t)) / tapped_t


@dataclass(frozen=True)
class Description:
    """A surrogate for one heat's circumstances.

    Attributes:
        materials: the n furnace materials of a charge, in order.
        yields: (n,) y above.
        elements: each element's pieces, fresh steel without the heel.
        energy: kWh per t tapped.
        heel_share: κ above, share of the bath.
        heel_wt_pct: the heel's analysis; an element missing there is taken to equal the fresh steel's.
        process: the process inputs this description holds for.
        largest_share: (n,) most of each material any past heat charged, as a share of its charge.
        widths: what outcomes of recipes made of the margins below and above an element's mean; 1 where nothing.
    """

    materials: tuple[Material, ...]
    yields: FloatArray
    elements: dict[Element, OutputPieces]
    energy: OutputPieces
    heel_share: float = 0.0
    heel_wt_pct: dict[Element, float] = field(default_factory=dict)
    process: dict[str, float] = field(default_factory=dict)
    largest_share: FloatArray | None = None
    widths: dict[Element, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Material names, in order."""
        return tuple(material.name for material in self.materials)

    @property
    def has_predictors(self) -> bool:
        """Whether trees or a network are part of it."""
        return any(bool(pieces.predictors) for pieces in (self.energy, *self.elements.values()))

    def tapped_t(self, charged_t: FloatArray) -> float:
        """T of a charge, t."""
        return float(self.yields @ charged_t)

    def fresh_share(self, element: Element) -> float:
        """1 - κ where the heel's content is known, else 1."""
        return 1.0 - self.heel_share if element in self.heel_wt_pct else 1.0

    def heel_part(self, element: Element) -> float:
        """κ times the heel's content, wt%."""
        return self.heel_share * self.heel_wt_pct.get(element, 0.0)

    def bath_wt_pct(self, element: Element, charged_t: FloatArray) -> float:
        """Mean analysis of the bath, wt%."""
        fresh = self.elements[element].value(charged_t, self.tapped_t(charged_t))
        return self.fresh_share(element) * fresh + self.heel_part(element)

    def bath_sd_wt_pct(self, element: Element, charged_t: FloatArray) -> float:
        """Standard deviation of the bath's analysis, wt%."""
        pieces, tapped_t = self.elements[element], self.tapped_t(charged_t)
        steel = math.sqrt(max(float(charged_t @ pieces.covariance @ charged_t), 0.0)) / tapped_t
        balance = self.fresh_share(element) * float(pieces.linear @ charged_t) / tapped_t + self.heel_part(element)
        return math.hypot(self.fresh_share(element) * steel, pieces.sampling_cv * balance)
