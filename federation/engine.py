"""A coordinator's runs, and a whole federation on this machine: a process for the coordinator and one a plant.

For a trial and for tests; on hosts of their own each runs its own process by the same code.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import Any

from flwr.serverapp import Grid
from safetensors.numpy import save_file

from federation.flower.bundles import bundle
from federation.flower.operator import START_S, Operator
from federation.folder import LEDGER
from federation.keys.credentials import LOOPBACK, Credentials, make_credentials
from federation.keys.roster import read_roster, write_roster
from federation.ledger.errors import EngineError
from federation.ledger.ledger import Ledger, opened_ledger
from federation.ledger.results import write_result
from federation.modules.coordinate import run_modules
from federation.modules.settings import ModuleRun
from federation.plant.plant import PlantNode
from federation.plant.policy import OPEN, Policy, write_policy
from federation.run import SumsRun, run_sums

RESULT, WEIGHTS = "result.json", "result.safetensors"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Coordinator:
    """A coordinator that runs; `ledger` records every run of it.

    Attributes:
        folder: its own.
        ledger: file of its ledger.
    """

    folder: Path
    ledger: Path

    def run(self, run: SumsRun, say: Say | None = None) -> dict[str, Any]:
        """Run the federation once and return what was found, which is also written to a file.

        Raises:
            EngineError: the coordinator does not answer.
            InputError: what is asked for does not go together.
            LedgerError: another run is going on, or the ledger was changed.
            TooFewPlantsError: fewer plants connected, or answered, than must.
        """
        run.check()
        operator = Operator.of(self.folder)
        with opened_ledger(self.ledger) as ledger, operator.run(bundle("sums")) as grid:
            found = run_sums(grid, run, ledger, self.folder, str(grid.run.run_id), say)
        write_result(self.folder / RESULT, found)
        return found

    def run_modules(self, run: ModuleRun, wait_s: float = 120.0, say: Say | None = None) -> dict[str, Any]:
        """Train the participants' own modules together; the weights lie beside the result, under its `weights`.

        Args:
            run: how.
            wait_s: for participants, and for every answer.
            say: told how it goes.

        Raises:
            EngineError: the coordinator does not answer.
            LedgerError: another run is going on, or the ledger was changed.
            TooFewPlantsError: fewer participants connected, or answered, than must.
        """
        operator = Operator.of(self.folder)
        with opened_ledger(self.ledger) as ledger, operator.run(bundle("modules")) as grid:
            body = self._trained(grid, run, ledger, wait_s, say)
        write_result(self.folder / RESULT, body)
        return body

    def _trained(self, grid: Grid, run: ModuleRun, ledger: Ledger, wait_s: float, say: Say | None) -> dict[str, Any]:
        with ledger.run({"started_by": getuser(), "modules": run.model_dump(mode="json")}):
            found = run_modules(grid, run, ledger, getuser(), wait_s, say)
        save_file(found.weights, self.folder / WEIGHTS)
        return {
            "rounds": found.rounds,
            "quarantined": found.quarantined,
            "epsilon": found.epsilon,
            "delta": run.delta,
            "weights": WEIGHTS,
            "ledger_head": ledger.head,
        }


@dataclass(frozen=True)
class LocalPlant:
    """A plant of a federation on this machine.

    Attributes:
        plant: its name.
        database: where its heats are.
        models: folder of its models.
        task: of its own module, if it federates one.
        policy: what it takes part in; everything unless given, since it is a trial.
    """

    plant: str
    database: str
    models: Path
    task: str = ""
    policy: Policy = OPEN


@contextmanager
def local_engine(
    folder: Path, plants: list[LocalPlant], say: Say | None = None, ledger: Path | None = None
) -> Iterator[Coordinator]:
    """Start a coordinator and these plants, and end them on leaving.

    Args:
        folder: for keys, state and logs.
        plants: that take part.
        say: called with what is happening.
        ledger: where runs are recorded; in the folder unless given.

    Raises:
        EngineError: a process did not start.
    """
    tell = say or (lambda what: None)
    folder.mkdir(parents=True, exist_ok=True)
    names = tuple(plant.plant for plant in plants)
    tell("certificates and keys")
    keys = make_credentials(folder / "keys", names or ("nobody",))
    write_roster(keys.roster, {name: keys.plant_public_key(name).read_text("utf-8") for name in names})
    port = free_port()
    with ExitStack() as stack:
        tell("coordinator")
        command = [sys.executable, "-m", "federation.flower.superlink", str(folder), str(port), LOOPBACK]
        process, log = start(stack, "coordinator", command, folder)
        operator_when_ready(folder, process, log).register(read_roster(keys.roster))
        for plant in plants:
            tell(f"plant {plant.plant}")
            settings = write_node(folder / "plants" / plant.plant, plant, keys, f"{LOOPBACK}:{port}")
            start(stack, f"plant-{plant.plant}", [sys.executable, "-m", "federation.plant.node", str(settings)], folder)
        yield Coordinator(folder, (ledger or folder / LEDGER).resolve())


def write_node(folder: Path, plant: LocalPlant, keys: Credentials, coordinator: str) -> Path:
    """Write a plant's policy, its own copy of the roster and its settings to its folder; returns the settings' file."""
    folder.mkdir(parents=True, exist_ok=True)
    write_policy(folder / "policy.toml", plant.policy)
    roster = folder / "roster.toml"
    if not roster.is_file():
        shutil.copyfile(keys.roster, roster)
    node = PlantNode(
        plant=plant.plant, database=plant.database, models=plant.models.resolve(), folder=folder,
        coordinator=coordinator, ca=keys.ca, key=keys.plant_key(plant.plant), roster=roster, task=plant.task,
    )  # fmt: skip
    settings = folder / "node.json"
    settings.touch(mode=0o600)
    settings.write_text(node.model_dump_json(indent=1), "utf-8")
    return settings


def operator_when_ready(folder: Path, process: "subprocess.Popen[bytes]", log: Path) -> Operator:
    """The operator's line to a coordinator that is just starting.

    Raises:
        EngineError: it ended, or does not answer in time; the message ends with its log.
    """
    return when_ready(lambda: Operator.of(folder), process, log)


def when_ready(line: Callable[[], Operator], process: "subprocess.Popen[bytes]", log: Path) -> Operator:
    """A line to a process that is just starting.

    Args:
        line: makes it.
        process: at its other end.
        log: of the process.

    Raises:
        EngineError: it ended, or does not answer in time; the message ends with its log.
    """
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            found = line()
            found.nodes()
        except EngineError:
            time.sleep(0.1)
        else:
            return found
    raise EngineError(f"the coordinator did not start:\n{tail(log)}")


def free_port() -> int:
    """A port nobody listens on just now, on loopback."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def start(
    stack: ExitStack, name: str, command: list[str], folder: Path, more: Mapping[str, str] | None = None
) -> tuple["subprocess.Popen[bytes]", Path]:
    """Start a process that ends with the stack; returns it and its log in the folder.

    Args:
        stack: ends it.
        name: of its log.
        command: with its arguments.
        folder: for the log.
        more: variables of its environment beside this process's.
    """
    log = folder / f"{name}.log"
    out = stack.enter_context(log.open("wb"))
    # Several plants share a machine's cores here; more threads than cores make all of them crawl.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    around = {**os.environ, **threads, **(more or {})}
    process = subprocess.Popen(command, env=around, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    stack.callback(end, process)
    return process, log


def tail(log: Path, lines: int = 30) -> str:
    """The last lines of a log."""
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
