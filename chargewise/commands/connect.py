"""`chargewise connect`: a plant's systems, read and served on and on."""

import signal
import threading
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.connect import Connected, connected, deliver, run, turn
from chargewise.app.connection_status import statuses
from chargewise.app.inflow import Inflow
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import err, out, print_json, reporting_errors
from plant_adapters.store.connection_states import ConnectionStates
from plant_adapters.store.outbox import Outbox
from steel.errors import InputError


def connect(
    plant: Annotated[str | None, typer.Option("--plant", "-p", help="Only this plant's.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Try each, and say what is wrong.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Read each on once, and end.")] = False,
    status: Annotated[bool, typer.Option("--status", help="How each is, by the database.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a plant's systems and deliver to them, as `connections/PLANT.toml` in the home states it."""
    with reporting_errors():
        place = Workplace()
        states = ConnectionStates(place.store.database)
        if status:
            _show(place, as_json)
            return
        found = connected(place.settings.home, states, plant)
        if check:
            _check(found)
            return
        if once:
            _once(found, place, states)
            _show(place, as_json)
            return
        ended = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: ended.set())
        run(found, place, ended, _say)


def _check(found: Connected) -> None:
    wrong = list(found.problems)
    for plant, problem in found.problems.items():
        out.print(f"{plant}: {problem}", markup=False, style="red")
    tried = [(one.plant, one.name, one.source.check) for one in found.connections]
    tried += [(one.plant, one.name, one.sink.check) for one in found.outlets]
    for whose, name, try_it in tried:
        try:
            out.print(f"{whose}, {name}: {try_it()}", markup=False)
        except (InputError, OSError) as error:
            wrong.append(name)
            out.print(f"{whose}, {name}: {error}", markup=False, style="red")
    if wrong:
        raise InputError(wrong, "connections", "ones that answer")


def _once(found: Connected, place: Workplace, states: ConnectionStates) -> None:
    for plant, problem in found.problems.items():
        _say(f"{plant}: {problem}")
    for one in found.connections:
        turn(one, place.store, states, _say)
    if found.plants():
        inflow = Inflow(place.application(), found.readers())
        for plant in found.plants():
            inflow.settle(plant, _say)
    for outlet in found.outlets:
        deliver(outlet, Outbox(place.store.database), states, _say)


def _say(text: str) -> None:
    err.print(text, markup=False)


def _show(place: Workplace, as_json: bool) -> None:
    found = statuses(place.store.database)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    table = Table("plant", "connection", "kind", "read", "newest", "rows", "set aside", "waiting", "problem")
    for one in found:
        table.add_row(
            one.plant, one.name, one.kind, one.read_at or "never", one.newest_at or "none", str(one.rows),
            str(one.quarantined), str(one.waiting), one.problem, style="red" if one.problem else "none",
        )  # fmt: skip
    out.print(table)
