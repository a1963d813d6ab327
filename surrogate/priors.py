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
from surrogate.schema import ENERGY, Schema

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
"""Share of a process effect's prior variance that is one furnace's own; the rest all furnaces share."""
ENERGY_PER_T_METAL_KWH = 375.0
"""kWh per t of metallic charge: theoretical melting demand about 385 kWh/t less chemical energy."""
ENERGY_METAL_SD, ENERGY_SLAG_SD, ENERGY_PROCESS_SD = 120.0, 1500.0, 20.0


@dataclass(frozen=True)
class Prior:
    """A Gaussian prior of one output's d linear coefficients.

    Attributes:
        mean: (d,). class_covariance: (d, d) what all plants share. local_covariance: (d, d) this plant's own.
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


def prior_of(output: str, schema: Schema, typical: float) -> Prior:
    """The catalogue's prior of one output.

    Args:
        output: a name of `schema.outputs`.
        schema: inputs and outputs.
        typical: the output's usual value (wt% or kWh/t), which scales what has no catalogue figure.
    """
    return _energy_prior(schema) if output == ENERGY else _element_prior(Element(output), schema, typical)


def _assemble(
    schema: Schema, mean: FloatArray, class_sd: FloatArray, local_sd: FloatArray, process_sd: float, free_sd: float
) -> Prior:
    rest = np.concatenate([np.full(len(schema.process), process_sd), [free_sd]])
    return Prior(
        mean=np.concatenate([mean, np.zeros(len(rest))]),
        class_covariance=np.diag(np.concatenate([class_sd, np.sqrt(1 - OWN_FURNACE_SHARE) * rest]) ** 2),
        local_covariance=np.diag(np.concatenate([local_sd, np.sqrt(OWN_FURNACE_SHARE) * rest]) ** 2),
        non_negative=schema.metal_features,
    )


def _element_prior(element: Element, schema: Schema, typical: float) -> Prior:
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
    prior = _assemble(
        schema,
        recovered,
        class_sd,
        local_sd,
        PROCESS_EFFECT * typical if learns else 0.0,
        0.0 if noble else 0.5 * typical,
    )
    if not noble:
        shared = np.concatenate([np.where(slag, 0.0, recovered), np.zeros(schema.width - len(recovered))])
        recovery = RECOVERY_SPREAD**2 * np.outer(shared, shared)
        return replace(prior, local_covariance=prior.local_covariance + recovery)
    return prior


def _energy_prior(schema: Schema) -> Prior:
    metal = schema.metallic > 0
    mean = np.where(metal, ENERGY_PER_T_METAL_KWH, 0.0)
    class_sd = np.where(metal, ENERGY_METAL_SD, ENERGY_SLAG_SD)
    prior = _assemble(schema, mean, class_sd, 0.3 * class_sd, ENERGY_PROCESS_SD, 100.0)
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
