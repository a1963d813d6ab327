"""How a run on Flower tells who started it what it found: one file, there only when it is whole."""

import json
from pathlib import Path
from typing import Any

from steel.whole_files import write_whole


def write_result(path: Path, body: dict[str, Any]) -> None:
    """Write a run's result; whoever waits for the file sees all of it or none."""
    write_whole(path, json.dumps(body, indent=1).encode())
