"""Flower's own engine on this machine: a SuperLink, a SuperNode per plant, TLS and registered keys.

For a trial and for tests; on three hosts each starts its own process with the same commands.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from getpass import getuser
from importlib import resources
from pathlib import Path
from typing import Any

from federation.credentials import Credentials, make_credentials

START_S = 60.0
RUN_S = 600.0
CONNECTION = "chargewise"


class EngineError(RuntimeError):
    """A process of the engine did not do what it should; the message ends with its log."""


@dataclass(frozen=True)
class PlantNode:
    """A plant as its SuperNode is told of it: where its heats and its models are."""

    plant: str
    database: str
    models: Path


@dataclass(frozen=True)
class LocalEngine:
    """A running SuperLink with connected plants; `ledger` records every run."""

    folder: Path
    environment: dict[str, str]
    port: int
    ledger: Path

    def run(self, plants: int, wait_s: float = 120.0, fewest: int = 0) -> dict[str, Any]:
        """Run the federation once and return what the coordinator wrote.

        Args:
            plants: that must be connected to begin.
            wait_s: for them, and for every answer.
            fewest: answers without which nothing is done; 0 means all plants'.

        Raises:
            EngineError: the run ended without a result.
        """
        result = self.folder / "result.json"
        result.unlink(missing_ok=True)
        written = f'result="{result}" ledger="{self.ledger}" started-by="{getuser()}"'
        settings = f"plants={plants} fewest={fewest} wait-s={wait_s} {written}"
        command = [_tool("flwr"), "run", str(self.folder / "app"), CONNECTION, "--stream", "--run-config", settings]
        log = self.folder / "run.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=self.environment, stdout=out, stderr=subprocess.STDOUT)
            try:
                self._wait_for(result, process, log)
            finally:
                _end(process)
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
    folder: Path, nodes: list[PlantNode], say: Callable[[str], None] | None = None, ledger: Path | None = None
) -> Iterator[LocalEngine]:
    """Start the engine with these plants and end it on leaving.

    Args:
        folder: for keys, state and logs.
        nodes: the plants.
        say: called with what is happening.
        ledger: where runs are recorded; in the folder unless given.

    Raises:
        EngineError: a process did not start.
    """
    tell = say or (lambda what: None)
    folder.mkdir(parents=True, exist_ok=True)
    tell("certificates and keys")
    keys = make_credentials(folder / "keys", tuple(node.plant for node in nodes))
    port = free_port()
    environment = _environment(folder, keys, port)
    with ExitStack() as stack:
        tell("SuperLink")
        _start_superlink(stack, folder, keys, environment, port)
        for node in nodes:
            _register(folder, keys, node.plant, environment)
        for node in nodes:
            tell(f"SuperNode of {node.plant}")
            _start_supernode(stack, folder, keys, node, environment, port)
        yield LocalEngine(folder, environment, port, (ledger or folder / "ledger.jsonl").resolve())


def free_port() -> int:
    """A port nobody listens on just now, on loopback."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tool(name: str) -> str:
    """A command of the environment this Python runs in."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise EngineError(f"{name} is not installed; it comes with the flwr package")
    return found


def _environment(folder: Path, keys: Credentials, port: int) -> dict[str, str]:
    home = folder / "flwr"
    home.mkdir(exist_ok=True)
    connection = f'[superlink.{CONNECTION}]\naddress = "127.0.0.1:{port}"\nroot-certificates = "{keys.ca.resolve()}"\n'
    (home / "config.toml").write_text(f'[superlink]\ndefault = "{CONNECTION}"\n\n{connection}', "utf-8")
    app = folder / "app"
    app.mkdir(exist_ok=True)
    bundle = resources.files("federation").joinpath("bundle")
    for name in ("pyproject.toml", "LICENSE"):
        (app / name).write_bytes(bundle.joinpath(name).read_bytes())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    # Several plants share this machine's cores; more threads than cores make all of them crawl.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    flower = {"FLWR_HOME": str(home.resolve()), "FLWR_TELEMETRY_ENABLED": "0"}
    return {**os.environ, **threads, **flower, "PATH": path}


def _start(stack: ExitStack, name: str, command: list[str], folder: Path, environment: dict[str, str]) -> Path:
    log = folder / f"{name}.log"
    out = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    stack.callback(_end, process)
    return log


def _start_superlink(stack: ExitStack, folder: Path, keys: Credentials, environment: dict[str, str], port: int) -> None:
    command = [
        _tool("flower-superlink"),
        "--ssl-certfile", str(keys.server_certificate), "--ssl-keyfile", str(keys.server_key),
        "--ssl-ca-certfile", str(keys.ca), "--enable-supernode-auth",
        "--disable-runtime-dependency-installation",
        "--database", str(folder / "state.db"), "--port", str(port),
    ]  # fmt: skip
    log = _start(stack, "superlink", command, folder, environment)
    _until_listening(port, log)


def _register(folder: Path, keys: Credentials, plant: str, environment: dict[str, str]) -> None:
    command = [_tool("flwr"), "supernode", "register", str(keys.plant_public_key(plant)), CONNECTION]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_S, check=False)
    if done.returncode != 0:
        raise EngineError(f"could not register {plant}:\n{done.stdout}{done.stderr}")


def _start_supernode(
    stack: ExitStack, folder: Path, keys: Credentials, node: PlantNode, environment: dict[str, str], port: int
) -> None:
    own = free_port()
    config = f'plant="{node.plant}" database="{node.database}" models="{node.models.resolve()}"'
    command = [
        _tool("flower-supernode"),
        "--root-certificates", str(keys.ca), "--superlink", f"127.0.0.1:{port}",
        "--auth-supernode-private-key", str(keys.plant_key(node.plant)),
        "--node-config", config, "--port", str(own),
    ]  # fmt: skip
    _start(stack, f"supernode-{node.plant}", command, folder, environment)


def _until_listening(port: int, log: Path) -> None:
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


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process: politely, then for good."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
