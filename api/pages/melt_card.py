"""The melt of a heat: what is expected of it, a sample that came, and what may be added, best first."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from nicegui import ui

from api.pages.fields import Bounds, number_field
from api.pages.shell import card, table
from api.pages.weighing_card import words_of
from chargewise.app.access import Right
from chargewise.app.heats_in_progress import HeatNow
from chargewise.app.melts import MeltNow
from steel.answers import Trim
from steel.elements import Element
from steel.errors import InputError
from steel.samples import Sample
from steel.shift import HeatStage, Lift

if TYPE_CHECKING:
    from api.pages.shift_page import ShiftPage


def draw_melt(page: "ShiftPage", now: HeatNow, melt: MeltNow) -> None:
    """Draw it into the current slot."""
    limits = {line.element: line for choice in melt.choices[:1] for line in choice.analysis}
    with card(f"Melt, {melt.steel_t:.1f} t, wt%"):
        rows: list[tuple[object, ...]] = []
        for one in melt.contents:
            line = limits.get(one.element)
            low, high = (line.minimum_wt_pct, line.maximum_wt_pct) if line is not None else (None, None)
            rows.append((
                str(one.element), "sampled" if one.is_sampled else "expected", f"{one.wt_pct:.3f}",
                f"± {one.sd_wt_pct:.4f}", "" if low is None else f"{low:g}", "" if high is None else f"{high:g}",
            ))  # fmt: skip
        table(("Element", "", "now", "", "at least", "at most"), rows, 2)
    with card("A sample came"), page.form():
        _sample(page, now, melt)
    with card("What may be done"):
        for number, choice in enumerate(melt.choices, start=1):
            _choice(page, number, choice)
        if not melt.choices:
            ui.label("Nothing keeps even the other limits.").classes("cw-risk")
        if melt.grades:
            left = ", ".join(f"{one.grade} ({one.cost_eur_per_t:.1f} €/t)" for one in melt.grades)
            ui.label(f"Without further charge it can be: {left}").classes("cw-note")


def _sample(page: "ShiftPage", now: HeatNow, melt: MeltNow) -> None:
    entered: dict[Element, float] = {}
    wrong: dict[Element, str] = {}

    def changed(element: Element, value: float | None, why: str | None) -> None:
        for place in (entered, wrong):
            place.pop(element, None)
        if value is not None:
            entered[element] = value
        if why is not None:
            wrong[element] = why

    for one in melt.contents:
        number_field(
            None, None, Bounds(0.0, 100.0), partial(changed, one.element),
            f"sample-{one.element}", what=f"{one.element}, wt%", label=str(one.element),
        ).style("width: 84px")  # fmt: skip

    def send() -> None:
        if wrong:
            raise InputError(None, "sample", "; ".join(wrong.values()))
        if not entered:
            raise InputError(None, "sample", "at least one content")
        sample = Sample(
            sample_id=f"page-{uuid4().hex[:12]}", taken_at=datetime.now(UTC), analysis_wt_pct=entered,
            place="bath" if now.stage is HeatStage.CHARGED else "ladle",
        )  # fmt: skip
        page.heats.sample(page.plant, page.heat, sample, page.principal.name)

    page.button("Sample in", Right.REPORT, send, "sample")


def _choice(page: "ShiftPage", number: int, choice: Trim) -> None:
    with ui.element("div").classes("cw-choice"):
        thins = f"; thin it with {words_of(choice.dilution_t)}" if choice.dilution_t else ""
        ui.label(f"Add {words_of(choice.additions_t)}{thins}").classes("font-semibold")
        kept = f"misses {', '.join(choice.misses)}" if choice.misses else "keeps every limit"
        sure = f"its least certain limit holds with {choice.met_with:.1%}"
        ui.label(f"{choice.cost_eur:.0f} €; {kept}, {sure}").classes("cw-risk" if choice.misses else "cw-note")
        masses = {**choice.additions_t, **choice.dilution_t}
        if not masses:
            return

        def added() -> None:
            lifts = tuple(
                Lift(lift_id=f"page-{uuid4().hex[:12]}", material=name, mass_t=mass) for name, mass in masses.items()
            )
            page.heats.trim(page.plant, page.heat, lifts, page.principal.name)

        with ui.row().classes("gap-2"):
            page.button(
                "Order it", Right.DECIDE,
                lambda: page.heats.order_additions(page.plant, page.heat, masses, page.principal.name),
                f"order-{number}", "outline dense",
            )  # fmt: skip
            page.button("It is in", Right.REPORT, added, f"added-{number}", "outline dense")
