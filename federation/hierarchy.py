"""The shared model: classes' coefficients, learned exactly from sums that plants add up in one round.

A plant's coefficients are its classes' plus its own deviation, `β = Z μ + b`, `b ~ N(0, D)`. Integrating
the deviation out of a plant's likelihood leaves, for μ, the information `Zᵀ J (I + D J)⁻¹ Z` and the
moment `Zᵀ (I + J D)⁻¹ h`, with `J = Φᵀ W Φ` and `h = Φᵀ W y` the plant's own sums. These add up over plants,
so one exchange gives the same μ as all heats in one place would.
"""

from dataclasses import dataclass

import numpy as np

from federation.contract import Contract
from steel.heats import FloatArray
from surrogate.linear import Posterior, Statistics, posterior
from surrogate.priors import Prior, prior_of
from surrogate.schema import Schema
from surrogate.yields import YIELD, yield_prior

Shared = dict[str, Posterior]
"""Posterior of the classes' coefficients, by output, and of their yields under "yield"."""
Pieces = dict[str, FloatArray]
"""(K, d) pieces of a convex remainder over the classes' features, by output."""


@dataclass(frozen=True)
class Membership:
    """Which class each of a plant's columns belongs to: Z (d_local, d_class)."""

    matrix: FloatArray

    @staticmethod
    def of(plant: Schema, classes: Schema, with_one: bool) -> "Membership":
        """Z of a plant's schema; process inputs (and the constant, where there is one) map to themselves."""
        rest = len(plant.process) + (1 if with_one else 0)
        matrix = np.zeros((len(plant.materials) + rest, len(classes.materials) + rest))
        names = [material.name for material in classes.materials]
        for row, material in enumerate(plant.materials):
            matrix[row, names.index(material.material_class)] = 1.0
        matrix[len(plant.materials) :, len(classes.materials) :] = np.eye(rest)
        return Membership(matrix)


def priors_for(contract: Contract, schema: Schema) -> dict[str, Prior]:
    """The catalogue's priors under a contract, for a plant's schema or the classes'."""
    found = {name: prior_of(name, schema, contract.typical[name]) for name in schema.outputs}
    return {**found, YIELD: yield_prior(schema)}


def class_statistics(own: Statistics, prior: Prior, membership: Membership) -> Statistics:
    """A plant's sums with its own deviations integrated out, in the classes' columns."""
    z, deviation = membership.matrix, prior.local_covariance
    identity = np.eye(len(deviation))
    marginal = np.linalg.solve(identity + own.information @ deviation, own.information)
    information = z.T @ marginal @ z
    return Statistics(
        information=(information + information.T) / 2,
        moment=z.T @ np.linalg.solve(identity + own.information @ deviation, own.moment),
        heats=own.heats,
    )


def combine(contract: Contract, sums: dict[str, Statistics]) -> Shared:
    """The classes' posterior from all plants' sums."""
    priors = priors_for(contract, contract.class_schema())
    return {
        name: posterior(
            Prior(p.mean, p.class_covariance, np.zeros_like(p.class_covariance), p.non_negative), sums[name]
        )
        for name, p in priors.items()
    }


def own_pieces(contract: Contract, plant: Schema, pieces: Pieces | None) -> Pieces:
    """Shared pieces over a plant's own features; none where there are none."""
    if not pieces:
        return {}
    z = Membership.of(plant, contract.class_schema(), with_one=True).matrix
    return {name: of @ z.T for name, of in pieces.items()}


def informed_priors(contract: Contract, plant: Schema, shared: Shared) -> dict[str, Prior]:
    """A plant's priors once the classes are known: centred on them, its own deviation kept."""
    classes = contract.class_schema()
    found = {}
    for name, prior in priors_for(contract, plant).items():
        z = Membership.of(plant, classes, with_one=name != YIELD).matrix
        found[name] = Prior(
            mean=z @ shared[name].mean,
            class_covariance=z @ shared[name].covariance @ z.T,
            local_covariance=prior.local_covariance,
            non_negative=prior.non_negative,
        )
    return found
