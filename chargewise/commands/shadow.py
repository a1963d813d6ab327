"""`chargewise shadow`: what Chargewise would have charged for recorded heats, against what was charged."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.stretches import between
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, Confidence, PlantName
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from optimizer.problem.options import RecipeOptions
from plant_adapters.plants.plant_file import read_plant_named
from plant_adapters.plants.price_history import read_price_history
from steel.errors import InputError
from steel.jsonable import plain


def shadow(
    plant: PlantName,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, such as 2026-01-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day; it is shadowed, too.")] = None,
    prices: Annotated[
        Path | None, typer.Option("--prices", help="Table of time, material, price_eur_per_t and available_t.")
    ] = None,
    confidence: Confidence = 0.95,
    folder: Annotated[Path, typer.Option("--out", help="Folder to write the report to.")] = Path("shadow"),
    as_json: AsJson = False,
) -> None:
    """What Chargewise would have charged at each heat's prices and stock, with only what it knew by then."""
    with reporting_errors():
        # Learning needs torch and drawing needs matplotlib; no other command waits for them.
        from chargewise.app.shadow import QUICK  # noqa: PLC0415
        from chargewise.app.shadow import shadow as shadowed  # noqa: PLC0415
        from chargewise.commands.console.shadow_report import HEADINGS, headline, rows, write_report  # noqa: PLC0415

        place = Workplace()
        log, materials = place.heats(plant)
        works = read_plant_named(place.settings.plants, plant)
        stretch = between(log, _day(first, "--from"), _day(last, "--to"))
        history = None if prices is None else read_price_history(prices, works)
        with progress(quiet=as_json) as say:
            found = shadowed(
                works, log, materials, stretch, history, RecipeOptions(confidence=confidence, **QUICK), say
            )
        html, pdf = folder / f"shadow-{plant}.html", folder / f"shadow-{plant}.pdf"
        write_report(found, html, pdf)
        if as_json:
            print_json(plain(found) | {"saving_eur_per_t": plain(found.saving_eur_per_t)})
            return
        table = Table(title=headline(found), title_justify="left", title_style="bold")
        table.add_column("")
        for name in HEADINGS[1:]:
            table.add_column(name, justify="right")
        for row in rows(found):
            table.add_row(*row)
        out.print(table)
        for note in found.notes:
            out.print(f"[yellow]![/] {note}")
        if found.left_out:
            heat, reason = next(iter(found.left_out.items()))
            out.print(f"[yellow]![/] {len(found.left_out)} heats left out, such as {heat}: {reason}", markup=True)
        out.print(f"One page for the meeting: {html}, {pdf}")


def _day(text: str | None, where: str) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise InputError(text, where, "a day as year-month-day, such as 2026-01-31") from None
