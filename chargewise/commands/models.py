"""`chargewise retrain`, `update` and `models`: a surrogate's life after its first fit."""

from dataclasses import asdict
from getpass import getuser
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.training import retrain_plant, update_plant
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from surrogate.store.registry import Spoilt


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
        if found.errors:
            title = f"{plant}: mean absolute error on the {found.judged} newest heats"
            table = Table(title=title, title_justify="left")
            for heading in ("output", "active", "candidate"):
                table.add_column(heading, justify="left" if heading == "output" else "right")
            for output, (before, after) in found.errors.items():
                table.add_row(output, f"{before:.5g}", f"{after:.5g}")
            out.print(table)
        if found.alarms:
            out.print(f"[yellow]Drift alarm on the active model:[/] {', '.join(found.alarms)}")
        if found.moved:
            out.print(f"[yellow]Inputs that moved away from what it learned from:[/] {', '.join(found.moved)}")
        what = f"Promoted as {found.promoted}" if found.promoted else "The active model stays"
        out.print(f"{what}: {found.reason}")


def update(plant: PlantName, as_json: AsJson = False) -> None:
    """Take the heats that came after those the active surrogate knows into it, and serve the result."""
    with reporting_errors():
        place = Workplace()
        found = update_plant(place.registry, plant, *place.heats(plant))
        if as_json:
            print_json({"plant": plant, **({"heats": 0} if found is None else asdict(found))})
            return
        if found is None:
            out.print(f"{plant}: no heats since those that the active surrogate knows; it stays as it is")
            return
        if found.alarms:
            out.print(f"[yellow]Drift alarm on the new heats:[/] {', '.join(found.alarms)}; consider `retrain`.")
        if found.moved:
            out.print(f"[yellow]Inputs that moved away from what it learned from:[/] {', '.join(found.moved)}")
        if found.corrected:
            out.print("Heats that it had learned from were corrected since, or came late: it was fitted anew.")
        out.print(f"{plant} {found.version}: {found.heats} new heats in {found.milliseconds:.0f} ms")


def models(
    plant: PlantName,
    activate: Annotated[
        str | None, typer.Option(help="Serve this version from now on; an older one is a rollback.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who approves it; the user of this machine unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """List a plant's surrogates, or roll back to one of them."""
    with reporting_errors():
        registry = Workplace().registry
        if activate is not None:
            registry.activate(plant, activate, by or getuser())
        versions, approvals = registry.versions(plant), registry.approvals(plant)
        approved = {approval.version: approval for approval in approvals}
        if as_json:
            print_json(
                [{**asdict(v), "approvals": [asdict(a) for a in approvals if a.version == v.version]} for v in versions]
            )
            return
        table = Table(title=f"Surrogates of {plant}", title_justify="left")
        for heading in ("version", "active", "made", "heats", "from", "approved by"):
            table.add_column(heading)
        for version in versions:
            if isinstance(version, Spoilt):
                table.add_row(version.version, "✓" if version.active else "", f"[red]not usable: {version.reason}[/]")
                continue
            made = version.manifest
            table.add_row(
                version.version,
                "✓" if version.active else "",
                made.created_at,
                str(made.data["heats"]),
                made.parent or "",
                approved[version.version].by if version.version in approved else "",
            )
        out.print(table)
