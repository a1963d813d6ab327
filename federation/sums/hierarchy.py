"""The shared model: classes' coefficients, learned exactly from sums that plants add up in one round.

A plant's coefficients are its classes' plus its own deviation, `β = Z μ + b`, `b ~ N(0, D)`. Integrating
the deviation out of a plant's likelihood leaves, for μ, the information `Zᵀ J (I + D J)⁻¹ Z` and the
moment `Zᵀ (I + J D)⁻¹ h`, with `J = Φᵀ W Φ` and `h = Φᵀ W y` the plant's own sums. These add up over plants,
so one exchange gives the same μ as all heats in one place would.
"""

from dataclasses import dataclass

import numpy as np

from federation.sums.contract import Contract
from steel.heats import FloatArray
from surrogate.fit.yields import YIELD, yield_prior
from surrogate.model.linear import Posterior, Statistics, posterior
from surrogate.model.priors import OWN_FURNACE_SHARE, Prior, prior_of
from surrogate.model.schema import Schema

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

    def share(name: str) -> float:
        return contract.own_share.get(name, OWN_FURNACE_SHARE)

    found = {name: prior_of(name, schema, contract.typical[name], share(name)) for name in schema.outputs}
    return {**found, YIELD: yield_prior(schema, share(YIELD))}


def class_statistics(own: Statistics, prior: Prior, membership: Membership) -> Statistics:
    """A plant's sums with its own deviations integrated out, in the classes' columns.

    Their evidence is `½ hᵀ D (I + J D)⁻¹ h - ½ log |I + J D|`: what the heats say of the deviations' width.
    """
    z, deviation = membership.matrix, prior.local_covariance
    wider = np.eye(len(deviation)) + own.information @ deviation
    marginal = np.linalg.solve(wider, own.information)
    moment = np.linalg.solve(wider, own.moment)
    information = z.T @ marginal @ z
    return Statistics(
        information=(information + information.T) / 2,
        moment=z.T @ moment,
        heats=own.heats,
        evidence=0.5 * float(own.moment @ deviation @ moment - np.linalg.slogdet(wider)[1]),
    )


def log_evidence(prior: Prior, total: Statistics) -> float:
    """Log-likelihood of all plants' heats under the classes' prior, nats, but for what all priors share."""
    free = np.diag(prior.class_covariance) > 0
    information, mean = total.information[np.ix_(free, free)], prior.mean
    spread = prior.class_covariance[np.ix_(free, free)]
    beyond = (total.moment - total.information @ mean)[free]
    wider = np.eye(len(spread)) + information @ spread
    at_mean = float(total.moment @ mean - 0.5 * mean @ total.information @ mean)
    moved = 0.5 * float(beyond @ spread @ np.linalg.solve(wider, beyond) - np.linalg.slogdet(wider)[1])
    return total.evidence + at_mean + moved


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
