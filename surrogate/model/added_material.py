"""A material that a surrogate has never seen, added to its description by what the catalogue says of it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from steel.elements import Element
from steel.heats import FloatArray
from steel.materials import Material
from surrogate.model.description import Description, OutputPieces
from surrogate.model.priors import RECOVERY_SPREAD, prior_of, scatter_prior
from surrogate.model.schema import ENERGY, Schema


def with_material(description: Description, material: Material) -> Description:
    """The description with one more furnace material; it is as it was where that is not charged.

    Its content and electricity are the catalogue's, as uncertain as these are before any heat is seen; what the furnace
    leaves of an element is as it was learned of the other materials. What convex pieces say of it is what they say of a
    t of steel from those.
    """
    schema = Schema((material,), tuple(description.elements), (), np.zeros(0), np.zeros(0), np.zeros(1))
    metal = _metal(description)

    def grown(name: str, pieces: OutputPieces) -> OutputPieces:
        prior = prior_of(name, schema, max(pieces.usual, 1e-6))
        kept = 1.0 if name == ENERGY else _kept(Element(name), description, pieces.linear)
        size = len(pieces.linear)
        covariance = np.zeros((size + 1, size + 1))
        covariance[:size, :size] = pieces.covariance
        learned = 0.0 if name == ENERGY else RECOVERY_SPREAD * material.recovered_content(Element(name))
        own = max(float(prior.covariance[0, 0]) - learned**2, 0.0) + scatter_prior(name, schema, pieces.usual)[0] ** 2
        covariance[size, size] = kept**2 * own
        usual = (pieces.pieces[:, metal] / description.yields[metal]).mean(axis=1, keepdims=True)
        return replace(
            pieces,
            linear=np.append(pieces.linear, kept * prior.mean[0]),
            pieces=np.hstack([pieces.pieces, usual * material.metallic_yield]),
            covariance=covariance,
        )

    share: FloatArray | None = None
    if description.largest_share is not None:
        share = np.append(description.largest_share, 0.0)
    return replace(
        description,
        materials=(*description.materials, material),
        yields=np.append(description.yields, material.metallic_yield),
        elements={Element(e): grown(e.value, pieces) for e, pieces in description.elements.items()},
        energy=grown(ENERGY, description.energy),
        largest_share=share,
    )


def _kept(element: Element, description: Description, learned: FloatArray) -> float:
    """What the furnace leaves of an element, over what the catalogue says: the median of the metals that bring it."""
    catalogue = np.array([material.recovered_content(element) for material in description.materials])
    known = _metal(description) & (catalogue > 0)
    return float(np.median(learned[known] / catalogue[known])) if known.any() else 1.0


def _metal(description: Description) -> NDArray[np.bool_]:
    """(n,) which materials are charged for their steel; what is learned of slag formers' yields is noise."""
    return np.array([material.metallic_yield > 0 for material in description.materials])
