"""A model of what is stated of materials: contents, their scatter and yields as they are given, nothing learned.

For a plant without heats, and for blends of other metals: what goes in is found in the melt, as far as each material
says what is recovered of it.
"""

from collections.abc import Iterable

import numpy as np
from scipy.special import ndtri

from steel.elements import Element
from steel.heats import FloatArray
from steel.materials import Material
from surrogate.model.description import Description, OutputPieces
from surrogate.model.quantiles import LEVELS, Quantiles

NORMAL = Quantiles(ndtri(LEVELS))


def stated_description(
    materials: Iterable[Material], elements: Iterable[Element], energy_kwh_per_t: float = 0.0
) -> Description:
    """Materials taken at their word.

    Args:
        materials: of the furnace.
        elements: that are predicted.
        energy_kwh_per_t: electricity for a t of any metal-bearing material.

    Examples:
        >>> from steel import catalogue
        >>> found = stated_description([catalogue.material("E8")], [Element.CU])
        >>> found.elements[Element.CU].linear.shape
        (1,)
    """
    known = tuple(materials)
    size = len(known)

    def output(linear: FloatArray, spread: FloatArray) -> OutputPieces:
        return OutputPieces(linear, np.zeros((0, size)), np.diag(spread**2), NORMAL)

    def of(element: Element) -> OutputPieces:
        contents = np.array([material.recovered_content(element) for material in known])
        spread = np.array([material.content_cv.get(element, 0.0) for material in known])
        return output(contents, spread * contents)

    yields = np.array([material.metallic_yield for material in known])
    return Description(
        materials=known,
        yields=yields,
        elements={element: of(element) for element in elements},
        energy=output(np.where(yields > 0, energy_kwh_per_t, 0.0), np.zeros(size)),
    )
