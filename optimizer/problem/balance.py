"""Requirements of a furnace's balances as linear rows over the charge: a sum that is at most, or at least, a share."""

from collections.abc import Iterable
from dataclasses import dataclass

from steel.heats import FloatArray

Asked = tuple[str, str, float | None, float, float, FloatArray, FloatArray]
"""A requirement's name, words, limit if there is one, sense and step, and (n + m,) the part and the whole."""


@dataclass(frozen=True)
class BalanceRule:
    """One requirement of a balance: what a part is of a whole, held by `row · (x, a) ≤ 0`.

    Attributes:
        name: such as "basicity_min".
        words: the requirement, its value left to be filled in.
        limit: its value.
        sense: 1 where there may be at most that, -1 where at least.
        step: a relaxation of it that people talk about, in the same unit.
        part: (n + m,).
        whole: (n + m,) what the part is measured by; so much one unit of the limit moves the row.
    """

    name: str
    words: str
    limit: float
    sense: float
    step: float
    part: FloatArray
    whole: FloatArray

    @property
    def row(self) -> FloatArray:
        """(n + m,)."""
        return self.sense * (self.part - self.limit * self.whole)

    def at(self, value: float) -> str:
        """The requirement with a value, in words."""
        return self.words.format(f"{value:.4g}")

    @property
    def unit(self) -> str:
        """What follows a number of this requirement, its blank included; empty where it has no unit."""
        return self.words.partition("{}")[2]

    def value(self, columns_t: FloatArray) -> float:
        """What a recipe (n + m,) comes to, in the limit's unit."""
        return float(self.part @ columns_t) / max(float(self.whole @ columns_t), 1e-12)


def rules_of(asked: Iterable[Asked]) -> tuple[BalanceRule, ...]:
    """The rules that are asked for."""
    return tuple(
        BalanceRule(name, words, limit, sense, step, part, whole)
        for name, words, limit, sense, step, part, whole in asked
        if limit is not None
    )
