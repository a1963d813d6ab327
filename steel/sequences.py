"""A cast sequence: the next heats one by one, each with what the one before left of stock and steel."""

from typing import Annotated

from pydantic import Field

from steel.elements import Element
from steel.frozen import Frozen
from steel.quantities import Fraction, WholeNumber
from steel.texts import NameLine


class ReturnsPractice(Frozen):
    """Scrap of a plant's own that comes back: crop ends, skulls, rejected billets.

    Attributes:
        material: as the yard calls it.
        share: of each heat's steel.
        after_heats: how many heats later it lies in the yard.
    """

    material: NameLine
    share: Annotated[Fraction, Field(gt=0)]
    after_heats: Annotated[WholeNumber, Field(ge=1, le=1000)] = 24


class SequenceHeat(Frozen):
    """One heat of a sequence.

    Attributes:
        number: 1 is the next.
        masses_t: by material; empty where neither stock nor offers make it.
        cost_eur_per_t: the order's own, whatever its scarce materials are worth to later heats.
        met_with: probability of its least certain limit.
        heel_wt_pct: of the steel that the heat before leaves in the furnace.
        bath_wt_pct: expected before tapping additions; a share of it is the next heat's heel.
    """

    number: int
    grade: str
    order_t: float
    masses_t: dict[str, float]
    cost_eur_per_t: float
    met_with: float
    heel_wt_pct: dict[Element, float]
    bath_wt_pct: dict[Element, float]


class SequencePlan(Frozen):
    """The next heats.

    Attributes:
        cost_eur: of all heats that are made.
        unmade: numbers of heats that stock and limits do not allow.
        stock_left_t: of materials that the sequence shares, at its end.
        kept: whether an earlier plan goes on, for a new one would not save enough.
    """

    heats: tuple[SequenceHeat, ...]
    cost_eur: float
    unmade: tuple[int, ...]
    stock_left_t: dict[str, float]
    kept: bool = False

    def after(self, heats: int) -> "SequencePlan":
        """What is left of the plan once so many heats are made."""
        rest = tuple(heat.model_copy(update={"number": heat.number - heats}) for heat in self.heats[heats:])
        return self.model_copy(
            update={
                "heats": rest,
                "cost_eur": sum(heat.cost_eur_per_t * heat.order_t for heat in rest if heat.masses_t),
                "unmade": tuple(heat.number for heat in rest if not heat.masses_t),
            }
        )
