"""Mask keys signed by the plants they belong to, so that nobody else can put keys of his own in their place."""

import json
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from federation.keys.roster import Roster
from steel.errors import InputError
from steel.frozen import Frozen

DOMAIN = b"chargewise federation mask key\0"
"""What is signed begins with it: nothing else that a plant's key signs does."""


class MaskKey(Frozen):
    """A plant's public key of one exchange, and its signature.

    Attributes:
        run: the run's number.
        stage: what is exchanged.
        attempt: 0 is the first.
        plant: whose it is.
        public: X25519, in hexadecimal digits.
        signature: of all of these, in hexadecimal digits.
    """

    run: str
    stage: str
    attempt: int
    plant: str
    public: str
    signature: str = ""

    @property
    def signed(self) -> bytes:
        """What the signature is of."""
        body = self.model_dump(exclude={"signature"})
        return DOMAIN + json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def load_private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """A plant's private key.

    Raises:
        InputError: the file is missing, or no such key.
    """
    try:
        found = serialization.load_ssh_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            str(path), "plant's private key", f"a file of `chargewise federation key` ({error})"
        ) from error
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise InputError(str(path), "plant's private key", "one of a NIST curve")
    return found


def public_line(private: ec.EllipticCurvePrivateKey) -> str:
    """The public half as a roster has it."""
    form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return private.public_key().public_bytes(*form).decode()


def sign(key: MaskKey, private: ec.EllipticCurvePrivateKey) -> MaskKey:
    """A mask key with its plant's signature."""
    return key.model_copy(update={"signature": private.sign(key.signed, ec.ECDSA(hashes.SHA384())).hex()})


def read_keys(text: str) -> tuple[MaskKey, ...]:
    """Mask keys out of a message.

    Raises:
        InputError: they are none.
    """
    try:
        return tuple(MaskKey.model_validate(one) for one in json.loads(text))
    except (ValidationError, ValueError, TypeError) as error:
        raise InputError(text[:80], "mask keys", "a list of signed keys") from error


def check(keys: tuple[MaskKey, ...], roster: Roster, run: str, stage: str, attempt: int) -> None:
    """Every key is its plant's own, for just this exchange.

    Raises:
        InputError: one is not, or a plant is there twice; it says which.
    """
    if len({key.plant for key in keys}) != len(keys):
        raise InputError(sorted(key.plant for key in keys), "plants of the mask keys", "each once")
    for key in keys:
        if (key.run, key.stage, key.attempt) != (run, stage, attempt):
            told = f"run {key.run}, {key.stage} {key.attempt}"
            raise InputError(told, f"mask key of {key.plant}", f"one of run {run}, {stage} {attempt}")
        try:
            signature = bytes.fromhex(key.signature)
            roster.key_of(key.plant).verify(signature, key.signed, ec.ECDSA(hashes.SHA384()))
        except (InvalidSignature, ValueError) as error:
            if isinstance(error, InputError):
                raise
            where = f"mask key of {key.plant}"
            raise InputError(key.public[:16], where, "one that this plant's key in the roster signed") from error
