"""What every benchmark shares: its command line, a readable table and one flat JSON object."""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

Results = dict[str, float | bool | int]
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Real data beside the checkout; benchmarks that need it leave their keys out where it is absent."""


def run(name: str, measure: Callable[[bool], Results]) -> None:
    """Measure, print a table and write the JSON file that was asked for."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=measure.__doc__)
    parser.add_argument("--quick", action="store_true", help="at most five minutes on two cores")
    parser.add_argument("--json", type=Path, help="where to write the results")
    arguments = parser.parse_args()
    results = measure(arguments.quick)
    table = Table(title=name, title_justify="left")
    table.add_column("key")
    table.add_column("value", justify="right")
    for key, value in results.items():
        table.add_row(key, f"{value:.4g}" if isinstance(value, float) else str(value))
    Console(width=100).print(table)
    if arguments.json is not None:
        plain = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in results.items()}
        arguments.json.write_text(json.dumps(plain, indent=1), "utf-8")
