"""What a surrogate is a function of, and which parts of each output it may learn."""

from dataclasses import dataclass

import numpy as np

from steel.elements import NOBLE, Element
from steel.errors import InputError
from steel.heats import FloatArray, HeatLog
from steel.materials import Material, MaterialKind

ENERGY = "energy_kwh_per_t"


@dataclass(frozen=True)
class Schema:
    """Inputs and outputs, and the features between them.

    Attributes:
        materials: n furnace materials.
        elements: E analysed elements.
        process: p process inputs.
        process_mean: (p,) what standardises them.
        process_scale: (p,) what standardises them.
        largest_share: (n,) most of each material any heat of the log charged, as a share of its charge.

    The features of a heat are `(x_1/T ... x_n/T, u_1 ... u_p, 1)`: t charged per t tapped, standardised
    process inputs, and one; d = n + p + 1. Times T they are linear in the charge for given process
    inputs, which is what makes every output an affine or convex function of the recipe.
    """

    materials: tuple[Material, ...]
    elements: tuple[Element, ...]
    process: tuple[str, ...]
    process_mean: FloatArray
    process_scale: FloatArray
    largest_share: FloatArray

    @property
    def names(self) -> tuple[str, ...]:
        """Material names, the columns of a charge."""
        return tuple(material.name for material in self.materials)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Output names: the elements, then energy."""
        return (*(element.value for element in self.elements), ENERGY)

    @property
    def width(self) -> int:
        """Number of features, d."""
        return len(self.materials) + len(self.process) + 1

    @property
    def metallic(self) -> FloatArray:
        """(n,) catalogue yields."""
        return np.array([material.metallic_yield for material in self.materials])

    @property
    def metal_features(self) -> FloatArray:
        """(d,) 1 for the features of metal-bearing materials."""
        return np.concatenate([self.metallic > 0, np.zeros(self.width - len(self.materials))])

    @property
    def baskets_unrecorded(self) -> bool:
        """Whether the plant's records leave the scrap baskets out."""
        return any(material.kind is MaterialKind.UNRECORDED for material in self.materials)

    def charged(self, log: HeatLog) -> FloatArray:
        """(N, n) the log's charge in this schema's columns.

        Raises:
            InputError: the log holds a material the schema does not know, in a heat that uses it.
        """
        strange = [
            name
            for column, name in enumerate(log.materials)
            if name not in self.names and bool((log.charged_t[:, column] > 0).any())
        ]
        if strange:
            raise InputError(strange, "charge", f"materials the model knows: {', '.join(self.names)}")
        return log.charged_in(self.names)

    def standardised(self, log: HeatLog) -> FloatArray:
        """(N, p) standardised process inputs; what is not recorded counts as usual (0)."""
        if not self.process:
            return np.zeros((len(log), 0))
        missing = np.full(len(log), np.nan)
        raw = np.column_stack([log.process.get(name, missing) for name in self.process])
        return np.asarray(np.nan_to_num((raw - self.process_mean) / self.process_scale, nan=0.0))

    def recorded(self, log: HeatLog) -> FloatArray:
        """(N, p) 1 where a process input is on record, 0 elsewhere."""
        missing = np.full(len(log), np.nan)
        raw = [np.isfinite(log.process.get(name, missing)) for name in self.process]
        return np.column_stack(raw).astype(np.float64) if raw else np.zeros((len(log), 0))

    def standardise(self, process: dict[str, float]) -> FloatArray:
        """(p,) one heat's process inputs standardised; names it does not give count as usual."""
        given = [process.get(name, float(mean)) for name, mean in zip(self.process, self.process_mean, strict=True)]
        return np.asarray((np.array(given) - self.process_mean) / self.process_scale)

    def learns_process(self, output: str) -> bool:
        """Whether process inputs may move an output.

        Noble elements stay in the steel whatever the furnace does. Where the baskets are not on record,
        process inputs stand for what was in them, and every output may use them.
        """
        return self.baskets_unrecorded or output == ENERGY or Element(output) not in NOBLE

    def features(self, charged_t: FloatArray, tapped_t: FloatArray, process: FloatArray) -> FloatArray:
        """(N, d) features of N heats: (N, n) t charged, (N,) t tapped, (N, p) standardised inputs."""
        return np.hstack([charged_t / tapped_t[:, None], process, np.ones((len(charged_t), 1))])


def schema_of(log: HeatLog, materials: tuple[Material, ...]) -> Schema:
    """The schema of a heat log, with materials of the yard that no heat has used yet.

    Raises:
        InputError: a material of the log is not among `materials`.
    """
    strange = set(log.materials) - {material.name for material in materials}
    if strange:
        raise InputError(sorted(strange), "heat log", "materials of the yard")
    known = {name: values[np.isfinite(values)] for name, values in log.process.items()}
    varying = {name: values for name, values in known.items() if len(values) > 1 and np.std(values) > 1e-9}
    metal_t = np.maximum(log.charged_t.sum(axis=1), 1e-9)
    shares = dict(zip(log.materials, (log.charged_t / metal_t[:, None]).max(axis=0), strict=True))
    return Schema(
        materials=materials,
        elements=log.elements,
        process=tuple(varying),
        process_mean=np.array([values.mean() for values in varying.values()]),
        process_scale=np.array([values.std() for values in varying.values()]),
        largest_share=np.array([float(shares.get(material.name, 0.0)) for material in materials]),
    )
