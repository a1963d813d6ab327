"""Secure aggregation: what plants send is hidden by masks that cancel only when all of them are added.

Two kinds of masks hide a plant's numbers. For each pair of plants a stream made from a secret they share (X25519) is
added by one and subtracted by the other; and each plant adds a stream of its own, whose seed it gives away once, when
all have answered. Everything is in whole numbers modulo 2⁶⁴, where adding is exact, so the coordinator learns the sum
and nothing else (after Bonawitz et al. 2017, without their recovery of dropped plants: an exchange that a plant leaves
is repeated without it, under new keys and seeds). The seed is why a late answer tells nothing: whoever was left out
never gives it. What a plant answers, and how often, is `federation.plant.masks`; whose keys these are,
`federation.keys.signing`.
"""

from collections.abc import Mapping

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from steel.errors import InputError
from steel.heats import FloatArray

MOST_PLANTS = 64
"""Plants whose greatest numbers still fit in 64 bits together."""
NONCE = bytes(16)
"""Every derived key is used for one stream only."""
Whole = NDArray[np.uint64]
Purpose = tuple[str, ...]
"""What a stream is for: run, stage and attempt; each has streams of its own."""


def new_key() -> tuple[bytes, bytes]:
    """A private key for one exchange, and its public half."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def hidden(
    flat: FloatArray,
    unit: float,
    plant: str,
    private: bytes,
    publics: Mapping[str, bytes],
    purpose: Purpose,
    seed: bytes,
) -> Whole:
    """One plant's numbers as whole numbers, hidden.

    Args:
        flat: (N,) the numbers.
        unit: what one means in whole numbers; rounding is lost in it.
        plant: its name.
        private: its key of this exchange.
        publics: every plant's public key of this exchange, its own among them.
        purpose: of this exchange.
        seed: of its own stream; given away only when all have answered.

    Raises:
        InputError: the plant is not among them, is alone, there are too many, or a number is too large or none.
    """
    if plant not in publics or not 2 <= len(publics) <= MOST_PLANTS:
        raise InputError(sorted(publics), "plants of a secure run", f"{plant} and 1 to {MOST_PLANTS - 1} more")
    most = 2.0**62 * unit / MOST_PLANTS
    if not np.isfinite(flat).all() or float(np.abs(flat).max(initial=0.0)) > most:
        raise InputError(float(np.abs(flat).max()), "a sum", f"a finite number of at most {most:.3g}")
    whole = np.round(flat / unit).astype(np.int64).astype(np.uint64) + _own_stream(seed, purpose, len(flat))
    for other, public in publics.items():
        if other != plant:
            stream = _pair_stream(private, public, (*purpose, *sorted((plant, other))), len(flat))
            whole = whole + stream if plant < other else whole - stream
    return whole


def uncovered(every: list[Whole], seeds: list[bytes], unit: float, purpose: Purpose) -> FloatArray:
    """(N,) the sum of all plants' numbers.

    Args:
        every: what all plants of the exchange sent; with one missing the result is noise.
        seeds: what they gave away, of each one.
        unit: as the plants had it.
        purpose: as the plants had it.
    """
    total = np.zeros(len(every[0]), dtype=np.uint64)
    for one, seed in zip(every, seeds, strict=True):
        total = total + one - _own_stream(seed, purpose, len(one))
    return np.asarray(total.astype(np.int64).astype(np.float64) * unit)


def _pair_stream(private: bytes, public: bytes, purpose: Purpose, length: int) -> Whole:
    secret = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    return _stream(secret, ("pair", *purpose), length)


def _own_stream(seed: bytes, purpose: Purpose, length: int) -> Whole:
    return _stream(seed, ("own", *purpose), length)


def _stream(secret: bytes, purpose: Purpose, length: int) -> Whole:
    key = HKDF(hashes.SHA256(), 32, None, "\0".join(("chargewise sums", *purpose)).encode()).derive(secret)
    content = Cipher(ChaCha20(key, NONCE), mode=None).encryptor().update(bytes(8 * length))
    return np.frombuffer(content, dtype=np.uint64)
