"""What a round costs beyond its training: real processes, TLS and registered keys, ours and Flower as it comes."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from federation.deployment import PlantNode

from benchmarks.report import Results
from federation.engine import local_engine
from federation.ledger import read_ledger
from federation.modules.settings import ModuleRun

PLANTS, ROUNDS, STOCK_ROUNDS_QUICK = 3, 10, 2
TASK = "benchmarks.federation_simulation:Charges"


def _round_s(prompt: bool, rounds: int) -> float:
    """Median wall time of a round, s; its training takes hundredths of a second."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        nodes = [PlantNode(f"plant-{number}", "sqlite://", folder, TASK) for number in range(PLANTS)]
        with local_engine(folder / "engine", nodes, prompt=prompt) as engine:
            engine.run_modules(ModuleRun(participants=PLANTS, rounds=rounds, epochs=1, learning_rate=0.02))
            ends = [
                datetime.fromisoformat(entry.at)
                for entry in read_ledger(engine.ledger)
                if entry.kind in ("module_run", "module_metrics")
            ]
    return median((after - before).total_seconds() for before, after in pairwise(ends))


def measure_deployment(results: Results, quick: bool) -> None:
    """Seconds of a round of training and judging, both with three plants."""
    ours = _round_s(prompt=True, rounds=ROUNDS)
    stock = _round_s(prompt=False, rounds=STOCK_ROUNDS_QUICK if quick else ROUNDS)
    results["deployment_round_overhead_s"] = ours
    results["deployment_round_overhead_stock_s"] = stock
    results["deployment_round_overhead_vs_stock"] = stock / ours
