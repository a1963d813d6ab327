"""The commands of four terminals, as real processes on loopback."""

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
from typer.testing import CliRunner

from chargewise.app.demo_plants import set_up_bundled
from chargewise.commands.cli import app
from federation.engine import free_port
from federation.keys.credentials import make_plant_key
from federation.ledger.ledger import read_ledger
from federation.plant.policy import Policy, write_policy
from plant_adapters.store.store import HeatStore
from surrogate.store.registry import Registry

COMMAND = str(Path(sys.executable).parent / "chargewise")
HEATS = {"northmill": 120, "riverside": 100, "eastport": 100}


class Terminal:
    """Runs commands; those that last are ended with the test."""

    def __init__(self, folder: Path, home: Path, stack: ExitStack) -> None:
        self.folder, self.home = folder, home
        self.port = free_port()
        self._environment = {**os.environ, "CHARGEWISE_HOME": str(home)}
        self._stack = stack

    def tried(self, *arguments: str, timeout: float = 200.0) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [COMMAND, "federation", *arguments],
            env=self._environment, cwd=self.folder, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    def once(self, *arguments: str, timeout: float = 200.0) -> Any:
        done = self.tried(*arguments, timeout=timeout)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def lasting(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        log = self._stack.enter_context((self.folder / f"{name}.out").open("wb"))
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

    def said(self, name: str) -> str:
        return " ".join((self.folder / f"{name}.out").read_text("utf-8").split())

    def coordinate(self) -> "subprocess.Popen[bytes]":
        return self.lasting("coordinator", "coordinator", "--port", str(self.port), "--host", "127.0.0.1")

    def join(self, plant: str, *more: str) -> "subprocess.Popen[bytes]":
        keys = self.folder / "federation-data" / "keys"
        files = ["--ca", str(keys / "ca.pem"), "--roster", str(keys / "roster.toml"), *more]
        return self.lasting(plant, "join", "-p", plant, *files, "--coordinator", f"127.0.0.1:{self.port}")

    def online(self) -> set[str] | None:
        found = self.tried("status", "--json", timeout=60.0)
        if found.returncode != 0:
            return None
        return {plant["plant"] for plant in json.loads(found.stdout)["plants"] if plant["status"] == "online"}


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
@pytest.mark.timeout(900)
def test_plants_make_their_keys_join_leave_and_are_shut_out(terminal: Terminal) -> None:
    terminal.once("init", "--json")
    for plant in HEATS:
        made = terminal.once("key", "-p", plant, "--json")
        terminal.once("invite", plant, "--public-key", str(terminal.home / "federation" / plant / f"{plant}.pub"))
        assert terminal.once("roster", "--json")[plant] == made["fingerprint"]
    assert not list((terminal.folder / "federation-data" / "keys").glob("northmill*"))
    coordinator = terminal.coordinate()
    until(lambda: terminal.online() == set(), "the coordinator answers")
    joined = {name: terminal.join(name) for name in HEATS}
    until(lambda: terminal.online() == set(HEATS), "three plants connected")

    found = terminal.once("start", "--plants", "3", "--json")
    assert (set(found["adopted"]), found["secure"], found["errors"]["eastport"]) == (set(HEATS), True, {})
    sent = terminal.once("outbox", "-p", "northmill", "--json")
    assert [line["message"] for line in sent][-1] == "train.adopt"
    assert not any(line["refused"] or "in plain" in line["sent"] for line in sent)

    end(joined["eastport"])
    until(lambda: terminal.online() == {"northmill", "riverside"}, "the plant that left is missed")
    end(coordinator)
    coordinator = terminal.coordinate()
    until(lambda: terminal.online() == {"northmill", "riverside"}, "the coordinator is back, two plants found it")
    refused = terminal.tried("start", "--plants", "2", "--json")
    assert refused.returncode == 6
    assert "northmill: refused: a run of 2 plants; its policy asks for 3" in " ".join(refused.stderr.split())
    for plant in ("northmill", "riverside"):
        policy = Policy(plants_at_least=2)
        write_policy(terminal.home / "federation" / plant / "policy.toml", policy)
    refused = terminal.tried("start", "--plants", "2", "--json")
    # What two totals differ by would be eastport's own offer.
    assert "0 new heats since it last told of them; its policy asks for 20" in " ".join(refused.stderr.split())
    for plant in ("northmill", "riverside"):
        policy = Policy(plants_at_least=2, new_heats_at_least=0)
        write_policy(terminal.home / "federation" / plant / "policy.toml", policy)
    again = terminal.once("start", "--plants", "2", "--json")
    assert set(again["adopted"]) == {"northmill", "riverside"}

    entries = read_ledger(terminal.folder / "federation-data" / "ledger.jsonl", head=again["ledger_head"])
    kinds = [entry.kind for entry in entries]
    assert (kinds.count("begin"), kinds.count("failed"), kinds.count("end")) == (4, 2, 2)

    terminal.once("revoke", "riverside")
    until(lambda: terminal.online() == {"northmill"}, "who is revoked is shut out at once")
    end(joined["northmill"])
    changed = terminal.join("northmill")
    assert changed.wait(60.0) == 2
    assert "riverside is gone" in terminal.said("northmill")
    terminal.join("northmill", "--trust-roster")
    until(lambda: terminal.online() == {"northmill"}, "a roster that a person trusts is pinned")
    nothing = terminal.tried("stop", "12345")
    assert (nothing.returncode, "one that is going on: none is" in " ".join(nothing.stderr.split())) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("init", "--plants", "../evil"), "letters (a to z), digits"),
        (("init", "--plants", "server.key,b"), "letters (a to z), digits"),
        (("init", "--plants", ","), "at least one name"),
        (("init", "--plants", "ca"), "not one of aux, ca"),
        (("init", "--plants", "a,a"), "each once"),
        (("key", "-p", "../evil"), "letters (a to z), digits"),
        (("key", "-p", ""), "letters (a to z), digits"),
        (("invite", "a/b", "--public-key", "x"), "letters (a to z), digits"),
        (("join", "-p", "../../outside", "--ca", "x"), "letters (a to z), digits"),
        (("outbox", "-p", "."), "letters (a to z), digits"),
        (("status",), "No coordinator runs in"),
        (("start", "--plants", "3"), "No coordinator runs in"),
        (("stop", "1"), "No coordinator runs in"),
    ],
)
def test_names_are_checked_and_nobody_is_told_what_is_not_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], reason: str
) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["federation", *arguments])
    assert done.exit_code in (2, 6)
    assert reason in " ".join(done.stderr.split())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_keys_are_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def code(*arguments: str) -> int:
        return CliRunner().invoke(app, ["federation", *arguments]).exit_code

    assert (code("init"), code("key", "-p", "alpha")) == (0, 0)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert (code("init"), code("init", "--plants", "beta"), code("key", "-p", "alpha")) == (2, 2, 2)
    assert {path: path.read_bytes() for path in before} == before
    private, public = tmp_path / "key", tmp_path / "gamma.pub"
    make_plant_key(private, public, "gamma")
    with pytest.raises(ValueError, match="keys are not written over"):
        make_plant_key(private, public, "gamma")
