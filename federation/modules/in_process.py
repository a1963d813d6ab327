"""Participants in this process: the same two apps without Flower's engine, for studies and tests."""

import itertools
import time
from collections.abc import Callable, Iterable

from flwr.app import Context, Error, Message, Metadata, RecordDict
from flwr.serverapp import Grid
from flwr.supercore.run import Run
from flwr.supercore.task_identity import TaskIdentity

FAILED = 0
COORDINATOR, RUN = 1, 1
Config = dict[str, bool | float | int | str]


def _identify() -> None:
    """Say that this process is the coordinator's, which messages are stamped with, unless it is another already."""
    try:
        _ = TaskIdentity.run_id
    except RuntimeError:
        TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, RUN, COORDINATOR


class InProcessGrid(Grid):  # type: ignore[misc]  # Flower's classes are untyped
    """Delivers every message at once to a client app in this process; a participant that raises answers with an error.

    Args:
        app: the participants' app; which one is asked, its context's node configuration says as `plant`.
        nodes: node configuration of each participant.
    """

    def __init__(self, app: Callable[[Message, Context], Message], nodes: list[Config]) -> None:
        _identify()
        self._app = app
        self._contexts = {
            number: Context(run_id=RUN, node_id=number, node_config=config, state=RecordDict(), run_config={})
            for number, config in enumerate(nodes, start=COORDINATOR + 1)
        }
        self._numbers = itertools.count()
        self._replies: dict[str, Message] = {}

    def set_run(self, run: Run) -> None:
        """There is only one run here."""

    @property
    def run(self) -> Run:
        """There is none but this one."""
        return Run.create_empty(RUN)

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        """A message as the interface has it."""
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def names(self) -> dict[int, str]:
        """All participants by name."""
        return {number: str(context.node_config["plant"]) for number, context in self._contexts.items()}

    def get_node_ids(self) -> Iterable[int]:
        """All participants."""
        return list(self._contexts)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Deliver and answer."""
        return [self._deliver(message) for message in messages]

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """The answers."""
        return [self._replies.pop(number) for number in message_ids]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Deliver and collect; nothing takes longer than its work, so there is no timeout."""
        del timeout
        return self.pull_messages(self.push_messages(messages))

    def _deliver(self, message: Message) -> str:
        sent = message.metadata
        number = str(next(self._numbers))
        metadata = Metadata(
            run_id=RUN,
            message_id=number,
            src_node_id=COORDINATOR,
            dst_node_id=sent.dst_node_id,
            reply_to_message_id="",
            group_id=sent.group_id,
            created_at=time.time(),
            ttl=sent.ttl,
            message_type=sent.message_type,
        )
        delivered = Message(metadata=metadata, content=message.content)
        try:
            self._replies[number] = self._app(delivered, self._contexts[sent.dst_node_id])
        except Exception as error:  # A participant may fail in any way; the coordinator is told, as by Flower's engine.
            self._replies[number] = Message(Error(FAILED, f"{type(error).__name__}: {error}"), reply_to=delivered)
        return number
