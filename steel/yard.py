"""The yard as it is: deliveries as lots in bays, what is left of them and how surely, and price lists."""

import math
from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator

from steel.elements import Element
from steel.frozen import Frozen
from steel.materials import Origin
from steel.quantities import EurPerT, Fraction, Number, StockT, Time, WtPct
from steel.texts import Line, NameLine

TICKET_ERROR = 0.03
"""Relative standard deviation of a weighed delivery: moisture, dirt and the weighbridge."""
BOOKING_ERROR = 0.06
"""Relative standard deviation of all that was drawn since the last count: lifts that nobody booked, and wrong bays.

With it and the ticket's, a stock that three quarters were drawn of is off by 20 %, as book stocks are.
"""


class Lot(Frozen):
    """One delivery of a material, as it lies in a bay.

    Attributes:
        lot_id: the plant's own number of it.
        material: as the yard calls it.
        bay: where it lies; the material's own unless given.
        ticket_t: as it was weighed in.
        moisture_share: water in it, of the ticket's mass.
        sterile_share: earth, rubber and other dirt in it, of the ticket's mass.
        price_per_t: that was paid, in `currency`.
        eur_per_currency: what one unit of the currency is worth; needed where it is not EUR.
        contract: under which it was bought.
        analysis_wt_pct: of a sample of it, if there is one.

    Raises:
        ValueError: water and dirt are all of it, or a price in another currency comes without its worth.
    """

    lot_id: Annotated[NameLine, Field(max_length=64)]
    material: NameLine
    bay: Line = ""
    supplier: Line = ""
    origin: Line = ""
    recycled: Origin | None = None
    delivered_at: Time
    ticket_t: Annotated[Number, Field(gt=0, le=100_000)]
    moisture_share: Fraction = 0.0
    sterile_share: Fraction = 0.0
    price_per_t: EurPerT | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    eur_per_currency: Annotated[Number, Field(gt=0, le=1000)] | None = None
    contract: Line = ""
    analysis_wt_pct: dict[Element, WtPct] = {}

    @model_validator(mode="after")
    def _usable(self) -> "Lot":
        if self.moisture_share + self.sterile_share >= 1.0:
            raise ValueError("moisture_share and sterile_share leave nothing of it")
        if self.price_per_t is not None and self.currency != "EUR" and self.eur_per_currency is None:
            raise ValueError(f"eur_per_currency: what one {self.currency} is worth in €")
        return self

    @property
    def net_t(self) -> float:
        """Mass without water and dirt, t."""
        return self.ticket_t * (1.0 - self.moisture_share - self.sterile_share)

    @property
    def price_eur_per_t(self) -> float | None:
        """What was paid, €/t of the ticket's mass."""
        return None if self.price_per_t is None else self.price_per_t * (self.eur_per_currency or 1.0)


class LotState(Frozen):
    """A lot, and what is left of it by the books.

    Attributes:
        drawn_t: taken from it, or written off, since it came.
        remaining_t: negative where more was drawn than was booked in.
    """

    lot: Lot
    drawn_t: float
    remaining_t: float


class StockEstimate(Frozen):
    """What there is of a material, by counts, tickets and what was drawn since.

    Attributes:
        mass_t: expected.
        sd_t: its standard deviation.
        book_t: by the books alone; negative where more was drawn than was booked in, so that a count is due.
        bays: where it lies.
    """

    material: str
    mass_t: float
    sd_t: float
    book_t: float
    bays: tuple[str, ...] = ()

    def surely_t(self, z: float) -> float:
        """What is there with a confidence, t; `z` is its standard normal quantile."""
        return max(0.0, self.mass_t - z * self.sd_t)


class ListedPrice(Frozen):
    """A price of a material between two times.

    Attributes:
        supplier: whose list it is; empty for the plant's own price.
        valid_from: from when it counts.
        valid_until: until when; None until another takes its place.
    """

    material: NameLine
    price_eur_per_t: EurPerT
    supplier: Line = ""
    valid_from: Time
    valid_until: Time | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "ListedPrice":
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("valid_until: later than valid_from")
        return self

    def counts_at(self, time: datetime) -> bool:
        """Whether it is valid at a time."""
        return self.valid_from <= time and (self.valid_until is None or time < self.valid_until)


class Count(Frozen):
    """A material's stock, as it was counted or estimated.

    Attributes:
        mass_t: that is there.
        sd_t: standard deviation of the count; a twentieth of the mass unless given.
    """

    mass_t: StockT
    sd_t: Annotated[Number, Field(ge=0, le=1e6)] | None = None

    @property
    def known_sd_t(self) -> float:
        """The standard deviation that counts."""
        return 0.05 * self.mass_t if self.sd_t is None else self.sd_t


def stock_sd_t(certain_t: float, drawn_t: float, counted_sd_t: float = 0.0) -> float:
    """Standard deviation of a stock.

    Args:
        certain_t: mass weighed in since the last count.
        drawn_t: drawn since then.
        counted_sd_t: of that count.
    """
    return math.hypot(TICKET_ERROR * certain_t, BOOKING_ERROR * drawn_t, counted_sd_t)
