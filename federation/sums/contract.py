"""What plants must mean alike before their sums can be added: elements, classes, inputs and their scales."""

import json
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from steel import catalogue
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from surrogate.fit.heat_data import prepare
from surrogate.fit.yields import fit_yields
from surrogate.model.inputs import input_levels
from surrogate.model.model import Surrogate
from surrogate.model.schema import ENERGY, Schema, schema_of

VERSION = 3


class Hello(Frozen):
    """Who a plant is and what it has, by name; nothing of it is a number.

    Attributes:
        plant: its name in the federation.
        classes: what it charges.
        elements: what it analyses.
        process: what it records.
    """

    version: int
    plant: str
    classes: tuple[str, ...]
    elements: tuple[str, ...]
    process: tuple[str, ...]


class Offer(Hello):
    """What one plant brings, as sums over its heats and nothing finer.

    Attributes:
        heats: how many.
        process_count: heats that record each process input, by name.
        process_sum: of each where recorded.
        process_square_sum: of its squares.
        output_sum: of each output, by name.
        output_count: of each output, by name.
    """

    heats: int
    process_count: dict[str, float]
    process_sum: dict[str, float]
    process_square_sum: dict[str, float]
    output_sum: dict[str, float]
    output_count: dict[str, float]


class Terms(Frozen):
    """What all plants of a run have by name: the order of what is summed.

    Attributes:
        classes: of any of them.
        elements: of all of them.
        process: of all of them.
    """

    classes: tuple[str, ...]
    elements: tuple[str, ...]
    process: tuple[str, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is learned."""
        return (*self.elements, ENERGY)

    @property
    def length(self) -> int:
        """Numbers in an offer under these terms."""
        return 1 + 3 * len(self.process) + 2 * len(self.outputs)


class Contract(Frozen):
    """What the federation agreed on.

    Attributes:
        classes: material classes, the shared columns.
        elements: analysed by every plant.
        process: recorded by every plant.
        process_mean: common standardisation.
        process_scale: common standardisation.
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


def make_hello(plant: str, log: HeatLog, materials: tuple[Material, ...]) -> Hello:
    """Who a plant is.

    Raises:
        InputError: a material belongs to no catalogue class, so that no other plant can share it.
    """
    for material in materials:
        catalogue.material(material.material_class)
    return Hello(
        version=VERSION,
        plant=plant,
        classes=tuple(sorted({material.material_class for material in materials})),
        elements=tuple(element.value for element in log.elements),
        process=schema_of(log, materials).process,
    )


def make_offer(plant: str, log: HeatLog, materials: tuple[Material, ...]) -> Offer:
    """What a plant brings.

    Raises:
        InputError: a material belongs to no catalogue class, so that no other plant can share it.
    """
    hello = make_hello(plant, log, materials)
    schema = schema_of(log, materials)
    data = prepare(Surrogate(schema, fit_yields(schema, log), {}, input_levels(schema, log)), log)
    process = {name: log.process[name][np.isfinite(log.process[name])] for name in schema.process}
    outputs = {name: data.targets[:, column] for column, name in enumerate(schema.outputs)}
    return Offer(
        **hello.model_dump(),
        heats=len(log),
        process_count={name: float(len(values)) for name, values in process.items()},
        process_sum={name: float(values.sum()) for name, values in process.items()},
        process_square_sum={name: float((values**2).sum()) for name, values in process.items()},
        output_sum={name: float(np.nansum(values)) for name, values in outputs.items()},
        output_count={name: float(np.isfinite(values).sum()) for name, values in outputs.items()},
    )


def offered(offer: Offer, terms: Terms, tells_of: Callable[[str], bool] = lambda output: True) -> FloatArray:
    """(terms.length,) an offer's numbers in the order of some terms; zeros of what the plant does not tell of."""
    told = [name if tells_of(name) else "" for name in terms.outputs]
    parts = [
        [float(offer.heats)],
        *([by.get(name, 0.0) for name in terms.process] for by in _process_of(offer)),
        *([by.get(name, 0.0) for name in told] for by in (offer.output_sum, offer.output_count)),
    ]
    return np.concatenate([np.array(part) for part in parts])


def _process_of(offer: Offer) -> tuple[dict[str, float], ...]:
    return offer.process_count, offer.process_sum, offer.process_square_sum


Read = TypeVar("Read", bound=Hello)


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


def read_said(text: str, kind: type[Read]) -> Read:
    """A hello or an offer as a plant sent it.

    Raises:
        InputError: it is of another version, or none; it names the plant where that can be told.
    """
    what = kind.__name__.lower()
    try:
        told = json.loads(text)
        plant, its_version = told.get("plant", "a plant"), told.get("version")
    except (ValueError, AttributeError) as error:
        raise InputError(text[:80], what, f"one of version {VERSION}") from error
    if its_version != VERSION:
        raise InputError(its_version, f"{what}'s version of {plant}", f"version {VERSION}; update the older side")
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        raise InputError(text[:80], f"{what} of {plant}", f"one of version {VERSION}") from error


def common(hellos: list[Hello]) -> Terms:
    """What some plants have in common: all classes, and what every plant analyses and records.

    Raises:
        InputError: there are no plants, versions differ, no element is analysed by all, or a class is in no catalogue.
    """
    versions = {hello.plant: hello.version for hello in hellos}
    if set(versions.values()) != {VERSION}:
        raise InputError(versions, "federation contract versions", f"version {VERSION} at every plant")
    elements = [e.value for e in Element if all(e.value in hello.elements for hello in hellos)]
    if not elements:
        raise InputError({h.plant: h.elements for h in hellos}, "analysed elements", "at least one in common")
    classes = tuple(sorted({name for hello in hellos for name in hello.classes}))
    for name in classes:
        catalogue.material(name)
    process = [name for name in hellos[0].process if all(name in hello.process for hello in hellos)]
    return Terms(classes=classes, elements=tuple(elements), process=tuple(process))


def agreed(terms: Terms, total: FloatArray) -> Contract:
    """The contract of some plants' offers.

    Args:
        terms: what they have in common.
        total: (terms.length,) their offers added up.

    Raises:
        InputError: a process input or an output was recorded by none, or what they come to cannot be.
    """
    inputs, outputs = len(terms.process), len(terms.outputs)
    count, value, square, output, known = np.split(total[1:], np.cumsum([inputs, inputs, inputs, outputs]).tolist())
    mean = value / np.maximum(count, 1.0)
    scale = np.sqrt(np.maximum(square / np.maximum(count, 1.0) - mean**2, 1e-12))
    typical = np.maximum(output / np.maximum(known, 1.0), 1e-6)
    if not (np.isfinite(mean).all() and np.isfinite(scale).all() and np.isfinite(typical).all()):
        raise InputError("sums that are no numbers", "offers", "finite sums from every plant")
    return Contract(
        version=VERSION,
        classes=terms.classes,
        elements=terms.elements,
        process=terms.process,
        process_mean=tuple(mean.tolist()),
        process_scale=tuple(scale.tolist()),
        typical=dict(zip(terms.outputs, typical.tolist(), strict=True)),
    )


def agree(offers: list[Offer]) -> Contract:
    """The contract of offers that are seen one by one.

    Raises:
        InputError: as `common` and `agreed` say.
    """
    terms = common(list(offers))
    return agreed(terms, np.sum([offered(offer, terms) for offer in offers], axis=0))
