"""Real servers of a plant's systems on the loopback: a broker, and a scale's OPC UA server."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.sync import Server as UaServer

SCALES = "http://works.example/scales"
STARTS_WITHIN_S = 20.0


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Broker:
    """mosquitto, with what it keeps in a folder."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, with all that was kept."""
        command = [str(shutil.which("mosquitto")), "-c", str(self.folder / "mosquitto.conf")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ends = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < ends:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError("mosquitto does not listen")

    def stop(self) -> None:
        """End; what waits is kept."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@contextmanager
def mosquitto(folder: Path, password: str | None = None) -> Iterator[Broker]:
    """A broker; the user `works` with a password where one is given, anybody else otherwise."""
    if shutil.which("mosquitto") is None:
        raise FileNotFoundError("mosquitto is not installed: apt-get install mosquitto")
    folder.mkdir(parents=True, exist_ok=True)
    broker = Broker(folder, free_port())
    access = "allow_anonymous true"
    if password is not None:
        subprocess.run(
            [str(shutil.which("mosquitto_passwd")), "-b", "-c", str(folder / "users"), "works", password], check=True
        )
        access = f"allow_anonymous false\npassword_file {folder / 'users'}"
    (folder / "mosquitto.conf").write_text(
        f"listener {broker.port} 127.0.0.1\n{access}\nuser root\npersistence true\npersistence_location {folder}/\n"
        "autosave_interval 1\nmax_queued_messages 100000\n", "utf-8",
    )  # fmt: skip
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@dataclass
class Scale:
    """An OPC UA server of a scale that holds each lift until it is acknowledged, and of a crane's recipe nodes."""

    url: str
    server: UaServer
    nodes: dict[str, Any] = field(default_factory=dict)
    counter: int = 0

    def lift(self, awaits: bool = True, **values: Any) -> None:
        """Register a lift, once the one before is acknowledged."""
        ends = time.monotonic() + STARTS_WITHIN_S
        while awaits and self.counter and self.read("Acknowledged") != self.counter:
            if time.monotonic() > ends:
                raise TimeoutError("nobody acknowledged the lift before")
            time.sleep(0.02)
        for name, value in values.items():
            self.write(name, value)
        self.counter += 1
        self.write("Counter", self.counter)

    def read(self, name: str) -> Any:
        """A node's value."""
        return self.nodes[name].read_value()

    def write(self, name: str, value: Any) -> None:
        """A node's value, in its type."""
        kind = self.nodes[name].read_data_type_as_variant_type()
        self.nodes[name].write_value(ua.Variant(value, kind))


WHOLE = ua.VariantType.Int64
NODES: dict[str, Any] = {
    "Counter": ua.Variant(0, WHOLE), "WeightId": "", "Heat": "", "Basket": ua.Variant(0, WHOLE), "Material": "",
    "Net": 0.0, "Copper": 0.0, "Unit": "kg", "Overload": False, "Acknowledged": ua.Variant(0, WHOLE),
}  # fmt: skip
RECIPE_NODES: dict[str, Any] = {"Content": "", "HeatId": "", "Key": "", "Taken": "", "Refused": ""}


@contextmanager
def scale(
    port: int | None = None, counter: int = 0, spaces_before: int = 0, said: Mapping[str, Any] | None = None
) -> Iterator[Scale]:
    """A scale's server.

    Args:
        port: of the loopback; any unless given.
        counter: of lifts that were registered, and acknowledged, before.
        spaces_before: other name spaces before its own, which move its index.
        said: what its nodes said when it ended.
    """
    server = UaServer()
    found = Scale(f"opc.tcp://127.0.0.1:{port or free_port()}/scales", server, counter=counter)
    server.set_endpoint(found.url)
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    for number in range(spaces_before):
        server.register_namespace(f"http://works.example/other{number}")
    index = server.register_namespace(SCALES)
    for base, nodes in (("Basket1", NODES), ("Crane", RECIPE_NODES)):
        place = server.nodes.objects.add_object(index, base)
        for name, value in nodes.items():
            node = place.add_variable(index, name, value)
            node.set_writable()
            found.nodes[name] = node
    if counter:
        found.write("Counter", counter)
        found.write("Acknowledged", counter)
    for name, value in (said or {}).items():
        found.write(name, value)
    server.start()
    try:
        yield found
    finally:
        server.stop()


@contextmanager
def in_a_thread(target: Any, *arguments: Any) -> Iterator[threading.Event]:
    """Something that runs until an event, its first argument but these, is set."""
    ended = threading.Event()
    thread = threading.Thread(target=target, args=(*arguments, ended), daemon=True)
    thread.start()
    try:
        yield ended
    finally:
        ended.set()
        thread.join(15)


def awaited(what: Any, within_s: float = 20.0) -> Any:
    """What a question answers once it answers with something."""
    ends = time.monotonic() + within_s
    while not (found := what()):
        if time.monotonic() > ends:
            raise TimeoutError("it did not come")
        time.sleep(0.05)
    return found
