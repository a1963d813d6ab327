"""The melt of a heat in progress: what samples say of it, what it still needs, and what past melts taught of alloys."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from optimizer.explain.recommend import Optimizer
from optimizer.plan.trim import trims
from optimizer.problem.options import RecipeOptions
from plant_adapters.store.heat_steps import HeatSteps
from steel.answers import GradeLeft, Trim
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Order
from steel.materials import Material
from steel.plants import Plant, YardItem
from steel.samples import Sample
from steel.shift import HeatProgress, HeatStep, Lift, StepKind, progress_of
from surrogate.fit.recoveries import Recovery, TrimRecord, learned_recoveries, with_recoveries
from surrogate.model.description import Description
from surrogate.model.melt import Melt, expected_melt

ANOTHER_HEATS = 6.0
"""Standard deviations from what is expected beyond which an element is not of this heat..."""
ANOTHER_HEATS_ELEMENTS = 2
"""...where so many elements are."""
MOST_ADDED = 0.2
"""Share of a tap beyond which an alloy is none that was added."""
MOST_HEATS = 300
"""Newest sampled heats that recoveries are learned from."""


class Content(Frozen):
    """What is expected of an element of a melt."""

    element: Element
    wt_pct: float
    sd_wt_pct: float
    is_sampled: bool


class MeltNow(Frozen):
    """A melt, and what may be done of it.

    Attributes:
        steel_t: expected mass.
        contents: what is expected of it, samples taken into account.
        choices: the best first; none where nothing keeps even the other limits.
        grades: that it still can be without further charge, the cheapest to add to first; told where the first choice
            misses a limit, or thins.
    """

    steel_t: float
    contents: tuple[Content, ...]
    choices: tuple[Trim, ...]
    grades: tuple[GradeLeft, ...] = ()


def melt_of(steps: Sequence[HeatStep], plant: Plant, description: Description) -> tuple[Melt, bool]:
    """The melt after a heat's steps, and whether it is in the ladle, where treatment has taken what it takes.

    What was corrected later counts from where it was said first.
    """
    heat = progress_of(steps)
    assert heat is not None
    said = {lift.lift_id: lift for lift in heat.trims}
    samples = {sample.sample_id: sample for sample in heat.samples}
    kept = plant.furnace.ladle_retention
    melt, ladle = expected_melt(description, heat.charged_t()), False

    def added(masses_t: dict[str, float]) -> None:
        nonlocal melt, ladle
        alloys = [item.material for item in plant.tapping_items() if masses_t.get(item.material.name, 0.0) > 0]
        furnace = {name: mass for name, mass in masses_t.items() if name in description.names}
        if furnace:
            melt = melt.with_charge(description, furnace)
        if alloys:
            melt = melt.with_additions([(one, masses_t[one.name]) for one in alloys], {} if ladle else kept)
            ladle = True

    for step in steps:
        if step.kind is StepKind.CHARGE:
            added(heat.additions_t)
        elif step.kind is StepKind.SAMPLE:
            sample = samples.pop(str(step.content["sample"]["sample_id"]), None)
            if sample is not None:
                melt = melt.sampled(sample.analysis_wt_pct, sample.error_cv)
        elif step.kind is StepKind.TRIM:
            first = [said.pop(str(lift["lift_id"]), None) for lift in step.content["lifts"]]
            for lift in first:
                if lift is not None:
                    added({lift.material: lift.mass_t})
        elif step.kind is StepKind.TAP and not ladle:
            melt, ladle = melt.with_additions((), kept), True
    return melt, ladle


def check_sample(sample: Sample, heat_id: str, heat: HeatProgress, melt: Melt, confirmed: bool) -> None:
    """Refuse a sample that is none of this heat.

    Raises:
        InputError: it is marked with another heat's number, is of a place where the steel is not, or several elements
            are far from all that this heat can be, and nobody confirmed them.
    """
    if sample.heat_id is not None and sample.heat_id != heat_id:
        raise InputError(sample.heat_id, "sample.heat_id", f"this heat's number, {heat_id}, or none")
    place = "bath" if heat.stage == "charged" else "ladle"
    if sample.place != place:
        raise InputError(sample.place, "sample.place", f"{place}: the heat is {heat.stage}")
    away = {element: by for element, by in melt.away(sample.analysis_wt_pct).items() if abs(by) > ANOTHER_HEATS}
    if len(away) >= ANOTHER_HEATS_ELEMENTS and not confirmed:
        found = ", ".join(f"{e} {sample.analysis_wt_pct[e]:g} for {melt.wt_pct[e]:.3g} wt%" for e in away)
        raise InputError(found, f"sample {sample.sample_id}", "a sample of this heat; `confirmed` where it is one")


def check_additions(plant: Plant, lifts: Mapping[str, Lift]) -> None:
    """Refuse what no melt is given, such as kilograms that were sent as tonnes.

    Args:
        plant: whose melt.
        lifts: by where each was said.

    Raises:
        InputError: a mass is beyond what a ladle, or a furnace, takes.
    """
    tapping = {item.material.name for item in plant.tapping_items()}
    for where, lift in lifts.items():
        most_t = plant.furnace.tap_weight_t * (MOST_ADDED if lift.material in tapping else 1.0)
        if lift.mass_t > most_t:
            raise InputError(lift.mass_t, where, f"a mass in t, at most {most_t:g} t; kilograms, perhaps?")


def melt_now(
    optimizer: Optimizer, plant: Plant, order: Order, description: Description, options: RecipeOptions,
    melt: tuple[Melt, bool], heat: HeatProgress, room_t: float, grades: Iterable[str],
) -> MeltNow:  # fmt: skip
    """What may be done of a melt.

    Args:
        optimizer: finds it.
        plant: with what is left in the yard, and what is known of its alloys.
        order: grade and mass.
        description: of the furnace.
        options: confidence.
        melt: after all that was sampled and added, and whether it is in the ladle.
        heat: as far as it is.
        room_t: steel that furnace and ladle still take; the ladle is thinned by nothing.
        grades: that might be made of it instead.
    """
    steel, ladle = melt
    if ladle:
        plant = plant.model_copy(update={"furnace": plant.furnace.model_copy(update={"ladle_retention": {}})})
    room_t = 0.0 if ladle else room_t

    def choices(order: Order, room_t: float) -> tuple[Trim, ...]:
        return trims(optimizer, plant, order, description, options, steel, room_t, heat.unavailable)

    found = choices(order, room_t)
    others: list[GradeLeft] = []
    if not found or found[0].misses or found[0].dilution_t:
        for name in grades:
            as_it_is = choices(order.model_copy(update={"grade": plant.grade(name)}), 0.0)
            if name != order.grade.name and as_it_is and not as_it_is[0].misses:
                others.append(GradeLeft(grade=name, cost_eur_per_t=as_it_is[0].cost_eur / as_it_is[0].steel_t))
    sampled = {element for sample in heat.samples for element in sample.analysis_wt_pct}
    return MeltNow(
        steel_t=steel.steel_t,
        contents=tuple(
            Content(element=e, wt_pct=wt_pct, sd_wt_pct=steel.sd_wt_pct[e], is_sampled=e in sampled)
            for e, wt_pct in steel.wt_pct.items()
        ),
        choices=found,
        grades=tuple(sorted(others, key=lambda one: one.cost_eur_per_t)),
    )


def recoveries(
    steps: HeatSteps, plant: Plant, description: Description, finals: dict[str, dict[Element, float]]
) -> dict[tuple[str, Element], Recovery]:
    """What the plant's sampled heats taught of its alloys.

    Args:
        steps: of all heats.
        plant: whose.
        description: what it expects of a charge's mass.
        finals: final analysis of each heat that is known.
    """
    alloys = [item.material for item in plant.tapping_items()]
    return learned_recoveries(alloys, _records(steps.sampled(plant.name, MOST_HEATS), plant, description, finals))


def _records(
    heats: dict[str, tuple[HeatStep, ...]], plant: Plant, description: Description,
    finals: dict[str, dict[Element, float]],
) -> Iterator[TrimRecord]:  # fmt: skip
    """Melts that were sampled before and after their additions."""
    names = {item.material.name for item in plant.tapping_items()}
    for heat_id, steps in heats.items():
        heat = progress_of(steps)
        if heat is None:
            continue
        baths = [sample for sample in heat.samples if sample.place == "bath"]
        ladles = [sample for sample in heat.samples if sample.place == "ladle"]
        after = finals.get(heat_id) or (ladles[-1].analysis_wt_pct if ladles and _is_last(steps) else None)
        additions = {name: mass for name, mass in heat.added_t().items() if name in names}
        thinned = any(name not in names for name in heat.added_t())
        if not baths or after is None or not additions or thinned:
            continue
        melt = expected_melt(description, heat.charged_t())
        before = baths[-1].analysis_wt_pct
        yield TrimRecord(melt.steel_t, before, after, additions, dict(plant.furnace.ladle_retention))


def _is_last(steps: Sequence[HeatStep]) -> bool:
    """Whether nothing was added since the last sample."""
    told = [step.kind for step in steps if step.kind in (StepKind.SAMPLE, StepKind.TRIM)]
    return bool(told) and told[-1] is StepKind.SAMPLE


def with_learned(plant: Plant, learned: dict[tuple[str, Element], Recovery]) -> Plant:
    """The plant with its alloys as past melts have them."""

    def changed(item: YardItem) -> dict[str, Material]:
        alloy = with_recoveries(item.material, learned)
        return {} if alloy is item.material else {"material": alloy}

    return plant.with_items(changed)
