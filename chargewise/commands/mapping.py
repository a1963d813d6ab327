"""`chargewise mapping`: a first mapping proposed from a table, and what a mapping would lose."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table as Shown

from chargewise.commands.console import tables as render
from chargewise.commands.console.arguments import AsJson, MappingName
from chargewise.commands.console.output import out, print_json, reporting_errors
from plant_adapters.mapping.mapping import Mapping, read_mapping
from plant_adapters.mapping.suggest import names_a_heat, suggest
from plant_adapters.reading.files import read_table
from plant_adapters.reading.table import TableFormat
from plant_adapters.reading.toml_files import read_toml, validated
from plant_adapters.sources.protocol import HeatBatch
from plant_adapters.sources.table import TableAdapter
from steel.heats import HeatLog
from steel.whole_files import write_whole

app = typer.Typer(no_args_is_help=True, help="A first mapping proposed from a table, and what a mapping would lose.")
File = Annotated[Path, typer.Argument(help="Heats: CSV, Excel or Parquet.", metavar="FILE")]
ROWS = 20


@app.command("suggest")
def propose(
    file: File,
    to: Annotated[Path | None, typer.Option("--to", help="Where to write the mapping.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose a mapping: what is sure, what you must say, and twenty rows as they would be read."""
    with reporting_errors():
        table = read_table(file, TableFormat(sheet=sheet), names_a_heat)
        found = suggest(table, file.stem)
        if to is not None:
            told = f'sheet = "{sheet}"\n' if sheet is not None else ""
            write_whole(to, (told + found.toml).encode())
        if as_json:
            print_json({"toml": found.toml, "sure": list(found.sure), "asks": list(found.asks)})
            return
        if to is None:
            out.print(found.toml, markup=False)
        for words in found.sure:
            out.print(f"[green]sure[/]  {words}")
        for words in found.asks:
            out.print(f"[yellow]say[/]   {words}")
        if to is not None:
            _rows(TableAdapter(file, validated(Mapping, read_toml(to), str(to))).read_heats())


@app.command()
def check(file: File, mapping: MappingName, as_json: AsJson = False) -> None:
    """What a mapping reads of a file and what it would lose, without storing any of it."""
    with reporting_errors():
        batch = TableAdapter(file, read_mapping(mapping)).read_heats()
        if as_json:
            print_json(batch.report)
            return
        render.ingest_report(batch.report)
        _rows(batch)


def _rows(batch: HeatBatch) -> None:
    """Some heats as they were read."""
    log: HeatLog = batch.log
    table = Shown(title="as read; masses in t, contents in wt%", title_justify="left")
    used = [j for j in np.argsort(-log.charged_t.sum(axis=0))[:4] if log.charged_t[:, j].any()] if len(log) else []
    elements = log.elements[:4]
    for heading in ("heat", "tapped, UTC", "grade", "t", "kWh/t", *(log.materials[j] for j in used), *elements):
        table.add_column(str(heading), justify="left" if heading in ("heat", "tapped, UTC", "grade") else "right")
    for row in range(min(ROWS, len(log))):
        table.add_row(
            str(log.heat_ids[row]), str(log.tapped_at[row]), str(log.grades[row]), _number(log.tapped_t[row]),
            _number(log.energy_kwh_per_t[row]), *(_number(log.charged_t[row, j]) for j in used),
            *(_number(log.analysis_wt_pct[row, j]) for j in range(len(elements))),
        )  # fmt: skip
    out.print(table)


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "–"
