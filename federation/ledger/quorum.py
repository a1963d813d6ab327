"""One run's way of asking plants: who is there, who answers, and who is left out and written down."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from flwr.app import Message, RecordDict
from flwr.serverapp import Grid

from federation.ledger.errors import TooFewPlantsError
from federation.ledger.ledger import Ledger

LOOK_S = 0.05
"""Wait between two looks for answers; Flower's own grid waits three seconds."""


@runtime_checkable
class NamingGrid(Protocol):
    """A grid that knows its plants by name."""

    def names(self) -> dict[int, str]:
        """Connected plants by the number their messages carry."""


def answers_to(grid: Grid, numbers: Iterable[str], timeout_s: float) -> dict[str, Message]:
    """Answers to messages that were sent, by number of what they answer, once all have come or the time is up.

    Flower's own error replies come from no plant: what they answer says whose they are.
    """
    waiting, found = set(numbers), dict[str, Message]()
    deadline = time.monotonic() + timeout_s
    while waiting and time.monotonic() < deadline:
        for reply in grid.pull_messages(list(waiting)):
            found[reply.metadata.reply_to_message_id] = reply
        waiting -= set(found)
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
        numbers = self._grid.push_messages(messages)
        return list(answers_to(self._grid, numbers, float("inf") if timeout is None else timeout).values())


@dataclass(frozen=True)
class Round:
    """Who takes part in a run, and where it is written down who does not.

    Attributes:
        fewest: plants without which nothing is done.
        names: of the plants, by node.
        say: told what is being asked.
    """

    grid: Grid
    wait_s: float
    fewest: int
    ledger: Ledger
    names: dict[int, str] = field(default_factory=dict)
    say: Callable[[str], None] = lambda what: None

    def name(self, node: int) -> str:
        """A plant's name, by the key it is registered with."""
        return self.names.get(node) or f"node {node}"

    def ask(
        self, nodes: list[int], message_type: str, content: RecordDict, fewest: int | None = None
    ) -> dict[int, RecordDict]:
        """The answers to one message, by node; a plant that fails or does not answer is left out and written down.

        Args:
            nodes: whom to ask.
            message_type: what.
            content: the same for all.
            fewest: answers without which the run ends, where it is not the run's own.

        Raises:
            TooFewPlantsError: fewer answered than must; it says what became of the others.
        """
        self.say(f"{message_type.rpartition('.')[2]}: {', '.join(self.name(node) for node in nodes)}")
        least = self.fewest if fewest is None else fewest
        messages = [Message(content, node, message_type) for node in nodes]
        numbers = dict(zip(self.grid.push_messages(messages), nodes, strict=True))
        answers = answers_to(self.grid, numbers, self.wait_s)
        replies = {numbers[number]: reply for number, reply in answers.items()}
        absent = {
            self.name(node): f"no answer within {self.wait_s:.0f} s"
            if node not in replies
            else str(replies[node].error.reason)
            for node in nodes
            if node not in replies or replies[node].has_error()
        }
        if absent:
            self.ledger.append("absent", {"message": message_type, "plants": absent})
        good = {node: replies[node].content for node in nodes if node in replies and not replies[node].has_error()}
        if len(good) < least:
            reasons = "; ".join(f"{plant}: {reason}" for plant, reason in absent.items())
            raise TooFewPlantsError(f"{message_type}: {len(good)} of at least {least} plants answered; {reasons}")
        return good


def names_of(grid: Grid) -> dict[int, str]:
    """Names of connected plants by node; empty ones on a grid of Flower's own, which knows none."""
    return grid.names() if isinstance(grid, NamingGrid) else dict.fromkeys(grid.get_node_ids(), "")


def wait_for_plants(grid: Grid, plants: int, wait_s: float) -> dict[int, str]:
    """Names of the plants by node, once enough have connected.

    Raises:
        TooFewPlantsError: they did not within the time; it says who is there.
    """
    deadline = time.monotonic() + wait_s
    there: dict[int, str] = {}
    while time.monotonic() < deadline:
        there = names_of(grid)
        if len(there) >= plants:
            return there
        time.sleep(0.2)
    who = f": {', '.join(sorted(there.values()))}" if any(there.values()) else ""
    raise TooFewPlantsError(f"{len(there)} of {plants} plants connected within {wait_s:.0f} s{who}")
