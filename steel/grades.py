"""Grades: the customer's specification."""

from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen

Limit = Annotated[float, Field(ge=0, le=100)]


class Grade(Frozen):
    """Two-sided limits on the steel's final analysis, wt%.

    Raises:
        ValueError: a minimum lies above the maximum of the same element.
    """

    name: str = Field(min_length=1)
    title: str = ""
    maximum_wt_pct: dict[Element, Limit] = {}
    minimum_wt_pct: dict[Element, Limit] = {}

    @model_validator(mode="after")
    def _ordered(self) -> "Grade":
        for element, low in self.minimum_wt_pct.items():
            high = self.maximum_wt_pct.get(element)
            if high is not None and low > high:
                raise ValueError(
                    f"grade {self.name}: {element} has minimum {low} wt% above its maximum {high} wt%; "
                    "the minimum must not exceed the maximum"
                )
        return self

    def elements(self) -> tuple[Element, ...]:
        """Every limited element, in the order of a steel analysis."""
        limited = self.maximum_wt_pct.keys() | self.minimum_wt_pct.keys()
        return tuple(element for element in Element if element in limited)

    def with_limits(
        self, maximum: dict[Element, float] | None = None, minimum: dict[Element, float] | None = None
    ) -> "Grade":
        """The grade with some limits replaced or added.

        Raises:
            InputError: a limit is no share of a steel, or a minimum would exceed its maximum.
        """
        try:
            return Grade(
                name=self.name,
                title=self.title,
                maximum_wt_pct={**self.maximum_wt_pct, **(maximum or {})},
                minimum_wt_pct={**self.minimum_wt_pct, **(minimum or {})},
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or f"limits of {self.name}"
            raise InputError({**(maximum or {}), **(minimum or {})}, where, str(first["msg"])) from error


class Order(Frozen):
    """A grade and a tonnage; one heat's worth unless said otherwise.

    Attributes:
        mass_t: liquid steel wanted after tapping additions, t.
        tolerance_t: by how much a heat may be lighter or heavier, where a t is then cheapest.
        due: ISO date, where there is one.
    """

    grade: Grade
    mass_t: float = Field(gt=0, le=100_000)
    tolerance_t: float = Field(default=0.0, ge=0)
    due: str | None = None

    @model_validator(mode="after")
    def _positive(self) -> "Order":
        if self.tolerance_t >= self.mass_t:
            raise ValueError(f"tolerance_t {self.tolerance_t} must be less than mass_t {self.mass_t}")
        return self
