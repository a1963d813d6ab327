"""What plants' systems told, put to work: each message of the inbox once, in order, or held until it can be."""

from collections.abc import Callable, Mapping

from chargewise.app.application import Application
from chargewise.app.heats_in_progress import HeatsInProgress
from chargewise.app.intake import store_heats
from chargewise.app.yard import Yard
from plant_adapters.messages.read_message import MessageReader
from plant_adapters.messages.received import received
from plant_adapters.store.heat_steps import HeatSteps
from plant_adapters.store.inbox import Inbox, InMessage
from plant_adapters.store.order_book import OrderBook
from plant_adapters.store.outbox import Outbox
from steel.errors import InputError
from steel.messages import (
    MESSAGE,
    Acknowledged,
    AdditionMade,
    HeatMade,
    HeatOrdered,
    LiftWeighed,
    LotDelivered,
    PlantMessage,
    PriceTold,
    SampleAnalysed,
    StageReached,
    StockTold,
)
from steel.shift import LEGAL, HeatStage, StepKind, progress_of
from steel.yard import Count, ListedPrice

STEPS = {
    "charged": StepKind.CHARGE, "tapped": StepKind.TAP, "done": StepKind.FINISH, "cancelled": StepKind.CANCEL,
}  # fmt: skip
IN_ORDER = (HeatStage.PLANNED, HeatStage.CHARGING, HeatStage.CHARGED, HeatStage.TAPPED, HeatStage.DONE)
Readers = Mapping[tuple[str, str, str], MessageReader]
"""By plant, connection and kind, how messages are read that could not be when they came."""
Say = Callable[[str], None]


class NotYetError(Exception):
    """A message is of something that is not there yet; the text says of what."""


class Inflow:
    """Puts messages to work.

    Args:
        application: that they are for.
        readers: for what waits for a code.
    """

    def __init__(self, application: Application, readers: Readers | None = None) -> None:
        database = application.database
        self._application, self._readers = application, readers or {}
        self._heats, self._steps = HeatsInProgress(application), HeatSteps(database)
        self._yard, self._orders = Yard(application.plants, database), OrderBook(database)
        self._inbox, self._outbox = Inbox(database), Outbox(database)

    def settle(self, plant: str, say: Say) -> int:
        """Put a plant's waiting messages to work, the oldest first; returns how many were taken.

        What is of a heat that is not as far, or of a code that is in no table yet, waits a day; what cannot be used is
        set aside with its reason, and holds nothing up.
        """
        taken = 0
        for waiting in self._inbox.waiting(plant):
            message = None if waiting.content is None else MESSAGE.validate_python(waiting.content)
            try:
                if message is None:
                    message = self._read_again(waiting)
                self.take(plant, message, waiting.connection)
            except NotYetError as reason:
                self._hold(waiting, str(reason), say)
            except InputError as error:
                self._inbox.told(waiting, "quarantined", str(error))
                say(f"{plant}, {waiting.connection}: {waiting.kind} {waiting.record_id} is set aside: {error}")
            else:
                self._inbox.told(waiting, "taken", content=None if waiting.content else message.model_dump(mode="json"))
                taken += 1
        return taken

    def _hold(self, waiting: InMessage, reason: str, say: Say) -> None:
        if waiting.is_overdue:
            self._inbox.told(waiting, "quarantined", reason)
            say(f"{waiting.plant}, {waiting.connection}: {waiting.kind} {waiting.record_id} is set aside: {reason}")
        elif waiting.problem != reason:
            self._inbox.told(waiting, "waiting", reason)

    def _read_again(self, waiting: InMessage) -> PlantMessage:
        reader = self._readers.get((waiting.plant, waiting.connection, waiting.kind))
        if reader is None:
            raise NotYetError(waiting.problem or f"connection {waiting.connection} is not stated any more")
        again = received(reader, waiting.raw)
        if again.message is None:
            raise NotYetError(again.problem) if again.waits else InputError(None, waiting.kind, again.problem)
        return again.message

    def take(self, plant: str, message: PlantMessage, by: str) -> None:
        """Put one message to work; one that was before changes nothing.

        Raises:
            NotYetError: it is of a heat that is not as far.
            InputError: it cannot be used.
        """
        match message:
            case HeatOrdered():
                self._application.plants.described(plant).grade(message.grade)
                self._orders.put(plant, message, by)
            case LiftWeighed() | AdditionMade() | SampleAnalysed() | StageReached():
                self._step(plant, message, by)
            case LotDelivered():
                self._yard.deliver(plant, (message.lot,), by)
            case PriceTold():
                told = message.model_dump(exclude={"kind"})
                self._yard.price(plant, (ListedPrice.model_validate(told),), by)
            case StockTold():
                count = Count(mass_t=message.mass_t, sd_t=message.sd_t)
                self._yard.count(plant, {message.material: count}, by, message.bay)
            case Acknowledged():
                answer = (message.key, message.sink, message.is_accepted, message.reason)
                if not self._outbox.answered(plant, *answer):
                    raise NotYetError(f"message {message.key} is not delivered to {message.sink or 'anybody'} yet")
            case HeatMade():
                self._made(plant, message, by)

    def _made(self, plant: str, message: HeatMade, by: str) -> None:
        (verdict,) = store_heats(self._application, plant, [message.row], by).rows
        if verdict.problems:
            first = verdict.problems[0]
            raise InputError(first.value, first.where, first.expected)

    def _step(
        self, plant: str, message: LiftWeighed | AdditionMade | SampleAnalysed | StageReached, by: str
    ) -> None:  # fmt: skip
        """A step of a heat in progress."""
        heat_id = message.heat_id
        heat = progress_of(self._steps.of(plant, heat_id))
        if heat is None:
            raise NotYetError(f"heat {heat_id} is not planned yet")
        match message:
            case LiftWeighed():
                kind, known = StepKind.WEIGH, message.lift in heat.lifts.get(message.basket, ())
            case AdditionMade():
                kind, known = StepKind.TRIM, message.lift in heat.trims
            case SampleAnalysed():
                kind, known = StepKind.SAMPLE, message.sample in heat.samples
            case StageReached():
                kind, known = STEPS[message.stage], _is_past(heat.stage, message.stage)
        if known:
            return
        if heat.stage in IN_ORDER and IN_ORDER.index(heat.stage) < min(map(IN_ORDER.index, LEGAL[kind])):
            raise NotYetError(f"heat {heat_id} is {heat.stage}; this comes when it is {LEGAL[kind][0]}")
        match message:
            case LiftWeighed():
                self._heats.weigh(plant, heat_id, message.basket, (message.lift,), by, is_open=True)
            case AdditionMade():
                self._heats.trim(plant, heat_id, (message.lift,), by)
            case SampleAnalysed():
                self._heats.sample(plant, heat_id, message.sample, by)
            case StageReached(stage="charged"):
                self._heats.charge(plant, heat_id, by)
            case StageReached():
                self._heats.advance(plant, heat_id, kind, by)


def _is_past(now: HeatStage, told: str) -> bool:
    """Whether a heat is as far as is told, or farther."""
    if told == "cancelled" or now is HeatStage.CANCELLED:
        return told == now.value
    return IN_ORDER.index(now) >= IN_ORDER.index(HeatStage(told))
