"""The baskets of a heat: weighed beside planned, the rest as it is best now, a bay that is empty."""

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nicegui import ui

from api.pages.fields import Bounds, number_field
from api.pages.shell import card, table
from chargewise.app.access import Right
from chargewise.app.heats_in_progress import HeatNow, Lost
from steel.answers import RestOfHeat
from steel.errors import InputError
from steel.recipes import Recipe
from steel.shift import Lift

if TYPE_CHECKING:
    from api.pages.shift_page import ShiftPage

MOST_T = 1000.0


LOADED = 0.97
"""Share of what a basket is to hold from which on the next one is loaded."""


def draw_weighing(page: "ShiftPage", now: HeatNow, plan: Recipe) -> None:
    """Draw them into the current slot, weighed beside what the plan says."""
    if now.lost is not None:
        _lost(now.lost)
    if now.rest is None:
        return
    rest = now.rest
    loads = rest.recipe.loads_t()
    number = _being_loaded(loads, now.baskets_t)
    planned = plan.loads_t()
    with card("Baskets, t"):
        kept = "The rest stays as planned." if rest.kept else "The rest is changed, for what was weighed differs."
        ui.label(f"{kept} The heat costs {rest.dearer_by_eur_per_t + 0.0:+.2f} €/t against its plan.").classes(
            "cw-note"
        )
        with ui.row().classes("w-full gap-3 items-stretch cw-baskets"):
            for at, best in enumerate(loads, start=1):
                weighed = now.baskets_t[at - 1] if at <= len(now.baskets_t) else {}
                _basket(at, planned[at - 1] if at <= len(planned) else {}, best, weighed)
        with page.form():
            _weigh(page, now, rest, number, len(loads))
    with card("A bay is empty"), ui.row().classes("gap-2"):
        for name in rest.rest_t:
            page.button(
                name, Right.REPORT, partial(page.heats.missing, page.plant, page.heat, (name,), page.principal.name),
                f"missing-{name}", "outline dense",
            )  # fmt: skip
        if now.unavailable:
            ui.label(f"Not to be had: {', '.join(now.unavailable)}").classes("cw-risk")


def _being_loaded(loads: tuple[dict[str, float], ...], weighed: tuple[dict[str, float], ...]) -> int:
    """The number of the basket that the crane is at."""
    if not weighed:
        return 1
    last = len(weighed)
    full = last <= len(loads) and sum(weighed[-1].values()) >= LOADED * sum(loads[last - 1].values())
    return min(last + 1, len(loads)) if full else last


def _basket(number: int, planned: dict[str, float], best: dict[str, float], weighed: dict[str, float]) -> None:
    """A basket: planned, and what was weighed or, before that, what is best now."""
    then = weighed or best
    with ui.element("div").classes("cw-basket"):
        ui.label(f"Basket {number}").classes("font-semibold")
        names = dict.fromkeys([*planned, *then])
        rows: list[tuple[object, ...]] = [
            (name, _t(planned.get(name)), _t(then.get(name)), _off(planned.get(name, 0.0), then.get(name, 0.0)))
            for name in names
        ]
        rows.append(("together", _t(sum(planned.values())), _t(sum(then.values())), ""))
        table(("", "planned", "weighed" if weighed else "now best", ""), rows)


def _t(mass: float | None) -> str:
    return "–" if mass is None else f"{mass:.1f}"


def _off(planned: float, now: float) -> str:
    """By how much it differs, where it does."""
    return "" if abs(now - planned) < 0.05 else f"{now - planned:+.1f}"


def _weigh(page: "ShiftPage", now: HeatNow, rest: RestOfHeat, number: int, count: int) -> None:
    """Enter what a scale says."""
    entered: dict[str, Any] = {"mass": None, "wrong": None}
    items = page.app.plant(page.plant).plant.charge_items()
    basket = ui.select(list(range(1, count + 1)), label="Basket", value=number).mark("basket").classes("w-24")
    first = next(iter(rest.rest_t), items[0].material.name)
    material = ui.select([item.material.name for item in items], label="Material", value=first).mark("material")
    material.classes("w-56")

    def changed(value: float | None, wrong: str | None) -> None:
        entered.update(mass=value, wrong=wrong)

    number_field(None, None, Bounds(0.0, MOST_T), changed, "weighed-mass", what="weighed, t", label="Weighed, t")

    def weigh() -> None:
        if entered["wrong"] or entered["mass"] is None:
            raise InputError(entered["mass"], "Weighed, t", entered["wrong"] or "a mass in t")
        lift = Lift(lift_id=f"page-{uuid4().hex[:12]}", material=str(material.value), mass_t=entered["mass"])
        page.heats.weigh(page.plant, page.heat, int(basket.value), (lift,), page.principal.name, is_open=True)

    page.button("Weighed", Right.REPORT, weigh, "weigh")


def _lost(lost: Lost) -> None:
    with card("This grade cannot be made of the heat any more") as place:
        place.classes("cw-problem")
        for words in lost.requirements:
            ui.label(words)
        left = ", ".join(f"{one.grade} ({one.cost_eur_per_t:.1f} €/t)" for one in lost.grades) or "none of the plant's"
        ui.label(f"It still can be: {left}").classes("cw-risk")


def words_of(masses_t: dict[str, float]) -> str:
    """Masses as one reads them out: kg below a tonne."""
    told = (
        f"{mass:.1f} t {name}" if mass >= 1.0 else f"{1000 * mass:.3g} kg {name}" for name, mass in masses_t.items()
    )
    return ", ".join(told) or "nothing"
