"""`chargewise federation init`, `coordinator`, `join`, `start`, `status` and `stop`: plants on hosts of their own."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from chargewise.arguments import AsJson, PlantName
from chargewise.console import err, out, print_json, reporting_errors
from chargewise.federation_results import show
from chargewise.workplace import Workplace
from federation.credentials import Credentials, make_credentials
from federation.deployment import (
    CONNECTION,
    DEFAULT_PORT,
    EngineError,
    PlantNode,
    environment,
    superlink_command,
    supernode_command,
    tool,
)
from federation.engine import LEDGER, Coordinator, end, free_port, register, start, until_listening
from federation.modules.settings import Averaging
from federation.modules.task import load_task
from federation.remainder import AVERAGES
from steel.errors import InputError

RETRY_S = 5.0
"""Between attempts of a plant to take part."""
EXIT_ENGINE = 6
"""Exit code where a process of the engine did not do what it should."""
Folder = Annotated[Path, typer.Option(help="The coordinator's folder: keys, state, ledger.")]
Address = Annotated[str, typer.Option("--coordinator", help="HOST:PORT of the coordinator.")]
DEFAULT_FOLDER, DEFAULT_ADDRESS = Path("federation-data"), f"127.0.0.1:{DEFAULT_PORT}"


def init(
    plants: Annotated[str, typer.Option(help="Names of the plants, with commas.")],
    folder: Folder = DEFAULT_FOLDER,
    host: Annotated[str, typer.Option(help="Name or address by which plants reach the coordinator.")] = "127.0.0.1",
    as_json: AsJson = False,
) -> None:
    """Make certificates and keys for a trial; for production put your own in their place."""
    with reporting_errors():
        names = tuple(name.strip() for name in plants.split(",") if name.strip())
        keys = folder / "keys"
        if keys.exists():
            raise InputError(str(keys), "--folder", "a folder without keys; these would be overwritten")
        made = make_credentials(keys, names, host)
        each = {name: [str(made.plant_key(name)), str(made.ca)] for name in names}
        if as_json:
            print_json({"folder": str(folder), "send_to_plants": each})
            return
        for name, files in each.items():
            out.print(f"Send {name}, by a safe way: {', '.join(files)}", soft_wrap=True)
        out.print("Keep the rest to yourself. Then: chargewise federation coordinator", highlight=False)


def coordinator(folder: Folder = DEFAULT_FOLDER, port: Annotated[int, typer.Option()] = DEFAULT_PORT) -> None:
    """Coordinate: wait for plants until stopped. It holds no heat; finished rounds outlive it."""
    with reporting_errors(), ExitStack() as stack:
        keys = Credentials((folder / "keys").resolve())
        if not keys.ca.is_file():
            raise InputError(str(keys.folder), "--folder", "a folder made by `chargewise federation init`")
        around = environment(folder, keys.ca, f"127.0.0.1:{port}")
        _end_at_once_on_term()
        log = start(stack, "superlink", superlink_command(keys, folder / "state.db", port), folder, around)
        try:
            until_listening(port, log)
            plants = sorted(path.stem for path in keys.folder.glob("*.pub"))
            for plant in plants:
                register(keys, plant, around)
        except EngineError as error:
            raise told(error) from error
        err.print(f"Coordinating on port {port}; registered: {', '.join(plants)}. Ctrl-C ends it.")
        signal.pause()


def join(
    plant: PlantName,
    ca: Annotated[Path, typer.Option(help="The federation's ca.pem.")],
    key: Annotated[Path, typer.Option(help="The plant's private key.")],
    address: Address = DEFAULT_ADDRESS,
    task: Annotated[str, typer.Option(help="`package.module:Task` of a torch module to federate too.")] = "",
) -> None:
    """Take part with this plant until stopped. No heat leaves, and no port is opened to the network."""
    with reporting_errors():
        for file, option in ((ca, "--ca"), (key, "--key")):
            if not file.is_file():
                raise InputError(str(file), option, "a file that the coordinator sent")
        place = Workplace()
        if task:
            load_task(task)
        else:
            place.heats(plant)
        node = PlantNode(plant, place.store.absolute_url(), place.settings.models, task)
        folder = place.settings.home / "federation"
        around = environment(folder, ca, address)
        _end_at_once_on_term()
        command = supernode_command(ca.resolve(), key.resolve(), node, address, free_port())
        log = folder / f"supernode-{plant}.log"
        err.print(f"{plant} takes part at {address}; log: {log}. Ctrl-C leaves.")
        while True:
            # Each attempt has a stack of its own: a plant that is refused all night must not hoard open files.
            with ExitStack() as attempt:
                sink = attempt.enter_context(log.open("ab"))
                process = subprocess.Popen(
                    command, env=around, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
                )
                attempt.callback(end, process)
                code = process.wait()
            err.print(f"The coordinator refused {plant} or cannot be reached ({code}); again in {RETRY_S:.0f} s")
            time.sleep(RETRY_S)


def start_run(
    plants: Annotated[int, typer.Option(min=1, help="Plants that must be connected to begin.")],
    folder: Folder = DEFAULT_FOLDER,
    port: Annotated[int, typer.Option()] = DEFAULT_PORT,
    fewest: Annotated[int, typer.Option(min=0, help="Answers without which nothing is done; 0: all.")] = 0,
    secure: Annotated[bool, typer.Option(help="Mask the sums: the coordinator sees only their total.")] = False,
    wait_s: Annotated[float, typer.Option(min=1, help="Seconds to wait for plants and answers.")] = 600.0,
    remainder: Annotated[
        str, typer.Option(help=f"Learn a convex remainder too, averaged by {', '.join(AVERAGES)}.")
    ] = "",
    if_proposed: Annotated[bool, typer.Option(help="Only if a plant wants a round: drift, or no model yet.")] = False,
    every_h: Annotated[float, typer.Option(min=0, help="Again every so many hours until stopped; 0: once.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Run the federation: contract, sums, judgement at every plant."""
    with reporting_errors():
        folder = folder.resolve()
        around = environment(folder, folder / "keys" / "ca.pem", f"127.0.0.1:{port}")
        coordinator_here = Coordinator(folder, around, folder / LEDGER)
        averaging = _averaging(remainder)
        while True:
            try:
                found = coordinator_here.run(plants, wait_s, fewest, secure, if_proposed, averaging)
            except EngineError as error:
                # On a schedule the next round may find the plants that this one missed.
                if not every_h:
                    raise told(error) from error
                err.print(str(error), markup=False)
            else:
                if as_json:
                    print_json(found)
                else:
                    show(found)
            if not every_h:
                return
            err.print(f"again in {every_h:g} h; Ctrl-C ends")
            time.sleep(3600.0 * every_h)


def _averaging(name: str) -> Averaging | None:
    if name and name not in AVERAGES:
        raise InputError(name, "--remainder", f"one of {', '.join(AVERAGES)}")
    return cast("Averaging", name) if name else None


def status(
    folder: Folder = DEFAULT_FOLDER, port: Annotated[int, typer.Option()] = DEFAULT_PORT, as_json: AsJson = False
) -> None:
    """Which plants are connected, and which runs there were."""
    with reporting_errors():
        nodes = _asked(folder, port, "supernode", "list").get("nodes", [])
        runs = _asked(folder, port, "list").get("runs", [])
        if as_json:
            print_json({"nodes": nodes, "runs": runs})
            return
        online = sum(str(node.get("status", "")).startswith("online") for node in nodes)
        out.print(f"{online} of {len(nodes)} registered plants are connected; {len(runs)} runs")
        for run in runs:
            out.print(f"run {run.get('run-id')}: {run.get('status')}", highlight=False)


def stop(
    run: Annotated[str, typer.Argument(help="The run's number, as `status` shows it.")],
    folder: Folder = DEFAULT_FOLDER,
    port: Annotated[int, typer.Option()] = DEFAULT_PORT,
) -> None:
    """Stop a run; nothing of it is adopted that was not already."""
    with reporting_errors():
        _asked(folder, port, "stop", run)
        out.print(f"run {run} stopped")


def _asked(folder: Path, port: int, *command: str) -> dict[str, Any]:
    folder = folder.resolve()
    around = environment(folder, folder / "keys" / "ca.pem", f"127.0.0.1:{port}")
    arguments = [tool("flwr"), *command, CONNECTION, "--format", "json"]
    done = subprocess.run(arguments, env=around, capture_output=True, text=True, timeout=60.0, check=False)
    if done.returncode != 0:
        raise told(EngineError(f"{' '.join(command)}: {done.stdout}{done.stderr}"))
    try:
        return dict(json.loads(done.stdout))
    except ValueError as error:
        raise told(EngineError(f"{' '.join(command)}: {done.stdout}")) from error


def told(error: EngineError) -> typer.Exit:
    """Print what a process of the engine did not do; how the command ends then."""
    err.print(str(error), markup=False)
    return typer.Exit(EXIT_ENGINE)


def _end_at_once_on_term() -> None:
    """A service manager's SIGTERM ends the command as Ctrl-C does, its own process with it."""
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))


COMMANDS: dict[str, Callable[..., None]] = {
    "init": init,
    "coordinator": coordinator,
    "join": join,
    "start": start_run,
    "status": status,
    "stop": stop,
}
