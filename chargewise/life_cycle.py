"""`chargewise retrain` and `models`: a surrogate's life after its first fit."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from api.onboarding import retrain_plant
from chargewise.arguments import AsJson, PlantName
from chargewise.console import out, print_json, progress, reporting_errors
from chargewise.workplace import Workplace


def retrain(
    plant: PlantName,
    newest: Annotated[int | None, typer.Option(min=50, help="Window: only the newest heats.")] = None,
    as_json: AsJson = False,
) -> None:
    """Refit on a window of heats, compare on the newest, and promote only what is better."""
    with reporting_errors():
        place = Workplace()
        window, materials = place.heats(plant, newest)
        with progress(quiet=as_json) as say:
            found = retrain_plant(place.registry, plant, window, materials, say)
        if as_json:
            print_json({"plant": plant, "heats": len(window), **asdict(found)})
            return
        table = Table(title=f"{plant}: mean absolute error on the newest heats", title_justify="left")
        for heading in ("output", "active", "candidate"):
            table.add_column(heading, justify="left" if heading == "output" else "right")
        for output, (before, after) in found.errors.items():
            table.add_row(output, f"{before:.5g}", f"{after:.5g}")
        out.print(table)
        if found.alarms:
            out.print(f"[yellow]Drift alarm on the active model:[/] {', '.join(found.alarms)}")
        change = f"{100 * abs(1 - found.ratio):.2f} % {'lower' if found.ratio < 1 else 'higher'} error"
        out.print(
            f"Promoted as {found.promoted}: {change}"
            if found.promoted
            else f"Active model stays: candidate has {change}"
        )


def models(
    plant: PlantName,
    activate: Annotated[
        str | None, typer.Option(help="Serve this version from now on; an older one is a rollback.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List a plant's surrogates, or roll back to one of them."""
    with reporting_errors():
        registry = Workplace().registry
        if activate is not None:
            registry.activate(plant, activate)
        versions = registry.versions(plant)
        if as_json:
            print_json([asdict(version) for version in versions])
            return
        table = Table(title=f"Surrogates of {plant}", title_justify="left")
        for heading in ("version", "active", "made", "heats", "from"):
            table.add_column(heading)
        for version in versions:
            made = version.manifest
            table.add_row(
                version.version,
                "✓" if version.active else "",
                made.created_at,
                str(made.data["heats"]),
                made.parent or "",
            )
        out.print(table)
