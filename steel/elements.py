"""Chemical elements of an analysis: of steel first, then what iron, aluminium, zinc and copper alloys add to it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from steel.errors import InputError


class Element(StrEnum):
    """An analysed element; its value is the chemical symbol."""

    C = "C"
    SI = "Si"
    MN = "Mn"
    P = "P"
    S = "S"
    CU = "Cu"
    CR = "Cr"
    NI = "Ni"
    MO = "Mo"
    SN = "Sn"
    V = "V"
    N = "N"
    AS = "As"
    AL = "Al"
    TI = "Ti"
    CO = "Co"
    W = "W"
    PB = "Pb"
    NB = "Nb"
    FE = "Fe"
    MG = "Mg"
    ZN = "Zn"
    SB = "Sb"
    BI = "Bi"
    B = "B"
    BE = "Be"
    CA = "Ca"
    CE = "Ce"
    LA = "La"
    ZR = "Zr"
    TE = "Te"
    SR = "Sr"
    CD = "Cd"
    AG = "Ag"


NOBLE = frozenset(
    {Element.CU, Element.SN, Element.NI, Element.MO, Element.CO, Element.AS, Element.W, Element.SB, Element.AG}
)
"""Elements that stay in the steel whatever the furnace does (REFERENCE: behaviour in the furnace)."""
RESIDUALS = NOBLE | {Element.CR}
"""Tramp elements: what scrap brings along and a steel that wants none of it cannot get rid of."""

Value = TypeVar("Value")
_BY_SYMBOL = {element.value.lower(): element for element in Element}


def parse_element(symbol: str, where: str = "element") -> Element:
    """Return the element of a chemical symbol in any case.

    Raises:
        InputError: the symbol is none that a steel analysis knows.
    """
    try:
        return _BY_SYMBOL[symbol.strip().lower()]
    except KeyError:
        known = " ".join(element.value for element in Element)
        raise InputError(symbol, where, f"one of {known}") from None


def by_element(given: Mapping[str, Value], where: str) -> dict[Element, Value]:
    """Values by element, from values by symbol in any case.

    Raises:
        InputError: a symbol is none, or two of them are of one element.
    """
    found: dict[Element, Value] = {}
    for symbol, value in given.items():
        element = parse_element(symbol, where)
        if element in found:
            raise InputError(symbol, where, f"each element once; {element} is there already")
        found[element] = value
    return found


def spellings(element: Element) -> tuple[str, ...]:
    """How tables and messages write an element's symbol, capitals or not."""
    symbol = element.value
    # CO is the gas that a furnace gives off, and no spelling of cobalt.
    return tuple(dict.fromkeys(one for one in (symbol, symbol.lower(), symbol.upper()) if one != "CO"))
