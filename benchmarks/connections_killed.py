"""Sources whose reader is killed, and whose servers restart, while heats come: what is lost, and what is there twice.

Heats come into a folder file by file, into a database row by row, over a broker and over a scale's server one by one,
corrected now and then and sent twice, while `chargewise connect` reads them. In the end every heat is there once, as it
was said last.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import paho.mqtt.client as paho
import sqlalchemy as sa
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.plant_servers import SCALES, Scale, free_port, mosquitto, scale
from benchmarks.report import Results
from chargewise.commands.console.ending import ENDS_WITH
from plant_adapters.store.store import HeatStore
from scenarios.world import stable_rng

PLANT = "works"
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
AT_A_TIME = 40
CORRECTED, AGAIN = 0.05, 0.05
"""Shares of heats that are corrected later, and of what is sent twice."""
LIVES_S = (0.4, 2.5)
"""Least and longest time that the connector lives, once it has begun to read."""
LIFE_S = 4.0
"""About what a life takes, with its start."""
LONGEST_S = 120.0
MQTT = """[[connections]]
kind = "mqtt"
name = "level2"
host = "127.0.0.1"
port = {port}
[[connections.messages]]
kind = "heat"
topic = "works/heats"
"""
OPC_UA = """[[connections]]
kind = "opcua"
name = "level2"
url = "{url}"
namespace = "{space}"
base = "Basket1"
every_s = 0.1
timeout_s = 3
[[connections.messages]]
kind = "heat"
trigger = "Counter"
acknowledge = "Acknowledged"
units = {{ charged = "kg" }}
[connections.messages.nodes]
heat_id = "Heat"
Cu = "Copper"
"charged.E40 shredded" = "Net"
"""


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
        rows = []
        for number in numbers:
            changed += 1
            copper = round(float(rng.uniform(0.1, 0.5)), 4)
            rows.append({"h": f"H{number}", "t": tapped(number), "c": copper, "n": changed})
        while True:
            try:
                with engine.begin() as connection:
                    for row in rows:
                        connection.execute(sa.text("DELETE FROM heats WHERE heat = :h"), row)
                        connection.execute(sa.text("INSERT INTO heats VALUES (:h, :t, :c, 50000, 60000, :n)"), row)
                break
            except sa.exc.OperationalError:
                time.sleep(0.2)  # The server restarts.
        yield {str(row["h"]): float(str(row["c"])) for row in rows}


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
    home: Path, drips: Iterator[dict[str, float]], records: int, kills: int, rng: np.random.Generator,
    restarted: Callable[[], None] | None = None, restarts: int = 0,
) -> Sent:  # fmt: skip
    """Feed a source for about as long as the connector is killed, its server restarted now and then; then catch up.

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
    at = set(np.linspace(0, kills - 1, restarts).astype(int).tolist())
    for kill in range(kills):
        before = store.count(PLANT)
        with connector(home) as process:
            began = time.monotonic()
            while store.count(PLANT) == before and not fed.is_set() and time.monotonic() - began < LONGEST_S:
                time.sleep(0.05)
            if restarted is not None and kill in at:
                restarted()
            time.sleep(float(rng.uniform(*LIVES_S)))
            process.send_signal(signal.SIGKILL)
    with connector(home):
        feeder.join()
        ends = time.monotonic() + LONGEST_S
        while time.monotonic() < ends and found(store) != said:
            time.sleep(0.3)
    store.close()
    return Sent(said)


def found(store: HeatStore) -> dict[str, float]:
    """The copper of each heat that is stored."""
    if not store.count(PLANT):
        return {}
    log = store.log(PLANT)
    return dict(zip(log.heat_ids.tolist(), np.round(log.analysis_wt_pct[:, 0], 4).tolist(), strict=True))


def told(home: Path, sent: Sent, name: str) -> Results:
    """Heats that are not there as they were said last, and heats that are there twice."""
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    there = found(store)
    twice = len(store.log(PLANT)) - len(there)
    store.close()
    lost = sum(there.get(heat) != copper for heat, copper in sent.copper.items())
    return {f"{name}_records": len(sent.copper), f"{name}_lost": lost, f"{name}_twice": twice}


def prepared(home: Path, connection: str) -> None:
    """A home with a mapping and a connection."""
    for folder, text in (("connections", connection), ("mappings", MAPPING.format(pattern="{code}_kg"))):
        (home / folder).mkdir(parents=True, exist_ok=True)
        (home / folder / f"{PLANT}.toml").write_text(text, "utf-8")


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


def database_killed(
    home: Path, url: str, records: int, kills: int, name: str, restarted: Callable[[], None] | None = None,
    restarts: int = 0,
) -> Results:  # fmt: skip
    """Rows of a database that restarts, and a connector that is killed."""
    engine = sa.create_engine(url, pool_pre_ping=True)
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
    drips = drip_rows(engine, records, rng)
    sent = killed_again_and_again(home, drips, records, kills, rng, restarted, restarts)
    engine.dispose()
    return told(home, sent, name)


def with_a_plant(home: Path, connection: str) -> None:
    """A home with a plant file, for what comes as messages, and a connection."""
    prepared(home, connection)
    (home / "plants").mkdir(exist_ok=True)
    text = resources.files("scenarios").joinpath("plants/northmill.toml").read_text("utf-8")
    (home / "plants" / f"{PLANT}.toml").write_text(text.replace('"northmill"', f'"{PLANT}"', 1), "utf-8")


def drip_messages(
    publish: Callable[[dict[str, Any]], None], count: int, rng: np.random.Generator
) -> Iterator[dict[str, float]]:
    """Send heats one by one, some corrected later and some twice; what was said."""
    for first in range(0, count, AT_A_TIME):
        numbers = list(range(first, min(first + AT_A_TIME, count)))
        numbers += [int(rng.integers(first)) for _ in numbers if first and rng.random() < CORRECTED]
        said: dict[str, float] = {}
        for number in numbers:
            copper = said[f"H{number}"] = round(float(rng.uniform(0.1, 0.5)), 4)
            told = {"heat_id": f"H{number}", "Cu": copper}
            publish(told)
            if rng.random() < AGAIN:
                publish(told)
        yield said


def broker_killed(home: Path, records: int, kills: int, restarts: int) -> Results:
    """Messages of a broker that restarts, and a connector that is killed."""
    with mosquitto(home.parent / f"{home.name}-broker") as broker:
        with_a_plant(home, MQTT.format(port=broker.port))
        # A broker keeps nothing for whom it has never seen.
        once(home)
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="level2", protocol=paho.MQTTv5)
        client.connect("127.0.0.1", broker.port, clean_start=False)
        client.loop_start()

        def publish(told: dict[str, Any]) -> None:
            charged = {"E40 shredded": 50.0, "E3 old thick": 60.0}
            client.publish("works/heats", orjson.dumps({**told, "charged": charged}), qos=1)

        def restart() -> None:
            broker.stop()
            broker.start()

        rng = stable_rng("connections", "mqtt")
        drips = drip_messages(publish, records, rng)
        sent = killed_again_and_again(home, drips, records, kills, rng, restart, restarts)
        client.loop_stop()
    return told(home, sent, "mqtt")


def scale_killed(home: Path, records: int, kills: int, restarts: int) -> Results:
    """Registrations of a server that restarts with other indices, and a connector that is killed."""
    port, open_ones, held = free_port(), ExitStack(), threading.Lock()
    found: list[Scale] = [open_ones.enter_context(scale(port))]

    def register(values: dict[str, Any]) -> None:
        while True:
            with held:
                weighing = found[0]
                if not weighing.counter or weighing.read("Acknowledged") == weighing.counter:
                    weighing.lift(awaits=False, Heat=values["heat_id"], Copper=values["Cu"], Net=110_000.0)
                    return
            time.sleep(0.005)

    def restart() -> None:
        with held:
            said = {name: found[0].read(name) for name in ("Heat", "Copper", "Net", "Acknowledged")}
            counter = found[0].counter
            open_ones.close()
            found[0] = open_ones.enter_context(scale(port, counter, spaces_before=counter % 4, said=said))

    with open_ones:
        with_a_plant(home, OPC_UA.format(url=found[0].url, space=SCALES))
        rng = stable_rng("connections", "opcua")
        drips = drip_messages(register, records, rng)
        sent = killed_again_and_again(home, drips, records, kills, rng, restart, restarts)
    return told(home, sent, "opcua")


def once(home: Path) -> None:
    """`chargewise connect --once`."""
    environment = {**os.environ, "CHARGEWISE_HOME": str(home)}
    command = [sys.executable, "-m", "chargewise.commands.cli", "connect", "--once", "--json"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
