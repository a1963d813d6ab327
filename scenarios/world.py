"""The hidden truth: what is really in each class of scrap, and in each plant's share of it."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from steel.elements import Element
from steel.heats import FloatArray
from steel.materials import Material, MaterialKind

ANALYSED: tuple[Element, ...] = (
    Element.C, Element.SI, Element.MN, Element.P, Element.S, Element.CU,
    Element.CR, Element.NI, Element.MO, Element.SN, Element.V, Element.N,
)  # fmt: skip
"""The elements a virtual plant's laboratory reports."""

CLASS_SPREAD = 0.22
"""Relative spread of a class's true contents about the catalogue, the same for every plant."""
PLANT_SPREAD = 0.12
"""Relative spread of one plant's supply about its class."""
COMMON_SHARE = 0.4
"""Weight of what makes a lot dirty as a whole, against each element's own scatter."""


def stable_rng(*keys: object) -> Generator:
    """A generator that depends on its keys alone, across processes and versions of the interpreter."""
    return np.random.default_rng([zlib.crc32(repr(key).encode()) for key in keys])


@dataclass(frozen=True)
class TrueMaterial:
    """One yard material as it really is.

    Attributes:
        contents_wt_pct: (E,) mean contents over all lots, elements as in `ANALYSED`.
        lot_cv: (E,) relative standard deviation of a lot about them.
        metallic_yield: steel before the furnace's own oxidation losses, per t charged.
        lot_t: mass of one lot, after which another one comes.
    """

    material: Material
    contents_wt_pct: FloatArray
    lot_cv: FloatArray
    metallic_yield: float
    lot_t: float

    def draw_lots(self, count: int, rng: Generator) -> FloatArray:
        """(count, E) contents of that many lots, lognormal about the mean contents, wt%."""
        sigma = np.sqrt(np.log1p(self.lot_cv**2))
        common = rng.standard_normal((count, 1))
        own = rng.standard_normal((count, len(ANALYSED)))
        scatter = COMMON_SHARE * common + np.sqrt(1 - COMMON_SHARE**2) * own
        return np.asarray(self.contents_wt_pct * np.exp(sigma * scatter - sigma**2 / 2))


def true_material(material: Material, plant: str, world_seed: int, lot_t: float) -> TrueMaterial:
    """The truth behind a yard material; the class's part is the same at every plant of a world."""
    known = np.array([material.content(element) for element in ANALYSED])
    cv = np.array([material.content_cv.get(element, 0.0) for element in ANALYSED])
    scale = 1.0 if material.kind in (MaterialKind.SCRAP, MaterialKind.INTERNAL) else 0.3
    of_class = stable_rng(world_seed, "class", material.material_class)
    of_plant = stable_rng(world_seed, "plant", plant, material.name)
    shift = CLASS_SPREAD * of_class.standard_normal(len(ANALYSED))
    shift += PLANT_SPREAD * of_plant.standard_normal(len(ANALYSED))
    metallic = material.metallic_yield
    if metallic > 0:
        metallic += 0.012 * of_class.standard_normal() + 0.006 * of_plant.standard_normal()
    return TrueMaterial(
        material=material,
        contents_wt_pct=known * np.exp(scale * shift),
        lot_cv=cv * np.exp(0.15 * of_plant.standard_normal(len(ANALYSED))),
        metallic_yield=float(np.clip(metallic, 0.0, 0.99)),
        lot_t=lot_t,
    )
