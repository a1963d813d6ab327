"""`chargewise federation coordinator`, `status` and `stop`: what the coordinator's operator does."""

import signal
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer
from rich.table import Table

from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import err, out, print_json
from chargewise.commands.federation.options import DEFAULT_FOLDER, DEFAULT_PORT, Folder, reporting
from federation.flower.operator import START_S, Operator
from federation.flower.superlink import coordinate
from federation.keys.credentials import Credentials, expiry
from federation.keys.roster import read_roster
from federation.ledger.errors import EngineError
from steel.errors import InputError

SOON = timedelta(days=30)


def coordinator(
    folder: Folder = DEFAULT_FOLDER,
    port: Annotated[int, typer.Option(min=1, max=65535, help="That plants reach it at.")] = DEFAULT_PORT,
    host: Annotated[str, typer.Option(help="Address to listen on; every one unless given.")] = "0.0.0.0",  # noqa: S104
) -> None:
    """Coordinate: wait for plants until stopped. It holds no heat; what is done is in the ledger."""
    with reporting():
        keys = Credentials(folder / "keys")
        if keys.server_certificate.is_file():
            _warn_of_expiry(keys.server_certificate)
        end_at_once_on_term()
        Thread(target=_let_plants_in, args=(folder, port), daemon=True).start()
        with suppress(KeyboardInterrupt):
            coordinate(folder, port, host)


def status(folder: Folder = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """Which plants are connected, and which runs there were, newest first."""
    with reporting():
        operator = Operator.of(folder)
        nodes, runs = operator.nodes(), operator.runs()
        if as_json:
            facts = [{"plant": node.plant, "status": node.status} for node in nodes]
            print_json({"plants": facts, "runs": runs})
            return
        for node in nodes:
            words = {"online": "connected", "registered": "not seen yet"}.get(node.status, "not connected")
            out.print(f"{node.plant}: {words}", highlight=False)
        if not runs:
            out.print("No runs yet.")
            return
        table = Table(title="Runs")
        for heading in ("run", "started, UTC", "how it stands", "reason"):
            table.add_column(heading)
        for run in runs:
            table.add_row(run["run"], str(run["started_at"])[:19], run["ended"] or run["status"], run["reason"])
        out.print(table)


def stop(
    run: Annotated[str, typer.Argument(help="The run's number, as `status` shows it.")], folder: Folder = DEFAULT_FOLDER
) -> None:
    """Stop a run; nothing of it is adopted that was not already."""
    with reporting():
        operator = Operator.of(folder)
        if not run.isdigit() or not operator.stop(int(run)):
            going = ", ".join(one["run"] for one in operator.runs() if one["status"] != "finished") or "none is"
            raise InputError(run, "run", f"one that is going on: {going}")
        out.print(f"run {run} stopped", highlight=False)


def end_at_once_on_term() -> None:
    """A service manager's SIGTERM ends the command as Ctrl-C does, what it holds with it."""
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))


def _let_plants_in(folder: Path, port: int) -> None:
    """Register the roster as soon as the coordinator answers."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        time.sleep(0.2)
        try:
            operator = Operator.of(folder)
            operator.nodes()
        except EngineError:
            continue
        roster = read_roster(Credentials(folder / "keys").roster)
        operator.register(roster)
        who = ", ".join(sorted(roster.plants)) or "nobody yet"
        err.print(f"Coordinating on port {port}; let in: {who}. Ctrl-C ends it.", highlight=False)
        return


def _warn_of_expiry(certificate: Path) -> None:
    until = expiry(certificate)
    if until < datetime.now(UTC):
        err.print(f"[bold red]The coordinator's certificate expired on {until:%Y-%m-%d}: plants refuse it.[/] "
                  "Renew it: chargewise federation renew")  # fmt: skip
    elif until < datetime.now(UTC) + SOON:
        err.print(f"[yellow]The coordinator's certificate expires on {until:%Y-%m-%d}: chargewise federation renew[/]")
