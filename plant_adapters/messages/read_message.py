"""One message as a system sends it, read by its map: what it tells, or which field of it is wrong and what is right."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from pydantic import ValidationError

from plant_adapters.messages.codes import CodeTable
from plant_adapters.messages.fields import ANALYSED, FIELDS, Field
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.reading.cells import UnreadableError, read_cell
from plant_adapters.reading.times import read_times
from plant_adapters.reading.units import conversion
from steel.complaints import input_error
from steel.elements import Element, spellings
from steel.errors import InputError
from steel.messages import MESSAGE, PlantMessage

Raw = dict[str, Any]
"""Fields by name, as they came."""
YES, NO = ("1", "true", "yes", "y", "x", "ja", "j", "ok"), ("", "0", "false", "no", "n", "nein")
MILLISECONDS_FROM = 1e11
"""A greater number is a time in ms since 1970, as most brokers' clients write it."""
CLOCK_AHEAD_S = 120.0
"""How far another system's clock may be ahead before its times are none."""


@dataclass(frozen=True)
class MessageReader:
    """Reads messages of one kind.

    Attributes:
        form: what their fields mean.
        codes: the code table; None where codes are our names.
    """

    form: MessageMap
    codes: CodeTable | None = None

    def read(self, raw: Raw) -> PlantMessage:
        """What a message tells.

        Raises:
            UnknownCodeError: a code is in no table yet.
            InputError: a field is missing or cannot be used; the message names it.
        """
        flat = flattened(raw)
        flat |= self._found(flat)
        known, told = FIELDS[self.form.kind], {}
        for name, field in known.items():
            written = self.form.fixed.get(name, flat.get(self.form.named(name)))
            value = self._value(name, field, written, flat)
            if value is None and field.needed:
                raise InputError(written, self.form.named(name), "a value; the message is none without it")
            if value is not None:
                told[name] = value
        if self.form.kind in ANALYSED:
            told["analysis_wt_pct"] = self._analysis(flat)
        try:
            return MESSAGE.validate_python(_nested(self.form.kind, told))
        except ValidationError as error:
            raise input_error(error, self.form.kind, MESSAGE) from None

    def _found(self, flat: Raw) -> Raw:
        """Fields that stand within others."""
        found: Raw = {}
        for name, pattern in self.form.find.items():
            text = str(flat.get(self.form.named(name), "")).strip()
            match = re.search(pattern, text)
            if match is None:
                raise InputError(text, self.form.named(name), f"text in which {pattern} is found")
            found |= {self.form.named(group): value for group, value in match.groupdict().items() if value is not None}
        return found

    def _value(self, name: str, field: Field, written: Any, flat: Raw) -> Any:
        where = self.form.named(name)
        if written is None or (isinstance(written, str) and not written.strip()):
            return None
        if field.sort in ("text", "code"):
            text = self._text(name, written)
            return text if self.codes is None or field.sort == "text" else self.codes.name(field.codes, text)
        if field.sort == "yes":
            return _yes(written, where)
        if field.sort in ("time", "past"):
            return _time(written, where, self.form, has_been=field.sort == "past")
        if field.sort in ("masses", "contents"):
            return self._several(name, field, written, flat)
        return self._measured(name, field, written, flat)

    def _several(self, name: str, field: Field, written: Any, flat: Raw) -> dict[str, float]:
        """Masses by material, or contents by element."""
        where = self.form.named(name)
        if not isinstance(written, dict):
            raise InputError(written, where, "a table of names and numbers")
        found: dict[str, float] = {}
        for code, value in written.items():
            if field.sort == "contents":
                content = self._content(value, f"{where}.{code}", "wt%")
                if content is not None:
                    found[str(code)] = content
                continue
            mass = self._measured(name, Field("mass"), value, flat)
            called = str(code) if self.codes is None else self.codes.name(field.codes, str(code))
            found[called] = found.get(called, 0.0) + (mass or 0.0)
        return found

    def _measured(self, name: str, field: Field, written: Any, flat: Raw) -> float | int | None:
        where = self.form.named(name)
        value, unit = self._number(written, where)
        if value is None or field.sort == "number":
            return value
        if field.sort == "integer":
            if not value.is_integer():
                raise InputError(written, where, "a whole number")
            return int(value)
        if field.sort == "energy":
            return value * conversion(unit or self.form.units.get(name, "kWh"), "kWh", where).factor
        said = unit or self.form.units.get(name) or str(flat.get("unit", "") if field.sort == "mass" else "") or "t"
        mass_t = conversion(said, "t", where).factor
        if field.sort == "mass":
            return value * mass_t
        per, _ = self._number(flat.get(self.form.named("per"), self.form.fixed.get("per", 1)), self.form.named("per"))
        if not per or per < 0:
            raise InputError(per, self.form.named("per"), "what the price is for: 1, 10, 100 or 1000")
        return value / per / mass_t

    def _text(self, name: str, written: Any) -> Any:
        if isinstance(written, dict | list):
            return written
        whole = isinstance(written, float) and written.is_integer()
        text = str(int(written)) if whole else str(written).strip()
        return text.lstrip("0") or "0" if name == "heat_id" and self.form.strip_zeros else text

    def _number(self, written: Any, where: str) -> tuple[float | None, str]:
        if isinstance(written, bool) or not isinstance(written, int | float | str):
            raise InputError(written, where, "a number")
        if not isinstance(written, str):
            if not math.isfinite(written):
                raise InputError(written, where, "a finite number")
            return float(written), ""
        try:
            cell = read_cell(written, self.form.decimal, groups="")
        except UnreadableError as error:
            raise InputError(written, where, str(error)) from None
        if cell.bound:
            raise InputError(written, where, "the value itself, not a bound of it")
        return (None if cell.missing else cell.value), cell.unit

    def _analysis(self, flat: Raw) -> dict[str, float]:
        form, found = self.form.analysis, {}
        for element in Element:
            symbol = element.value
            asked = (form.pattern.replace("{element}", spelled) for spelled in spellings(element))
            names = [name for name in asked if name in flat]
            if len(names) > 1:
                raise InputError(names, f"fields of {symbol}", "one")
            if not names or flat[names[0]] in (None, ""):
                continue
            content = self._content(flat[names[0]], names[0], form.units.get(symbol, form.unit))
            if content is not None and (content > 0 or form.zero == "none"):
                found[symbol] = content
        return found

    def _content(self, written: Any, where: str, unit: str) -> float | None:
        """Wt%; half the limit of what lies below one; nothing of what lies above the range."""
        if not isinstance(written, str):
            value, _ = self._number(written, where)
            return None if value is None else conversion(unit, "wt%", where)(value)
        try:
            cell = read_cell(written, self.form.decimal, groups="")
        except UnreadableError as error:
            raise InputError(written, where, str(error)) from None
        if cell.missing or cell.bound == ">":
            return None
        value = conversion(cell.unit or unit, "wt%", where)(cell.value)
        return value / 2.0 if cell.bound == "<" else value


def flattened(raw: Raw, before: str = "") -> Raw:
    """Nested fields as one level, their names joined by points."""
    flat: Raw = {}
    for name, value in raw.items():
        path = f"{before}{name}"
        flat[path] = value
        if isinstance(value, dict):
            flat |= flattened(value, f"{path}.")
    return flat


def _yes(written: Any, where: str) -> bool:
    text = str(written).strip().casefold()
    if text in YES or text in NO:
        return text in YES
    raise InputError(written, where, "yes or no")


def _time(written: Any, where: str, form: MessageMap, has_been: bool) -> str | None:
    if isinstance(written, int | float) and not isinstance(written, bool) and written > MILLISECONDS_FROM:
        written = datetime.fromtimestamp(written / 1000.0, UTC)
    far = datetime(2200, 1, 1, tzinfo=UTC)
    time = read_times([written], where, form.timezone, form.date_order, far).times[0]
    if np.isnat(time):
        return None
    told = f"{time}+00:00"
    ahead_s = (datetime.fromisoformat(told) - datetime.now(UTC)).total_seconds()
    if has_been and ahead_s > CLOCK_AHEAD_S:
        expected = f"a time that has been; by it the sender's clock, or the zone, is {ahead_s / 60.0:.0f} min ahead"
        raise InputError(str(written), where, expected)
    return told


def _nested(kind: str, told: dict[str, Any]) -> dict[str, Any]:
    """Fields as the message has them."""
    message: dict[str, Any] = {"kind": kind}
    if kind in ("lift", "addition"):
        mass = 0.0 if told.pop("void", False) else told.pop("mass")
        if mass < 0:
            raise InputError(mass, "mass", "a mass that was put in; what was taken out again corrects its lift's mass")
        lift = {"lift_id": told["lift_id"], "material": told["material"], "mass_t": mass}
        rest: dict[str, Any] = {name: told[name] for name in ("heat_id", "basket") if name in told}
        return {**message, **rest, "lift": {**lift, "lot_id": told.get("lot_id", "")}}
    if kind == "sample":
        if "heat_id" not in told:
            raise InputError(None, "heat_id", "the heat that the sample is of")
        return {**message, "heat_id": told["heat_id"], "sample": told}
    if kind == "lot":
        names = {"mass": "ticket_t", "price": "price_per_t"}
        return {**message, "lot": {names.get(name, name): value for name, value in told.items() if name != "per"}}
    if kind == "heat":
        row = {"heat_id": told["heat_id"], "charged_t": told["charged"], "analysis_wt_pct": told["analysis_wt_pct"]}
        row |= {name: told[name] for name in ("tapped_at", "grade") if name in told}
        if "tapped" in told:
            row["tapped_t"] = told["tapped"]
            if "energy" in told:
                row["energy_kwh_per_t"] = told["energy"] / told["tapped"]
        return {**message, "heat_id": told["heat_id"], "row": row}
    names = {
        "mass": "mass_t", "price": "price_eur_per_t", "cancelled": "is_cancelled", "accepted": "is_accepted",
        "maximum": "maximum_wt_pct", "minimum": "minimum_wt_pct",
    }  # fmt: skip
    if told.pop("currency", "EUR") != "EUR":
        raise InputError("currency", kind, "a price in EUR")
    return {**message, **{names.get(name, name): value for name, value in told.items() if name != "per"}}
