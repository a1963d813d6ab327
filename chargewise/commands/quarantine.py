"""`chargewise quarantine`: rows of heats that were set aside, and what becomes of them when they are corrected."""

from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.corrected_rows import store_corrected
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, MappingName, PlantName
from chargewise.commands.console.output import out, print_json, reporting_errors
from plant_adapters.mapping.mapping import read_mapping
from steel.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Rows of heats that were set aside, and corrected ones stored after all.")


@app.command("list")
def listed(
    plant: PlantName,
    newest: Annotated[int, typer.Option(min=1, max=10_000, help="So many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Rows in quarantine: where each came from, and why."""
    with reporting_errors():
        rows = Workplace().store.quarantined(plant)[-newest:]
        if as_json:
            print_json(rows)
            return
        table = Table("number", "source", "row", "heat", "reason", "column", "value", "expected")
        for row in rows:
            table.add_row(
                str(row["id"]), row["source"], str(row["row"]), row["heat_id"], row["reason"], row["column_name"],
                row["value"], row["expected"],
            )  # fmt: skip
        out.print(table)


@app.command()
def correct(
    plant: PlantName,
    row: Annotated[int, typer.Argument(help="Number of one of the reasons against it.")],
    mapping: MappingName,
    cell: Annotated[list[str], typer.Option("--set", help="COLUMN=TEXT, what a cell should say.")],
    as_json: AsJson = False,
) -> None:
    """Store a row's heat after all, some of its cells written otherwise."""
    with reporting_errors():
        changes = dict(_said(text) for text in cell)
        heat, verdict = store_corrected(Workplace().store, plant, row, read_mapping(mapping), changes)
        if as_json:
            print_json({"heat_id": heat, "verdict": verdict})
        else:
            out.print(f"heat {heat}: {verdict}")


def _said(text: str) -> tuple[str, str]:
    column, sign, value = text.partition("=")
    if not sign or not column:
        raise InputError(text, "--set", "COLUMN=TEXT")
    return column.strip(), value.strip()
