"""What plants must mean alike before their sums can be added: elements, classes, inputs and their scales."""

import json

import numpy as np
from pydantic import ValidationError

from steel import catalogue
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.heat_data import prepare
from surrogate.inputs import input_levels
from surrogate.model import Surrogate
from surrogate.schema import Schema, schema_of
from surrogate.yields import fit_yields

VERSION = 2


class Offer(Frozen):
    """What one plant brings, as sums over its heats and nothing finer.

    Attributes:
        plant: its name in the federation.
        classes, elements, process: what it charges, analyses and records.
        heats: how many.
        process_sum, process_square_sum: of each process input, by name.
        output_sum, output_count: of each output, by name.
    """

    version: int
    plant: str
    classes: tuple[str, ...]
    elements: tuple[str, ...]
    process: tuple[str, ...]
    heats: int
    process_sum: dict[str, float]
    process_square_sum: dict[str, float]
    output_sum: dict[str, float]
    output_count: dict[str, float]


class Contract(Frozen):
    """What the federation agreed on.

    Attributes:
        classes: material classes, the shared columns.
        elements, process: analysed and recorded by every plant.
        process_mean, process_scale: common standardisation.
        typical: a usual value of each output, in its unit.
        own_share: how much of what a furnace does is its own, by output and for "yield", once the plants have voted.
    """

    version: int
    classes: tuple[str, ...]
    elements: tuple[str, ...]
    process: tuple[str, ...]
    process_mean: tuple[float, ...]
    process_scale: tuple[float, ...]
    typical: dict[str, float]
    own_share: dict[str, float] = {}

    def schema_for(self, materials: tuple[Material, ...]) -> Schema:
        """The contract's features over some materials: a plant's own, or the classes themselves."""
        return Schema(
            materials=materials,
            elements=tuple(Element(symbol) for symbol in self.elements),
            process=self.process,
            process_mean=np.array(self.process_mean),
            process_scale=np.array(self.process_scale),
            largest_share=np.zeros(len(materials)),
        )

    def class_schema(self) -> Schema:
        """The features over the shared classes."""
        return self.schema_for(tuple(catalogue.material(name) for name in self.classes))


def make_offer(plant: str, log: HeatLog, materials: tuple[Material, ...]) -> Offer:
    """What a plant brings.

    Raises:
        InputError: a material belongs to no catalogue class, so that no other plant can share it.
    """
    for material in materials:
        catalogue.material(material.material_class)
    schema = schema_of(log, materials)
    data = prepare(Surrogate(schema, fit_yields(schema, log), {}, input_levels(schema, log)), log)
    process = {name: log.process[name][np.isfinite(log.process[name])] for name in schema.process}
    outputs = {name: data.targets[:, column] for column, name in enumerate(schema.outputs)}
    return Offer(
        version=VERSION,
        plant=plant,
        classes=tuple(sorted({material.material_class for material in materials})),
        elements=tuple(element.value for element in log.elements),
        process=schema.process,
        heats=len(log),
        process_sum={name: float(values.sum()) for name, values in process.items()},
        process_square_sum={name: float((values**2).sum()) for name, values in process.items()},
        output_sum={name: float(np.nansum(values)) for name, values in outputs.items()},
        output_count={name: float(np.isfinite(values).sum()) for name, values in outputs.items()},
    )


def read_contract(text: str) -> Contract:
    """A contract from a message's text.

    Raises:
        InputError: it is of another version, or no contract at all.
    """
    try:
        contract = Contract.model_validate_json(text)
    except ValidationError as error:
        raise InputError(text[:80], "federation contract", f"a contract of version {VERSION}") from error
    if contract.version != VERSION:
        raise InputError(contract.version, "federation contract", f"version {VERSION}; update the older side")
    return contract


def read_offer(text: str) -> Offer:
    """An offer as a plant sent it.

    Raises:
        InputError: it is of another version, or none; it names the plant where that can be told.
    """
    try:
        told = json.loads(text)
        plant, its_version = told.get("plant", "a plant"), told.get("version")
    except (ValueError, AttributeError) as error:
        raise InputError(text[:80], "offer", f"one of version {VERSION}") from error
    if its_version != VERSION:
        raise InputError(its_version, f"offer's version of {plant}", f"version {VERSION}; update the older side")
    try:
        return Offer.model_validate(told)
    except ValidationError as error:
        raise InputError(text[:80], f"offer of {plant}", f"one of version {VERSION}") from error


def agree(offers: list[Offer]) -> Contract:
    """The contract of some offers: all classes, and what every plant analyses and records.

    Raises:
        InputError: there are no offers, versions differ, or no element is analysed by all.
    """
    versions = {offer.plant: offer.version for offer in offers}
    if set(versions.values()) != {VERSION}:
        raise InputError(versions, "federation contract versions", f"version {VERSION} at every plant")
    elements = [e.value for e in Element if all(e.value in offer.elements for offer in offers)]
    if not elements:
        raise InputError({o.plant: o.elements for o in offers}, "analysed elements", "at least one in common")
    process = [name for name in offers[0].process if all(name in offer.process for offer in offers)]
    heats = sum(offer.heats for offer in offers)
    mean = {name: sum(offer.process_sum[name] for offer in offers) / heats for name in process}
    square = {name: sum(offer.process_square_sum[name] for offer in offers) / heats for name in process}
    outputs = [*elements, *(name for name in offers[0].output_sum if name not in {e.value for e in Element})]
    counts = {name: sum(offer.output_count[name] for offer in offers) for name in outputs}
    return Contract(
        version=VERSION,
        classes=tuple(sorted({name for offer in offers for name in offer.classes})),
        elements=tuple(elements),
        process=tuple(process),
        process_mean=tuple(mean.values()),
        process_scale=tuple(max(square[name] - mean[name] ** 2, 1e-12) ** 0.5 for name in process),
        typical={n: max(sum(o.output_sum[n] for o in offers) / max(counts[n], 1.0), 1e-6) for n in outputs},
    )
