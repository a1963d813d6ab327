"""The roster: which plants there are, and the public key of each, as every plant holds it for itself.

The coordinator hands keys on, so it could hand out keys of its own making. A plant believes its own copy of the roster
alone, which it was given by a way that is not the coordinator's wire, and compares fingerprints by telephone.
"""

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path

import tomli_w
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError, field_validator

from steel.errors import InputError
from steel.frozen import Frozen
from steel.names import as_one, checked_name
from steel.whole_files import write_whole


class Roster(Frozen):
    """Plants and their public keys.

    Attributes:
        plants: OpenSSH public key, `TYPE BASE64`, by plant.
    """

    plants: dict[str, str]

    @field_validator("plants")
    @classmethod
    def _checked(cls, plants: dict[str, str]) -> dict[str, str]:
        keys = [key.split()[:2] for key in plants.values()]
        if len({tuple(key) for key in keys}) < len(keys):
            raise InputError(sorted(plants), "roster", "a key of its own for every plant")
        if alike := as_one(plants):
            raise InputError(alike, "roster", "names that differ in more than capitals")
        for plant, line in plants.items():
            checked_name(plant, "plant's name in the roster")
            public_key(line, plant)
        return {plant: " ".join(line.split()[:2]) for plant, line in plants.items()}

    def key_of(self, plant: str) -> ec.EllipticCurvePublicKey:
        """A plant's public key.

        Raises:
            InputError: the plant is not in it.
        """
        if plant not in self.plants:
            raise InputError(plant, "plant", f"one of the roster: {', '.join(sorted(self.plants))}")
        return public_key(self.plants[plant], plant)

    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of every key as OpenSSH shows it, by plant: what people read to one another."""
        return {plant: _fingerprint(line) for plant, line in sorted(self.plants.items())}

    def changes_to(self, other: "Roster") -> list[str]:
        """What another roster has differently, in words."""
        mine, theirs = self.plants, other.plants
        gone = [f"{plant} is gone" for plant in sorted(set(mine) - set(theirs))]
        new = [f"{plant} is new" for plant in sorted(set(theirs) - set(mine))]
        changed = [
            f"{plant} has another key" for plant in sorted(set(mine) & set(theirs)) if mine[plant] != theirs[plant]
        ]
        return gone + new + changed


def public_key(line: str, plant: str) -> ec.EllipticCurvePublicKey:
    """A public key out of its line.

    Raises:
        InputError: it is none, or not of a curve that Flower takes.
    """
    try:
        found = serialization.load_ssh_public_key(line.encode())
    except (ValueError, UnicodeEncodeError) as error:
        raise InputError(line[:40], f"public key of {plant}", "a line that begins with ecdsa-sha2-nistp384") from error
    if not isinstance(found, ec.EllipticCurvePublicKey):
        raise InputError(line[:40], f"public key of {plant}", "one of a NIST curve, such as ecdsa-sha2-nistp384")
    return found


def read_roster(path: Path) -> Roster:
    """A roster from its file.

    Raises:
        InputError: the file is missing, no TOML, or no roster.
    """
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(str(path), "roster", f"a file of `chargewise federation init` ({error})") from error
    return _roster(found, str(path))


def _roster(found: dict[str, object], where: str) -> Roster:
    try:
        return Roster.model_validate(found)
    except ValidationError as error:
        reasons = "; ".join(str(one["msg"]) for one in error.errors(include_url=False))
        raise InputError(where, "roster", f"plants with a public key each ({reasons})") from error


def write_roster(path: Path, plants: Mapping[str, str]) -> Roster:
    """Write a roster and return it.

    Raises:
        InputError: a name or a key in it cannot be used.
    """
    roster = _roster({"plants": dict(plants)}, str(path))
    write_whole(path, tomli_w.dumps({"plants": dict(sorted(roster.plants.items()))}).encode())
    return roster


def _fingerprint(line: str) -> str:
    content = base64.b64decode(line.split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
