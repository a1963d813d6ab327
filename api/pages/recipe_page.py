"""The page at `/`: an order on the left, its recipe on the right, recomputed as anything changes."""

import asyncio
from collections.abc import Callable
from importlib import resources
from typing import TypeVar

from fastapi import FastAPI
from nicegui import ui
from pydantic import ValidationError

from api.pages.answers import show_ranges, show_ranked
from api.pages.results import show_impossible, show_problem, show_recipe
from api.plants import LoadedPlant
from api.requests import RecipeRequest
from api.service import PlantService, problem_of
from optimizer.conflicts import ImpossibleOrderError
from optimizer.options import Aim, RecipeOptions
from optimizer.problem import RecipeProblem
from optimizer.ranges import ranges
from optimizer.ranking import cheapest_different
from optimizer.recommend import Optimizer
from optimizer.session import SolverError
from optimizer.stopping import StoppedError, stopping_when
from steel import catalogue
from steel.elements import parse_element
from steel.errors import InputError
from steel.recipes import Recipe

Answer = TypeVar("Answer")
CONFIDENCES = {0.80: "80 %", 0.90: "90 %", 0.95: "95 %", 0.99: "99 %"}


class RecipePage:
    """One visitor's order form and results."""

    def __init__(self, service: PlantService) -> None:
        self.service = service
        self.loaded: LoadedPlant = service.plant(service.names()[0])
        self.grade = self._grades()[0]
        self.mass_t = self.loaded.plant.furnace.tap_weight_t
        self.confidence = 0.95
        self.max_materials: int | None = None
        self.prices: dict[str, float] = {}
        self.stock: dict[str, float] = {}
        self.maximum: dict[str, float] = {}
        self.minimum: dict[str, float] = {}
        self.aims: dict[str, float] = {}
        self.tolerance_t = 0.0
        self._asked = 0

    def build(self) -> None:
        """Draw the page."""
        with ui.row().classes("cw-bar w-full items-center justify-between"):
            with ui.row().classes("items-baseline gap-3"):
                ui.label("Chargewise").classes("text-xl font-semibold")
                ui.label("what to load into the furnace").classes("text-sm opacity-70")
            ui.link("API", "/docs").classes("text-white")
        with ui.row().classes("w-full no-wrap items-start gap-3 p-3"):
            with ui.column().classes("gap-3").style("width: 350px; flex: none"):
                self._order_card()
                self.inputs = ui.column().classes("gap-3 w-full")
            self.results = ui.column().classes("gap-3").style("flex: 1; min-width: 0")
        self._draw_inputs()
        ui.timer(0.05, self.refresh, once=True)

    def _grades(self) -> list[str]:
        return list(self.loaded.plant.grades) or list(catalogue.grades())

    def _order_card(self) -> None:
        with ui.element("div").classes("cw-card w-full"):
            ui.label("Order").classes("cw-title")
            plants = {name: self.service.plant(name).plant.title or name for name in self.service.names()}
            ui.select(plants, label="Plant", value=self.loaded.plant.name, on_change=self._choose_plant).classes(
                "w-full"
            ).mark("plant")
            self.grade_select = (
                ui.select(self._grades(), label="Grade", value=self.grade, on_change=self._choose_grade)
                .classes("w-full")
                .mark("grade")
            )
            with ui.grid(columns="1fr 0.7fr 1.1fr 1.2fr").classes("gap-2 w-full"):
                self.mass_input = ui.number("Steel, t", value=self.mass_t, min=1, step=1, on_change=self._set_mass)
                ui.number("± t", value=0, min=0, on_change=self._set_tolerance).mark("tolerance")
                ui.select(CONFIDENCES, label="Sure to", value=self.confidence, on_change=self._set_confidence)
                ui.number("Most scraps", min=1, step=1, placeholder="any", on_change=self._set_count)

    def _draw_inputs(self) -> None:
        self.inputs.clear()
        with self.inputs:
            with ui.element("div").classes("cw-card w-full"):
                ui.label("Limits, wt%").classes("cw-title")
                grade = catalogue.grade(self.grade)
                with ui.grid(columns="40px 1fr 1fr 1fr").classes("gap-x-2 gap-y-0 items-center w-full"):
                    for head in ("", "min", "aim", "max"):
                        ui.label(head).classes("cw-note text-right")
                    for element in grade.elements():
                        ui.label(element.value)
                        self._limit(element.value, grade.minimum_wt_pct.get(element), self.minimum, "min")
                        self._limit(element.value, None, self.aims, "aim")
                        self._limit(element.value, grade.maximum_wt_pct.get(element), self.maximum, "max")
            with ui.element("div").classes("cw-card w-full"):
                ui.label("Yard today").classes("cw-title")
                with ui.grid(columns="1fr 80px 80px").classes("gap-x-2 gap-y-0 items-center w-full"):
                    for head in ("", "€/t", "t"):
                        ui.label(head).classes("cw-note text-right")
                    for item in self.loaded.plant.yard:
                        name = item.material.name
                        ui.label(name).classes("text-sm")
                        self._number(item.price_eur_per_t, self.prices, name, f"price-{name}")
                        self._number(item.available_t, self.stock, name, f"stock-{name}")

    def _limit(self, symbol: str, value: float | None, into: dict[str, float], kind: str) -> None:
        self._number(value, into, symbol, f"{kind}-{symbol}")

    def _number(self, value: float | None, into: dict[str, float], key: str, marker: str) -> None:
        def changed(event: object) -> None:
            entered = getattr(event, "value", None)
            into.pop(key, None)
            if entered is not None:
                into[key] = float(entered)
            self.ask()

        ui.number(value=value, on_change=changed).props("dense debounce=400").classes("cw-number").mark(marker)

    def _choose_plant(self, event: object) -> None:
        self.loaded = self.service.plant(str(getattr(event, "value", "")))
        self.prices, self.stock = {}, {}
        self.mass_t = self.loaded.plant.furnace.tap_weight_t
        self.mass_input.value = self.mass_t
        self.grade_select.set_options(self._grades(), value=self._grades()[0])
        self._choose_grade_named(self._grades()[0])

    def _choose_grade(self, event: object) -> None:
        self._choose_grade_named(str(getattr(event, "value", "")))

    def _choose_grade_named(self, name: str) -> None:
        self.grade, self.maximum, self.minimum, self.aims = name, {}, {}, {}
        self._draw_inputs()
        self.ask()

    def _set_mass(self, event: object) -> None:
        self.mass_t = float(getattr(event, "value", None) or 0.0)
        self.ask()

    def _set_tolerance(self, event: object) -> None:
        self.tolerance_t = float(getattr(event, "value", None) or 0.0)
        self.ask()

    def _set_confidence(self, event: object) -> None:
        self.confidence = float(getattr(event, "value", self.confidence))
        self.ask()

    def _set_count(self, event: object) -> None:
        value = getattr(event, "value", None)
        self.max_materials = int(value) if value else None
        self.ask()

    def ask(self) -> None:
        """Ask for a new recipe soon; several changes at once are one question."""
        self._asked += 1
        asked = self._asked

        async def if_latest() -> None:
            if asked == self._asked:
                await self.refresh()

        with self.results:
            ui.timer(0.15, if_latest, once=True)

    async def refresh(self) -> None:
        """Recompute the recipe and draw it."""
        try:
            recipe = await asyncio.to_thread(self._recommend)
        except ImpossibleOrderError as error:
            with self._cleared():
                show_impossible(error)
        except (InputError, SolverError, ValidationError) as error:
            with self._cleared():
                show_problem(str(error))
        else:
            with self._cleared():
                show_recipe(recipe)
                self._more_card()

    def _more_card(self) -> None:
        """What takes seconds is found when asked for."""
        with ui.element("div").classes("cw-card w-full"):
            ui.label("What else?").classes("cw-title")
            with ui.row().classes("gap-3 items-center"):
                first = ui.button("Runners-up").props("outline dense no-caps")
                second = ui.button("How long it stands").props("outline dense no-caps")
            answers = ui.column().classes("w-full gap-2")
        first.on_click(lambda: self._answer(first, answers, cheapest_different, show_ranked))
        second.on_click(lambda: self._answer(second, answers, ranges, show_ranges))

    async def _answer(
        self,
        button: ui.button,
        answers: ui.column,
        find: Callable[[Optimizer, RecipeProblem], Answer],
        show: Callable[[Answer], None],
    ) -> None:
        """Find and draw one more answer, unless the order has changed meanwhile."""
        asked = self._asked

        def found() -> Callable[[], None]:
            try:
                with stopping_when(lambda: asked != self._asked):
                    answer = find(self.service.optimizer, problem_of(self.loaded, self._request()))
            except (StoppedError, ImpossibleOrderError, SolverError) as error:
                told = str(error)
                return lambda: show_problem(told)
            return lambda: show(answer)

        button.props("loading")
        draw = await asyncio.to_thread(found)
        if asked == self._asked:
            button.props(remove="loading")
            answers.clear()
            with answers:
                draw()

    def _cleared(self) -> ui.column:
        self.results.clear()
        return self.results

    def _request(self) -> RecipeRequest:
        aims = {parse_element(symbol, "aim"): Aim(wt_pct=value) for symbol, value in self.aims.items()}
        return RecipeRequest(
            plant=self.loaded.plant.name,
            grade=self.grade,
            mass_t=self.mass_t,
            tolerance_t=self.tolerance_t,
            maximum_wt_pct=self.maximum,
            minimum_wt_pct=self.minimum,
            prices_eur_per_t=self.prices,
            available_t=self.stock,
            options=RecipeOptions(confidence=self.confidence, max_materials=self.max_materials, aims=aims),
        )

    def _recommend(self) -> Recipe:
        request = self._request()
        plant = request.plant_today(self.loaded.plant)
        return self.service.recommend(self.loaded, request.order(plant), request.options, plant)


def install_pages(app: FastAPI, service: PlantService) -> None:
    """Serve the page at `/` of the application."""
    css = resources.files("api.pages").joinpath("style.css").read_text("utf-8")

    @ui.page("/", title="Chargewise")
    def recipe_page() -> None:
        ui.add_css(css)
        ui.query(".nicegui-content").classes("p-0 gap-0")
        if service.names():
            RecipePage(service).build()
        else:
            show_problem("No plant has a model yet. Run `chargewise demo`, or `chargewise train` on your own heats.")

    ui.run_with(app, mount_path="/", show_welcome_message=False)
