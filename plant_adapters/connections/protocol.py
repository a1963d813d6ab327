"""What a source of heats must do to be connected; a package offers one as an entry point of `chargewise.sources`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from plant_adapters.messages.received import Received
from plant_adapters.sources.protocol import HeatBatch


@dataclass(frozen=True)
class Arrival:
    """Heats that came, to be stored before the source is told.

    Attributes:
        batch: the heats, and what was set aside of them; None where nothing could be read.
        position: how far the source is read once they are stored; JSON.
        problem: why nothing could be read of it, where that is so for good.
        messages: that came, to be put into the inbox.
    """

    batch: HeatBatch | None
    position: Any
    problem: str = ""
    messages: tuple[Received, ...] = ()


class HeatSource(Protocol):
    """A source of heats.

    Heats that are sent again, or corrected, are the store's business: a source may give what it gave before.
    """

    every_s: float

    def arrivals(self, position: Any) -> Iterator[Arrival]:
        """What came since a position; each is stored before the next is asked for.

        Raises:
            InputError: what is asked of it cannot be.
            OSError: it does not answer.
        """

    def stored(self, arrival: Arrival) -> None:
        """Heats are stored, and will not be asked for again."""

    def check(self) -> str:
        """Try it without reading heats; what there is, in words.

        Raises:
            InputError: what is asked of it cannot be.
            OSError: it does not answer.
        """
