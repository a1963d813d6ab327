"""`chargewise outbox`: what went to a plant's systems, and what was refused."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import out, print_json, reporting_errors
from plant_adapters.store.outbox import Outbox

app = typer.Typer(no_args_is_help=True, help="What went to a plant's systems, and what was refused.")


@app.command("list")
def listed(
    plant: PlantName,
    newest: Annotated[int, typer.Option(min=1, max=1000, help="So many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """A plant's newest messages, and what became of each at each receiver."""
    with reporting_errors():
        found = Outbox(Workplace().store.database).deliveries(plant, newest)
        if as_json:
            print_json([asdict(one) for one in found])
            return
        table = Table("message", "kind", "written", "receiver", "state", "tries", "problem")
        for one in found:
            table.add_row(
                one.message.key, one.message.kind, one.message.put_at, one.sink, one.state, str(one.attempts),
                one.problem, style="red" if one.state == "dead" else "none",
            )  # fmt: skip
        out.print(table)


@app.command()
def replay(
    plant: PlantName,
    receiver: Annotated[str, typer.Option(help="Name of the sink.")],
    message: Annotated[str | None, typer.Option(help="One message's key; all dead letters unless given.")] = None,
) -> None:
    """Have a receiver's dead letters, or one message, delivered again."""
    with reporting_errors():
        count = Outbox(Workplace().store.database).replay(plant, receiver, message)
        out.print(f"{count} message{'' if count == 1 else 's'} will be delivered again to {receiver}")
