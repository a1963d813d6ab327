"""Grades: the customer's specification."""

from pydantic import ValidationError, model_validator

from steel.complaints import input_error
from steel.elements import Element
from steel.frozen import Frozen
from steel.quantities import ChargedT, HeatMassT, WtPct
from steel.texts import Line, NameLine


class Grade(Frozen):
    """Two-sided limits on the steel's final analysis, wt%.

    Today's limits on a grade may contradict its own: the optimizer then says which do, as of any other requirements.
    """

    name: NameLine
    title: Line = ""
    maximum_wt_pct: dict[Element, WtPct] = {}
    minimum_wt_pct: dict[Element, WtPct] = {}

    def crossed(self) -> tuple[Element, ...]:
        """Elements whose minimum lies above their maximum: no steel is of this grade."""
        return tuple(e for e, low in self.minimum_wt_pct.items() if low > self.maximum_wt_pct.get(e, 100.0))

    def is_above(self, element: Element, limit_wt_pct: float) -> bool:
        """Whether an upper limit allows more than the grade does."""
        return limit_wt_pct > self.maximum_wt_pct.get(element, limit_wt_pct)

    def is_below(self, element: Element, limit_wt_pct: float) -> bool:
        """Whether a lower limit allows less than the grade does."""
        return limit_wt_pct < self.minimum_wt_pct.get(element, limit_wt_pct)

    def elements(self) -> tuple[Element, ...]:
        """Every limited element, in the order of a steel analysis."""
        limited = self.maximum_wt_pct.keys() | self.minimum_wt_pct.keys()
        return tuple(element for element in Element if element in limited)

    def with_limits(
        self, maximum: dict[Element, float] | None = None, minimum: dict[Element, float] | None = None
    ) -> "Grade":
        """The grade with some limits replaced or added.

        Raises:
            InputError: a limit is no share of a steel.
        """
        try:
            return Grade(
                name=self.name,
                title=self.title,
                maximum_wt_pct={**self.maximum_wt_pct, **(maximum or {})},
                minimum_wt_pct={**self.minimum_wt_pct, **(minimum or {})},
            )
        except ValidationError as error:
            raise input_error(error, f"limits of {self.name}", Grade) from error


class Order(Frozen):
    """A grade and a tonnage; one heat's worth unless said otherwise.

    Attributes:
        mass_t: liquid steel wanted after tapping additions, t.
        tolerance_t: by how much a heat may be lighter or heavier, where a t is then cheapest.
        due: ISO date, where there is one.
    """

    grade: Grade
    mass_t: HeatMassT
    tolerance_t: ChargedT = 0.0
    due: str | None = None

    @model_validator(mode="after")
    def _positive(self) -> "Order":
        if self.tolerance_t >= self.mass_t:
            raise ValueError(f"tolerance_t {self.tolerance_t} must be less than mass_t {self.mass_t}")
        return self
