"""`chargewise federation policy` and `outbox`: what a plant takes part in, and what of it leaves."""

from typing import Annotated

import typer
from rich.table import Table

from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import out, print_json
from chargewise.commands.federation.members import plant_folder
from chargewise.commands.federation.options import reporting
from federation.plant.outbox import Outbox
from federation.plant.policy import read_policy, write_policy


def policy(plant: PlantName, as_json: AsJson = False) -> None:
    """What this plant takes part in, and the file to change it in."""
    with reporting():
        file = plant_folder(plant) / "policy.toml"
        if not file.is_file():
            write_policy(file)
        found = read_policy(file)
        if as_json:
            print_json(found)
            return
        out.print(file.read_text("utf-8"), markup=False, highlight=False, soft_wrap=True)
        out.print(f"Change it in {file}; it is read anew for every run.", highlight=False, soft_wrap=True)


def outbox(
    plant: PlantName,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest messages.")] = 30,
    as_json: AsJson = False,
) -> None:
    """What left this plant in words and bytes, and what it refused."""
    with reporting():
        lines = Outbox(plant_folder(plant) / "outbox.jsonl").lines()[-last:]
        if as_json:
            print_json([line.model_dump() for line in lines])
            return
        if not lines:
            out.print("Nothing was asked of this plant yet.")
            return
        table = Table()
        for heading in ("time, UTC", "run", "asked", "what left", "bytes"):
            table.add_column(heading, justify="right" if heading == "bytes" else "left")
        for line in lines:
            what = f"[yellow]refused: {line.refused}[/]" if line.refused else line.sent
            table.add_row(line.at[:19], f"…{line.run[-6:]}", line.message, what, str(line.bytes or ""))
        out.print(table)
