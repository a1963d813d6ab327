"""What a recipe is asked to be."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from steel.elements import Element
from steel.frozen import Frozen
from steel.quantities import Number, Seconds, WholeNumber, WtPct, YesNo


class Objective(StrEnum):
    """What a recipe can be good at; headroom is good when large, the others when small."""

    COST = "cost_eur_per_t"
    ENERGY = "energy_kwh_per_t"
    EMISSIONS = "emissions_kgco2e_per_t"
    HEADROOM = "residual_headroom"


Preferred = Literal[Objective.ENERGY, Objective.EMISSIONS, Objective.HEADROOM]
"""What may be preferred beside the cost, which always counts."""


class Aim(Frozen):
    """A content to come near to.

    Attributes:
        eur_per_t_per_wt_pct: what a t of steel is worth less for each wt% off it; steers, and is no part of the cost.
    """

    wt_pct: WtPct
    eur_per_t_per_wt_pct: Annotated[Number, Field(gt=0, le=1e6)] = 20.0


class RecipeOptions(Frozen):
    """How sure, how simple, how exact.

    Attributes:
        confidence: one-sided probability with which each limit must hold.
        joint: whether the confidence is that of all limits of a heat together, not of each.
        risk: "probability" of meeting a limit; or "tail_mean": even the mean of the worst heats, as many as the
            confidence leaves, meets it (conditional value at risk).
        max_materials: most metal-bearing materials in one charge; None means no rule.
        max_energy_kwh_per_t: most electricity per t tapped, expected; None means no rule.
        max_power_on_min: longest time with power on, min, at the furnace's mean power; None means no rule.
        preferences: what one unit of an objective is worth beside its cost, €/t; a unit of headroom is a whole limit.
            They steer the recipe and are no part of its cost.
        aims: contents to come near to within the limits, on the expected analysis.
        gap: relative optimality gap at which a recipe with yes/no decisions counts as proven.
        cut_tolerance: how exactly confidence margins are held, as a share of the limit, always on the safe side; as
            exactly as is cheap unless given.
        time_limit_s: for the whole answer, of one recipe or many; then each is the best so far, with its gap.
    """

    confidence: Annotated[Number, Field(ge=0.5, lt=1)] = 0.95
    joint: YesNo = False
    risk: Literal["probability", "tail_mean"] = "probability"
    max_materials: Annotated[WholeNumber, Field(ge=1, le=1000)] | None = None
    max_energy_kwh_per_t: Annotated[Number, Field(gt=0, le=10_000)] | None = None
    max_power_on_min: Annotated[Number, Field(gt=0, le=10_000)] | None = None
    preferences: dict[Preferred, Annotated[Number, Field(ge=0, le=1e6)]] = {}
    aims: dict[Element, Aim] = {}
    gap: Annotated[Number, Field(ge=1e-9, lt=1)] = 1e-4
    cut_tolerance: Annotated[Number, Field(ge=1e-7, lt=0.01)] | None = None
    time_limit_s: Seconds = 10.0

    @model_validator(mode="after")
    def _consistent(self) -> "RecipeOptions":
        if self.joint and self.risk == "tail_mean":
            raise ValueError("joint: a tail mean is of each limit; ask for one or the other")
        return self
