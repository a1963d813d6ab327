"""Quantities as they are sent, each with the range that any furnace keeps; `true` and `"100"` are no numbers."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field, Strict

LEAST_HEAT_T = 1e-3
"""A heat of a kilogram: the smallest crucible of a laboratory."""
Number = Annotated[float, Strict()]
WholeNumber = Annotated[int, Strict()]
YesNo = Annotated[bool, Strict()]


def written_time(value: Any) -> Any:
    """A time that was written down; for a `BeforeValidator`.

    Raises:
        ValueError: it is a number, and nobody knows of what.
    """
    if isinstance(value, str | datetime):
        return value
    raise ValueError("a time with its zone, such as 2026-11-27T06:30:00Z")


Time = Annotated[AwareDatetime, BeforeValidator(written_time)]
"""A time as it is written, with its zone."""

WtPct = Annotated[Number, Field(ge=0, le=100)]
Fraction = Annotated[Number, Field(ge=0, le=1)]
Share = Annotated[Number, Field(ge=0)]
HeatMassT = Annotated[Number, Field(ge=LEAST_HEAT_T, le=1000)]
ChargedT = Annotated[Number, Field(ge=0, le=1000)]
StockT = Annotated[Number, Field(ge=0, le=1e7)]
EurPerT = Annotated[Number, Field(ge=-1e5, le=1e5)]
"""A price may be negative: there is scrap that one is paid to take."""
EurPerKwh = Annotated[Number, Field(ge=-10, le=10)]
EurPerKg = Annotated[Number, Field(ge=-1000, le=1000)]
EurPerNm3 = Annotated[Number, Field(ge=-100, le=100)]
CarbonEurPerT = Annotated[Number, Field(ge=0, le=1e4)]
KgCo2ePerT = Annotated[Number, Field(ge=0, le=1e5)]
KgCo2ePerUnit = Annotated[Number, Field(ge=0, le=100)]
Seconds = Annotated[Number, Field(ge=0.01, le=600)]
