"""`chargewise connect`: a plant's sources of heats, read on and on."""

import signal
import threading
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.connect import connections_of, deliver, outlets_of, run, statuses, turn
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
    """Read heats from folders and databases, and deliver recipes, as `connections/PLANT.toml` in the home states it."""
    with reporting_errors():
        place = Workplace()
        states = ConnectionStates(place.store.database)
        if status:
            _show(states, as_json)
            return
        found = connections_of(place.settings.home, states, plant)
        outlets = outlets_of(place.settings.home, plant)
        if check:
            wrong = []
            tried = [(one.plant, one.name, one.source.check) for one in found]
            tried += [(one.plant, one.name, one.sink.check) for one in outlets]
            for whose, name, try_it in tried:
                try:
                    out.print(f"{whose}, {name}: {try_it()}", markup=False)
                except (InputError, OSError) as error:
                    wrong.append(name)
                    out.print(f"{whose}, {name}: {error}", markup=False, style="red")
            if wrong:
                raise InputError(wrong, "connections", "ones that answer")
            return
        if once:
            for one in found:
                turn(one, place.store, states, _say)
            for outlet in outlets:
                deliver(outlet, Outbox(place.store.database), states, _say)
            _show(states, as_json)
            return
        ended = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: ended.set())
        run(found, outlets, place.store, ended, _say)


def _say(text: str) -> None:
    err.print(text, markup=False)


def _show(states: ConnectionStates, as_json: bool) -> None:
    found = statuses(states)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    table = Table("plant", "connection", "kind", "read", "newest heat", "rows", "in quarantine", "problem")
    for one in found:
        table.add_row(
            one.plant, one.name, one.kind, one.read_at or "never", one.newest_at or "none", str(one.rows),
            str(one.quarantined), one.problem, style="red" if one.problem else "none",
        )  # fmt: skip
    out.print(table)
