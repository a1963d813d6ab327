"""`chargewise backup`, `restore` and `doctor`: an installation kept, put back and looked over."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.backup import back_up
from chargewise.app.backup import restore as put_back
from chargewise.app.checkup import checkup
from chargewise.app.settings import Settings
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import EXIT_SYSTEM, out, print_json, progress, reporting_errors

SIGNS = {"well": "[green]well[/]", "look": "[yellow]look[/]", "broken": "[red]broken[/]"}


def backup(
    file: Annotated[Path, typer.Argument(help="To write, such as chargewise.tar.gz.")], as_json: AsJson = False
) -> None:
    """Write database, models and plant files to one file, as they are at this moment; the service may run on."""
    with reporting_errors():
        with progress(quiet=as_json) as say:
            found = back_up(Settings.read(), file, say)
        if as_json:
            print_json({"file": str(file), **found})
        else:
            out.print(f"{file}: {found['rows']} rows, {found['files']} files", soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(help="That `chargewise backup` wrote.")], as_json: AsJson = False
) -> None:
    """Put a backup back into an installation that holds nothing yet, SQLite or PostgreSQL."""
    with reporting_errors():
        with progress(quiet=as_json) as say:
            found = put_back(Settings.read(), file, say)
        if as_json:
            print_json(found)
        else:
            out.print(f"{found['rows']} rows and {found['files']} files are back")


def doctor(as_json: AsJson = False) -> None:
    """Look an installation over: machine, home, database, plants, service; say what is wrong and what mends it."""
    with reporting_errors():
        found = list(checkup(Settings.read()))
        if as_json:
            print_json([asdict(one) for one in found])
        else:
            table = Table("what", "is", "found", "what to do")
            for one in found:
                table.add_row(one.what, SIGNS[one.state], one.found, one.advice)
            out.print(table)
        if any(one.state == "broken" for one in found):
            raise typer.Exit(EXIT_SYSTEM)
