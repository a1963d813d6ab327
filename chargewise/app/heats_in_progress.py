"""Heats in progress: planned by a recipe, weighed basket by basket, the rest optimised again after each."""

from datetime import UTC, datetime
from typing import Any

from chargewise.app.application import Application
from chargewise.app.melts import MeltNow, check_additions, check_sample, melt_now, melt_of, recoveries, with_learned
from chargewise.app.orders import HeatOrder
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.plan.rest_of_heat import grades_left, rest_of_heat
from optimizer.plan.weighed import check_weighed
from plant_adapters.store.heat_steps import HeatSteps
from plant_adapters.store.journal_entries import Entry
from plant_adapters.store.outbox import ADDITIONS, PLANNED
from steel.answers import GradeLeft, RestOfHeat
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.recipes import Recipe
from steel.samples import Sample
from steel.shift import HeatProgress, HeatStage, HeatStep, Lift, StepKind, progress_of, together_t
from surrogate.fit.recoveries import Recovery

USUAL_ROOM = 0.05
"""Share of a tap that furnace and ladle still take where nobody says how much."""


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
        melt: what samples and the charge say of it, and what may be done; from when all is charged until it is done.
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
    melt: MeltNow | None
    steps: tuple[HeatStep, ...]


class HeatsInProgress:
    """The heats in progress of an installation's plants.

    Args:
        application: that makes their recipes.
    """

    def __init__(self, application: Application) -> None:
        self._application, self._journal = application, application.plants.journal
        self._steps = HeatSteps(application.database)

    def recent(self, plant: str, most: int = 20) -> dict[str, HeatProgress]:
        """Heats of which something was told last, the newest first."""
        return self._steps.recent(plant, most)

    def steps(self, plant: str, heat_id: str) -> int:
        """How many steps of a heat were taken; whoever shows it looks again when there are more."""
        return len(self._steps.of(plant, heat_id))

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
            recipe = entry.recipe
            additions_t = {line.material: line.mass_t for line in recipe.lines if line.stage == "tapping"}
            told = {
                "recipe_id": recipe_id, "grade": recipe.grade, "tapped_t": recipe.tapped_t,
                "baskets_t": list(recipe.loads_t()), "additions_t": additions_t,
            }  # fmt: skip
            self._steps.take(plant, heat_id, StepKind.PLAN, by, {"recipe_id": recipe_id}, new, (PLANNED, told))
        return self.now(plant, heat_id)

    def weigh(
        self, plant: str, heat_id: str, basket: int, lifts: tuple[Lift, ...], by: str, is_open: bool = False
    ) -> HeatNow:
        """What the crane put into a basket; a lift that was said before is corrected. The rest is optimised again.

        Args:
            plant: whose heat.
            heat_id: its number.
            basket: number of it.
            lifts: that were weighed.
            by: who tells it.
            is_open: whether more is to come into this basket: what is missing of its plan is then taken to come.

        Raises:
            InputError: no lift may be weighed now, a material is not in the yard, or a mass is none.
        """
        self._in_the_yard(plant, {lift.material for lift in lifts}, "lifts")
        self._from_lots(plant, lifts)
        content = {"basket": basket, "lifts": [lift.model_dump(mode="json") for lift in lifts], "is_open": is_open}
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
        added_t = additions_t or {}
        self._in_the_yard(plant, set(added_t), "additions_t", ("tapping",))
        told = {f"additions_t.{name}": Lift(lift_id=name, material=name, mass_t=mass) for name, mass in added_t.items()}
        check_additions(self._application.plant(plant).plant, told)
        self._journal.charge(plant, now.recipe_id, heat_id, by, now.charged_t(), added_t, approved_only, now.lots_t())
        content = {"charged_t": now.charged_t(), "additions_t": added_t}
        return self._take(plant, heat_id, StepKind.CHARGE, by, content)

    def sample(self, plant: str, heat_id: str, sample: Sample, by: str, confirmed: bool = False) -> HeatNow:
        """A sample of the melt: what is expected of it changes, and so does what it needs.

        Args:
            plant: whose.
            heat_id: its number.
            sample: and its analysis; one that was told before is corrected.
            by: who tells it.
            confirmed: whether somebody has looked at a sample that is far from what was expected.

        Raises:
            InputError: nothing is molten yet or any more, or the sample is of another heat.
        """
        steps = self._steps.of(plant, heat_id)
        heat = _known(plant, heat_id, steps)
        heat.check(StepKind.SAMPLE, heat_id)
        loaded = self._application.plant(plant)
        before = [step for step in steps if not _tells(step, sample)]
        check_sample(sample, heat_id, heat, melt_of(before, loaded.plant, loaded.description)[0], confirmed)
        return self._take(plant, heat_id, StepKind.SAMPLE, by, {"sample": sample.model_dump(mode="json")})

    def order_additions(self, plant: str, heat_id: str, masses_t: dict[str, float], by: str) -> HeatNow:
        """Have the plant's systems add to the melt; what then was added is told as a trim.

        Raises:
            InputError: nothing is molten yet or any more, or a material is not in the yard.
        """
        heat = _known(plant, heat_id, self._steps.of(plant, heat_id))
        stages = ("furnace", "tapping") if heat.stage is HeatStage.CHARGED else ("tapping",)
        self._in_the_yard(plant, set(masses_t), "masses_t", stages)
        told = {name: Lift(lift_id=name, material=name, mass_t=mass) for name, mass in masses_t.items()}
        check_additions(self._application.plant(plant).plant, {f"masses_t.{name}": one for name, one in told.items()})
        content = {"recipe_id": heat.recipe_id, "additions_t": masses_t}
        return self._take(plant, heat_id, StepKind.ORDER, by, content, (ADDITIONS, content))

    def trim(self, plant: str, heat_id: str, lifts: tuple[Lift, ...], by: str) -> HeatNow:
        """What came to the melt: alloys, or further charge; it is drawn of the yard's lots.

        Raises:
            InputError: nothing is molten yet or any more, a material is not in the yard, or further charge comes to
                a heat that is tapped.
        """
        steps = self._steps.of(plant, heat_id)
        heat = _known(plant, heat_id, steps)
        heat.check(StepKind.TRIM, heat_id)
        named = {lift.material for lift in lifts}
        stages = ("furnace", "tapping") if heat.stage is HeatStage.CHARGED else ("tapping",)
        self._in_the_yard(plant, named, "lifts", stages)
        self._from_lots(plant, lifts)
        check_additions(self._application.plant(plant).plant, {f"lift {one.lift_id}": one for one in lifts})
        content = {"lifts": [lift.model_dump(mode="json") for lift in lifts]}
        taken = self._take(plant, heat_id, StepKind.TRIM, by, content)
        self._book(plant, heat_id, by)
        return taken

    def advance(self, plant: str, heat_id: str, kind: StepKind, by: str) -> HeatNow:
        """Tap, finish or cancel a heat.

        Raises:
            InputError: it cannot be done now.
        """
        if kind is StepKind.TAP and self.known(plant, heat_id):
            # Where a service ended between a trim and its booking, it is booked now.
            self._book(plant, heat_id, by)
        return self._take(plant, heat_id, kind, by, {})

    def _book(self, plant: str, heat_id: str, by: str) -> None:
        """Book what the heat came to, once all was charged."""
        heat = _known(plant, heat_id, self._steps.of(plant, heat_id))
        if heat.stage not in (HeatStage.CHARGED, HeatStage.TAPPED):
            return
        furnace = {item.material.name for item in self._application.plant(plant).plant.charge_items()}
        added = heat.added_t()
        more = {name: mass for name, mass in added.items() if name in furnace}
        alloys = {name: mass for name, mass in added.items() if name not in furnace}
        lots_t = together_t({lift.lot_id: lift.mass_t} for lift in heat.trims if lift.lot_id)
        self._journal.charge_more(plant, heat.recipe_id, by, together_t((heat.charged_t(), more)), alloys, lots_t)

    def recoveries(self, plant: str) -> dict[tuple[str, Element], Recovery]:
        """What the plant's sampled heats taught of its alloys: by material and element."""
        loaded = self._application.plant(plant)
        finals = {one.heat_id: one.analysis_wt_pct for one in self._journal.outcomes(plant)}
        return recoveries(self._steps, loaded.plant, loaded.description, finals)

    def now(
        self, plant: str, heat_id: str, change_eur_per_t: float = 1.0, room_t: float | None = None,
        confidence: float | None = None,
    ) -> HeatNow:  # fmt: skip
        """A heat as it is, its rest optimised again.

        Args:
            plant: whose.
            heat_id: its number.
            change_eur_per_t: what charging a t otherwise than planned costs.
            room_t: steel that furnace and ladle still take of what thins the melt; a usual share of a tap where it is
                not told.
            confidence: with which the rest, or the melt, is to keep each limit; the recipe's unless given.
                Where a sample follows the baskets, less will do for them, and more costs little for the melt.

        Raises:
            InputError: the heat was not planned.
        """
        steps = self._steps.of(plant, heat_id)
        heat = _known(plant, heat_id, steps)
        entry = self._journal.entry(plant, heat.recipe_id)
        asked = self._order(entry)
        if heat.grade is not None:
            asked = asked.model_copy(update={"grade": heat.grade, "maximum_wt_pct": {}, "minimum_wt_pct": {}})
        if confidence is not None:
            options = asked.options.model_copy(update={"confidence": confidence})
            asked = asked.model_copy(update={"options": options})
        rest, lost = None, None
        if heat.stage in (HeatStage.PLANNED, HeatStage.CHARGING):
            rest, lost = self._rest(heat, entry, asked, change_eur_per_t)
        melt = None
        if heat.stage in (HeatStage.CHARGED, HeatStage.TAPPED):
            melt = self._melt(heat, steps, entry, asked, room_t)
        return HeatNow(
            plant=plant, heat_id=heat_id, stage=heat.stage, grade=asked.grade, recipe_id=heat.recipe_id,
            baskets_t=heat.weighed(), unavailable=heat.unavailable, rest=rest, lost=lost, melt=melt,
            steps=steps,
        )  # fmt: skip

    def _rest(
        self, heat: HeatProgress, entry: Entry, asked: HeatOrder, change_eur_per_t: float
    ) -> tuple[RestOfHeat | None, Lost | None]:
        loaded = self._application.plant(entry.plant)
        # Lots are booked when all is charged: until then stock is what it was before the heat.
        today = asked.plant_today(loaded.plant)
        order = asked.order(today)
        weighed, to_come = with_open_basket(heat, entry.recipe)
        optimizer = self._application.optimizer
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
        rest = {name: mass for name, mass in together_t((found.rest_t, to_come)).items() if mass > 0}
        return found.model_copy(update={"charged_t": heat.charged_t(), "rest_t": rest}), None

    def _melt(
        self, heat: HeatProgress, steps: tuple[HeatStep, ...], entry: Entry, asked: HeatOrder, room_t: float | None,
    ) -> MeltNow:  # fmt: skip
        loaded = self._application.plant(entry.plant)
        today = with_learned(asked.plant_today(loaded.plant), self.recoveries(entry.plant))
        room_t = USUAL_ROOM * today.furnace.tap_weight_t if room_t is None else room_t
        return melt_now(
            self._application.optimizer, today, asked.order(today), loaded.description, asked.options,
            melt_of(steps, today, loaded.description), heat, room_t, today.made(),
        )  # fmt: skip

    def _take(
        self, plant: str, heat_id: str, kind: StepKind, by: str, content: dict[str, Any],
        tells: tuple[str, dict[str, Any]] | None = None,
    ) -> HeatNow:  # fmt: skip
        def legal(now: HeatProgress | None) -> None:
            if now is None:
                raise _unknown(plant, heat_id)
            now.check(kind, heat_id)
            # What a step would lead to is looked at before it is written down.
            step = HeatStep(number=0, kind=kind, at=datetime.now(UTC), by=by, content=content)
            check_weighed(self._application.plant(plant).plant, now.after(step).weighed())

        self._steps.take(plant, heat_id, kind, by, content, legal, tells)
        return self.now(plant, heat_id)

    def _in_the_yard(self, plant: str, materials: set[str], where: str, stages: tuple[str, ...] = ("furnace",)) -> None:
        items = self._application.plant(plant).plant.yard
        yard = {item.material.name for item in items if item.stage in stages}
        strange = sorted(materials - yard)
        if strange:
            kinds = " or ".join(stages)
            raise InputError(strange, where, f"{kinds} materials of the yard: {', '.join(sorted(yard))}")

    def _from_lots(self, plant: str, lifts: tuple[Lift, ...]) -> None:
        book = self._application.plants.book
        for lift in lifts:
            state = book.lot(plant, lift.lot_id) if lift.lot_id else None
            if lift.lot_id and (state is None or state.lot.material != lift.material):
                raise InputError(lift.lot_id, f"lift {lift.lift_id}: lot_id", f"a lot of {lift.material} in the yard")

    def _order(self, entry: Entry) -> HeatOrder:
        if entry.inputs is None:
            raise InputError(entry.recipe_id, "recipe_id", "one that was made since inputs are kept")
        return HeatOrder.model_validate(entry.inputs.asked)


def with_open_basket(heat: HeatProgress, plan: Recipe) -> tuple[tuple[dict[str, float], ...], dict[str, float]]:
    """What is weighed, the basket that is being loaded filled up as it was planned; and t of each that is to come."""
    weighed, loads = heat.weighed(), plan.loads_t()
    number = heat.open_basket
    if number is None or number != len(weighed) or number > len(loads):
        return weighed, {}
    there = weighed[-1]
    to_come = {
        name: mass - there.get(name, 0.0)
        for name, mass in loads[number - 1].items()
        if name not in heat.unavailable and mass > there.get(name, 0.0)
    }
    return (*weighed[:-1], together_t((there, to_come))), to_come


def _tells(step: HeatStep, sample: Sample) -> bool:
    """Whether a step told this sample before."""
    return step.kind is StepKind.SAMPLE and step.content["sample"]["sample_id"] == sample.sample_id


def _known(plant: str, heat_id: str, steps: tuple[HeatStep, ...]) -> HeatProgress:
    found = progress_of(steps)
    if found is None:
        raise _unknown(plant, heat_id)
    return found


def _unknown(plant: str, heat_id: str) -> InputError:
    return InputError(heat_id, "heat_id", f"a heat of {plant} that is planned")
