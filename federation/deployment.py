"""The commands of Flower's own engine as a coordinator and its plants run them, on one machine or on many."""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from federation.credentials import Credentials

CONNECTION = "chargewise"
DEFAULT_PORT = 8000
CONTROL = "config.toml"
SUMS, MODULES = "app", "modules"
"""Folders of the two bundles, which bring no code but name what each plant installed itself."""
_BUNDLES = {SUMS: "bundle", MODULES: "modules/bundle"}
_SUPEREXEC = """#!{python}
from federation.prompt import superexec

if __name__ == "__main__":
    superexec()
"""


class EngineError(RuntimeError):
    """A process of the engine did not do what it should; the message ends with its log."""


@dataclass(frozen=True)
class PlantNode:
    """A plant as its SuperNode is told of it: where its heats and its models are, and what it takes part in.

    Attributes:
        task: `package.module:Task` of a module of its own, if it federates one.
    """

    plant: str
    database: str
    models: Path
    task: str = ""


def tool(name: str) -> str:
    """A command of the environment this Python runs in.

    Raises:
        EngineError: it is not installed.
    """
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise EngineError(f"{name} is not installed; it comes with the flwr package")
    return found


def environment(folder: Path, ca: Path, address: str, prompt: bool = True) -> dict[str, str]:
    """What processes that speak to a coordinator are started with; writes the connection and the bundles to a folder.

    Args:
        folder: of a coordinator or a plant.
        ca: certificate of the federation's authority.
        address: of the coordinator.
        prompt: whether the engine is made to answer at once (see `federation.prompt`).
    """
    home = folder / "flwr"
    home.mkdir(parents=True, exist_ok=True)
    connection = f'[superlink.{CONNECTION}]\naddress = "{address}"\nroot-certificates = "{ca.resolve()}"\n'
    (home / CONTROL).write_text(f'[superlink]\ndefault = "{CONNECTION}"\n\n{connection}', "utf-8")
    package = resources.files("federation")
    for app, bundle in _BUNDLES.items():
        (folder / app).mkdir(exist_ok=True)
        (folder / app / "pyproject.toml").write_bytes(package.joinpath(bundle, "pyproject.toml").read_bytes())
        (folder / app / "LICENSE").write_bytes(package.joinpath("bundle", "LICENSE").read_bytes())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    if prompt:
        # Flower's processes start their helper by its name.
        helper = home / "bin" / "flower-superexec"
        helper.parent.mkdir(exist_ok=True)
        helper.write_text(_SUPEREXEC.format(python=sys.executable), "utf-8")
        helper.chmod(0o755)
        path = f"{helper.parent.resolve()}{os.pathsep}{path}"
    # Several plants may share a machine's cores; more threads than cores make all of them crawl.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    flower = {"FLWR_HOME": str(home.resolve()), "FLWR_TELEMETRY_ENABLED": "0"}
    return {**os.environ, **threads, **flower, "PATH": path}


def superlink_command(keys: Credentials, state: Path, port: int) -> list[str]:
    """The coordinator: TLS, only registered plants, no code installed on its say-so; finished rounds outlive it."""
    return [
        tool("flower-superlink"),
        "--ssl-certfile", str(keys.server_certificate), "--ssl-keyfile", str(keys.server_key),
        "--ssl-ca-certfile", str(keys.ca), "--enable-supernode-auth",
        "--disable-runtime-dependency-installation",
        "--database", str(state), "--port", str(port),
    ]  # fmt: skip


def register_command(public_key: Path) -> list[str]:
    """Let a plant take part."""
    return [tool("flwr"), "supernode", "register", str(public_key), CONNECTION]


def supernode_command(
    ca: Path, key: Path, node: PlantNode, coordinator: str, port: int, prompt: bool = True
) -> list[str]:
    """A plant: it calls the coordinator and opens no port but one on loopback for its own processes."""
    config = f'plant="{node.plant}" database="{node.database}" models="{node.models.resolve()}" task="{node.task}"'
    return [
        *([sys.executable, "-m", "federation.prompt", "supernode"] if prompt else [tool("flower-supernode")]),
        "--root-certificates", str(ca), "--superlink", coordinator,
        "--auth-supernode-private-key", str(key),
        "--node-config", config, "--port", str(port),
    ]  # fmt: skip


def run_command(folder: Path, settings: str, app: str = SUMS) -> list[str]:
    """One run of a bundle in a folder."""
    return [tool("flwr"), "run", str(folder / app), CONNECTION, "--stream", "--run-config", settings]
