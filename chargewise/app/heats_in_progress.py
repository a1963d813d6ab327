"""Heats in progress: planned by a recipe, weighed basket by basket, the rest optimised again after each."""

from datetime import UTC, datetime
from typing import Any

from chargewise.app.application import Application
from chargewise.app.orders import HeatOrder
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.plan.rest_of_heat import grades_left, rest_of_heat
from optimizer.plan.weighed import check_weighed
from plant_adapters.store.heat_steps import HeatSteps
from plant_adapters.store.journal_entries import Entry
from steel.answers import GradeLeft, RestOfHeat
from steel.errors import InputError
from steel.frozen import Frozen
from steel.shift import HeatProgress, HeatStage, HeatStep, Lift, StepKind, progress_of


class Lost(Frozen):
    """Why a heat cannot be made any more.

    Attributes:
        requirements: that contradict one another, and where each could be met.
        grades: that can still be made, the cheapest first.
    """

    requirements: tuple[str, ...]
    grades: tuple[GradeLeft, ...]


class HeatNow(Frozen):
    """A heat in progress.

    Attributes:
        grade: that is made now.
        baskets_t: what was weighed so far, t of each material, basket by basket.
        rest: the rest optimised again; None once all is charged, or where the heat is lost.
        lost: why it cannot be made any more.
        steps: that were taken.
    """

    plant: str
    heat_id: str
    stage: HeatStage
    grade: str
    recipe_id: str
    baskets_t: tuple[dict[str, float], ...]
    unavailable: tuple[str, ...]
    rest: RestOfHeat | None
    lost: Lost | None
    steps: tuple[HeatStep, ...]


class HeatsInProgress:
    """The heats in progress of an installation's plants.

    Args:
        application: that makes their recipes.
    """

    def __init__(self, application: Application) -> None:
        self._application, self._journal = application, application.plants.journal
        self._steps = HeatSteps(application.database)

    def known(self, plant: str, heat_id: str) -> bool:
        """Whether a heat was planned."""
        return bool(self._steps.of(plant, heat_id))

    def plan(self, plant: str, heat_id: str, recipe_id: str, by: str) -> HeatNow:
        """Plan a heat by a recipe of the journal; the same plan twice is one.

        Raises:
            InputError: there is no such recipe, it is charged already, or the heat is planned by another one.
        """
        entry = self._journal.entry(plant, recipe_id)
        if entry.charged is not None:
            raise InputError(recipe_id, "recipe_id", f"one that is not charged yet; heat {entry.charged.heat_id} was")
        self._order(entry)

        def new(now: HeatProgress | None) -> None:
            if now is not None and now.stage is not HeatStage.CANCELLED:
                raise InputError(heat_id, "heat_id", f"one that is not planned yet; it is {now.stage}")

        before = progress_of(self._steps.of(plant, heat_id))
        if before is None or before.recipe_id != recipe_id or before.stage is HeatStage.CANCELLED:
            self._steps.take(plant, heat_id, StepKind.PLAN, by, {"recipe_id": recipe_id}, new)
        return self.now(plant, heat_id)

    def weigh(self, plant: str, heat_id: str, basket: int, lifts: tuple[Lift, ...], by: str) -> HeatNow:
        """What the crane put into a basket; a lift that was said before is corrected. The rest is optimised again.

        Raises:
            InputError: no lift may be weighed now, a material is not in the yard, or a mass is none.
        """
        self._in_the_yard(plant, {lift.material for lift in lifts}, "lifts")
        content = {"basket": basket, "lifts": [lift.model_dump(mode="json") for lift in lifts]}
        return self._take(plant, heat_id, StepKind.WEIGH, by, content)

    def missing(self, plant: str, heat_id: str, materials: tuple[str, ...], by: str) -> HeatNow:
        """Materials that are not to be had any more, such as those of an empty bay.

        Raises:
            InputError: it cannot be told now, or a material is not in the yard.
        """
        self._in_the_yard(plant, set(materials), "materials")
        return self._take(plant, heat_id, StepKind.MISSING, by, {"materials": list(materials)})

    def regrade(self, plant: str, heat_id: str, grade: str, by: str) -> HeatNow:
        """Another grade is to be made of the heat.

        Raises:
            InputError: it is too late, or the plant makes no such grade.
        """
        self._application.plant(plant).plant.grade(grade)
        return self._take(plant, heat_id, StepKind.REGRADE, by, {"grade": grade})

    def charge(self, plant: str, heat_id: str, by: str, additions_t: dict[str, float] | None = None) -> HeatNow:
        """All baskets are in: what was weighed is the recipe's charge, and is drawn of the yard's lots.

        Raises:
            InputError: nothing is weighed yet, or the recipe must be approved first.
        """
        now = _known(plant, heat_id, self._steps.of(plant, heat_id))
        now.check(StepKind.CHARGE, heat_id)
        approved_only = self._application.plant(plant).plant.approval_required
        self._journal.charge(plant, now.recipe_id, heat_id, by, now.charged_t(), additions_t or {}, approved_only)
        return self._take(plant, heat_id, StepKind.CHARGE, by, {"charged_t": now.charged_t()})

    def advance(self, plant: str, heat_id: str, kind: StepKind, by: str) -> HeatNow:
        """Tap, finish or cancel a heat.

        Raises:
            InputError: it cannot be done now.
        """
        return self._take(plant, heat_id, kind, by, {})

    def now(self, plant: str, heat_id: str, change_eur_per_t: float = 1.0) -> HeatNow:
        """A heat as it is, its rest optimised again.

        Args:
            plant: whose.
            heat_id: its number.
            change_eur_per_t: what charging a t otherwise than planned costs.

        Raises:
            InputError: the heat was not planned.
        """
        steps = self._steps.of(plant, heat_id)
        heat = _known(plant, heat_id, steps)
        entry = self._journal.entry(plant, heat.recipe_id)
        asked = self._order(entry)
        if heat.grade is not None:
            asked = asked.model_copy(update={"grade": heat.grade, "maximum_wt_pct": {}, "minimum_wt_pct": {}})
        rest, lost = None, None
        if heat.stage in (HeatStage.PLANNED, HeatStage.CHARGING):
            rest, lost = self._rest(heat, entry, asked, change_eur_per_t)
        return HeatNow(
            plant=plant, heat_id=heat_id, stage=heat.stage, grade=asked.grade, recipe_id=heat.recipe_id,
            baskets_t=heat.weighed(), unavailable=heat.unavailable, rest=rest, lost=lost,
            steps=steps,
        )  # fmt: skip

    def _rest(
        self, heat: HeatProgress, entry: Entry, asked: HeatOrder, change_eur_per_t: float
    ) -> tuple[RestOfHeat | None, Lost | None]:
        loaded = self._application.plant(entry.plant)
        # Lots are booked when all is charged: until then stock is what it was before the heat.
        today = asked.plant_today(loaded.plant)
        order = asked.order(today)
        weighed, optimizer = heat.weighed(), self._application.optimizer
        try:
            found = rest_of_heat(
                optimizer, today, order, loaded.description, asked.options, entry.recipe, weighed, heat.unavailable,
                change_eur_per_t,
            )  # fmt: skip
        except ImpossibleOrderError as error:
            words = tuple(one.in_words() for one in error.conflicts)
            grades = grades_left(
                optimizer, today, order.mass_t, loaded.description, asked.options, weighed, heat.unavailable
            )  # fmt: skip
            return None, Lost(requirements=words, grades=grades)
        return found, None

    def _take(self, plant: str, heat_id: str, kind: StepKind, by: str, content: dict[str, Any]) -> HeatNow:
        def legal(now: HeatProgress | None) -> None:
            if now is None:
                raise _unknown(plant, heat_id)
            now.check(kind, heat_id)
            # What a step would lead to is looked at before it is written down.
            step = HeatStep(number=0, kind=kind, at=datetime.now(UTC), by=by, content=content)
            check_weighed(self._application.plant(plant).plant, now.after(step).weighed())

        self._steps.take(plant, heat_id, kind, by, content, legal)
        return self.now(plant, heat_id)

    def _in_the_yard(self, plant: str, materials: set[str], where: str) -> None:
        yard = {item.material.name for item in self._application.plant(plant).plant.charge_items()}
        strange = sorted(materials - yard)
        if strange:
            raise InputError(strange, where, f"furnace materials of the yard: {', '.join(sorted(yard))}")

    def _order(self, entry: Entry) -> HeatOrder:
        if entry.inputs is None:
            raise InputError(entry.recipe_id, "recipe_id", "one that was made since inputs are kept")
        return HeatOrder.model_validate(entry.inputs.asked)


def _known(plant: str, heat_id: str, steps: tuple[HeatStep, ...]) -> HeatProgress:
    found = progress_of(steps)
    if found is None:
        raise _unknown(plant, heat_id)
    return found


def _unknown(plant: str, heat_id: str) -> InputError:
    return InputError(heat_id, "heat_id", f"a heat of {plant} that is planned")
