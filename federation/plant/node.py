"""A plant's process in a federation: it asks the coordinator for messages and answers those it knows, until stopped.

It calls out and opens no port. Whatever breaks between it and the coordinator is told to the person who started it,
and tried again.
"""

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import httpx
from flwr.app import Context, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from federation.flower.bundles import APPS, App, app_of
from federation.flower.fleet import Arrived, Fleet
from federation.plant.answers import Answers
from federation.plant.diagnosis import SERVER_FAULT, UNAUTHORISED, why
from federation.plant.plant import Plant, PlantNode, read_node

RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Waits between attempts to reach the coordinator, the last again and again."""
QUICK_S = 1.0
PAUSES_S = (0.1, 0.2, 0.4, 0.8, 1.6, 3.0)
"""Waits after a coordinator that has nothing says so at once, longer each time; ours keeps a plant waiting itself."""
RUNS_KEPT = 8
FOREIGN = "the run's bundle is not one that this plant's own Chargewise would make; nothing of it was fetched or run"
_log = logging.getLogger("chargewise.federation")


class Node:
    """A plant that takes part.

    Args:
        node: what it is started with.
        say: told what a person at the plant should see.

    Raises:
        InputError: a file of it cannot be used.
    """

    def __init__(self, node: PlantNode, say: Callable[[str], None]) -> None:
        self._node, self._say = node, say
        self._plant = Plant.of(node)
        self._plant.policy()
        self._answers = {app: Answers(self._plant, app, say) for app in APPS}
        self._contexts: dict[int, Context] = {}
        self._apps: dict[int, App | None] = {}
        self._told = ""

    def run(self, stop: Event) -> None:
        """Take part until stopped; comes back from whatever breaks."""
        failed = 0
        while not stop.is_set():
            fleet = Fleet(self._node.coordinator, self._node.ca, self._plant.key)
            try:
                number = fleet.activate()
                failed = 0
                self._tell(f"{self._plant.name} is connected to {self._node.coordinator}")
                self._serve(fleet, number, stop)
            except (httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
                _log.info("connection lost", exc_info=error)
                reason = why(error, self._node.coordinator, self._node.ca)
                self._tell(f"{self._plant.name} cannot reach {self._node.coordinator}: {reason}; it goes on trying")
                stop.wait(RETRY_S[min(failed, len(RETRY_S) - 1)])
                failed += 1
            finally:
                fleet.close()

    def _serve(self, fleet: Fleet, number: int, stop: Event) -> None:
        nothing = 0
        while not stop.is_set():
            asked_at = time.monotonic()
            arrived = fleet.next_message()
            if arrived is not None:
                nothing = 0
                self._answer_if_it_runs(fleet, number, arrived)
            elif time.monotonic() - asked_at < QUICK_S:
                stop.wait(PAUSES_S[min(nothing, len(PAUSES_S) - 1)])
                nothing += 1

    def _answer_if_it_runs(self, fleet: Fleet, number: int, arrived: Arrived) -> None:
        try:
            self._answer(fleet, number, arrived)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == UNAUTHORISED or error.response.status_code >= SERVER_FAULT:
                raise
            # The run was stopped, or broke off, while this plant was answering.
            _log.info("run %s takes no answers any more: %s", arrived.run, error)

    def _answer(self, fleet: Fleet, number: int, arrived: Arrived) -> None:
        started = time.monotonic()
        app = self._app_of(fleet, arrived.run)
        if app is None:
            fleet.answer(self._answers["sums"].refuse(arrived.head, FOREIGN), 0.0)
            return
        message = fleet.fetch(arrived)
        # Messages are stamped with whose process this is.
        TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = arrived.run, arrived.run, number
        reply = self._answers[app](message, self._context(arrived.run, number))
        fleet.answer(reply, time.monotonic() - started)

    def _app_of(self, fleet: Fleet, run: int) -> App | None:
        if run not in self._apps:
            self._apps[run] = app_of(fleet.bundle_hash(run))
        return self._apps[run]

    def _context(self, run: int, number: int) -> Context:
        """What lasts from one message of a run to the next; nothing in it says where anything is."""
        if run not in self._contexts:
            while len(self._contexts) >= RUNS_KEPT:
                del self._contexts[next(iter(self._contexts))]
            self._contexts[run] = Context(run_id=run, node_id=number, node_config={}, state=RecordDict(), run_config={})
        return self._contexts[run]

    def _tell(self, what: str) -> None:
        """Say what is new once, not every time it is tried again."""
        if what != self._told:
            self._told = what
            self._say(what)


def take_part(node: PlantNode, say: Callable[[str], None], stop: Event | None = None) -> None:
    """Take part until stopped.

    Args:
        node: what the plant is started with.
        say: told what a person at the plant should see.
        stop: ends it when set.

    Raises:
        InputError: a file of the plant cannot be used, or another Flower is installed.
    """
    # What it writes is for its owner alone.
    os.umask(0o077)
    Node(node, say).run(stop or Event())


def main() -> None:
    """`python -m federation.plant.node SETTINGS`, for a trial on one machine."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        take_part(read_node(Path(sys.argv[1])), lambda what: print(what, flush=True))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
