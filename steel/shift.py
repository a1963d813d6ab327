"""A heat in progress: planned, weighed basket by basket, charged, tapped; every step with its time and who took it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from steel.errors import InputError
from steel.frozen import Frozen
from steel.quantities import Number
from steel.samples import Sample
from steel.texts import Line, NameLine


class HeatStage(StrEnum):
    """How far a heat is."""

    PLANNED = "planned"
    CHARGING = "charging"
    CHARGED = "charged"
    TAPPED = "tapped"
    DONE = "done"
    CANCELLED = "cancelled"


class StepKind(StrEnum):
    """What happens to a heat."""

    PLAN = "planned"
    WEIGH = "weighed"
    MISSING = "not to be had"
    REGRADE = "another grade"
    SAMPLE = "sampled"
    ORDER = "additions ordered"
    TRIM = "trimmed"
    CHARGE = "charged"
    TAP = "tapped"
    FINISH = "done"
    CANCEL = "cancelled"


LEGAL: dict[StepKind, tuple[HeatStage, ...]] = {
    StepKind.WEIGH: (HeatStage.PLANNED, HeatStage.CHARGING),
    StepKind.MISSING: (HeatStage.PLANNED, HeatStage.CHARGING),
    StepKind.REGRADE: (HeatStage.PLANNED, HeatStage.CHARGING, HeatStage.CHARGED, HeatStage.TAPPED),
    StepKind.CHARGE: (HeatStage.CHARGING,),
    StepKind.SAMPLE: (HeatStage.CHARGED, HeatStage.TAPPED),
    StepKind.ORDER: (HeatStage.CHARGED, HeatStage.TAPPED),
    StepKind.TRIM: (HeatStage.CHARGED, HeatStage.TAPPED),
    StepKind.TAP: (HeatStage.CHARGED,),
    StepKind.FINISH: (HeatStage.TAPPED,),
    StepKind.CANCEL: (HeatStage.PLANNED, HeatStage.CHARGING, HeatStage.CHARGED),
}
"""At which stages each step may be taken."""
LEADS_TO = {
    StepKind.WEIGH: HeatStage.CHARGING,
    StepKind.CHARGE: HeatStage.CHARGED,
    StepKind.TAP: HeatStage.TAPPED,
    StepKind.FINISH: HeatStage.DONE,
    StepKind.CANCEL: HeatStage.CANCELLED,
}


class Lift(Frozen):
    """What the crane put into a basket at a time.

    Attributes:
        lift_id: of the scale, such as its weight number; the same one again corrects what it said before.
        mass_t: as it was weighed; 0 where nothing was put in after all.
        lot_id: that it came from, where the crane says so.
    """

    lift_id: Annotated[NameLine, Field(max_length=64)]
    material: NameLine
    mass_t: Annotated[Number, Field(ge=0, le=1000)]
    lot_id: Annotated[Line, Field(max_length=64)] = ""


class HeatStep(Frozen):
    """One step of a heat.

    Attributes:
        number: of the heat's steps, from 1.
        content: what it says, such as a basket's lifts.
    """

    number: int
    kind: StepKind
    at: datetime
    by: str
    content: dict[str, Any]


class HeatProgress(Frozen):
    """A heat as its steps have it.

    Attributes:
        recipe_id: of its plan.
        grade: another one than was planned, where it has changed.
        lifts: of each basket that was weighed, by its number.
        open_basket: number of the one that is still being loaded, lift by lift; none where each was told whole.
        unavailable: materials that are not to be had.
        additions_t: that were told when all was charged.
        samples: of the melt, each as it was said last.
        trims: what was added to the melt since: alloys, and further charge.
    """

    stage: HeatStage
    recipe_id: str
    grade: str | None = None
    lifts: dict[int, tuple[Lift, ...]] = {}
    open_basket: int | None = None
    unavailable: tuple[str, ...] = ()
    additions_t: dict[str, float] = {}
    samples: tuple[Sample, ...] = ()
    trims: tuple[Lift, ...] = ()

    def weighed(self) -> tuple[dict[str, float], ...]:
        """T of each material in each basket, the first one first; a basket that was left out is empty."""
        every = range(1, max(self.lifts, default=0) + 1)
        loads = (together_t({lift.material: lift.mass_t} for lift in self.lifts.get(number, ())) for number in every)
        return tuple({material: mass_t for material, mass_t in load.items() if mass_t > 0} for load in loads)

    def charged_t(self) -> dict[str, float]:
        """T of each material in all baskets."""
        return together_t(self.weighed())

    def added_t(self) -> dict[str, float]:
        """T of each material that came to the melt: additions, and further charge."""
        trims = together_t({lift.material: lift.mass_t} for lift in self.trims)
        return {name: mass_t for name, mass_t in together_t((self.additions_t, trims)).items() if mass_t > 0}

    def lots_t(self) -> dict[str, float]:
        """T of each lot that the crane says something came from."""
        every = [*(lift for lifts in self.lifts.values() for lift in lifts), *self.trims]
        return together_t({lift.lot_id: lift.mass_t} for lift in every if lift.lot_id)

    def check(self, kind: StepKind, heat_id: str) -> None:
        """Check that a step may be taken now.

        Raises:
            InputError: it may not; the message says at which stages it may.
        """
        if self.stage not in LEGAL[kind]:
            stages = " or ".join(LEGAL[kind])
            raise InputError(self.stage.value, f"heat {heat_id}", f"one that is {stages}, to be {kind.value}")

    def after(self, step: HeatStep) -> "HeatProgress":
        """The heat after one more step."""
        changes: dict[str, Any] = {"stage": LEADS_TO.get(step.kind, self.stage)}
        if step.kind is StepKind.WEIGH:
            basket = int(step.content["basket"])
            changes["lifts"] = {**self.lifts, basket: _corrected(self.lifts.get(basket, ()), step.content["lifts"])}
            changes["open_basket"] = basket if step.content.get("is_open") else None
        elif step.kind is StepKind.MISSING:
            changes["unavailable"] = tuple(dict.fromkeys([*self.unavailable, *step.content["materials"]]))
        elif step.kind is StepKind.REGRADE:
            changes["grade"] = str(step.content["grade"])
        elif step.kind is StepKind.CHARGE:
            changes["additions_t"] = dict(step.content.get("additions_t", {}))
        elif step.kind is StepKind.SAMPLE:
            sample = Sample.model_validate(step.content["sample"])
            others = tuple(one for one in self.samples if one.sample_id != sample.sample_id)
            changes["samples"] = (*others, sample)
        elif step.kind is StepKind.TRIM:
            changes["trims"] = _corrected(self.trims, step.content["lifts"])
        return self.model_copy(update=changes)


def together_t(loads: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """T of each material in several loads."""
    masses: dict[str, float] = {}
    for load in loads:
        for material, mass_t in load.items():
            masses[material] = masses.get(material, 0.0) + mass_t
    return masses


def progress_of(steps: Iterable[HeatStep]) -> HeatProgress | None:
    """A heat after its steps; None where there are none."""
    found: HeatProgress | None = None
    for step in steps:
        if step.kind is StepKind.PLAN:
            found = HeatProgress(stage=HeatStage.PLANNED, recipe_id=str(step.content["recipe_id"]))
        elif found is not None:
            found = found.after(step)
    return found


def _corrected(before: tuple[Lift, ...], said: Iterable[Any]) -> tuple[Lift, ...]:
    """Lifts of a basket, those that were said again as they were said last."""
    lifts = {lift.lift_id: lift for lift in before}
    for one in said:
        lift = Lift.model_validate(one)
        lifts[lift.lift_id] = lift
    return tuple(lifts.values())
