"""`chargewise substitutes`: a bay is empty, and what takes its place."""

from typing import Annotated

import typer
from rich.table import Table

from chargewise.commands.answers import stated_order
from chargewise.commands.console.arguments import (
    AsJson,
    Confidence,
    Grade,
    Maxima,
    Minima,
    MostMaterials,
    PlantName,
    PricesToday,
    StockToday,
)  # fmt: skip
from chargewise.commands.console.output import out, print_json, reporting_errors
from optimizer.problem.options import RecipeOptions
from steel.answers import Substitute, Substitutes


def substitutes(
    plant: PlantName,
    grade: Grade,
    without: Annotated[list[str] | None, typer.Option(help="A material that is not to be had; several.")] = None,
    bay: Annotated[str | None, typer.Option(help="A bay that is empty.")] = None,
    maximum: Maxima = None,
    minimum: Minima = None,
    price: PricesToday = None,
    stock: StockToday = None,
    confidence: Confidence = 0.95,
    max_materials: MostMaterials = None,
    as_json: AsJson = False,
) -> None:
    """What takes the place of a material that is not to be had: price, and what it does to every limit."""
    with reporting_errors():
        options = RecipeOptions(confidence=confidence, max_materials=max_materials)
        application, asked = stated_order(plant, grade, (maximum, minimum), (price, stock), options)
        found = application.substitutes(asked, tuple(without or ()), bay)
        if as_json:
            print_json(found)
        else:
            _show(
                found, f"{plant}, {grade}: {found.missing_t:.1f} t of {', '.join(found.unavailable)} are not to be had"
            )


def _show(found: Substitutes, title: str) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in ("in its place", "€/t more", "charged otherwise, t", "tightest limit", "misses"):
        table.add_column(heading, justify="right" if heading == "€/t more" else "left")
    for one in (*([] if found.best is None else [found.best]), *found.alone):
        table.add_row(
            one.instead or "the cheapest mix", f"{one.dearer_by_eur_per_t:+.2f}", _changes(one), _tightest(one),
            ", ".join(one.misses), style="dim" if one.misses else "none",
        )  # fmt: skip
    out.print(table)
    if found.best is None:
        out.print("[bold red]No charge without it keeps every limit:[/]")
        for words in found.conflicts:
            out.print(f"  • {words}", markup=False)


def _changes(one: Substitute) -> str:
    most_first = sorted(one.changes_t.items(), key=lambda pair: -abs(pair[1]))
    return ", ".join(f"{name} {mass:+.1f}" for name, mass in most_first[:4])


def _tightest(one: Substitute) -> str:
    if not one.limits:
        return ""
    line = min(one.limits, key=lambda shift: shift.met_after)
    return (
        f"{line.element} {line.before_wt_pct:.3g} → {line.after_wt_pct:.3g} wt%, met with {100 * line.met_after:.1f} %"
    )
