"""`/v1/connections`, `/v1/inbox` and `/v1/heat-orders`: how a plant's systems are, and what they told."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, Field, JsonValue

from api import context
from api.gate import needs
from api.problems import UnknownResourceError
from api.resources.common import NO_PLANT, App, described_name
from chargewise.app.access import Right
from chargewise.app.audit import Audit
from chargewise.app.connection_status import ConnectionStatus, statuses
from plant_adapters.store.inbox import Inbox, InMessage, State
from plant_adapters.store.order_book import OrderBook
from steel.errors import InputError
from steel.frozen import Frozen
from steel.messages import HeatOrdered

router = APIRouter(prefix="/v1", tags=["heats"])
READS, REPORTS = [needs(Right.READ)], [needs(Right.REPORT)]
NO_MESSAGE: dict[int | str, dict[str, Any]] = {404: {"description": "No such plant, or no message set aside"}}
LARGEST = 2**31 - 1
MessageNumber = Annotated[int, Path(ge=1, le=LARGEST)]


class Told(Frozen):
    """A message that a plant's system told.

    Attributes:
        connection: through which it came.
        kind: what it tells: an order, a lift, a sample and so on.
        record_id: by which it is known when it comes again.
        raw: as it was written.
        problem: why it waits or was set aside.
    """

    id: int
    connection: str
    kind: str
    record_id: str
    state: State
    problem: str
    received_at: str
    changed_at: str
    raw: dict[str, JsonValue]

    @classmethod
    def of(cls, message: InMessage) -> "Told":
        """A message as it is shown."""
        return cls(**{name: getattr(message, name) for name in cls.model_fields})


class CorrectionRequest(Frozen):
    """What a message that was set aside should have said.

    Attributes:
        fields: by the system's own name; of nested ones, names joined by points.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"plant": "northmill", "fields": {"net": 18.52}}]})

    plant: str
    fields: Annotated[dict[str, JsonValue], Field(min_length=1, max_length=50)]


class OrderShown(Frozen):
    """A heat that production planning orders.

    Attributes:
        told_by: the connection through which it came.
    """

    order: HeatOrdered
    told_by: str
    changed_at: str


@router.get("/connections", dependencies=READS)
def list_connections(app: App) -> list[ConnectionStatus]:
    """Connections of the plants that one may see: newest record, lag, rows, quarantined, problem, next try."""
    plants = context.principal.get().plants
    found = statuses(app.store.database)
    return [one for one in found if plants is None or one.plant in plants]


@router.get("/inbox", responses=NO_PLANT, dependencies=READS)
def list_inbox(
    plant: str,
    app: App,
    state: Annotated[State | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[int | None, Query(ge=1, le=LARGEST)] = None,
) -> list[Told]:
    """What a plant's systems told, the newest first: what was taken, what waits, what was set aside and why."""
    name = described_name(app, plant)
    return [Told.of(one) for one in Inbox(app.database).listed(name, state, limit, before)]


@router.post("/inbox/{number}/corrections", responses=NO_MESSAGE, status_code=202, dependencies=REPORTS)
def correct_message(number: MessageNumber, asked: CorrectionRequest, app: App) -> Told:
    """Correct a message that was set aside; it is read and put to work again when the connections look next."""
    name = described_name(app, asked.plant)
    inbox = Inbox(app.database)
    try:
        inbox.message(name, number, "quarantined")
    except InputError as error:
        raise UnknownResourceError(str(number), "message", error.expected) from None
    inbox.correct(name, number, asked.fields)
    Audit(app.database).note(context.principal.get().name, "message corrected", name, str(number), fields=asked.fields)
    return Told.of(inbox.message(name, number))


@router.get("/heat-orders", responses=NO_PLANT, dependencies=READS)
def list_heat_orders(plant: str, app: App, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> list[OrderShown]:
    """Heats that production planning orders, the one due first at the beginning."""
    name = described_name(app, plant)
    booked = OrderBook(app.database).listed(name, limit)
    return [OrderShown(order=one.order, told_by=one.told_by, changed_at=one.changed_at) for one in booked]
