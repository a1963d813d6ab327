"""Plants' sums and offers as plain vectors, in one order at every plant, so that they can be hidden and added."""

from collections.abc import Mapping

import numpy as np

from federation.sums.screening import Sums
from steel.errors import InputError
from steel.heats import FloatArray
from surrogate.model.linear import Statistics

SUMS_UNIT = 2.0**-28
"""Rounding of sums, once an output is counted in usual values."""
OFFERS_UNIT = 2.0**-16
"""Rounding of offers, in each input's own unit: squares of process inputs are large, nothing in them is fine."""


def flat_length(like: Mapping[str, int]) -> int:
    """Numbers in one plant's sums, by the columns of every output."""
    return sum(size * size + size + 1 for size in like.values())


def flattened(sums: Sums, typical: Mapping[str, float]) -> FloatArray:
    """(N,) one plant's sums.

    Args:
        sums: by output.
        typical: a usual value of every output, as the contract has it; 1 where it has none.
    """
    parts = []
    for name, one in sorted(sums.items()):
        usual = _usual(typical, name)
        parts += [one.information.ravel() * usual**2, one.moment * usual, np.array([one.evidence])]
    return np.concatenate(parts)


def unflattened(flat: FloatArray, like: Mapping[str, int], typical: Mapping[str, float]) -> Sums:
    """Sums back from a vector.

    Args:
        flat: (N,).
        like: number of columns of every output.
        typical: as they were flattened with.

    Raises:
        InputError: it is of another length.
    """
    if len(flat) != flat_length(like):
        raise InputError(len(flat), "length of flat sums", str(flat_length(like)))
    found: Sums = {}
    start = 0
    for name, size in sorted(like.items()):
        usual = _usual(typical, name)
        matrix = flat[start : start + size * size].reshape(size, size) / usual**2
        start += size * size
        moment, evidence = flat[start : start + size] / usual, float(flat[start + size])
        found[name] = Statistics((matrix + matrix.T) / 2, moment, 0, evidence)
        start += size + 1
    return found


def _usual(typical: Mapping[str, float], name: str) -> float:
    """A usual value of what some sums are about; their name may begin with a share."""
    return typical.get(name.rpartition("/")[2], 1.0)
