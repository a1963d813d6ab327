"""The shared model as a file of its own: what the classes are believed to be, and the contract it holds under."""

import hashlib
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from federation.sums.contract import Contract, read_contract
from federation.sums.hierarchy import Pieces, Shared
from steel.errors import InputError
from steel.heats import FloatArray
from surrogate.model.linear import Posterior

CONTRACT = "contract"


def arrays_of(shared: Shared) -> dict[str, FloatArray]:
    """A shared model as arrays `OUTPUT/mean` (d,) and `OUTPUT/covariance` (d, d)."""
    means = {f"{name}/mean": found.mean for name, found in shared.items()}
    return means | {f"{name}/covariance": found.covariance for name, found in shared.items()}


def shared_of(arrays: dict[str, FloatArray]) -> Shared:
    """A shared model back from its arrays."""
    names = dict.fromkeys(key.rpartition("/")[0] for key in arrays)
    return {name: Posterior(arrays[f"{name}/mean"], arrays[f"{name}/covariance"]) for name in names}


def save_shared(path: Path, contract: Contract, shared: Shared, pieces: Pieces | None = None) -> None:
    """Write a shared model; its arrays, those of a convex remainder as `OUTPUT/pieces`, the contract as metadata."""
    convex = {f"{name}/pieces": of for name, of in (pieces or {}).items()}
    save_file(arrays_of(shared) | convex, path, metadata={CONTRACT: contract.model_dump_json()})


def load_shared(path: Path) -> tuple[Contract, Shared]:
    """A shared model back.

    Raises:
        InputError: the file is none.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            contract = read_contract((file.metadata() or {}).get(CONTRACT, ""))
            shared = shared_of({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118  # it is no mapping
    except (OSError, SafetensorError) as error:
        raise InputError(str(path), "shared model", f"a file written by a federation ({error})") from error
    return contract, shared


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
