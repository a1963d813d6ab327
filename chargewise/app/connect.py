"""Sources and receivers of plants, each served on and on in a thread of its own: stored before it is told."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from chargewise.app.inflow import Inflow
from chargewise.app.workplace import Workplace
from plant_adapters.connections.connection_file import read_connections
from plant_adapters.connections.made import sink_of, source_of
from plant_adapters.connections.protocol import Arrival, HeatSource
from plant_adapters.connections.sinks import RefusedError, Sink
from plant_adapters.messages.read_message import MessageReader
from plant_adapters.store.connection_states import ConnectionState, ConnectionStates
from plant_adapters.store.database import stamp
from plant_adapters.store.inbox import Inbox
from plant_adapters.store.outbox import Outbox
from plant_adapters.store.store import HeatStore
from steel.errors import InputError

MOST_REFUSALS = 5
"""After which a message is a dead letter of its receiver."""
SETTLE_S, AWAY_S = 0.3, 5.0
"""How long nothing is looked for in an inbox that is settled, and where the database is away."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Connection:
    """One source of a plant.

    Attributes:
        readers: how its messages are read; none where it gives heats only.
    """

    plant: str
    name: str
    kind: str
    source: HeatSource
    readers: tuple[MessageReader, ...] = ()


@dataclass(frozen=True)
class Outlet:
    """One receiver of a plant's messages."""

    plant: str
    name: str
    kind: str
    sink: Sink


@dataclass(frozen=True)
class Connected:
    """All that a home's files state.

    Attributes:
        problems: by plant, why its file cannot be used; the others' go on without it.
    """

    connections: tuple[Connection, ...]
    outlets: tuple[Outlet, ...]
    problems: dict[str, str]

    def readers(self) -> dict[tuple[str, str, str], MessageReader]:
        """How messages are read, by plant, connection and kind."""
        return {
            (one.plant, one.name, reader.form.kind): reader for one in self.connections for reader in one.readers
        }  # fmt: skip

    def plants(self) -> tuple[str, ...]:
        """Plants to which messages come."""
        return tuple(dict.fromkeys(one.plant for one in self.connections if one.readers))


def connected(home: Path, states: ConnectionStates, plant: str | None = None) -> Connected:
    """Every source and receiver that a home's files state, or those of one plant.

    Raises:
        InputError: there is no file, or none of them can be used.
    """
    folder = home / "connections"
    files = [file for file in sorted(folder.glob("*.toml")) if plant is None or file.stem == plant]
    if not files:
        where = f"{folder}/{plant or 'PLANT'}.toml"
        raise InputError(plant or str(folder), "connections", f"a file {where} that states them")
    connections: list[Connection] = []
    outlets: list[Outlet] = []
    problems: dict[str, InputError] = {}
    for file in files:
        try:
            stated, of = read_connections(file), file.stem
            made = [(one, source_of(of, one, file.parent, states)) for one in stated.connections]
            sinks = [(one, sink_of(of, one, file.parent)) for one in stated.sinks]
        except InputError as error:
            problems[file.stem] = error
            continue
        connections += [Connection(of, one.name, one.kind, it.source, it.readers) for one, it in made]
        outlets += [Outlet(of, one.name, one.kind, sink) for one, sink in sinks]
    if len(problems) == len(files):
        raise next(iter(problems.values()))
    told = {name: str(error) for name, error in problems.items()}
    return Connected(tuple(connections), tuple(outlets), told)


def deliver(outlet: Outlet, outbox: Outbox, states: ConnectionStates, say: Say) -> ConnectionState:
    """Deliver what a receiver has not taken yet, in order, and look for acknowledgements.

    A receiver that is met for the first time gets what comes from then on. What it refuses is tried a few times, then
    is a dead letter; what does not answer is tried again later, and the rest waits its turn.
    """
    state = states.of(outlet.plant, outlet.name, f"{outlet.kind} out")
    sent, refused = 0, 0
    try:
        if state.position is None:
            state = states.moved(state, {"after": outbox.newest(outlet.plant)}, 0, 0, None)
        for message in outbox.waiting(outlet.plant, outlet.name, int(state.position["after"])):
            try:
                acknowledged = outlet.sink.send(message)
            except RefusedError as error:
                attempts = outbox.told(message, outlet.name, "failed", str(error))
                if attempts >= MOST_REFUSALS:
                    outbox.told(message, outlet.name, "dead", str(error), tried=False)
                    refused += 1
                    say(f"{outlet.plant}, {outlet.name}: {message.key} is a dead letter: {error}")
                continue
            outbox.told(message, outlet.name, "acknowledged" if acknowledged else "delivered")
            sent += 1
        for message in outbox.unacknowledged(outlet.plant, outlet.name):
            if outlet.sink.is_acknowledged(message):
                outbox.told(message, outlet.name, "acknowledged", tried=False)
        return states.moved(state, state.position, sent + refused, refused, None)
    except (InputError, OSError, SQLAlchemyError) as error:
        reason = type(error).__name__ if isinstance(error, SQLAlchemyError) else str(error)
        say(f"{outlet.plant}, {outlet.name}: {reason}")
        # What took some of them is not failing again and again: it is tried again soon.
        return states.failed(replace(state, failures=0) if sent else state, reason)


def turn(connection: Connection, store: HeatStore, states: ConnectionStates, say: Say) -> ConnectionState:
    """Read a source on once; what fails is written down, and tried again later."""
    state = states.of(connection.plant, connection.name, connection.kind)
    try:
        came = False
        for arrival in connection.source.arrivals(state.position):
            came = True
            state = _stored(connection, arrival, store, states, state, say)
        return state if came else states.moved(state, state.position, 0, 0, None)
    except (InputError, OSError, SQLAlchemyError) as error:
        reason = type(error).__name__ if isinstance(error, SQLAlchemyError) else str(error)
        say(f"{connection.plant}, {connection.name}: {reason}")
        return states.failed(state, reason)


def _stored(
    connection: Connection, arrival: Arrival, store: HeatStore, states: ConnectionStates, state: ConnectionState,
    say: Say,
) -> ConnectionState:  # fmt: skip
    plant, name = connection.plant, connection.name
    rows, aside, newest = 0, 0, None
    if arrival.batch is not None:
        batch = arrival.batch
        kept = store.add(plant, batch.log, batch.materials, batch.report, batch.replaced)
        rows, aside = batch.report.rows_read, batch.report.rows_quarantined + len(batch.report.strays)
        times = batch.log.tapped_at[~np.isnat(batch.log.tapped_at)]
        newest = None if not len(times) else f"{times.max()}+00:00"
        say(
            f"{plant}, {name}: {batch.report.source}: {kept.added} new, {kept.changed} changed, "
            f"{kept.unchanged} known, {aside} rows in quarantine"
        )
    if arrival.messages:
        new = Inbox(store.database).put(plant, name, arrival.messages)
        wrong = [one for one in arrival.messages if one.problem and not one.waits]
        rows, aside, newest = rows + len(arrival.messages), aside + len(wrong), stamp() if new else newest
        for one in wrong:
            say(f"{plant}, {name}: {one.kind} is set aside: {one.problem}")
    if arrival.problem:
        say(f"{plant}, {name}: {arrival.problem}")
    # The store comes first: whoever is killed here reads the same again, and it is known.
    state = states.moved(state, arrival.position, rows, aside, newest)
    connection.source.stored(arrival)
    return state


def settle(inflow: Inflow, plant: str, say: Say) -> float:
    """Put a plant's messages to work; returns in how many seconds to look again."""
    try:
        return 0.0 if inflow.settle(plant, say) else SETTLE_S
    except (OSError, SQLAlchemyError) as error:
        say(f"{plant}: messages wait: {type(error).__name__}")
        return AWAY_S


def run(found: Connected, place: Workplace, ended: threading.Event, say: Say) -> None:
    """Read every source, put what came to work, and serve every receiver, until it is ended."""
    store = place.store
    states, outbox = ConnectionStates(store.database), Outbox(store.database)
    for plant, problem in found.problems.items():
        say(f"{plant}: {problem}")

    def keep_on(once: Callable[[], float]) -> None:
        while not ended.is_set():
            ended.wait(once())

    def turning(once: Callable[[], ConnectionState], every_s: float) -> Callable[[], float]:
        return lambda: _wait_s(once(), every_s)

    turns = [turning(partial(turn, one, store, states, say), one.source.every_s) for one in found.connections]
    turns += [turning(partial(deliver, one, outbox, states, say), one.sink.every_s) for one in found.outlets]
    if found.plants():
        inflow = Inflow(place.application(), found.readers())
        turns += [partial(settle, inflow, plant, say) for plant in found.plants()]
    threads = [threading.Thread(target=keep_on, args=(one,), daemon=True) for one in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _wait_s(state: ConnectionState, every_s: float) -> float:
    if state.next_try_at is None:
        return every_s
    return max((datetime.fromisoformat(state.next_try_at) - datetime.now(UTC)).total_seconds(), 0.1)
