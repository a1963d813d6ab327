"""What a plant's systems tell one by one: orders, lifts, samples, deliveries, prices, counts, answers."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter

from steel.baskets import BasketNumber
from steel.elements import Element
from steel.frozen import Frozen
from steel.quantities import EurPerT, HeatMassT, Number, StockT, Time, WtPct
from steel.samples import Sample
from steel.shift import Lift
from steel.texts import Line, NameLine
from steel.yard import Lot

HeatNumber = Annotated[NameLine, Field(max_length=64)]
Limits = dict[Element, WtPct]


class HeatOrdered(Frozen):
    """A heat that production planning orders, changes or withdraws.

    Attributes:
        version: of the order; a later one replaces it.
        mass_t: liquid steel; the plant's tap weight unless given.
        due_at: by when it is to be tapped.
        maximum_wt_pct: limits beside the grade's.
        minimum_wt_pct: the same below.
    """

    kind: Literal["order"] = "order"
    heat_id: HeatNumber
    version: Annotated[int, Field(ge=0)] = 1
    grade: NameLine
    mass_t: HeatMassT | None = None
    due_at: Time | None = None
    maximum_wt_pct: Limits = {}
    minimum_wt_pct: Limits = {}
    is_cancelled: bool = False

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return self.heat_id


class LiftWeighed(Frozen):
    """What a crane or a scale put into a basket."""

    kind: Literal["lift"] = "lift"
    heat_id: HeatNumber
    basket: BasketNumber
    lift: Lift

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return f"{self.heat_id}/{self.lift.lift_id}"


class AdditionMade(Frozen):
    """What came to a melt: an alloy, or further charge."""

    kind: Literal["addition"] = "addition"
    heat_id: HeatNumber
    lift: Lift

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return f"{self.heat_id}/{self.lift.lift_id}"


class SampleAnalysed(Frozen):
    """A sample of a melt."""

    kind: Literal["sample"] = "sample"
    heat_id: HeatNumber
    sample: Sample

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return f"{self.heat_id}/{self.sample.sample_id}"


class StageReached(Frozen):
    """A heat whose baskets are all in, that is tapped, done, or given up."""

    kind: Literal["stage"] = "stage"
    heat_id: HeatNumber
    stage: Literal["charged", "tapped", "done", "cancelled"]

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return f"{self.heat_id}/{self.stage}"


class LotDelivered(Frozen):
    """A delivery, as the weighbridge or the ERP books it."""

    kind: Literal["lot"] = "lot"
    lot: Lot

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return self.lot.lot_id


class PriceTold(Frozen):
    """A price from a time on."""

    kind: Literal["price"] = "price"
    material: NameLine
    price_eur_per_t: EurPerT
    supplier: Line = ""
    valid_from: Time
    valid_until: Time | None = None

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return f"{self.material}/{self.supplier}/{self.valid_from.isoformat()}"


class StockTold(Frozen):
    """What another system says there is of a material in a bay."""

    kind: Literal["stock"] = "stock"
    material: NameLine
    bay: Line = ""
    mass_t: StockT
    sd_t: Annotated[Number, Field(ge=0, le=1e6)] | None = None
    at: Time

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return f"{self.material}/{self.bay}/{self.at.isoformat()}"


class Acknowledged(Frozen):
    """A receiver's word on a message that went out to it.

    Attributes:
        key: of the message.
        sink: the receiver's name in the connections' file; every one that the message went to unless given.
        is_accepted: whether it takes it.
        reason: why not.
    """

    kind: Literal["acknowledgement"] = "acknowledgement"
    key: NameLine
    sink: Line = ""
    is_accepted: bool = True
    reason: Line = ""

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return f"{self.key}/{self.sink}"


class HeatMade(Frozen):
    """A heat that was made, as it is sent to be learned from.

    Attributes:
        row: as `POST /v1/heats` takes it.
    """

    kind: Literal["heat"] = "heat"
    heat_id: HeatNumber
    row: dict[str, Any]

    @property
    def record_id(self) -> str:
        """By which it is known again."""
        return self.heat_id


PlantMessage = (
    HeatOrdered | LiftWeighed | AdditionMade | SampleAnalysed | StageReached | LotDelivered | PriceTold | StockTold
    | Acknowledged | HeatMade
)  # fmt: skip
Kind = Literal["order", "lift", "addition", "sample", "stage", "lot", "price", "stock", "acknowledgement", "heat"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MESSAGE: TypeAdapter[PlantMessage] = TypeAdapter(Annotated[PlantMessage, Field(discriminator="kind")])
"""Any of them, from its JSON."""


def as_told(message: PlantMessage) -> dict[str, Any]:
    """A message as JSON."""
    return message.model_dump(mode="json")
