"""The commands of three terminals, as real processes on loopback."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from federation.credentials import make_credentials

from api.onboarding import set_up_bundled
from federation.engine import free_port
from federation.ledger import read_ledger
from plant_adapters.store import HeatStore
from surrogate.registry import Registry

COMMAND = str(Path(sys.executable).parent / "chargewise")
HEATS = {"northmill": 120, "riverside": 100, "eastport": 100}


class Terminal:
    """Runs commands; those that last are ended with the test."""

    def __init__(self, folder: Path, home: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.port = free_port()
        self._environment = {**os.environ, "CHARGEWISE_HOME": str(home)}
        self._stack = stack

    def once(self, *arguments: str, timeout: float = 200.0) -> Any:
        done = subprocess.run(
            [COMMAND, "federation", *arguments],
            env=self._environment, cwd=self.folder, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def lasting(self, *arguments: str) -> "subprocess.Popen[bytes]":
        log = self._stack.enter_context((self.folder / f"{len(list(self.folder.glob('*.out')))}.out").open("wb"))
        command = [COMMAND, "federation", *arguments]
        process = subprocess.Popen(
            command,
            env=self._environment,
            cwd=self.folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._stack.callback(end, process)
        return process

    def coordinate(self) -> "subprocess.Popen[bytes]":
        return self.lasting("coordinator", "--port", str(self.port))

    def join(self, plant: str, key: Path | None = None) -> "subprocess.Popen[bytes]":
        keys = self.folder / "federation-data" / "keys"
        address = f"127.0.0.1:{self.port}"
        files = ["--ca", str(keys / "ca.pem"), "--key", str(key or keys / plant)]
        return self.lasting("join", "-p", plant, *files, "--coordinator", address)

    def online(self) -> int:
        found = subprocess.run(
            [COMMAND, "federation", "status", "--port", str(self.port), "--json"],
            env=self._environment, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if found.returncode != 0:
            return -1
        return sum(node["status"].startswith("online") for node in json.loads(found.stdout)["nodes"])


def end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(20.0)


def until(met: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.5)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    home = tmp_path / "home"
    home.mkdir()
    store, registry = HeatStore(f"sqlite:///{home / 'heats.db'}"), Registry(home / "models")
    for name, heats in HEATS.items():
        set_up_bundled(name, heats, home / "plants", store, registry)
    with ExitStack() as stack:
        yield Terminal(tmp_path, home, stack)


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_plants_join_one_is_killed_and_the_coordinator_comes_back(terminal: Terminal) -> None:
    made = terminal.once("init", "--plants", ",".join(HEATS), "--json")
    assert set(made["send_to_plants"]) == set(HEATS)
    first = terminal.coordinate()
    until(lambda: terminal.online() == 0, "the coordinator answers")
    joined = {name: terminal.join(name) for name in HEATS}
    until(lambda: terminal.online() == 3, "three plants connected")

    stranger = make_credentials(terminal.folder / "strange", ("northmill",))
    terminal.join("northmill", stranger.plant_key("northmill"))

    found = terminal.once("start", "--plants", "3", "--port", str(terminal.port), "--json")
    assert set(found["adopted"]) == set(HEATS)
    assert terminal.online() == 3

    end(joined["eastport"])
    # A plant that is gone counts as connected until its heartbeat is missed, and a coordinator remembers that.
    until(lambda: terminal.online() == 2, "the plant that left is missed")
    end(first)
    terminal.coordinate()
    until(lambda: terminal.online() == 2, "the coordinator is back and the two plants found it")
    again = terminal.once("start", "--plants", "2", "--port", str(terminal.port), "--json")
    assert set(again["adopted"]) == {"northmill", "riverside"}

    entries = read_ledger(terminal.folder / "federation-data" / "ledger.jsonl", head=again["ledger_head"])
    assert [entry.kind for entry in entries].count("run") == 2
    given = [entry.body["plant"] for entry in entries if entry.kind == "contribution"]
    assert sorted(given) == sorted([*HEATS, "northmill", "riverside"])
