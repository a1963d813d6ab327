"""Flower's own processes, unchanged, with the same module and rounds: what ours are compared with.

They run what a bundle names, so they are no way to join a federation; here everything is our own and on loopback.
"""

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import tomli_w
from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from federation.engine import free_port, start, tail, when_ready
from federation.flower.operator import Operator
from federation.keys.credentials import LOOPBACK, Credentials, make_credentials
from federation.keys.roster import write_roster
from federation.ledger.errors import EngineError
from federation.ledger.ledger import Ledger
from federation.modules.client_app import app_for
from federation.modules.coordinate import run_modules
from federation.modules.settings import ModuleRun

RUN_S = 400.0
ANSWER_S = 120.0
CONNECTION = "benchmark"
"""Names a SuperLink to Flower's command line."""
server = ServerApp()
client = app_for(lambda context: (str(context.node_config["plant"]), str(context.node_config["task"])))


@server.main()
def main(grid: Grid, context: Context) -> None:
    """The same rounds as ours."""
    config = context.run_config
    run = ModuleRun.model_validate_json(bytes.fromhex(str(config["run"])))
    run_modules(grid, run, Ledger(Path(str(config["ledger"]))), "a benchmark", ANSWER_S)
    Path(str(config["done"])).touch()


def stock_run(run: ModuleRun, task: str, ledger: Path) -> None:
    """Start Flower's processes, do a run, and end them.

    Args:
        run: how.
        task: of the participants.
        ledger: where the run is written down.

    Raises:
        EngineError: a process did not do what it should.
    """
    with TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        names = tuple(f"plant-{number}" for number in range(run.participants))
        keys = make_credentials(folder / "keys", names)
        port = free_port()
        around = _environment(folder, keys, f"{LOOPBACK}:{port}")
        superlink, log = start(stack, "superlink", _superlink(keys, folder, port), folder, around)
        lines = {name: keys.plant_public_key(name).read_text("utf-8") for name in names}
        operator = when_ready(lambda: Operator(f"{LOOPBACK}:{port}", "", keys.ca), superlink, log)
        operator.register(write_roster(keys.roster, lines))
        for name in names:
            start(stack, name, _supernode(keys, name, task, port), folder, around)
        done = folder / "done"
        settings = f'run="{run.model_dump_json().encode().hex()}" ledger="{ledger}" done="{done}"'
        command = [_tool("flwr"), "run", str(_bundle(folder)), CONNECTION, "--stream", "--run-config", settings]
        process, log = start(stack, "run", command, folder, around)
        deadline = time.monotonic() + RUN_S
        while not done.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise EngineError(f"Flower as it comes did not finish:\n{tail(log)}")
            time.sleep(0.1)


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _environment(folder: Path, keys: Credentials, address: str) -> dict[str, str]:
    home = folder / "flwr"
    home.mkdir()
    connection = f'[superlink.{CONNECTION}]\naddress = "{address}"\nroot-certificates = "{keys.ca}"\n'
    (home / "config.toml").write_text(f'[superlink]\ndefault = "{CONNECTION}"\n\n{connection}', "utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    here = str(Path(__file__).parents[1])
    quiet = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1"}
    return {**quiet, "FLWR_HOME": str(home), "PATH": path, "PYTHONPATH": here}


def _superlink(keys: Credentials, folder: Path, port: int) -> list[str]:
    return [
        _tool("flower-superlink"),
        "--ssl-certfile", str(keys.server_certificate), "--ssl-keyfile", str(keys.server_key),
        "--ssl-ca-certfile", str(keys.ca), "--enable-supernode-auth", "--disable-runtime-dependency-installation",
        "--database", str(folder / "state.db"), "--port", str(port), "--host", LOOPBACK,
    ]  # fmt: skip


def _supernode(keys: Credentials, plant: str, task: str, port: int) -> list[str]:
    return [
        _tool("flower-supernode"), "--root-certificates", str(keys.ca), "--superlink", f"{LOOPBACK}:{port}",
        "--auth-supernode-private-key", str(keys.plant_key(plant)),
        "--node-config", f'plant="{plant}" task="{task}"', "--port", str(free_port()),
    ]  # fmt: skip


def _bundle(folder: Path) -> Path:
    app = folder / "app"
    app.mkdir()
    here = "benchmarks.flower_as_it_comes"
    project = {
        "project": {
            "name": "flower-as-it-comes",
            "version": "0.1.0",
            "license": "Apache-2.0",
            "dependencies": ["flwr"],
        },
        "build-system": {"requires": ["hatchling"], "build-backend": "hatchling.build"},
        "tool": {
            "flwr": {
                "app": {
                    "publisher": "chargewise",
                    "components": {"serverapp": f"{here}:server", "clientapp": f"{here}:client"},
                    "config": {"run": "", "ledger": "", "done": ""},
                }
            }
        },
    }
    (app / "pyproject.toml").write_text(tomli_w.dumps(project), "utf-8")
    return app
