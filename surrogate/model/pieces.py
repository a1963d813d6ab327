"""Convex functions as the greatest of affine pieces: plain arrays, for all who evaluate them."""

import numpy as np

from steel.heats import FloatArray


def greatest(features: FloatArray, pieces: FloatArray) -> FloatArray:
    """(N,) the maximum of (K, d) affine pieces on (N, d) features."""
    return np.asarray((features @ pieces.T).max(axis=1))


def sum_of_pieces(one: FloatArray, other: FloatArray) -> FloatArray:
    """Pieces (K · L, d) whose maximum is the sum of the maxima of two sets, (K, d) and (L, d); none is zero."""
    if not len(one) or not len(other):
        return other if len(other) else one
    return np.asarray((one[:, None, :] + other[None, :, :]).reshape(-1, one.shape[1]))
