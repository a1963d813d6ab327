"""Quantities as they are sent, each with the range that any furnace keeps; `true` and `"100"` are no numbers."""

from typing import Annotated

from pydantic import Field, Strict

LEAST_HEAT_T = 1e-3
"""A heat of a kilogram: the smallest crucible of a laboratory."""
Number = Annotated[float, Strict()]
WholeNumber = Annotated[int, Strict()]
YesNo = Annotated[bool, Strict()]

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
