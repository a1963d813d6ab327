"""The shared model as a file of its own: what the classes are believed to be, and the contract it holds under."""

import hashlib
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from federation.contract import Contract, read_contract
from federation.hierarchy import Shared
from steel.errors import InputError
from surrogate.linear import Posterior

CONTRACT = "contract"


def save_shared(path: Path, contract: Contract, shared: Shared) -> None:
    """Write a shared model; arrays `OUTPUT/mean` (d,) and `OUTPUT/covariance` (d, d), the contract as metadata."""
    arrays = {f"{name}/mean": found.mean for name, found in shared.items()}
    arrays |= {f"{name}/covariance": found.covariance for name, found in shared.items()}
    save_file(arrays, path, metadata={CONTRACT: contract.model_dump_json()})


def load_shared(path: Path) -> tuple[Contract, Shared]:
    """A shared model back.

    Raises:
        InputError: the file is none.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            contract = read_contract((file.metadata() or {}).get(CONTRACT, ""))
            names = dict.fromkeys(key.rpartition("/")[0] for key in file.keys())  # noqa: SIM118  # it is no mapping
            shared = {n: Posterior(file.get_tensor(f"{n}/mean"), file.get_tensor(f"{n}/covariance")) for n in names}
    except (OSError, SafetensorError) as error:
        raise InputError(str(path), "shared model", f"a file written by a federation ({error})") from error
    return contract, shared


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
