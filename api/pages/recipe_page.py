"""The page at `/`: an order on the left, its recipe on the right, recomputed as anything changes."""

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar

from nicegui import background_tasks, ui

from api import context
from api.pages.answers import show_ranges, show_ranked
from api.pages.fields import Bounds, number_field
from api.pages.order import PageOrder, SavedOrder, is_looser, saved_order
from api.pages.results import show_impossible, show_problem, show_recipe
from api.pages.shell import FAILURES, quiet_button, sentence, shell
from chargewise.app.application import Application
from chargewise.app.orders import HeatOrder
from chargewise.app.plants import LoadedPlant
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.solve.interruption import StoppedError, stopping_when
from steel.answers import Ranges, RankedRecipe
from steel.recipes import Recipe

Answer = TypeVar("Answer")
CONFIDENCES = {0.80: "80 %", 0.90: "90 %", 0.95: "95 %", 0.99: "99 %"}
SOON_S = 0.15
"""Several changes within this time are one question."""
RUNNERS_UP, DEARER_BY, RANGES_S = 5, 0.05, 5.0
WT_PCT, PRICE, STOCK = Bounds(0.0, 100.0), Bounds(-1e5, 1e5), Bounds(0.0, 1e7)


class RecipePage:
    """One visitor's order form and results."""

    def __init__(self, app: Application, loaded: LoadedPlant, saved: SavedOrder | None = None) -> None:
        self.app, self.loaded = app, loaded
        grades = loaded.plant.made()
        self.order = PageOrder(loaded.plant.name, grades[0]) if saved is None else PageOrder.of(saved, grades)
        self._asked = 0

    def build(self) -> None:
        """Draw the page."""
        self.client = ui.context.client
        with ui.element("div").classes("cw-recipe p-3"):
            self.form = ui.column().classes("gap-3 cw-order")
            with ui.column().classes("gap-3 cw-answer"):
                with ui.row().classes("cw-status items-center gap-3").props('aria-live="polite"') as self.status:
                    self.said = ui.label().mark("status")
                    quiet_button("Cancel", self._cancel).mark("cancel")
                self.results = ui.column().classes("gap-3 w-full")
        self._draw_form()
        ui.timer(0.05, self.ask, once=True)

    def _draw_form(self) -> None:
        self.form.clear()
        self.order.wrong.clear()
        with self.form:
            self._order_card()
            self._limits_card()
            self._yard_card()

    def _order_card(self) -> None:
        ready, rest = _by_readiness(self.app)
        plants = {name: self.app.plant(name).plant.title or name for name in ready}
        usual = self.loaded.plant.furnace.tap_weight_t
        with ui.element("div").classes("cw-card w-full"):
            ui.label("Order").classes("cw-title")
            ui.select(plants, label="Plant", value=self.order.plant, on_change=self._choose_plant).classes(
                "w-full"
            ).mark("plant")
            grades = list(self.loaded.plant.made())
            ui.select(grades, label="Grade", value=self.order.grade, on_change=self._choose_grade).classes(
                "w-full"
            ).mark("grade")
            with ui.grid(columns="0.8fr 0.55fr 1.5fr 1.3fr").classes("gap-2 w-full"):
                self._number("mass_t", usual, Bounds(1e-3, 1000.0), "Steel, t", "mass")
                self._number("tolerance_t", 0.0, Bounds(0.0, 1000.0), "± t", "tolerance")
                ui.select(CONFIDENCES, label="Confidence", value=self.order.confidence, on_change=self._set_confidence)
                self._number("max_materials", None, Bounds(1, 1000, whole=True), "Max. materials", "count", "any")
            quiet_button("Reset all", self._reset).mark("reset")
            for name, reason in rest.items():
                ui.label(f"{name} cannot be answered for: {reason}").classes("cw-note cw-risk")

    def _limits_card(self) -> None:
        grade = self.loaded.plant.grade(self.order.grade)
        with ui.element("div").classes("cw-card w-full"):
            ui.label("Limits, wt%").classes("cw-title")
            with ui.grid(columns="40px 1fr 1fr 1fr").classes("gap-x-2 gap-y-0 items-center w-full"):
                for head in ("", "min", "aim", "max"):
                    ui.label(head).classes("cw-note text-right")
                for element in grade.elements():
                    ui.label(element.value)
                    self._entry(grade.minimum_wt_pct.get(element), self.order.minimum, element.value, "min", WT_PCT)
                    self._entry(None, self.order.aims, element.value, "aim", WT_PCT)
                    self._entry(grade.maximum_wt_pct.get(element), self.order.maximum, element.value, "max", WT_PCT)

    def _yard_card(self) -> None:
        with ui.element("div").classes("cw-card w-full"):
            ui.label("Yard today").classes("cw-title")
            with ui.grid(columns="1fr 80px 80px").classes("gap-x-2 gap-y-0 items-center w-full"):
                for head in ("", "€/t", "t"):
                    ui.label(head).classes("cw-note text-right")
                for item in self.loaded.plant.yard:
                    name = item.material.name
                    ui.label(name).classes("text-sm")
                    self._entry(item.price_eur_per_t, self.order.prices, name, "price", PRICE)
                    self._entry(item.available_t, self.order.stock, name, "stock", STOCK)

    def _entry(self, base: float | None, into: dict[str, float], key: str, kind: str, bounds: Bounds) -> None:
        """A field of one of the order's tables."""
        marker = f"{kind}-{key}"
        grade = self.loaded.plant.grade(self.order.grade)

        def changed(value: float | None, wrong: str | None) -> None:
            into.pop(key, None)
            if value is not None:
                into[key] = value
            self._entered(marker, wrong)

        unit = {"price": "€/t", "stock": "t"}.get(kind, kind)
        number_field(
            base, into.get(key), bounds, changed, marker, what=f"{key}, {unit}",
            looser=lambda value: kind in ("min", "max") and is_looser(grade, kind, key, value),
            empty="any" if kind == "stock" else "",
        )  # fmt: skip

    def _number(self, name: str, base: float | None, bounds: Bounds, label: str, marker: str, empty: str = "") -> None:
        """A field of one number of the order."""

        def changed(value: float | None, wrong: str | None) -> None:
            used = value if value is not None else 0.0 if name == "tolerance_t" else None
            setattr(self.order, name, int(used) if bounds.whole and used is not None else used)
            self._entered(marker, wrong)

        number_field(base, getattr(self.order, name), bounds, changed, marker, label=label, empty=empty)

    def _entered(self, marker: str, wrong: str | None) -> None:
        self.order.wrong.pop(marker, None)
        if wrong is not None:
            self.order.wrong[marker] = wrong
        self.ask()

    def _choose_plant(self, event: object) -> None:
        name = str(getattr(event, "value", ""))
        try:
            self.loaded = self.app.plant(name)
        except FAILURES as error:
            ui.notify(sentence(error, "order"), type="negative")
            return
        self.order = PageOrder(name, self.loaded.plant.made()[0])
        self._draw_form()
        self.ask()

    def _choose_grade(self, event: object) -> None:
        order = self.order
        order.grade, order.maximum, order.minimum, order.aims = str(getattr(event, "value", "")), {}, {}, {}
        self._draw_form()
        self.ask()

    def _reset(self) -> None:
        self.order = PageOrder(self.order.plant, self.order.grade)
        self._draw_form()
        self.ask()

    def _set_confidence(self, event: object) -> None:
        self.order.confidence = float(getattr(event, "value", self.order.confidence))
        self.ask()

    def ask(self) -> None:
        """Ask for a new recipe soon; what is drawn meanwhile is marked as the answer to an earlier question."""
        self._asked += 1
        self.results.props(f"data-question={self._asked}")
        self._stale("Calculating … what is shown belongs to the order before this change")
        self.client.run_javascript(
            f"history.replaceState(null, '', location.pathname + {json.dumps(self.order.query())})"
        )
        background_tasks.create(self._answer_soon(self._asked))

    def _cancel(self) -> None:
        self._asked += 1
        self._stale("Cancelled: what is shown belongs to an earlier order")

    def _stale(self, said: str) -> None:
        self.results.classes(add="cw-stale")
        self.said.text = said
        self.status.set_visibility(True)

    async def _answer_soon(self, asked: int) -> None:
        await asyncio.sleep(SOON_S)
        if asked != self._asked:
            return
        if self.order.wrong:
            message = "; ".join(self.order.wrong.values())
            self._draw(asked, lambda: show_problem(message))
            return
        self._draw(asked, await asyncio.to_thread(self._found, asked))

    def _draw(self, asked: int, draw: Callable[[], None] | None) -> None:
        """Draw an answer, unless another question was asked since."""
        if asked != self._asked or draw is None:
            return
        self.results.clear()
        with self.results:
            draw()
        self.results.classes(remove="cw-stale")
        self.status.set_visibility(False)

    def _found(self, asked: int) -> Callable[[], None] | None:
        """The recipe, or why there is none, as what draws it; None where nobody waits for it any longer."""
        try:
            with stopping_when(lambda: asked != self._asked):
                self.loaded = self.app.plant(self.order.plant)
                recipe = self._recommend()
        except StoppedError:
            return None
        except ImpossibleOrderError as error:
            impossible = error
            return lambda: show_impossible(impossible)
        except FAILURES as error:
            message = sentence(error, "order")
            return lambda: show_problem(message)
        return lambda: self._show(recipe)

    def _show(self, recipe: Recipe) -> None:
        show_recipe(recipe)
        self._more_card()
        ui.label(f"{self.loaded.plant.name}, model {self.loaded.version.version}").classes("cw-note").mark("model")

    def _more_card(self) -> None:
        """What takes seconds is found when asked for."""
        with ui.element("div").classes("cw-card w-full"):
            ui.label("What else?").classes("cw-title")
            with ui.row().classes("gap-3 items-center"):
                first = quiet_button("Next-best recipes", look="outline dense")
                second = quiet_button("Price and limit ranges over which the recipe holds", look="outline dense")
            answers = ui.column().classes("w-full gap-2")
        first.on_click(lambda: self._answer(first, answers, self._ranked, show_ranked))
        second.on_click(lambda: self._answer(second, answers, self._ranges, show_ranges))

    def _ranked(self, asked: HeatOrder) -> tuple[RankedRecipe, ...]:
        return self.app.ranked(asked, RUNNERS_UP, DEARER_BY)

    def _ranges(self, asked: HeatOrder) -> Ranges:
        return self.app.ranges(asked, RANGES_S)

    async def _answer(
        self,
        button: ui.button,
        answers: ui.column,
        find: Callable[[HeatOrder], Answer],
        show: Callable[[Answer], None],
    ) -> None:
        """Find and draw one more answer, unless the order has changed meanwhile."""
        asked = self._asked

        def found() -> Callable[[], None]:
            try:
                with stopping_when(lambda: asked != self._asked):
                    answer = find(self.order.asked())
            except (StoppedError, ImpossibleOrderError, *FAILURES) as error:
                message = sentence(error, "order")
                return lambda: show_problem(message)
            return lambda: show(answer)

        button.props("loading")
        draw = await asyncio.to_thread(found)
        if asked == self._asked:
            button.props(remove="loading")
            answers.clear()
            with answers:
                draw()

    def _recommend(self) -> Recipe:
        return self.app.recipe(self.order.asked())


def _by_readiness(app: Application) -> tuple[list[str], dict[str, str]]:
    """Plants that can be answered for, and why the others cannot."""
    found = {name: why for name, why in app.plants.readiness().items() if context.principal.get().sees(name)}
    ready = [name for name, reason in found.items() if reason is None]
    return ready, {name: reason for name, reason in found.items() if reason is not None}


def show_recipe_page(app: Application, order: str) -> None:
    """Draw the page, with the order that its address keeps."""
    with shell("recipe"):
        saved = saved_order(order) if order else None
        ready, rest = _by_readiness(app)
        if saved is not None and saved.plant not in ready:
            reason = rest.get(saved.plant, "it is not set up here")
            show_problem(f"{saved.plant} cannot be answered for: {reason}. Its order is kept in this page's address.")
        elif ready:
            RecipePage(app, app.plant(saved.plant if saved else ready[0]), saved).build()
        elif rest:
            show_problem("; ".join(f"{name} cannot be answered for: {reason}" for name, reason in rest.items()))
        else:
            show_problem("No plant has a model yet. Run `chargewise demo`, or `chargewise train` on your own heats.")
