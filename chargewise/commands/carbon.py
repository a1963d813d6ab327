"""`chargewise carbon`: the carbon sheet of a plant's heats."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.carbon import carbon_sheet
from chargewise.app.carbon_files import as_csv, as_page, as_workbook
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from steel.carbon_account import SCRAP_BURDEN_KGCO2E_PER_T
from steel.carbon_sheet import Method
from steel.errors import InputError
from steel.whole_files import write_whole

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


def carbon(
    plant: PlantName,
    first: Day = None,
    last: Day = None,
    method: Annotated[Method, typer.Option(help="What scrap carries.")] = Method.CUT_OFF,
    scrap_burden: Annotated[
        float, typer.Option(min=0, max=10_000, help="kgCO2e/t that scrap carries by that method.")
    ] = SCRAP_BURDEN_KGCO2E_PER_T,
    file: Annotated[
        list[Path] | None, typer.Option("--file", "-f", help="Where to write it: .csv, .xlsx, .html or .json; several.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Scopes 1 to 3 by source, recycled content, and the route sheet that CBAM and ETS ask for."""
    with reporting_errors():
        for one in file or []:
            if one.suffix not in (".csv", ".xlsx", ".html", ".json"):
                raise InputError(str(one), "--file", "a name that ends in .csv, .xlsx, .html or .json")
        place = Workplace()
        with progress(quiet=as_json) as say:
            sheet = carbon_sheet(
                place.application().plants, place.store, plant, first and first.date(), last and last.date(), method,
                scrap_burden, say,
            )  # fmt: skip
        for one in file or []:
            if one.suffix == ".csv":
                content = as_csv(sheet)
            elif one.suffix == ".xlsx":
                content = as_workbook(sheet)
            elif one.suffix == ".html":
                content = as_page(sheet, datetime.now(UTC)).encode()
            else:
                content = sheet.model_dump_json().encode()
            write_whole(one, content)
        if as_json:
            print_json(sheet)
            return
        whole = sheet.all
        table = Table(title=f"{plant}: {whole.heats} heats, {whole.steel_t:,.0f} t of steel", title_justify="left")
        for heading in ("", "t CO2e", "kg CO2e/t of steel"):
            table.add_column(heading, justify="right" if heading else "left")
        for scope in (1, 2, 3):
            found = whole.scope_kg(scope)
            table.add_row(f"scope {scope}", f"{found / 1000:,.1f}", f"{found / whole.steel_t:.1f}")
        table.add_row(
            "together", f"{whole.total_kg / 1000:,.1f}", f"{whole.total_kg / whole.steel_t:.1f}", style="bold"
        )
        out.print(table)
        recycled = whole.recycled
        out.print(
            f"Recycled content: {100 * recycled.post_consumer_share:.1f} % post-consumer, "
            f"{100 * recycled.pre_consumer_share:.1f} % pre-consumer; scrap by the {sheet.method} method"
        )
        for gap in whole.gaps:
            out.print(f"[yellow]{gap}[/]")
