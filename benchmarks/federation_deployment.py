"""What a round costs beyond its training: real processes, TLS and registered keys, ours and Flower as it comes."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.flower_as_it_comes import stock_run
from benchmarks.report import Results
from federation.engine import LocalPlant, local_engine
from federation.ledger.ledger import Entry, read_ledger
from federation.modules.settings import ModuleRun

PLANTS, ROUNDS, STOCK_ROUNDS_QUICK = 3, 10, 2
TASK = "benchmarks.federation_simulation:Charges"


def round_s(rounds: int) -> float:
    """Median wall time of a round, s; its training takes hundredths of a second."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plants = [LocalPlant(f"plant-{number}", "sqlite://", folder, TASK) for number in range(PLANTS)]
        with local_engine(folder / "engine", plants) as engine:
            engine.run_modules(module_run(rounds))
            return between_rounds_s(read_ledger(engine.ledger))


def stock_round_s(rounds: int) -> float:
    """The same of Flower as it comes."""
    with TemporaryDirectory() as temporary:
        ledger = Path(temporary) / "ledger.jsonl"
        stock_run(module_run(rounds), TASK, ledger)
        return between_rounds_s(read_ledger(ledger))


def module_run(rounds: int) -> ModuleRun:
    """Rounds of next to no training."""
    return ModuleRun(participants=PLANTS, rounds=rounds, epochs=1, learning_rate=0.02)


def between_rounds_s(entries: tuple[Entry, ...]) -> float:
    """Median time between two rounds' ends, s."""
    ends = [datetime.fromisoformat(e.at) for e in entries if e.kind in ("module_run", "module_metrics")]
    return median((after - before).total_seconds() for before, after in pairwise(ends))


def measure_deployment(results: Results, quick: bool) -> None:
    """Seconds of a round of training and judging, both with three plants."""
    ours = round_s(ROUNDS)
    stock = stock_round_s(STOCK_ROUNDS_QUICK if quick else ROUNDS)
    results["deployment_round_overhead_s"] = ours
    results["deployment_round_overhead_stock_s"] = stock
    results["deployment_round_overhead_vs_stock"] = stock / ours
