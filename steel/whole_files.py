"""Files that are there whole or not at all, and still there after the power failed."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, in place of what was there; whoever reads it meanwhile reads the one or the other.

    Raises:
        OSError: there is no room, or the folder cannot be written to; what was there stays.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
