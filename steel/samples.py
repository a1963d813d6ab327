"""Samples of a melt, from the bath or from the ladle."""

from typing import Annotated, Literal

from pydantic import Field

from steel.elements import Element
from steel.frozen import Frozen
from steel.quantities import Number, Time, WtPct
from steel.texts import NameLine


class Sample(Frozen):
    """A sample of molten steel and its analysis.

    Attributes:
        sample_id: the laboratory's number of it; the same one again corrects what it said before.
        heat_id: the heat that it is marked with, where it is; one of another heat is refused.
        place: the furnace's bath before tapping, or the ladle after it.
        taken_at: when it was taken, not when its analysis came.
        analysis_wt_pct: as far as it was analysed.
        error_cv: relative error of sample and analysis; what heats have told of the laboratory's unless given.
    """

    sample_id: Annotated[NameLine, Field(max_length=64)]
    heat_id: Annotated[NameLine, Field(max_length=64)] | None = None
    place: Literal["bath", "ladle"] = "bath"
    taken_at: Time
    analysis_wt_pct: Annotated[dict[Element, WtPct], Field(min_length=1)]
    error_cv: Annotated[Number, Field(gt=0, le=1)] | None = None
