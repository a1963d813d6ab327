"""What a system's fields mean: names, units, codes and times of one kind of message, as a connection states it."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from plant_adapters.messages.fields import ANALYSED, FIELDS
from plant_adapters.reading.cells import Decimal
from plant_adapters.reading.times import DateOrder, ZoneName
from plant_adapters.reading.units import is_unit
from steel.complaints import meant
from steel.elements import parse_element
from steel.frozen import Frozen
from steel.messages import Kind


class AnalysedFields(Frozen):
    """Where a message tells an analysis.

    Attributes:
        pattern: how an element's field is called, `{element}` standing for its symbol, in capitals or not.
        unit: of all of them but those in `units`.
        units: of single elements.
        zero: what a 0 says: that the element was not measured, as of most instruments, or that there is none.
    """

    pattern: str = "{element}"
    unit: str = "wt%"
    units: dict[str, str] = {}
    zero: Literal["not measured", "none"] = "not measured"

    @field_validator("pattern")
    @classmethod
    def _patterned(cls, pattern: str) -> str:
        if pattern.count("{element}") != 1:
            raise ValueError("a name with {element} in one place")
        return pattern

    @field_validator("units")
    @classmethod
    def _of_elements(cls, units: dict[str, str]) -> dict[str, str]:
        return {parse_element(symbol, "analysis.units").value: unit for symbol, unit in units.items()}


class MessageMap(Frozen):
    """One kind of message of a system.

    Attributes:
        kind: what it tells.
        fields: by ours, the system's name of it; as ours unless given. Of nested ones, names joined by points.
        fixed: what each message says without writing it.
        units: by field: of masses, t unless given; of prices, of what mass one is.
        codes: file of the code table, from the folder of the connections' file; without one, codes are our names.
        timezone: of times that say none.
        decimal: of numbers written as text.
        date_order: of dates that can be read in two ways.
        analysis: of a sample or a lot.
        find: by field, a regular expression whose named groups are further fields, such as the heat in a sample's
            number.
        only: by the system's name, what it must say for a message to count.
        ignore: by the system's name, a regular expression of what does not count, such as check samples.
        strip_zeros: whether heat numbers lose zeros before them.
    """

    kind: Kind
    fields: dict[str, str] = {}
    fixed: dict[str, str | int | float | bool] = {}
    units: dict[str, str] = {}
    codes: str | None = None
    timezone: ZoneName = "UTC"
    decimal: Decimal = "."
    date_order: DateOrder | None = None
    analysis: AnalysedFields = AnalysedFields()
    find: dict[str, str] = {}
    only: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = {}
    ignore: dict[str, str] = {}
    strip_zeros: bool = False

    @model_validator(mode="after")
    def _of_its_kind(self) -> "MessageMap":
        known = FIELDS[self.kind]
        for what in ("fields", "fixed", "units"):
            for name in getattr(self, what):
                if name not in known:
                    raise ValueError(f"{what}: {name!r} is no field of {self.kind}{meant(name, known)}")
        for name, unit in self.units.items():
            if not is_unit(unit):
                raise ValueError(f"units.{name}: {unit!r} is no unit that is known")
        for name, pattern in {**self.find, **self.ignore}.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{name}: {pattern!r} is no regular expression ({error})") from None
        if self.analysis != AnalysedFields() and self.kind not in ANALYSED:
            raise ValueError(f"analysis: {self.kind} tells none")
        return self

    def named(self, field: str) -> str:
        """What the system calls a field."""
        return self.fields.get(field, field)

    def needed(self) -> tuple[str, ...]:
        """What the system calls the fields without which a message is none, as far as it must write them."""
        found = [groups for pattern in self.find.values() for groups in re.compile(pattern).groupindex]
        own = (name for name, field in FIELDS[self.kind].items() if field.needed)
        return tuple(self.named(name) for name in own if name not in self.fixed and name not in found)

    def counts(self, raw: dict[str, Any]) -> bool:
        """Whether a message is one of those that count."""
        for name, wanted in self.only.items():
            if str(raw.get(name, "")).strip().casefold() not in {one.casefold() for one in wanted}:
                return False
        return not any(re.search(pattern, str(raw.get(name, ""))) for name, pattern in self.ignore.items())
