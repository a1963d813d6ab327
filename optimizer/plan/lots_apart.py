"""A yard's lots as materials of their own: what is in each by its supplier and, where there is one, its analysis."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from steel.elements import NOBLE, Element
from steel.errors import InputError
from steel.heats import FloatArray
from steel.materials import FURNACE_RECOVERY, Material
from steel.plants import Plant, YardItem
from steel.yard import LotState
from surrogate.fit.suppliers import SupplierEffects
from surrogate.model.description import Description, OutputPieces

Columns = NDArray[np.int_]
LOT_SAMPLE_CV = 0.2
"""How far one sample of a lot of scrap is from the lot, relative."""
LEAST_T = 0.05
"""A lot of which less is left is none."""


def lot_name(state: LotState) -> str:
    """What a lot is called among materials."""
    return f"{state.lot.material} lot {state.lot.lot_id}"


def with_lots_apart(
    plant: Plant, description: Description, lots: Sequence[LotState], effects: SupplierEffects | None = None
) -> tuple[Plant, Description]:
    """A plant and its furnace with lots in place of the materials that they are of.

    What no lot accounts for stays under the material's own name, and so does a material of which every heat must hold
    some, or may not hold more than so much. Lots of a material are taken to scatter together, as if they were one.

    Args:
        plant: with what is left in the yard.
        description: of its furnace.
        lots: that are open.
        effects: of suppliers, where they are known.

    Raises:
        InputError: trees or a network are part of the model: they do not know one lot from another.
    """
    if any(pieces.predictors for pieces in (description.energy, *description.elements.values())):
        raise InputError(plant.name, "lots", "a plant whose model has no trees or network")
    ruled = {item.material.name for item in plant.yard if item.min_t > 0 or item.max_t is not None or item.paid_whole}
    place = {name: j for j, name in enumerate(description.names)}
    apart = [s for s in lots if s.remaining_t > LEAST_T and s.lot.material in place and s.lot.material not in ruled]
    apart = [state for state in apart if plant.item(state.lot.material) is not None]
    if not apart:
        return plant, description
    parents = np.array([place[state.lot.material] for state in apart])
    names: dict[str, tuple[str, ...]] = {}
    for state in apart:
        names[state.lot.material] = (*names.get(state.lot.material, ()), lot_name(state))
    materials = tuple(_material(plant, state) for state in apart)
    elements = {
        element: _pieces(pieces, parents, *_content(element, pieces, apart, parents, description, effects))
        for element, pieces in description.elements.items()
    }
    yields = description.yields[parents]
    if effects is not None:
        known = {origin: float(mean) for origin, mean in zip(effects.origins, effects.metallic_yield.mean, strict=True)}
        yields = yields + [known.get((s.lot.material, s.lot.supplier), 0.0) for s in apart]
    furnace = replace(
        description,
        materials=(*description.materials, *materials),
        yields=np.concatenate([description.yields, yields]),
        elements=elements,
        energy=_pieces(description.energy, parents, description.energy.linear[parents], np.zeros(len(apart))),
        largest_share=None,
    )
    return _plant(plant, apart, names), furnace


def _material(plant: Plant, state: LotState) -> Material:
    item = plant.item(state.lot.material)
    assert item is not None
    return item.material.renamed(lot_name(state))


def _content(
    element: Element, pieces: OutputPieces, lots: Sequence[LotState], parents: Columns,
    description: Description, effects: SupplierEffects | None,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """(L,) what a t of each lot brings of an element, and by how much less its variance is than its material's."""
    mean = pieces.linear[parents].copy()
    variance = np.diag(pieces.covariance)[parents]
    left = variance.copy()
    for row, state in enumerate(lots):
        material = description.materials[parents[row]]
        if effects is not None:
            mean[row] = max(mean[row] + effects.more_wt_pct(element, (material.name, state.lot.supplier)), 0.0)
        found = state.lot.analysis_wt_pct.get(element)
        if found is None:
            continue
        sampled = found * material.recovery.get(element, 1.0 if element in NOBLE else FURNACE_RECOVERY[element])
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


def _plant(plant: Plant, lots: Sequence[LotState], names: Mapping[str, tuple[str, ...]]) -> Plant:
    """The plant with its lots in the yard, and with rules for all of them where there was one for the material."""
    yard: list[YardItem] = []
    for item in plant.yard:
        of = [state for state in lots if state.lot.material == item.material.name]
        if not of:
            yard.append(item)
            continue
        rest_t = None if item.available_t is None else item.available_t - sum(state.remaining_t for state in of)
        if rest_t is not None and rest_t > LEAST_T:
            yard.append(item.model_copy(update={"available_t": rest_t}))
        for state in of:
            price = state.lot.price_eur_per_t
            update = {
                "material": item.material.renamed(lot_name(state)),
                "available_t": state.remaining_t,
                "price_eur_per_t": item.price_eur_per_t if price is None else price,
            }
            yard.append(item.model_copy(update=update))
    there = {item.material.name for item in yard}

    def each(materials: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for one in materials for name in (one, *names.get(one, ())) if name in there)

    groups = tuple(group.model_copy(update={"materials": each(group.materials)}) for group in plant.groups)
    furnace, baskets = plant.furnace, plant.furnace.baskets
    if baskets is not None:
        rules = tuple(rule.model_copy(update={"materials": each(rule.materials)}) for rule in baskets.rules)
        furnace = furnace.model_copy(update={"baskets": baskets.model_copy(update={"rules": rules})})
    return plant.model_copy(update={"yard": tuple(yard), "groups": groups, "furnace": furnace})
