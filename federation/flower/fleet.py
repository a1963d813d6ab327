"""A plant's connection to a coordinator: it asks for messages and answers them, over Flower's Fleet API.

Only messages are fetched. The bundle of code that Flower offers with a run is not: there is no call for it here.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from flwr.app import Message
from flwr.app.message import remove_content_from_message
from flwr.common.serde import message_from_proto, message_to_proto, run_from_proto
from flwr.proto.fleet_pb2 import ActivateNodeRequest, DeactivateNodeRequest, PullMessagesRequest, PushMessagesRequest
from flwr.proto.heartbeat_pb2 import SendNodeHeartbeatRequest
from flwr.proto.node_pb2 import Node
from flwr.proto.run_pb2 import GetRunRequest
from flwr.supercore.inflatable.inflatable_object import (
    get_all_nested_objects,
    get_object_tree,
    iterate_object_tree,
    no_object_id_recompute,
)
from flwr.supercore.inflatable.inflatable_protobuf_utils import (
    make_confirm_message_received_fn_protobuf,
    make_pull_object_fn_protobuf,
    make_push_object_fn_protobuf,
)
from flwr.supercore.inflatable.inflatable_utils import pull_and_inflate_object_from_tree, push_objects
from flwr.supercore.interceptors.http.runtime_version import RuntimeVersionHttpInterceptor
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supernode.fleet_http_client import FleetHttpClient
from flwr.supernode.node_auth_http_interceptor import NodeAuthHttpInterceptor

from federation.flower.version import check_flower
from federation.flower.wire import pack, unpack

HEARTBEAT_S = 9.0
"""Between two signs of life; a plant counts as gone after twice `LIFE_S` without one."""
LIFE_S = 20.0
OBJECT_LOOK_S = 0.05
"""Wait before a part of a message that is still on its way is looked for again."""
MOST_OBJECTS = 2_000
"""Parts that a message may have; with Flower's five megabytes a part it is far above any of ours."""


@dataclass(frozen=True)
class Arrived:
    """A message that waits to be fetched.

    Attributes:
        head: without its content.
        tree: of its content's parts.
    """

    head: Message
    tree: Any

    @property
    def run(self) -> int:
        """The run it belongs to."""
        return int(self.head.metadata.run_id)


class Fleet:
    """A plant's connection.

    Args:
        address: HOST:PORT of the coordinator.
        ca: certificate of the authority that it is trusted under.
        key: the plant's, by which the coordinator knows it.

    Raises:
        InputError: another Flower is installed than the one this was written for.
    """

    def __init__(self, address: str, ca: Path, key: ec.EllipticCurvePrivateKey) -> None:
        check_flower()
        self._public = public_key_to_bytes(key.public_key())
        interceptors = [
            RuntimeVersionHttpInterceptor(component_name="SuperNode"),
            NodeAuthHttpInterceptor(key, key.public_key()),
        ]
        self._client = FleetHttpClient.from_server_address(address, False, ca.read_bytes(), interceptors)
        self._node = Node()
        self._over = Event()
        self._beating: Thread | None = None

    def activate(self) -> int:
        """Come online; returns the number the coordinator knows the plant by.

        Raises:
            httpx.HTTPError: the coordinator cannot be reached, or does not know the key.
        """
        asked = ActivateNodeRequest(public_key=self._public, heartbeat_interval=LIFE_S)
        self._node = Node(node_id=self._client.ActivateNode(asked).node_id)
        self._beating = Thread(target=self._beat, name="heartbeat", daemon=True)
        self._beating.start()
        return int(self._node.node_id)

    def next_message(self) -> Arrived | None:
        """A message, if there is one; a coordinator of ours answers as soon as there is."""
        found = self._client.PullMessages(PullMessagesRequest(node=self._node))
        if not found.messages_list:
            return None
        return Arrived(message_from_proto(found.messages_list[0]), found.message_object_trees[0])

    def bundle_hash(self, run: int) -> str:
        """Hash of the bundle that a run was started with."""
        found = self._client.GetRun(GetRunRequest(node=self._node, run_id=run))
        return str(run_from_proto(found.run).fab_hash)

    def fetch(self, arrived: Arrived) -> Message:
        """A message with its content.

        Raises:
            ValueError: it has more parts than any of ours.
        """
        if sum(1 for _ in iterate_object_tree(arrived.tree)) > MOST_OBJECTS:
            raise ValueError(f"a message of more than {MOST_OBJECTS} parts")
        message: Message = pull_and_inflate_object_from_tree(
            arrived.tree,
            make_pull_object_fn_protobuf(self._client.PullObject, self._node, arrived.run),
            make_confirm_message_received_fn_protobuf(self._client.ConfirmMessageReceived, self._node, arrived.run),
            return_type=Message,
            initial_backoff=OBJECT_LOOK_S,
            backoff_cap=OBJECT_LOOK_S,
        )
        # What travels does not hold its own number.
        message.metadata.__dict__["_message_id"] = arrived.tree.object_id
        return unpack(message)

    def answer(self, reply: Message, seconds: float) -> None:
        """Send a reply.

        Args:
            reply: to a message that was fetched.
            seconds: that it took, which Flower writes down.
        """
        run = int(reply.metadata.run_id)
        pack(reply)
        reply.metadata.__dict__["_message_id"] = reply.object_id
        with no_object_id_recompute():
            head = message_to_proto(remove_content_from_message(reply) if reply.has_content() else reply)
            asked = PushMessagesRequest(
                node=self._node,
                messages_list=[head],
                message_object_trees=[get_object_tree(reply)],
                clientapp_runtime_list=[seconds],
            )
            found = self._client.PushMessages(asked)
            push = make_push_object_fn_protobuf(self._client.PushObject, self._node, run, found.session_id)
            push_objects(get_all_nested_objects(reply), push, object_ids_to_push=set(found.objects_to_push))

    def close(self) -> None:
        """Go offline, if the coordinator can still be told, and hang up."""
        self._over.set()
        if self._beating is not None:
            with suppress(httpx.HTTPError, RuntimeError):
                self._client.DeactivateNode(DeactivateNodeRequest(node_id=self._node.node_id))
        self._client.close()

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT_S):
            # The next request for messages meets the same trouble and says so.
            with suppress(httpx.HTTPError, RuntimeError, ValueError):
                self._client.SendNodeHeartbeat(SendNodeHeartbeatRequest(node=self._node, heartbeat_interval=LIFE_S))
