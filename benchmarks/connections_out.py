"""Receivers that are served by a connector that is killed: what is lost, and what is done twice, at each kind of them.

A receiver does what a message says once for each key, as the documents ask of it; some answer late, some not at all.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
import sqlalchemy as sa
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.connections_killed import LONGEST_S, PLANT, connector, once, with_a_plant
from benchmarks.plant_servers import SCALES, Broker, Scale, in_a_thread, mosquitto, scale
from benchmarks.report import Results
from plant_adapters.store.outbox import Outbox, put
from plant_adapters.store.store import HeatStore
from scenarios.world import stable_rng

SINKS = ("folder", "sql", "http", "mqtt", "opcua")
FILE = """
[[sinks]]
kind = "folder"
name = "folder"
folder = "{home}/recipes"
every_s = 0.1

[[sinks]]
kind = "sql"
name = "sql"
url = "sqlite:///{home}/level2.db"
table = "inbox"
every_s = 0.1

[[sinks]]
kind = "http"
name = "http"
url = "http://127.0.0.1:{http_port}/recipes"
every_s = 0.1
timeout_s = 2

[[sinks]]
kind = "mqtt"
name = "mqtt"
host = "127.0.0.1"
port = {mqtt_port}
topic = "works/recipes/{{heat_id}}"
every_s = 0.1

[[sinks]]
kind = "opcua"
name = "opcua"
url = "{url}"
namespace = "{space}"
base = "Crane"
every_s = 0.1
timeout_s = 3
nodes = {{ acknowledged = "Taken", refused = "Refused" }}

[[connections]]
kind = "mqtt"
name = "acknowledgements"
host = "127.0.0.1"
port = {mqtt_port}
[[connections.messages]]
kind = "acknowledgement"
topic = "works/acknowledged"
fixed = {{ sink = "mqtt" }}
"""
FAILS = 0.1
"""Share of an HTTP receiver's answers that do not come, though it did what it was asked."""


@dataclass
class Received:
    """What a receiver got.

    Attributes:
        came: how often, by key.
        done: heats in the order in which it did what was said of them.
    """

    came: Counter[str] = field(default_factory=Counter)
    done: list[str] = field(default_factory=list)

    def take(self, told: dict[str, Any]) -> None:
        """A message came; what it says is done once for its key."""
        key = str(told["key"])
        if not self.came[key]:
            self.done.append(str(told["content"]["heat_id"]))
        self.came[key] += 1


def take_files(folder: Path, got: Received, ended: threading.Event) -> None:
    """Take files away, one after another."""
    while not ended.wait(0.05):
        for file in sorted(folder.glob("*.json")):
            got.take(orjson.loads(file.read_bytes()))
            file.unlink()


def take_rows(url: str, got: Received, ended: threading.Event) -> None:
    """Take rows and mark them."""
    engine = sa.create_engine(url, connect_args={"timeout": 30})
    while not ended.wait(0.05):
        with engine.begin() as connection:
            query = sa.text("SELECT message_key, content FROM inbox WHERE acknowledged_at IS NULL ORDER BY message_key")
            for key, content in connection.execute(query).all():
                got.take({"key": key, "content": orjson.loads(content)})
                mark = sa.text("UPDATE inbox SET acknowledged_at = '2026-01-01' WHERE message_key = :key")
                connection.execute(mark, {"key": key})
    engine.dispose()


@contextmanager
def http_receiver(got: Received) -> Iterator[int]:
    """A service that does what it is asked and does not always say so; its port."""
    rng = stable_rng("connections", "http")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.take(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if rng.random() < FAILS:
                self.close_connection = True
                return
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def subscriber(broker: Broker, got: Received) -> Iterator[None]:
    """Takes messages of a topic, and says so on another."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="level2", protocol=paho.MQTTv5)

    def take(_client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        told = orjson.loads(message.payload)
        got.take(told)
        client.publish("works/acknowledged", orjson.dumps({"key": told["key"]}), qos=1)

    client.on_message = take
    client.connect("127.0.0.1", broker.port)
    client.subscribe("works/recipes/+", qos=1)
    client.loop_start()
    try:
        yield
    finally:
        client.loop_stop()


def take_nodes(crane: Scale, got: Received, ended: threading.Event) -> None:
    """Take what the nodes hold, and say so."""
    while not ended.wait(0.01):
        key = crane.read("Key")
        if key and crane.read("Taken") != key:
            got.take(orjson.loads(crane.read("Content")))
            crane.write("Taken", key)


def receivers_killed(home: Path, messages: int, kills: int) -> Results:
    """Messages to receivers of every kind at once, and a connector that is killed."""
    got = {name: Received() for name in SINKS}
    with ExitStack() as stack:
        broker = stack.enter_context(mosquitto(home.parent / f"{home.name}-broker"))
        crane = stack.enter_context(scale())
        http_port = stack.enter_context(http_receiver(got["http"]))
        home.mkdir(parents=True)
        (home / "recipes").mkdir()
        engine = sa.create_engine(f"sqlite:///{home / 'level2.db'}")
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.exec_driver_sql(
                "CREATE TABLE inbox (message_key VARCHAR PRIMARY KEY, kind VARCHAR, content VARCHAR, put_at VARCHAR, "
                "acknowledged_at VARCHAR)"
            )
        ports = {"http_port": http_port, "mqtt_port": broker.port}
        with_a_plant(home, FILE.format(home=home, url=crane.url, space=SCALES, **ports))
        stack.enter_context(subscriber(broker, got["mqtt"]))
        stack.enter_context(in_a_thread(take_files, home / "recipes", got["folder"]))
        stack.enter_context(in_a_thread(take_rows, f"sqlite:///{home / 'level2.db'}", got["sql"]))
        stack.enter_context(in_a_thread(take_nodes, crane, got["opcua"]))
        # Receivers get what comes once they are known.
        once(home)
        store = HeatStore(f"sqlite:///{home / 'heats.db'}")
        told = _kept_killing(home, store, messages, kills)
        open_ones = _unacknowledged(store, told)
        store.close()
    results: Results = {"out_messages": len(told)}
    for name, one in got.items():
        results |= {
            f"out_{name}_lost": len(set(told) - set(one.done)),
            f"out_{name}_twice": len(one.done) - len(set(one.done)),
            f"out_{name}_out_of_order": sum(first > then for first, then in pairwise(one.done)),
            f"out_{name}_delivered_again": sum(count - 1 for count in one.came.values()),
            f"out_{name}_unacknowledged": open_ones[name],
        }  # fmt: skip
    return results


def _kept_killing(home: Path, store: HeatStore, messages: int, kills: int) -> list[str]:
    """Put messages into the outbox while the connector is killed; then let it deliver the rest."""
    rng = stable_rng("connections", "out")
    told: list[str] = []
    for kill in range(kills):
        with connector(home) as process:
            for number in range(kill * messages // kills, (kill + 1) * messages // kills):
                heat = f"{number:08d}"
                with store.database.writing() as connection:
                    put(connection, PLANT, "planned", f"{PLANT}/{heat}", {"heat_id": heat, "baskets_t": []})
                told.append(heat)
            before = _delivered(store)
            ends = time.monotonic() + LONGEST_S
            while _delivered(store) == before and time.monotonic() < ends:
                time.sleep(0.05)
            time.sleep(float(rng.uniform(0.2, 1.5)))
            process.kill()
    with connector(home):
        # A receiver that does not answer now and then is tried again a second later each time.
        ends = time.monotonic() + LONGEST_S + 5.0 * FAILS * messages
        while time.monotonic() < ends and any(_unacknowledged(store, told).values()):
            time.sleep(0.2)
    return told


def _delivered(store: HeatStore) -> int:
    return len(Outbox(store.database).deliveries(PLANT, 1_000_000))


def _unacknowledged(store: HeatStore, told: list[str]) -> dict[str, int]:
    every = Outbox(store.database).deliveries(PLANT, 1_000_000)
    done = Counter(one.sink for one in every if one.state == "acknowledged")
    return {name: len(told) - done[name] for name in SINKS}
