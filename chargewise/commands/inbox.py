"""`chargewise inbox`: what a plant's systems told, what waits and what was set aside."""

from dataclasses import asdict
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import out, print_json, reporting_errors
from plant_adapters.store.inbox import STATES, Inbox, State
from steel.errors import InputError

app = typer.Typer(no_args_is_help=True, help="What a plant's systems told, what waits and what was set aside.")


@app.command("list")
def listed(
    plant: PlantName,
    state: Annotated[str | None, typer.Option(help=f"Only such as are {', '.join(STATES)}.")] = None,
    newest: Annotated[int, typer.Option(min=1, max=1000, help="So many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """A plant's newest messages, and what became of each."""
    with reporting_errors():
        found = Inbox(Workplace().store.database).listed(plant, _state(state), newest)
        if as_json:
            print_json([asdict(one) for one in found])
            return
        table = Table("number", "connection", "kind", "of", "came", "state", "problem")
        for one in found:
            table.add_row(
                str(one.id), one.connection, one.kind, one.record_id, one.received_at, one.state, one.problem,
                style="red" if one.state == "quarantined" else "none",
            )  # fmt: skip
        out.print(table)


@app.command()
def correct(
    plant: PlantName,
    message: Annotated[int, typer.Argument(help="Its number.")],
    field: Annotated[list[str], typer.Option("--set", help="FIELD=VALUE, as the system should have written it.")],
) -> None:
    """Put a message that was set aside in again, some of its fields written otherwise."""
    with reporting_errors():
        changes = dict(_said(text) for text in field)
        Inbox(Workplace().store.database).correct(plant, message, changes)
        out.print(f"message {message} is read again")


def _state(text: str | None) -> State | None:
    for known in STATES:
        if text == known:
            return known
    if text is None:
        return None
    raise InputError(text, "--state", f"one of {', '.join(STATES)}")


def _said(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise InputError(text, "--set", "FIELD=VALUE")
    try:
        return name.strip(), orjson.loads(value)
    except orjson.JSONDecodeError:
        return name.strip(), value.strip()
