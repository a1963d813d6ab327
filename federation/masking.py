"""Secure aggregation: every plant's sums are hidden by masks that cancel when all are added.

Each pair of plants agrees on a secret (X25519, fresh keys every run; only public halves pass through the coordinator).
A stream made from it is added by one of the two and subtracted by the other, in whole numbers modulo 2⁶⁴ where adding
is exact. So the coordinator learns the sum and nothing else (after Bonawitz et al. 2017, without their recovery of
dropped plants: a round that a plant leaves is repeated without it, under masks of its own). It is safe against a
coordinator that is curious, not against one that hands out keys of its own making.
"""

from collections.abc import Mapping

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from federation.screening import Sums
from steel.errors import InputError
from surrogate.linear import Statistics

UNIT = 2.0**-28
"""What one means in whole numbers, once an output is counted in usual values: rounding is lost in it."""
MOST = 2.0**62 * UNIT / 64
"""Greatest entry of one plant's sums, in usual values, so that sixty-four plants' still fit."""
NONCE = bytes(16)
"""Every derived key is used for one stream only."""
Whole = NDArray[np.uint64]


def new_key() -> tuple[bytes, bytes]:
    """A private key for one run, and its public half."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def masked(
    sums: Sums, typical: Mapping[str, float], plant: str, private: bytes, publics: Mapping[str, bytes], attempt: int = 0
) -> Whole:
    """One plant's sums in whole numbers, hidden.

    Args:
        sums: of the plant.
        typical: a usual value of every output, as the contract has it; 1 where it has none.
        plant: its name.
        private: its key of this run.
        publics: every plant's public key of this run, its own among them.
        attempt: number of the round within the run; each has masks of its own.

    Raises:
        InputError: the plant is not among them, is alone, or a sum is too large or no number.
    """
    if plant not in publics or len(publics) < 2:
        raise InputError(sorted(publics), "plants of a secure run", f"{plant} and at least one more")
    parts = []
    for name, one in sorted(sums.items()):
        usual = _usual(typical, name)
        parts += [one.information.ravel() * usual**2, one.moment * usual, np.array([one.evidence])]
    flat = np.concatenate(parts)
    if not np.isfinite(flat).all() or float(np.abs(flat).max()) > MOST:
        raise InputError(float(np.abs(flat).max()), "a sum", f"a finite number of at most {MOST:.3g}")
    hidden = np.round(flat / UNIT).astype(np.int64).astype(np.uint64)
    for other, public in publics.items():
        if other != plant:
            stream = _stream(private, public, (str(attempt), *sorted((plant, other))), len(hidden))
            hidden = hidden + stream if plant < other else hidden - stream
    return hidden


def masked_length(like: Mapping[str, int]) -> int:
    """Whole numbers in one plant's sums, by the columns of every output."""
    return sum(size * size + size + 1 for size in like.values())


def unmasked(every: list[Whole], like: Mapping[str, int], typical: Mapping[str, float]) -> Sums:
    """The sum of all plants' sums.

    Args:
        every: what all plants of the run sent; with one missing the result is noise.
        like: number of columns of every output.
        typical: as the plants had it.

    Raises:
        InputError: one is of another length.
    """
    length = masked_length(like)
    wrong = [len(one) for one in every if len(one) != length]
    if wrong:
        raise InputError(wrong, "length of masked sums", str(length))
    total = np.zeros(length, dtype=np.uint64)
    for one in every:
        total = total + one
    flat = total.astype(np.int64).astype(np.float64) * UNIT
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


def _stream(private: bytes, public: bytes, purpose: tuple[str, ...], length: int) -> Whole:
    secret = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    key = HKDF(hashes.SHA256(), 32, None, "\0".join(("chargewise sums", *purpose)).encode()).derive(secret)
    content = Cipher(ChaCha20(key, NONCE), mode=None).encryptor().update(bytes(8 * length))
    return np.frombuffer(content, dtype=np.uint64)
