"""What the catalogue says before any heat is seen: prior means and covariances of every output.

An element's prior content is `content · recovery` of the material's class. It is uncertain in two ways:
each material's own content, and the recovery that all materials of a furnace share, which heats cannot
tell apart from the contents. Only their product is learned.
"""

from dataclasses import dataclass, replace

import numpy as np

from steel.elements import NOBLE, Element
from steel.heats import FloatArray
from steel.materials import MaterialKind
from surrogate.model.schema import ENERGY, Schema

CLASS_SPREAD = 0.25
"""Relative uncertainty of a class's typical content: the specification is an aim, not a mean."""
LOCAL_SPREAD = 0.15
"""Relative uncertainty of one plant's supply about its class."""
RECOVERY_SPREAD = 0.30
"""Relative uncertainty of the recovery of an element that partly leaves the steel."""
YIELD_SPREAD = 0.02
"""Uncertainty of a metallic yield, absolute."""
SLAG_EFFECT = 0.3
"""Share of the usual analysis that the usual slag practice may move, one standard deviation."""
USUAL_SLAG_SHARE = 0.03
"""t of lime, dolime or carbon per t tapped, about."""
PROCESS_EFFECT = 0.10
"""Share of the usual analysis that a usual change of a process input moves, one standard deviation."""
OWN_FURNACE_SHARE = 0.3
"""Share of the prior variance of a recovery or a process effect that is one furnace's own; the rest all share."""
ENERGY_PER_T_METAL_KWH = 375.0
"""kWh per t of metallic charge: theoretical melting demand about 385 kWh/t less chemical energy."""
ENERGY_METAL_SD, ENERGY_SLAG_SD, ENERGY_PROCESS_SD = 120.0, 1500.0, 20.0


@dataclass(frozen=True)
class Prior:
    """A Gaussian prior of one output's d linear coefficients.

    Attributes:
        mean: (d,).
        class_covariance: (d, d) what all plants share.
        local_covariance: (d, d) this plant's own.
        non_negative: (d,) coefficients that cannot be below zero.
    """

    mean: FloatArray
    class_covariance: FloatArray
    local_covariance: FloatArray
    non_negative: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """(d, d) both parts together: what a plant alone has to assume."""
        return np.asarray(self.class_covariance + self.local_covariance)


def prior_of(output: str, schema: Schema, typical: float, own_share: float = OWN_FURNACE_SHARE) -> Prior:
    """The catalogue's prior of one output.

    Args:
        output: a name of `schema.outputs`.
        schema: inputs and outputs.
        typical: the output's usual value (wt% or kWh/t), which scales what has no catalogue figure.
        own_share: how much of what a furnace does is its own; both parts together do not depend on it.
    """
    if output == ENERGY:
        return _energy_prior(schema, own_share)
    return _element_prior(Element(output), schema, typical, own_share)


def _assemble(
    schema: Schema, mean: FloatArray, class_sd: FloatArray, local_sd: FloatArray, furnace: FloatArray, own_share: float
) -> Prior:
    """A prior of supplies, by class and local, and of what the furnace does, (d, d), split by its own share."""
    width = schema.width - len(mean)
    return Prior(
        mean=np.concatenate([mean, np.zeros(width)]),
        class_covariance=np.diag(np.pad(class_sd, (0, width)) ** 2) + (1.0 - own_share) * furnace,
        local_covariance=np.diag(np.pad(local_sd, (0, width)) ** 2) + own_share * furnace,
        non_negative=schema.metal_features,
    )


def _furnace(schema: Schema, process_sd: float, free_sd: float) -> FloatArray:
    """(d, d) covariance of process effects and of the constant."""
    nothing, process = np.zeros(len(schema.materials)), np.full(len(schema.process), process_sd)
    return np.diag(np.concatenate([nothing, process, [free_sd]]) ** 2)


def _element_prior(element: Element, schema: Schema, typical: float, own_share: float) -> Prior:
    recovered = np.array([material.recovered_content(element) for material in schema.materials])
    unrecorded = np.array([material.kind is MaterialKind.UNRECORDED for material in schema.materials])
    recovered = np.where(unrecorded, typical * schema.metallic, recovered)
    slag = schema.metallic == 0
    floor = 0.10 * typical
    slag_sd = SLAG_EFFECT * typical / USUAL_SLAG_SHARE
    learns = schema.learns_process(element.value)
    noble = element in NOBLE and not schema.baskets_unrecorded
    class_sd = np.where(slag, 0.0 if noble else slag_sd, np.hypot(CLASS_SPREAD * recovered, floor))
    local_sd = np.where(slag, 0.0 if noble else 0.3 * slag_sd, np.hypot(LOCAL_SPREAD * recovered, 0.3 * floor))
    furnace = _furnace(schema, PROCESS_EFFECT * typical if learns else 0.0, 0.0 if noble else 0.5 * typical)
    if not noble:
        shared = np.concatenate([np.where(slag, 0.0, recovered), np.zeros(schema.width - len(recovered))])
        furnace = furnace + RECOVERY_SPREAD**2 * np.outer(shared, shared)
    return _assemble(schema, recovered, class_sd, local_sd, furnace, own_share)


def _energy_prior(schema: Schema, own_share: float) -> Prior:
    metal = schema.metallic > 0
    mean = np.where(metal, ENERGY_PER_T_METAL_KWH, 0.0)
    class_sd = np.where(metal, ENERGY_METAL_SD, ENERGY_SLAG_SD)
    furnace = _furnace(schema, ENERGY_PROCESS_SD, 100.0)
    prior = _assemble(schema, mean, class_sd, 0.3 * class_sd, furnace, own_share)
    return replace(prior, non_negative=np.zeros(schema.width))


def scatter_prior(output: str, schema: Schema, typical: float) -> FloatArray:
    """(n,) standard deviation of a lot's coefficient about the material's own, before any heat is seen.

    What a lot holds moves the analysis; electricity scatters for reasons of its own.
    """
    if output == ENERGY:
        return np.zeros(len(schema.materials))
    element = Element(output)
    cv = np.array([material.content_cv.get(element, 0.0) for material in schema.materials])
    recovered = np.array([material.recovered_content(element) for material in schema.materials])
    return np.asarray(np.hypot(cv * recovered, np.where(schema.metallic > 0, 0.02 * typical, 0.0)))
