"""The order on the page: what a person entered, kept in the page's address so that a reload brings it back."""

import json
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote

from pydantic import Field, ValidationError

from chargewise.app.orders import HeatOrder
from optimizer.problem.options import Aim, RecipeOptions
from steel.elements import Element, by_element
from steel.frozen import Frozen
from steel.grades import Grade
from steel.quantities import Number

Entered = dict[str, Number]


class SavedOrder(Frozen):
    """An order as the page's address keeps it: only what differs from the plant file and the grade."""

    plant: str
    grade: str | None = None
    mass_t: Number | None = None
    tolerance_t: Number = 0.0
    confidence: Annotated[Number, Field(ge=0.5, lt=1)] = 0.95
    max_materials: int | None = None
    prices: Entered = {}
    stock: Entered = {}
    maximum: Entered = {}
    minimum: Entered = {}
    aims: Entered = {}


def saved_order(text: str) -> SavedOrder | None:
    """The order that an address keeps; None where it keeps none that can be read."""
    try:
        return SavedOrder.model_validate(json.loads(text))
    except (ValueError, ValidationError):
        return None


@dataclass
class PageOrder:
    """One visitor's order.

    Attributes:
        prices: by material, where they differ from the plant file's.
        stock: by material, where they differ from the plant file's.
        maximum: by element, where they differ from the grade's.
        minimum: by element, where they differ from the grade's.
        aims: by element, where they differ from the grade's.
        wrong: by field, what is wrong with its entry; while there is anything, there is no recipe.
    """

    plant: str
    grade: str
    mass_t: float | None = None
    tolerance_t: float = 0.0
    confidence: float = 0.95
    max_materials: int | None = None
    prices: dict[str, float] = field(default_factory=dict)
    stock: dict[str, float] = field(default_factory=dict)
    maximum: dict[str, float] = field(default_factory=dict)
    minimum: dict[str, float] = field(default_factory=dict)
    aims: dict[str, float] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, saved: SavedOrder, grades: tuple[str, ...]) -> "PageOrder":
        """An order as it was saved; a grade that the plant no longer makes is its first one."""
        grade = saved.grade if saved.grade in grades else grades[0]
        kept = saved.model_dump(exclude={"grade"})
        return cls(grade=grade, **kept)

    def query(self) -> str:
        """The order as the query of the page's address."""
        saved = SavedOrder(**{name: getattr(self, name) for name in SavedOrder.model_fields})
        return f"?order={quote(saved.model_dump_json(exclude_defaults=True))}"

    def asked(self) -> HeatOrder:
        """The order as any client would ask it.

        Raises:
            ValidationError: a value is out of its range.
        """
        aims = {element: Aim(wt_pct=value) for element, value in by_element(self.aims, "aim").items()}
        return HeatOrder(
            plant=self.plant,
            grade=self.grade,
            mass_t=self.mass_t,
            tolerance_t=self.tolerance_t,
            maximum_wt_pct=self.maximum,
            minimum_wt_pct=self.minimum,
            prices_eur_per_t=self.prices,
            available_t=self.stock,
            options=RecipeOptions(confidence=self.confidence, max_materials=self.max_materials, aims=aims),
        )


def is_looser(grade: Grade, kind: str, symbol: str, value: float) -> bool:
    """Whether a limit allows what the grade does not."""
    element = Element(symbol)
    return grade.is_above(element, value) if kind == "max" else grade.is_below(element, value)
