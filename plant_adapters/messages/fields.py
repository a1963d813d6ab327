"""What each kind of message is made of: its fields, and what is written in each."""

from dataclasses import dataclass
from typing import Literal

from steel.messages import Kind

Sort = Literal[
    "text", "code", "mass", "masses", "energy", "price", "number", "integer", "time", "past", "yes", "contents"
]
"""What a field is: a code; a mass in a unit, or several by code; a price for a mass; a time that has been; wt%."""


@dataclass(frozen=True)
class Field:
    """One field.

    Attributes:
        sort: what is written in it.
        needed: whether a message is none without it.
        codes: of what it is a code.
    """

    sort: Sort
    needed: bool = False
    codes: str = ""


_LIFT = {
    "heat_id": Field("text", True), "lift_id": Field("text", True), "material": Field("code", True, "material"),
    "mass": Field("mass", True), "lot_id": Field("text"), "void": Field("yes"),
}  # fmt: skip
FIELDS: dict[Kind, dict[str, Field]] = {
    "order": {
        "heat_id": Field("text", True), "version": Field("integer"), "grade": Field("code", True, "grade"),
        "mass": Field("mass"), "due_at": Field("time"), "cancelled": Field("yes"), "maximum": Field("contents"),
        "minimum": Field("contents"),
    },
    "lift": {**_LIFT, "basket": Field("integer", True)},
    "addition": _LIFT,
    "sample": {
        "sample_id": Field("text", True), "heat_id": Field("text"), "place": Field("text"),
        "taken_at": Field("past", True), "error_cv": Field("number"),
    },
    "stage": {"heat_id": Field("text", True), "stage": Field("text", True)},
    "lot": {
        "lot_id": Field("text", True), "material": Field("code", True, "material"), "mass": Field("mass", True),
        "bay": Field("code", codes="bay"), "supplier": Field("code", codes="supplier"),
        "delivered_at": Field("past", True), "moisture_share": Field("number"), "sterile_share": Field("number"),
        "price": Field("price"), "per": Field("number"), "currency": Field("text"),
        "eur_per_currency": Field("number"), "contract": Field("text"), "origin": Field("text"),
        "recycled": Field("text"),
    },
    "price": {
        "material": Field("code", True, "material"), "price": Field("price", True), "per": Field("number"),
        "currency": Field("text"), "supplier": Field("code", codes="supplier"), "valid_from": Field("time", True),
        "valid_until": Field("time"),
    },
    "stock": {
        "material": Field("code", True, "material"), "bay": Field("code", codes="bay"), "mass": Field("mass", True),
        "at": Field("past", True),
    },
    "acknowledgement": {
        "key": Field("text", True), "sink": Field("text"), "accepted": Field("yes"), "reason": Field("text"),
    },
    "heat": {
        "heat_id": Field("text", True), "tapped_at": Field("past"), "grade": Field("code", codes="grade"),
        "tapped": Field("mass"), "energy": Field("energy"), "charged": Field("masses", True, "material"),
    },
}  # fmt: skip
ANALYSED: tuple[Kind, ...] = ("sample", "lot", "heat")
"""Kinds that tell an analysis."""
