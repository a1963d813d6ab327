"""One run's way of asking plants: who is there, who answers, and who is left out and written down."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from flwr.app import Message, RecordDict
from flwr.serverapp import Grid

from federation.ledger import Ledger

LOOK_S = 0.1
"""Wait between two looks for answers; Flower's own grid waits three seconds."""


def answers_to(grid: Grid, messages: Iterable[Message], timeout_s: float) -> list[Message]:
    """Send messages and collect the answers that come within a time, as soon as they come."""
    waiting = set(grid.push_messages(messages))
    found: list[Message] = []
    deadline = time.monotonic() + timeout_s
    while waiting and time.monotonic() < deadline:
        replies = list(grid.pull_messages(waiting))
        found += replies
        waiting -= {reply.metadata.reply_to_message_id for reply in replies}
        if waiting:
            time.sleep(LOOK_S)
    return found


class PromptGrid:
    """What a strategy asks of a grid, with answers handed on as soon as they come."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    def get_node_ids(self) -> list[int]:
        """All connected nodes."""
        return list(self._grid.get_node_ids())

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        """Send, and wait for all answers or the time."""
        return answers_to(self._grid, messages, float("inf") if timeout is None else timeout)


class TooFewPlantsError(RuntimeError):
    """Fewer plants connected, or answered, than the run was started for."""


@dataclass(frozen=True)
class Round:
    """Who takes part in a run, and where it is written down who does not.

    Attributes:
        fewest: plants without which nothing is done.
    """

    grid: Grid
    wait_s: float
    fewest: int
    ledger: Ledger

    def ask(self, nodes: list[int], message_type: str, content: RecordDict) -> list[Message]:
        """The answers to one message; a plant that fails or does not answer is left out and written down.

        Raises:
            TooFewPlantsError: fewer answered than must; it says what became of the others.
        """
        asked = [Message(content, node, message_type) for node in nodes]
        replies = answers_to(self.grid, asked, self.wait_s)
        answers = sorted(replies, key=lambda reply: nodes.index(reply.metadata.src_node_id))
        absent = {str(reply.metadata.src_node_id): str(reply.error) for reply in answers if reply.has_error()}
        silent = set(nodes) - {reply.metadata.src_node_id for reply in answers}
        absent |= {str(node): f"no answer within {self.wait_s:.0f} s" for node in sorted(silent)}
        if absent:
            self.ledger.append("absent", {"message": message_type, "nodes": absent})
        good = [reply for reply in answers if not reply.has_error()]
        if len(good) < self.fewest:
            told = "; ".join(f"node {node}: {reason}" for node, reason in absent.items())
            raise TooFewPlantsError(f"{message_type}: {len(good)} of at least {self.fewest} plants answered; {told}")
        return good


def wait_for_plants(grid: Grid, plants: int, wait_s: float) -> list[int]:
    """Node ids of the plants, once enough have connected.

    Raises:
        TooFewPlantsError: they did not within the time.
    """
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        nodes = list(grid.get_node_ids())
        if len(nodes) >= plants:
            return nodes
        time.sleep(0.2)
    raise TooFewPlantsError(f"{len(nodes)} of {plants} plants connected within {wait_s:.0f} s")


def nodes_of(replies: Iterable[Message]) -> list[int]:
    """Who sent some messages, in order."""
    return [reply.metadata.src_node_id for reply in replies]
