"""The catalogue taken at its word: what a charge gives by published figures alone, without scatter."""

from dataclasses import replace

import numpy as np

from surrogate.model.description import Description, OutputPieces
from surrogate.model.priors import ENERGY_PER_T_METAL_KWH
from surrogate.model.quantiles import LEVELS, Quantiles


def catalogue_description(like: Description) -> Description:
    """A description of the same materials and elements by catalogue yields, contents and recoveries.

    It holds for the same heel. Electricity is the catalogue's round figure per t of metallic charge.
    """
    materials = like.materials
    yields = np.array([material.metallic_yield for material in materials])

    def fixed(linear: np.ndarray) -> OutputPieces:
        size = len(materials)
        return OutputPieces(linear, np.zeros((0, size)), np.zeros((size, size)), Quantiles(np.zeros(len(LEVELS))))

    return replace(
        like,
        yields=yields,
        elements={
            element: fixed(np.array([material.recovered_content(element) for material in materials]))
            for element in like.elements
        },
        energy=fixed(np.where(yields > 0, ENERGY_PER_T_METAL_KWH, 0.0)),
        largest_share=None,
    )
