"""Flower's engine made to answer at once: its processes' waits shortened, and no process that imports anew.

Flower starts a process for every message, which takes seconds to import what a plant needs, and its SuperNode and
SuperExec look for work every three and every one seconds. Here a plant's (and the coordinator's) apps are forked off a
process that has imported everything, and looking for work takes a tenth of a second. Nothing else is changed: what is
run is the same package, with a process of its own for every message. Written for the Flower that is pinned.
"""

import multiprocessing
import os
import sys
import time
from importlib import import_module
from multiprocessing import forkserver
from types import ModuleType
from typing import Any

from flwr.supercore.constant import TASK_TYPE_TO_APPIO_API_ADDRESS_ARG, TaskType
from flwr.supercore.superexec.executor import ExecutionSpec, LaunchResult
from flwr.supercore.superexec.executor.subprocess_executor import SubprocessExecutor

LOOK_S = 0.1
"""Longest wait before looking for work again."""
MOST_LOOKS = 72_000
"""Times that a part of a message is looked for before it counts as lost, so two hours as Flower has it."""
POLL_VARIABLE = "FLWR_SUPEREXEC_TASK_POLL_INTERVAL"
APPS = {
    TaskType.CLIENT_APP: "flwr.supernode.cli.flwr_clientapp:flwr_clientapp",
    TaskType.SERVER_APP: "flwr.superlink.cli.flwr_serverapp:flwr_serverapp",
}
# torch's optimisers import the last, which takes more than a second.
IMPORTED = (
    "flwr.supernode.cli.flwr_clientapp",
    "flwr.superlink.cli.flwr_serverapp",
    "federation.client_app",
    "federation.server_app",
    "federation.modules.client_app",
    "federation.modules.server_app",
    "torch._dynamo",
)


class Impatient(ModuleType):
    """`time`, but no wait is longer than `LOOK_S`."""

    def __init__(self) -> None:
        super().__init__("time")

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Wait, not for long."""
        time.sleep(min(seconds, LOOK_S))


class ForkingExecutor(SubprocessExecutor):  # type: ignore[misc]  # Flower's classes are untyped
    """Runs apps in forks of a process that has imported them already."""

    def __init__(self) -> None:
        super().__init__()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(IMPORTED))
        # It imports while the plant waits for its first message.
        forkserver.ensure_running()

    def launch(self, spec: ExecutionSpec) -> LaunchResult:
        """Fork an app; what is no client or server app goes Flower's own way."""
        if spec.task_type not in APPS:
            return super().launch(spec)
        arguments = [TASK_TYPE_TO_APPIO_API_ADDRESS_ARG[spec.task_type], spec.runtime_api_address]
        arguments += ["--token", spec.token, "--parent-pid", str(os.getpid())]
        if spec.insecure:
            arguments.append("--insecure")
        elif spec.root_certificates_path is not None:
            arguments += ["--root-certificates", spec.root_certificates_path]
        self._context.Process(target=run_app, args=(APPS[spec.task_type], arguments)).start()
        return LaunchResult.accepted()


def look_often() -> None:
    """Parts of messages that are still on their way are looked for again at once, not after one second and more."""
    inflating: Any = import_module("flwr.supercore.inflatable.inflatable_utils")
    for pull in (inflating.pull_objects, inflating.pull_and_inflate_object_from_tree):
        pull.__kwdefaults__.update(initial_backoff=LOOK_S, backoff_cap=LOOK_S, max_tries_per_object=MOST_LOOKS)


def run_app(command: str, arguments: list[str]) -> None:
    """One of Flower's commands in this process, with arguments."""
    look_often()
    where, _, name = command.partition(":")
    sys.argv = [name, *arguments]
    getattr(import_module(where), name)()


def superexec() -> None:
    """`flower-superexec` with apps that are forked."""
    os.environ.setdefault(POLL_VARIABLE, str(LOOK_S))
    running: Any = import_module("flwr.supercore.superexec.run_superexec")
    running.get_executor = lambda *_, **__: ForkingExecutor()
    import_module("flwr.supercore.cli.flower_superexec").flower_superexec()


def supernode() -> None:
    """`flower-supernode` that looks for messages as soon as there may be some."""
    waiting: Any = import_module("flwr.supernode.start_client_internal")
    waiting.time = Impatient()
    look_often()
    import_module("flwr.supernode.cli.flower_supernode").flower_supernode()


COMMANDS = {"supernode": supernode, "superexec": superexec}

if __name__ == "__main__":
    COMMANDS[sys.argv.pop(1)]()
