"""`chargewise federation coordinator`, `start`, `status` and `stop`: what the coordinator's operator does."""

import signal
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from getpass import getuser
from pathlib import Path
from threading import Thread
from typing import Annotated, cast

import typer
from rich.table import Table

from chargewise.arguments import AsJson
from chargewise.console import err, out, print_json
from chargewise.federation_options import DEFAULT_FOLDER, DEFAULT_PORT, Folder, reporting
from chargewise.federation_results import show
from federation.asking import TooFewPlantsError
from federation.engine import LEDGER, START_S, Coordinator
from federation.flower.operator import EngineError, Operator
from federation.flower.superlink import coordinate
from federation.keys.credentials import Credentials, expiry
from federation.keys.roster import read_roster
from federation.modules.settings import Averaging
from federation.remainder import AVERAGES
from federation.sums_run import SumsRun
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


def start_run(
    plants: Annotated[int, typer.Option(min=1, help="Plants that must be connected to begin.")],
    folder: Folder = DEFAULT_FOLDER,
    fewest: Annotated[int, typer.Option(min=0, help="Answers without which nothing is done; 0: all.")] = 0,
    secure: Annotated[
        bool, typer.Option("--secure/--plain", help="Mask what plants send: only totals can be seen. Plain screens it.")
    ] = True,
    wait_s: Annotated[float, typer.Option(min=1, help="Seconds to wait for plants, and for every answer.")] = 600.0,
    remainder: Annotated[
        str, typer.Option(help=f"Learn a convex remainder too (--plain), averaged by {', '.join(AVERAGES)}.")
    ] = "",
    if_proposed: Annotated[bool, typer.Option(help="Only if a plant wants a round: drift, or no model yet.")] = False,
    every_h: Annotated[float, typer.Option(min=0, help="Again every so many hours until stopped; 0: once.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Run the federation: contract, sums, judgement at every plant."""
    with reporting():
        run = SumsRun(
            plants=plants, fewest=fewest, secure=secure, if_proposed=if_proposed, remainder=_averaging(remainder),
            wait_s=wait_s, started_by=getuser(),
        )  # fmt: skip
        while True:
            try:
                _once(folder, run, as_json)
            except (EngineError, TooFewPlantsError) as error:
                # On a schedule the next run may find the plants that this one missed.
                if not every_h:
                    raise
                err.print(str(error), markup=False)
            if not every_h:
                return
            err.print(f"again in {every_h:g} h; Ctrl-C ends")
            time.sleep(3600.0 * every_h)


def status(folder: Folder = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """Which plants are connected, and which runs there were, newest first."""
    with reporting():
        operator = Operator.of(folder)
        nodes, runs = operator.nodes(), operator.runs()
        if as_json:
            told = [{"plant": node.plant, "status": node.status} for node in nodes]
            print_json({"plants": told, "runs": runs})
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


def _once(folder: Path, run: SumsRun, as_json: bool) -> None:
    def tell(what: str) -> None:
        if not as_json:
            err.print(f"… {what}", highlight=False)

    found = Coordinator(folder.resolve(), folder.resolve() / LEDGER).run(run, tell)
    if as_json:
        print_json(found)
    else:
        show(found)


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


def _averaging(name: str) -> Averaging | None:
    if name and name not in AVERAGES:
        raise InputError(name, "--remainder", f"one of {', '.join(AVERAGES)}")
    return cast("Averaging", name) if name else None


def _warn_of_expiry(certificate: Path) -> None:
    until = expiry(certificate)
    if until < datetime.now(UTC):
        err.print(f"[bold red]The coordinator's certificate expired on {until:%Y-%m-%d}: plants refuse it.[/] "
                  "Renew it: chargewise federation renew")  # fmt: skip
    elif until < datetime.now(UTC) + SOON:
        err.print(f"[yellow]The coordinator's certificate expires on {until:%Y-%m-%d}: chargewise federation renew[/]")
