"""Flower's own engine on this machine: a SuperLink, a SuperNode per plant, TLS and registered keys.

For a trial and for tests; on three hosts each starts its own process with the same commands.
"""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import Any

from federation.credentials import Credentials, make_credentials
from federation.deployment import (
    MODULES,
    SUMS,
    EngineError,
    PlantNode,
    environment,
    register_command,
    run_command,
    superlink_command,
    supernode_command,
)
from federation.modules.settings import Averaging, ModuleRun
from steel.errors import InputError

START_S = 60.0
RUN_S = 600.0
LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class Coordinator:
    """A running SuperLink; `ledger` records every run of it."""

    folder: Path
    environment: dict[str, str]
    ledger: Path

    def run(
        self,
        plants: int,
        wait_s: float = 120.0,
        fewest: int = 0,
        secure: bool = False,
        if_proposed: bool = False,
        remainder: Averaging | None = None,
    ) -> dict[str, Any]:
        """Run the federation once and return what the coordinator wrote.

        Args:
            plants: that must be connected to begin.
            wait_s: for them, and for every answer.
            fewest: answers without which nothing is done; 0 means all plants'.
            if_proposed: whether nothing is to be done unless a plant wants a round.
            secure: whether plants mask their sums, so that only their total can be seen.
            remainder: how the weights of a convex remainder are averaged, learned after the sums; None learns none.

        Raises:
            EngineError: the run ended without a result.
            InputError: a remainder is asked of a secure run.
        """
        if secure and remainder:
            raise InputError(remainder, "remainder", "none in a secure run: its weights would show what one plant has")
        how = f'secure={str(secure).lower()} if-proposed={str(if_proposed).lower()} remainder="{remainder or ""}"'
        return self._run(f"plants={plants} fewest={fewest} {how} wait-s={wait_s}", SUMS)

    def run_modules(self, run: ModuleRun, wait_s: float = 120.0) -> dict[str, Any]:
        """Train the participants' own modules together; the weights lie beside the result, under its `weights`.

        Args:
            run: how.
            wait_s: for participants, and for every answer.

        Raises:
            EngineError: the run ended without a result.
        """
        # Flower splits settings at spaces and quotes.
        return self._run(f'run="{run.model_dump_json().encode().hex()}" wait-s={wait_s}', MODULES)

    def _run(self, asked: str, app: str) -> dict[str, Any]:
        result = self.folder / "result.json"
        result.unlink(missing_ok=True)
        settings = f'{asked} result="{result}" ledger="{self.ledger}" started-by="{getuser()}"'
        command = run_command(self.folder, settings, app)
        log = self.folder / "run.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=self.environment, stdout=out, stderr=subprocess.STDOUT)
            try:
                self._wait_for(result, process, log)
            finally:
                end(process)
        return dict(json.loads(result.read_text("utf-8")))

    def _wait_for(self, result: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
        deadline = time.monotonic() + RUN_S
        while not result.is_file():
            if process.poll() is not None and not result.is_file():
                raise EngineError(f"the run ended without a result:\n{_tail(log)}")
            if time.monotonic() > deadline:
                raise EngineError(f"no result within {RUN_S:.0f} s:\n{_tail(log)}")
            time.sleep(0.1)


@contextmanager
def local_engine(
    folder: Path,
    nodes: list[PlantNode],
    say: Callable[[str], None] | None = None,
    ledger: Path | None = None,
    prompt: bool = True,
) -> Iterator[Coordinator]:
    """Start the engine with these plants and end it on leaving.

    Args:
        folder: for keys, state and logs.
        nodes: the plants.
        say: called with what is happening.
        ledger: where runs are recorded; in the folder unless given.
        prompt: whether it is made to answer at once; False is Flower as it comes.

    Raises:
        EngineError: a process did not start.
    """
    tell = say or (lambda what: None)
    folder.mkdir(parents=True, exist_ok=True)
    tell("certificates and keys")
    keys = make_credentials(folder / "keys", tuple(node.plant for node in nodes))
    port = free_port()
    around = environment(folder, keys.ca, f"127.0.0.1:{port}", prompt)
    with ExitStack() as stack:
        tell("SuperLink")
        log = start(stack, "superlink", superlink_command(keys, folder / "state.db", port), folder, around)
        until_listening(port, log)
        for node in nodes:
            register(keys, node.plant, around)
        for node in nodes:
            tell(f"SuperNode of {node.plant}")
            key = keys.plant_key(node.plant)
            command = supernode_command(keys.ca, key, node, f"127.0.0.1:{port}", free_port(), prompt)
            start(stack, f"supernode-{node.plant}", command, folder, around)
        yield Coordinator(folder, around, (ledger or folder / LEDGER).resolve())


def free_port() -> int:
    """A port nobody listens on just now, on loopback."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(stack: ExitStack, name: str, command: list[str], folder: Path, environment: dict[str, str]) -> Path:
    """Start a process that ends with the stack; returns its log in the folder."""
    log = folder / f"{name}.log"
    out = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    stack.callback(end, process)
    return log


def register(keys: Credentials, plant: str, environment: dict[str, str]) -> None:
    """Let a plant take part.

    Raises:
        EngineError: the coordinator does not answer, or refuses.
    """
    command = register_command(keys.plant_public_key(plant))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_S, check=False)
    if done.returncode != 0 and "already" not in done.stdout + done.stderr:
        raise EngineError(f"could not register {plant}:\n{done.stdout}{done.stderr}")


def until_listening(port: int, log: Path) -> None:
    """Wait for a SuperLink on this machine.

    Raises:
        EngineError: it does not listen in time.
    """
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise EngineError(f"the SuperLink does not listen on port {port}:\n{_tail(log)}")


def _tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-lines:])


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process: politely, then for good."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
