"""What the operator of a coordinator asks of it: which plants there are, a run, and to talk to the plants of the run.

A run's own side runs in the operator's process. Flower would unpack the bundle and start it elsewhere; here nothing is
unpacked, the operator sees how it goes, and why it ended.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from flwr.app import Message
from flwr.common.constant import SubStatus
from flwr.common.serde import fab_to_proto, run_from_proto
from flwr.proto.control_pb2 import (
    ListNodesRequest,
    ListRunsRequest,
    RegisterNodeRequest,
    StartRunRequest,
    StopRunRequest,
    UnregisterNodeRequest,
)
from flwr.proto.runtime_pb2 import AcquireTaskRequest, PullTaskInputRequest, PushTaskOutputRequest
from flwr.supercore.constant import TaskType
from flwr.supercore.control import ControlHttpClient
from flwr.supercore.error import FlowerError
from flwr.supercore.fab import Fab
from flwr.supercore.heartbeat import HeartbeatSender, make_task_heartbeat_fn_http
from flwr.supercore.inflatable import inflatable_utils
from flwr.supercore.interceptors import RuntimeTokenHttpInterceptor, RuntimeVersionHttpInterceptor
from flwr.supercore.interceptors.http.utils import add_headers
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supercore.protobuf.client import ProtobufCall, ProtobufRequestContext
from flwr.supercore.runtime import RuntimeHttpClient
from flwr.supercore.task_identity import TaskIdentity
from flwr.superlink.grid.http_grid import HttpGrid

from federation.flower.doors import TOKEN_HEADER
from federation.flower.version import check_flower
from federation.flower.wire import packed, unpack
from federation.folder import DOOR
from federation.keys.credentials import LOOPBACK
from federation.keys.roster import Roster
from federation.ledger.errors import EngineError

Told = TypeVar("Told")
START_S = 60.0
"""A coordinator that is started answers within it."""
OBJECT_LOOK_S = 0.05
MOST_LOOKS = 144_000
"""Times that a part of an answer is looked for before it counts as lost: two hours, as Flower has it."""


@dataclass(frozen=True)
class Node:
    """A registered plant, as the coordinator knows it.

    Attributes:
        number: Flower's.
        plant: its name.
        status: online, offline or registered (never seen).
        public: its key, PEM.
    """

    number: int
    plant: str
    status: str
    public: bytes


class _Token:
    """Brings the operator's token with every request."""

    def __init__(self, token: str) -> None:
        self._headers = {TOKEN_HEADER: token}

    def intercept(self, context: ProtobufRequestContext, call_next: ProtobufCall) -> httpx.Response:
        """Add the header."""
        add_headers(context.request, self._headers)
        response: httpx.Response = call_next(context)
        return response


class Operator:
    """The operator's line to a coordinator.

    Args:
        address: HOST:PORT that the operator reaches it at.
        token: that it asks for.
        ca: certificate of the authority, where the line is TLS.

    Raises:
        InputError: another Flower is installed than the one this was written for.
    """

    def __init__(self, address: str, token: str, ca: Path | None = None) -> None:
        check_flower()
        logging.getLogger("httpx").setLevel(logging.WARNING)
        logging.getLogger("flwr").setLevel(logging.ERROR)
        self._line = address, ca is None, ca.read_bytes() if ca else None
        self._token = _Token(token)
        version = RuntimeVersionHttpInterceptor(component_name="operator")
        self._control = ControlHttpClient.from_server_address(*self._line, [version, self._token])

    @staticmethod
    def of(folder: Path) -> "Operator":
        """The line to the coordinator that runs in a folder on this machine.

        Raises:
            EngineError: none does.
        """
        try:
            door = json.loads((folder / DOOR).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise EngineError(f"No coordinator runs in {folder}: chargewise federation coordinator") from error
        return Operator(f"{LOOPBACK}:{door['port']}", str(door["token"]))

    def register(self, roster: Roster) -> None:
        """Let just these plants take part: new ones are let in, those that are gone are shut out.

        Raises:
            EngineError: the coordinator does not do it.
        """
        wanted = {public_key_to_bytes(roster.key_of(plant)): plant for plant in roster.plants}
        known = {node.public: node for node in self.nodes()}
        for public, node in known.items():
            if wanted.get(public) != node.plant:
                self._ask(self._control.UnregisterNode, UnregisterNodeRequest(node_id=node.number))
        for public, plant in wanted.items():
            if public not in known or known[public].plant != plant:
                self._ask(self._control.RegisterNode, RegisterNodeRequest(public_key=public, name=plant))

    def nodes(self) -> list[Node]:
        """Registered plants, in the order of their names."""
        found = self._ask(self._control.ListNodes, ListNodesRequest()).nodes_info
        nodes = [Node(n.node_id, n.name, n.status, n.public_key) for n in found if n.status != "unregistered"]
        return sorted(nodes, key=lambda node: node.plant)

    def runs(self) -> list[dict[str, Any]]:
        """Flower's record of runs, newest first: number, status with its reason, and times in UTC."""
        found = self._ask(self._control.ListRuns, ListRunsRequest()).run_dict
        facts = [
            {
                "run": str(run.run_id),
                "status": run.status.status,
                "ended": run.status.sub_status,
                "reason": run.status.details,
                "started_at": run.pending_at,
                "finished_at": run.finished_at,
            }
            for run in found.values()
        ]
        return sorted(facts, key=lambda run: str(run["started_at"]), reverse=True)

    def stop(self, run: int) -> bool:
        """End a run; False if it was over already, or there is none of that number."""
        if not any(one["run"] == str(run) and one["status"] != "finished" for one in self.runs()):
            return False
        return bool(self._ask(self._control.StopRun, StopRunRequest(run_id=run)).success)

    @contextmanager
    def run(self, content: bytes) -> Iterator["RunGrid"]:
        """A run; it counts as failed if the block raises.

        Args:
            content: the bundle's bytes; plants answer only to those of `federation.flower.bundles`.

        Raises:
            EngineError: the coordinator does not start it, or is gone in the middle of it.
        """
        fab = Fab(hashlib.sha256(content).hexdigest(), content, {})
        started = self._ask(self._control.StartRun, StartRunRequest(fab=fab_to_proto(fab)))
        if not started.HasField("run_id"):
            raise EngineError("the coordinator did not start the run")
        grid = self._claimed(int(started.run_id))
        beat = HeartbeatSender(make_task_heartbeat_fn_http(grid.client))
        beat.start()
        ended, why = SubStatus.FAILED, "broken off"
        try:
            yield grid
            ended, why = SubStatus.COMPLETED, ""
        except httpx.HTTPError as error:
            why = f"the coordinator does not answer any more: {error}"
            raise EngineError(why) from error
        except BaseException as error:
            why = f"{type(error).__name__}: {error}"
            raise
        finally:
            beat.stop()
            _finish(grid.client, ended, why)
            grid.close()

    def _claimed(self, run: int) -> "RunGrid":
        """The run's own side; what others left unclaimed when they broke off is ended on the way."""
        while True:
            claim = AcquireTaskRequest(supported_task_types=[TaskType.SERVER_APP])
            taken = self._ask(self._runtime().AcquireTask, claim)
            if not taken.token:
                raise EngineError(f"run {run} was taken by another process")
            client = self._runtime(taken.token)
            if taken.task.run_id != run:
                _finish(client, SubStatus.FAILED, "its operator went away before it began")
                continue
            given = self._ask(client.PullTaskInput, PullTaskInputRequest())
            TaskIdentity.task_id, TaskIdentity.run_id = given.task_id, given.run.run_id
            TaskIdentity.node_id = given.context.node_id
            grid = RunGrid(taken.token, client)
            grid.set_run(run_from_proto(given.run))
            return grid

    def _runtime(self, token: str = "") -> RuntimeHttpClient:
        own = [RuntimeTokenHttpInterceptor(token)] if token else []
        version = RuntimeVersionHttpInterceptor(component_name="flwr-serverapp")
        return RuntimeHttpClient.from_server_address(*self._line, [version, self._token, *own])

    def _ask(self, call: Callable[[Any], Told], request: Any) -> Told:
        try:
            return call(request)
        except httpx.HTTPStatusError as error:
            refusal = FlowerError.from_json(error.response.text)
            raise EngineError(
                f"the coordinator refused: {refusal.message if refusal else error.response.text}"
            ) from error
        except (httpx.HTTPError, OSError) as error:
            raise EngineError(f"the coordinator does not answer: {error}") from error


class RunGrid(HttpGrid):  # type: ignore[misc]  # Flower's classes are untyped
    """Flower's way to the plants of a run, through the operator's door."""

    def __init__(self, token: str, client: RuntimeHttpClient) -> None:
        super().__init__(token=token)
        self._client = client
        _look_often()

    @property
    def client(self) -> RuntimeHttpClient:
        """The connection itself."""
        return self._client

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Send messages, each in one piece."""
        # What is sent may be sent to others too: it is packed in a message of its own.
        found: Iterable[str] = super().push_messages([_packed(message) for message in messages])
        return found

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """Answers to messages, as far as there are any."""
        return [unpack(message) for message in super().pull_messages(message_ids)]

    def names(self) -> dict[int, str]:
        """Connected plants by the number their messages carry: the coordinator knows each by its registered key."""
        return {int(node.node_id): str(node.name) for node in self.get_nodes()}


def _packed(message: Message) -> Message:
    sent = message.metadata
    return Message(packed(message.content), sent.dst_node_id, sent.message_type, ttl=sent.ttl, group_id=sent.group_id)


def _look_often() -> None:
    """Parts of answers that are still on their way are looked for again at once, not after one second and more."""
    defaults = inflatable_utils.pull_objects.__kwdefaults__
    defaults.update(initial_backoff=OBJECT_LOOK_S, backoff_cap=OBJECT_LOOK_S, max_tries_per_object=MOST_LOOKS)


def _finish(client: RuntimeHttpClient, ended: str, why: str) -> None:
    """Say how a run ended; where the coordinator is gone it will find out itself."""
    with suppress(httpx.HTTPError, OSError, RuntimeError):
        client.PushTaskOutput(PushTaskOutputRequest(sub_status=ended, details=why[:2000]))
