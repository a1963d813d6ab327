"""Lots and offers as materials of their own: what is in each by its supplier and, where there is one, its analysis."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from steel.elements import Element
from steel.errors import InputError
from steel.heats import FloatArray
from steel.plants import Plant, YardItem
from steel.yard import LotState
from surrogate.fit.suppliers import SupplierEffects
from surrogate.model.description import Description, OutputPieces

Columns = NDArray[np.int_]
LOT_SAMPLE_CV = 0.2
"""How far one sample of a lot of scrap is from the lot, relative."""
LEAST_T = 0.05
"""A lot of which less is left is none."""


@dataclass(frozen=True)
class Parcel:
    """Some of a material that is told from the rest of it: a lot in the yard, or what a supplier offers.

    Attributes:
        name: that it has among materials.
        material: that it is of.
        available_t: of it.
        price_eur_per_t: the material's where it is not known.
        analysis_wt_pct: of a sample of it, if there is one.
    """

    name: str
    material: str
    supplier: str
    available_t: float
    price_eur_per_t: float | None = None
    analysis_wt_pct: Mapping[Element, float] = field(default_factory=dict)


def with_lots_apart(
    plant: Plant, description: Description, lots: Sequence[LotState], effects: SupplierEffects | None = None
) -> tuple[Plant, Description]:
    """A plant and its furnace with lots in place of the materials that they are of.

    What no lot accounts for stays under the material's own name, and so does a material of which every heat must hold
    some, or may not hold more than so much.

    Args:
        plant: with what is left in the yard.
        description: of its furnace.
        lots: that are open.
        effects: of suppliers, where they are known.

    Raises:
        InputError: trees or a network are part of the model: they do not know one lot from another.
    """
    ruled = {item.material.name for item in plant.yard if item.min_t > 0 or item.max_t is not None or item.paid_whole}
    parcels = [
        Parcel(
            f"{state.lot.material} lot {state.lot.lot_id}", state.lot.material, state.lot.supplier, state.remaining_t,
            state.lot.price_eur_per_t, state.lot.analysis_wt_pct,
        )
        for state in lots if state.remaining_t > LEAST_T and state.lot.material not in ruled
    ]  # fmt: skip
    apart, furnace = with_parcels(plant, description, parcels, effects)
    taken: dict[str, float] = {}
    for parcel in parcels:
        taken[parcel.material] = taken.get(parcel.material, 0.0) + parcel.available_t
    rest = {
        item.material.name: item.available_t - taken[item.material.name]
        for item in plant.yard if item.material.name in taken and item.available_t is not None
    }  # fmt: skip
    emptied = {name for name, left in rest.items() if left <= LEAST_T}
    yard = tuple(
        item.model_copy(update={"available_t": rest[item.material.name]}) if item.material.name in rest else item
        for item in apart.yard
        if item.material.name not in emptied
    )
    return _of_yard(apart, yard), furnace


def with_parcels(
    plant: Plant, description: Description, parcels: Sequence[Parcel], effects: SupplierEffects | None = None
) -> tuple[Plant, Description]:
    """A plant and its furnace with parcels beside the materials that they are of; those of unknown ones are left out.

    Parcels of a material are taken to scatter together, as if they were one.

    Raises:
        InputError: trees or a network are part of the model: they do not know one parcel from another.
    """
    if description.has_predictors:
        raise InputError(plant.name, "lots", "a plant whose model has no trees or network")
    place = {name: j for j, name in enumerate(description.names)}
    items = {item.material.name: item for item in plant.yard}
    apart = [parcel for parcel in parcels if parcel.material in place and parcel.material in items]
    if not apart:
        return plant, description
    parents = np.array([place[parcel.material] for parcel in apart])
    elements = {
        element: _pieces(pieces, parents, *_content(element, pieces, apart, parents, description, effects))
        for element, pieces in description.elements.items()
    }
    yields = description.yields[parents]
    if effects is not None:
        known = {origin: float(mean) for origin, mean in zip(effects.origins, effects.metallic_yield.mean, strict=True)}
        yields = yields + [known.get((parcel.material, parcel.supplier), 0.0) for parcel in apart]
    materials = tuple(items[parcel.material].material.renamed(parcel.name) for parcel in apart)
    furnace = replace(
        description,
        materials=(*description.materials, *materials),
        yields=np.concatenate([description.yields, yields]),
        elements=elements,
        energy=_pieces(description.energy, parents, description.energy.linear[parents], np.zeros(len(apart))),
        largest_share=None,
    )
    yard = []
    for parcel, material in zip(apart, materials, strict=True):
        item = items[parcel.material]
        price = item.price_eur_per_t if parcel.price_eur_per_t is None else parcel.price_eur_per_t
        update = {"material": material, "available_t": parcel.available_t, "price_eur_per_t": price, "min_t": 0.0}
        yard.append(item.model_copy(update=update))
    names: dict[str, tuple[str, ...]] = {}
    for parcel in apart:
        names[parcel.material] = (*names.get(parcel.material, ()), parcel.name)
    return _of_yard(_ruled(plant, names), (*plant.yard, *yard)), furnace


def _content(
    element: Element, pieces: OutputPieces, parcels: Sequence[Parcel], parents: Columns,
    description: Description, effects: SupplierEffects | None,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """(L,) what a t of each lot brings of an element, and by how much less its variance is than its material's."""
    mean = pieces.linear[parents].copy()
    variance = np.diag(pieces.covariance)[parents]
    left = variance.copy()
    for row, parcel in enumerate(parcels):
        material = description.materials[parents[row]]
        if effects is not None:
            mean[row] = max(mean[row] + effects.more_wt_pct(element, (material.name, parcel.supplier)), 0.0)
        found = parcel.analysis_wt_pct.get(element)
        if found is None:
            continue
        sampled = found * material.recovery_of(element)
        error = max(LOT_SAMPLE_CV * sampled, 1e-6) ** 2
        weight = variance[row] / (variance[row] + error)
        mean[row] = weight * sampled + (1.0 - weight) * mean[row]
        left[row] = weight * error
    return mean, variance - left


def _pieces(pieces: OutputPieces, parents: Columns, linear: FloatArray, known: FloatArray) -> OutputPieces:
    """An output over the materials and the lots of them."""
    every = np.concatenate([np.arange(len(pieces.linear)), parents])
    covariance = pieces.covariance[np.ix_(every, every)].copy()
    share = np.sqrt(np.maximum(1.0 - known / np.maximum(np.diag(pieces.covariance)[parents], 1e-18), 0.0))
    scale = np.concatenate([np.ones(len(pieces.linear)), share])
    return replace(
        pieces,
        linear=np.concatenate([pieces.linear, linear]),
        pieces=pieces.pieces[:, every],
        covariance=covariance * np.outer(scale, scale),
    )


def _ruled(plant: Plant, names: Mapping[str, tuple[str, ...]]) -> Plant:
    """The plant with its rules for all parcels of a material where there was one for the material."""
    return _with_rules(plant, lambda name: (name, *names.get(name, ())))


def _of_yard(plant: Plant, yard: tuple[YardItem, ...]) -> Plant:
    """The plant with another yard, and rules about what is in it."""
    there = {item.material.name for item in yard}
    return _with_rules(plant, lambda name: (name,) if name in there else ()).model_copy(update={"yard": yard})


def _with_rules(plant: Plant, become: Callable[[str], tuple[str, ...]]) -> Plant:
    """The plant with each material that a rule names become others."""

    def each(materials: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        return {"materials": tuple(name for one in materials for name in become(one))}

    groups = tuple(group.model_copy(update=each(group.materials)) for group in plant.groups)
    furnace, baskets = plant.furnace, plant.furnace.baskets
    if baskets is not None:
        rules = tuple(rule.model_copy(update=each(rule.materials)) for rule in baskets.rules)
        furnace = furnace.model_copy(update={"baskets": baskets.model_copy(update={"rules": rules})})
    return plant.model_copy(update={"groups": groups, "furnace": furnace})
