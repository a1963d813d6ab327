"""Answers beside the recipe, drawn when asked for: runners-up, and how long the recipe stands."""

from nicegui import ui

from api.pages.results import table_row
from steel.answers import Ranges, RankedRecipe, StandsFrom


def show_ranked(found: tuple[RankedRecipe, ...]) -> None:
    """Draw the cheapest different recipes into the current slot."""
    with ui.element("table").classes("cw-table cw-text").mark("ranked"):
        table_row("th", ["", "€/t", "dearer by, €/t", "does without", "made of, t"])
        for one in found:
            metal = [line for line in one.recipe.lines if line.stage == "furnace"][:6]
            masses = ", ".join(f"{line.material} {line.mass_t:.1f}" for line in metal)
            cost, dearer = one.recipe.costs_eur_per_t.total, one.dearer_by_eur_per_t
            table_row("td", [str(one.rank), f"{cost:.2f}", f"{dearer:.2f}", ", ".join(one.without), masses])
    if not all(one.proven for one in found):
        ui.label("Time was up before every other recipe was compared").classes("cw-note")


def show_ranges(found: Ranges) -> None:
    """Draw the ranges over which the recipe is made of the same materials into the current slot."""

    def end_words(end: StandsFrom | None) -> str:
        return "" if end is None else f"{end.value:.4g}"

    with ui.element("table").classes("cw-table cw-text").mark("ranges"):
        table_row("th", ["Price or limit", "from", "now", "to", "unit", "below", "above"])
        for one in found.found:
            if one.low is not None or one.high is not None:
                changes = ["" if end is None else end.change for end in (one.low, one.high)]
                table_row(
                    "td", [one.of, end_words(one.low), f"{one.value:.4g}", end_words(one.high), one.unit, *changes]
                )
    still = [one.of for one in found.found if one.low is None and one.high is None]
    if still:
        ui.label(f"Half as much or half as much again changes nothing: {', '.join(still)}").classes("cw-note")
    if found.left_out:
        ui.label(f"No time left for {', '.join(found.left_out)}").classes("cw-note")
