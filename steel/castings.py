"""Castings: what was measured of the iron before it was poured, and of the casting after."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from steel.errors import InputError
from steel.heats import FloatArray


@dataclass(frozen=True)
class CastingLog:
    """N castings in the order they were poured; NaN stands for "not recorded".

    Attributes:
        casting_ids: (N,) the foundry's numbers, or the rows of its record.
        inputs: d names, each with its unit, as the record has them.
        values: (N, d) what was measured at pouring.
        property_name: what was measured of the casting, with its unit.
        measured: (N,).
    """

    casting_ids: NDArray[np.str_]
    inputs: tuple[str, ...]
    values: FloatArray
    property_name: str
    measured: FloatArray

    def __post_init__(self) -> None:
        castings = len(self.casting_ids)
        expected = {"values": (castings, len(self.inputs)), "measured": (castings,)}
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise InputError(getattr(self, name).shape, f"casting log column {name}", f"shape {shape}")

    def __len__(self) -> int:
        return len(self.casting_ids)

    def rows(self, which: slice | NDArray[np.bool_] | NDArray[np.int_]) -> "CastingLog":
        """The castings at a slice, mask or index array, in that order."""
        return replace(
            self,
            casting_ids=self.casting_ids[which],
            values=self.values[which],
            measured=self.measured[which],
        )

    def split(self, first_fraction: float) -> tuple["CastingLog", "CastingLog"]:
        """Earlier and later castings, so that nothing leaks from the future."""
        cut = round(len(self) * first_fraction)
        return self.rows(slice(None, cut)), self.rows(slice(cut, None))
