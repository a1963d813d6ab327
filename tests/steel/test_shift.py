"""Heats in progress: legal steps in any order keep the books, illegal ones are refused by name."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steel.elements import Element
from steel.errors import InputError
from steel.shift import LEADS_TO, LEGAL, HeatProgress, HeatStage, HeatStep, StepKind, progress_of

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def step(kind: StepKind, **content: Any) -> HeatStep:
    return HeatStep(number=1, kind=kind, at=NOW, by="crane 2", content=content)


def lift(number: int, mass_t: float, material: str = "E40") -> dict[str, Any]:
    return {"lift_id": f"W{number}", "material": material, "mass_t": mass_t}


def sample(number: int, copper: float) -> dict[str, Any]:
    return {"sample_id": f"L{number}", "taken_at": NOW.isoformat(), "analysis_wt_pct": {"Cu": copper}}


PLAN = step(StepKind.PLAN, recipe_id="a" * 16)
lifts = st.builds(lift, st.integers(1, 6), st.floats(0, 40), st.sampled_from(["E40", "E3", "Pig iron"]))
events = st.one_of(
    st.builds(
        lambda basket, some: step(StepKind.WEIGH, basket=basket, lifts=some),
        st.integers(1, 3), st.lists(lifts, min_size=1, max_size=4),
    ),
    st.just(step(StepKind.MISSING, materials=["E3"])),
    st.just(step(StepKind.REGRADE, grade="S235JR")),
    st.builds(
        lambda number, copper: step(StepKind.SAMPLE, sample=sample(number, copper)),
        st.integers(1, 3), st.floats(0, 1),
    ),
    st.builds(lambda some: step(StepKind.TRIM, lifts=some), st.lists(lifts, min_size=1, max_size=3)),
    *(st.just(step(kind)) for kind in (StepKind.CHARGE, StepKind.TAP, StepKind.FINISH, StepKind.CANCEL)),
)  # fmt: skip


@given(story=st.lists(events, max_size=20))
def test_any_story_of_legal_steps_adds_up_and_nothing_else_is_taken(story: list[HeatStep]) -> None:
    taken, last = [PLAN], progress_of([PLAN])
    assert last is not None
    said: dict[tuple[int, str], tuple[str, float]] = {}
    to_melt: dict[str, tuple[str, float]] = {}
    copper: dict[str, float] = {}
    for one in story:
        if last.stage in LEGAL[one.kind]:
            last.check(one.kind, "H1")
            taken.append(one)
            last = last.after(one)
            if one.kind is StepKind.WEIGH:
                for each in one.content["lifts"]:
                    said[one.content["basket"], each["lift_id"]] = (each["material"], each["mass_t"])
            elif one.kind is StepKind.TRIM:
                to_melt |= {each["lift_id"]: (each["material"], each["mass_t"]) for each in one.content["lifts"]}
            elif one.kind is StepKind.SAMPLE:
                told = one.content["sample"]
                copper[told["sample_id"]] = told["analysis_wt_pct"]["Cu"]
        else:
            with pytest.raises(InputError, match=f"to be {one.kind.value}"):
                last.check(one.kind, "H1")
    again = progress_of(taken)
    assert again == last
    by_material: dict[str, float] = {}
    for material, mass_t in said.values():
        by_material[material] = by_material.get(material, 0.0) + mass_t
    assert last.charged_t() == pytest.approx({m: t for m, t in by_material.items() if t > 0})
    assert sum(sum(load.values()) for load in last.weighed()) == pytest.approx(sum(by_material.values()))
    assert sum(last.added_t().values()) == pytest.approx(sum(mass_t for _, mass_t in to_melt.values()))
    assert {one.sample_id: one.analysis_wt_pct[Element.CU] for one in last.samples} == copper


def test_a_lift_that_is_said_again_is_corrected_its_material_too() -> None:
    heat = progress_of([
        PLAN,
        step(StepKind.WEIGH, basket=1, lifts=[lift(1, 12.0), lift(2, 8.0)]),
        step(StepKind.WEIGH, basket=1, lifts=[lift(2, 8.4, "E3")]),
        step(StepKind.WEIGH, basket=1, lifts=[lift(1, 0.0)]),
    ])  # fmt: skip
    assert heat is not None
    assert heat.weighed() == ({"E3": 8.4},)


def test_every_stage_but_the_last_ones_leads_on() -> None:
    ends = {HeatStage.DONE, HeatStage.CANCELLED}
    for stage in HeatStage:
        ways = [kind for kind, stages in LEGAL.items() if stage in stages]
        assert bool(ways) == (stage not in ends)
    assert set(LEADS_TO.values()) | {HeatStage.PLANNED} == set(HeatStage)
    assert HeatProgress(stage=HeatStage.PLANNED, recipe_id="x").weighed() == ()
