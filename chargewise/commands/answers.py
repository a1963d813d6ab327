"""`chargewise alternatives`, `ranges` and `priorities`: what else could be made, and how long the recipe stands."""

from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.application import Application
from chargewise.app.orders import HeatOrder
from chargewise.app.workplace import Workplace
from chargewise.commands.console import tables as render
from chargewise.commands.console.arguments import (
    SHORT,
    AsJson,
    Confidence,
    Grade,
    Maxima,
    Minima,
    MostMaterials,
    PlantName,
    PricesToday,
    StockToday,
    objective_of,
    pairs,
)  # fmt: skip
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from optimizer.problem.options import RecipeOptions
from steel.answers import Ranges, RankedRecipe, StandsFrom
from steel.errors import InputError


def alternatives(
    plant: PlantName,
    grade: Grade,
    count: Annotated[int, typer.Option(min=1, max=50, help="How many at most.")] = 5,
    within: Annotated[float, typer.Option(min=0, max=100, help="How much dearer at most, %.")] = 5.0,
    maximum: Maxima = None,
    minimum: Minima = None,
    price: PricesToday = None,
    stock: StockToday = None,
    confidence: Confidence = 0.95,
    max_materials: MostMaterials = None,
    as_json: AsJson = False,
) -> None:
    """The cheapest recipes that differ in their materials."""
    with reporting_errors():
        options = RecipeOptions(confidence=confidence, max_materials=max_materials)
        application, asked = stated_order(plant, grade, (maximum, minimum), (price, stock), options)
        found = application.ranked(asked, count, within / 100.0)
        if as_json:
            print_json([one.model_dump(mode="json") for one in found])
        else:
            _print_ranked(found, f"{plant}, {grade}: the {len(found)} cheapest different recipes")


def ranges(
    plant: PlantName,
    grade: Grade,
    time_limit_s: Annotated[float, typer.Option("--time-limit", min=0.1, help="Seconds to take at most.")] = 60.0,
    maximum: Maxima = None,
    minimum: Minima = None,
    price: PricesToday = None,
    stock: StockToday = None,
    confidence: Confidence = 0.95,
    max_materials: MostMaterials = None,
    as_json: AsJson = False,
) -> None:
    """Over which prices and limits the recipe is made of the same materials, and what changes beyond."""
    with reporting_errors():
        options = RecipeOptions(confidence=confidence, max_materials=max_materials)
        application, asked = stated_order(plant, grade, (maximum, minimum), (price, stock), options)
        with progress(quiet=as_json) as say:
            found = application.ranges(asked, time_limit_s, lambda share: say("prices and limits", share))
        if as_json:
            print_json(found)
        else:
            _print_ranges(found, f"{plant}, {grade}: the recipe is made of the same materials")


def priorities(
    plant: PlantName,
    grade: Grade,
    turns: Annotated[str, typer.Option("--turns", help=f"Such as cost=0.5,emissions, of {', '.join(SHORT)}; %.")],
    maximum: Maxima = None,
    minimum: Minima = None,
    price: PricesToday = None,
    stock: StockToday = None,
    confidence: Confidence = 0.95,
    max_materials: MostMaterials = None,
    as_json: AsJson = False,
) -> None:
    """One objective after another, each giving up so many percent of those before; the last line is the answer."""
    with reporting_errors():
        options = RecipeOptions(confidence=confidence, max_materials=max_materials)
        application, order = stated_order(plant, grade, (maximum, minimum), (price, stock), options)
        chosen = []
        for turn in turns.split(","):
            name, _, give = turn.partition("=")
            share = pairs([turn], "--turns")[name.strip()] if give else 0.0
            if share < 0:
                raise InputError(share, "--turns", "no less than 0 %")
            chosen.append((objective_of(name, "--turns"), share / 100.0))
        found = application.priorities(order, chosen)
        if as_json:
            print_json([point.model_dump(mode="json") for point in found])
        else:
            render.front(found, f"{plant}, {grade}: a recipe a turn, the last is the answer")


def stated_order(
    plant: str,
    grade: str,
    limits: tuple[list[str] | None, list[str] | None],
    today: tuple[list[str] | None, list[str] | None],
    options: RecipeOptions,
) -> tuple[Application, HeatOrder]:
    """The application, and an order at one of its plants; limits and today's values as typed."""
    asked = HeatOrder(
        plant=plant, grade=grade,
        maximum_wt_pct=pairs(limits[0], "--max"), minimum_wt_pct=pairs(limits[1], "--min"),
        prices_eur_per_t=pairs(today[0], "--price"), available_t=pairs(today[1], "--stock"), options=options,
    )  # fmt: skip
    return Workplace().application(), asked


def _print_ranked(found: tuple[RankedRecipe, ...], title: str) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("", "€/t", "dearer by, €/t", "without", "materials, t"):
        table.add_column(heading, justify="right" if heading in ("", "€/t", "dearer by, €/t") else "left")
    for one in found:
        metal = [line for line in one.recipe.lines if line.stage == "furnace"][:6]
        masses = ", ".join(f"{line.material} {line.mass_t:.1f}" for line in metal)
        cost = one.recipe.costs_eur_per_t.total
        table.add_row(str(one.rank), f"{cost:.2f}", f"{one.dearer_by_eur_per_t:.2f}", ", ".join(one.without), masses)
    out.print(table)
    if not all(one.proven for one in found):
        out.print("[yellow]Time was up before every other recipe was compared[/]")


def _print_ranges(found: Ranges, title: str) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("while", "from", "now", "to", "below", "above"):
        table.add_column(heading, justify="right" if heading in ("from", "now", "to") else "left")

    def with_unit(value: float, unit: str) -> str:
        return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"

    def end_words(end: StandsFrom | None, unit: str) -> str:
        return "" if end is None else with_unit(end.value, unit)

    still = [one.of for one in found.found if one.low is None and one.high is None]
    for one in found.found:
        if one.of in still:
            continue
        below, above = ("" if end is None else end.change for end in (one.low, one.high))
        ends = (end_words(one.low, one.unit), with_unit(one.value, one.unit), end_words(one.high, one.unit))
        table.add_row(one.of, *ends, below, above)
    out.print(table)
    if still:
        out.print(f"Half as much or half as much again changes nothing: {', '.join(still)}")
    if found.left_out:
        out.print(f"[yellow]No time left for {', '.join(found.left_out)}[/]; give a longer --time-limit")
