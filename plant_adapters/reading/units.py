"""Units a plant may write: only those of this list, for a unit library reads almost any string as something."""

from dataclasses import dataclass
from functools import cache

import pint

from steel.errors import InputError

_MASS = {
    "t": "tonne", "tonne": "tonne", "tonnes": "tonne", "kg": "kilogram", "g": "gram", "lb": "pound", "lbs": "pound",
    "ton": "short_ton", "tons": "short_ton", "short ton": "short_ton", "short_ton": "short_ton",
    "long ton": "long_ton", "long_ton": "long_ton",
}  # fmt: skip
_SHARE = {
    "wt%": "percent", "%": "percent", "mass%": "percent", "mass-%": "percent", "m%": "percent", "ma%": "percent",
    "wt.%": "percent", "wt-%": "percent", "ppm": "ppm", "mg/kg": "ppm", "g/t": "ppm", "ppb": "1e-9",
}  # fmt: skip
_ENERGY = {"kWh": "kilowatt_hour", "MWh": "megawatt_hour", "GWh": "gigawatt_hour", "MJ": "megajoule", "GJ": "gigajoule"}
_VOLUME = {
    "Nm³": "m**3", "Nm3": "m**3", "m³": "m**3", "m3": "m**3", "m**3": "m**3", "l": "liter", "L": "liter",
    "ft³": "foot**3", "ft3": "foot**3", "ft**3": "foot**3", "scf": "0.0267928 * m**3",
}  # fmt: skip
"""A standard cubic foot is measured at 60 °F, a Nm³ at 0 °C, both at 1 atm: 0.0283168 · 273.15 / 288.71."""
_TIME = {"min": "minute", "s": "second", "sec": "second", "h": "hour"}
_TEMPERATURE = {
    "°C": "degC", "degC": "degC", "C": "degC", "°F": "degF", "degF": "degF", "F": "degF", "K": "kelvin",
}  # fmt: skip
_KINDS = (_MASS, _SHARE, _ENERGY, _VOLUME, _TIME, _TEMPERATURE)


def is_unit(text: str) -> bool:
    """Whether a text is a unit of the list."""
    return any(text.strip() in kind for kind in _KINDS)


def same_unit(one: str, other: str) -> bool:
    """Whether two units are one, however each is written; what is none of the list is the same as any."""
    if not (is_unit(one) and is_unit(other)):
        return True
    meant = [{kind[unit.strip()] for kind in _KINDS if unit.strip() in kind} for unit in (one, other)]
    return bool(meant[0] & meant[1])


@dataclass(frozen=True)
class Conversion:
    """From one unit to another: `value * factor + offset`."""

    factor: float
    offset: float = 0.0

    def __call__(self, value: float) -> float:
        """A value in the other unit."""
        return value * self.factor + self.offset


@cache
def _registry() -> pint.UnitRegistry[float]:
    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@cache
def conversion(unit: str, to: str, where: str) -> Conversion:
    """How a value in one unit becomes one in another; temperatures with their zero.

    Args:
        unit: as the plant writes it.
        to: as Chargewise does, such as `t`, `wt%`, `kWh`, `Nm³`, `min` or `°C`.
        where: for the message.

    Raises:
        InputError: the unit is not one of the list for what is measured.
    """
    kind = next(kind for kind in _KINDS if to in kind)
    if unit.strip() not in kind:
        raise InputError(unit, f"unit of {where}", f"one of {', '.join(kind)}")
    return _converted(kind[unit.strip()], kind[to])


def _converted(unit: str, to: str) -> Conversion:
    zero, one = (_quantity(value, unit).to(_registry().parse_expression(to).units).magnitude for value in (0.0, 1.0))
    return Conversion(float(f"{one - zero:.12g}"), float(f"{zero:.12g}"))


def _quantity(value: float, unit: str) -> "pint.Quantity[float]":
    parsed = _registry().parse_expression(unit)
    if not isinstance(parsed, pint.Quantity):
        return _registry().Quantity(value * float(parsed), "")
    return _registry().Quantity(value * parsed.magnitude, parsed.units)
