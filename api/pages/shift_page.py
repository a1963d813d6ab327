"""The page of a shift: the heats that are ordered and in progress, and one of them from its plan to its tap."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from nicegui import ui

from api.pages.melt_card import draw_melt
from api.pages.shell import FAILURES, card, quiet_button, sentence, shell, table
from api.pages.weighing_card import draw_weighing
from chargewise.app.access import Principal, Right
from chargewise.app.application import Application
from chargewise.app.heats_in_progress import HeatNow, HeatsInProgress
from plant_adapters.store.order_book import OrderBook
from steel.recipes import Recipe
from steel.shift import HeatStage, StepKind

EVERY_S = 2.0
STAGES = (HeatStage.PLANNED, HeatStage.CHARGING, HeatStage.CHARGED, HeatStage.TAPPED, HeatStage.DONE)


class ShiftPage:
    """One visitor's look at a plant's heats.

    Args:
        app: whose.
        principal: who looks.
        plant: whose heats.
        heat: that is shown; none for the line only.
    """

    def __init__(self, app: Application, principal: Principal, plant: str, heat: str) -> None:
        self.app, self.principal, self.plant, self.heat = app, principal, plant, heat
        self.heats, self.orders = HeatsInProgress(app), OrderBook(app.database)
        self._steps = -1
        self._line: object = None

    def build(self) -> None:
        """Draw the page."""
        with ui.element("div").classes("cw-split p-3"):
            with ui.column().classes("gap-3 cw-aside"), card("Heats"):
                self.line = ui.column().classes("w-full gap-1")
            self.place = ui.column().classes("gap-3 cw-main").props('aria-live="polite"')
        ui.timer(0.05, self.refresh, once=True)
        ui.timer(EVERY_S, self.refresh)

    async def refresh(self) -> None:
        """Look again: others weigh, sample and tap, too."""
        line = await asyncio.to_thread(self._found)
        if line != self._line:
            self._line = line
            self.line.clear()
            with self.line:
                self._draw_line(*line)
        if not self.heat:
            if self._steps < 0:
                self._steps = 0
                with self.place, card("No heat is chosen"):
                    ui.label("Choose one of the line, or plan one by its recipe.").classes("cw-note")
            return
        if self.heats.steps(self.plant, self.heat) != self._steps:
            await self.show()

    def _found(self) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
        recent = self.heats.recent(self.plant)
        going = [(heat, one.stage.value) for heat, one in recent.items()]
        ordered = [
            (one.order.heat_id, one.order.grade, "" if one.order.due_at is None else f"{one.order.due_at:%d %b %H:%M}")
            for one in self.orders.listed(self.plant, 50) if one.order.heat_id not in recent
        ]  # fmt: skip
        return going, ordered

    def _draw_line(self, going: list[tuple[str, str]], ordered: list[tuple[str, str, str]]) -> None:
        for heat, stage in going:
            link = ui.link(target=f"shift?plant={quote(self.plant)}&heat={quote(heat)}").classes("cw-heat")
            if heat == self.heat:
                link.props('aria-current="true"')
            with link:
                ui.label(heat).classes("font-semibold")
                ui.label(stage).classes("cw-note")
        if not going:
            ui.label("No heat is in progress.").classes("cw-note")
        if ordered:
            ui.label("Ordered").classes("cw-title pt-2")
            table(("Heat", "Grade", "Due, UTC"), [*ordered], 3)

    async def show(self) -> None:
        """Draw the heat as it is now."""
        try:
            now, plan = await asyncio.to_thread(self._now)
        except FAILURES as error:
            self._steps = self.heats.steps(self.plant, self.heat)
            self.place.clear()
            with self.place, card("This heat cannot be shown"):
                ui.label(sentence(error, "entry")).classes("cw-risk")
            return
        self._steps = len(now.steps)
        self.place.clear()
        with self.place:
            self._draw(now, plan)

    def _now(self) -> tuple[HeatNow, Recipe]:
        now = self.heats.now(self.plant, self.heat)
        return now, self.app.plants.journal.entry(self.plant, now.recipe_id).recipe

    def _draw(self, now: HeatNow, plan: Recipe) -> None:
        with card(f"Heat {now.heat_id}, {now.grade}"), ui.row().classes("gap-2 items-center w-full"):
            for stage in STAGES:
                past = now.stage in STAGES and STAGES.index(stage) < STAGES.index(now.stage)
                mark = "✓ " if past else "● " if stage is now.stage else ""
                ui.label(f"{mark}{stage.value}").classes("cw-stage" + (" cw-here" if stage is now.stage else ""))
            if now.stage is HeatStage.CANCELLED:
                ui.label("✕ cancelled").classes("cw-risk")
            ui.space()
            self._ends(now)
        if now.stage in (HeatStage.PLANNED, HeatStage.CHARGING):
            draw_weighing(self, now, plan)
        if now.melt is not None:
            draw_melt(self, now, now.melt)
        with card("What was told"):
            rows: list[tuple[object, ...]] = [
                (f"{step.at:%d %b %H:%M:%S}", step.kind.value, step.by) for step in reversed(now.steps)
            ]
            table(("At, UTC", "What", "By"), rows, 3)

    def _ends(self, now: HeatNow) -> None:
        may, heats, by = Right.REPORT, self.heats, self.principal.name
        if now.stage in (HeatStage.PLANNED, HeatStage.CHARGING):
            ui.link("Crane", f"crane?plant={quote(self.plant)}&heat={quote(self.heat)}", new_tab=True).classes(
                "cw-link"
            )
        if now.stage is HeatStage.CHARGING:
            self.button("All baskets are in", may, lambda: heats.charge(self.plant, self.heat, by), "charged")
        if now.stage is HeatStage.CHARGED:
            self.button("Tapped", may, lambda: heats.advance(self.plant, self.heat, StepKind.TAP, by), "tapped")
        if now.stage is HeatStage.TAPPED:
            self.button("Done", may, lambda: heats.advance(self.plant, self.heat, StepKind.FINISH, by), "done")

    def button(self, text: str, needs: Right, does: Callable[[], object], mark: str, kind: str = "") -> ui.button:
        """A button that takes a step of the heat and shows what it led to; off for who may not."""

        async def pressed() -> None:
            made.props("loading")
            try:
                await asyncio.to_thread(does)
            except FAILURES as error:
                ui.notify(sentence(error, "entry"), type="negative", timeout=10_000, close_button="OK")
            finally:
                made.props(remove="loading")
            await self.show()

        made = quiet_button(text, pressed, kind) if kind else ui.button(text, on_click=pressed).props("no-caps")
        made.mark(mark)
        made.set_enabled(self.principal.may(needs))
        return made

    @contextmanager
    def form(self) -> Iterator[None]:
        """A row of fields and the button that sends them."""
        with ui.row().classes("w-full items-end gap-2 cw-form"):
            yield


def show_shift(app: Application, plant: str, heat: str) -> None:
    """Draw the page of a plant's shift; of the first plant that one may see where none is asked for."""
    with shell("shift") as principal:
        names = [name for name in app.names() if principal.sees(name)]
        if plant and plant not in names:
            with ui.column().classes("w-full p-3"), card("No such plant"):
                ui.label(f"{plant} is not set up here, or you may not see it.").classes("cw-risk")
        elif not names:
            with ui.column().classes("w-full p-3"), card("No plant yet"):
                ui.label("Run `chargewise demo`, or `chargewise train` on your own heats.").classes("cw-note")
        else:
            ShiftPage(app, principal, plant or names[0], heat).build()
