"""Sources of heats, read on and on: each in a thread of its own, stored before it is told, tried again later."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from plant_adapters.connections.connection_file import read_connections, sink_of, source_of
from plant_adapters.connections.protocol import Arrival, HeatSource
from plant_adapters.connections.sinks import RefusedError, Sink
from plant_adapters.store.connection_states import ConnectionState, ConnectionStates
from plant_adapters.store.outbox import Outbox
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from steel.frozen import Frozen

MOST_REFUSALS = 5
"""After which a message is a dead letter of its receiver."""
Say = Callable[[str], None]


class ConnectionStatus(Frozen):
    """How a connection is, as a page shows it.

    Attributes:
        lag_s: since its newest heat was tapped; None where nothing came yet.
        rows: that came, over all time.
        quarantined: of these, and of further tables' rows.
        problem: why it failed last; empty while it works.
        next_try_at: when it is tried again after a failure.
    """

    plant: str
    name: str
    kind: str
    read_at: str | None
    newest_at: str | None
    lag_s: float | None
    rows: int
    quarantined: int
    failures: int
    problem: str
    next_try_at: str | None


@dataclass(frozen=True)
class Connection:
    """One source of a plant."""

    plant: str
    name: str
    kind: str
    source: HeatSource


@dataclass(frozen=True)
class Outlet:
    """One receiver of a plant's messages."""

    plant: str
    name: str
    kind: str
    sink: Sink


def connections_of(home: Path, states: ConnectionStates, plant: str | None = None) -> tuple[Connection, ...]:
    """Every source that a home's files state, or those of one plant.

    Raises:
        InputError: a file cannot be used, or there is none.
    """
    return tuple(
        Connection(file.stem, stated.name, stated.kind, source_of(file.stem, stated, file.parent, states))
        for file in _files(home, plant)
        for stated in read_connections(file).connections
    )


def outlets_of(home: Path, plant: str | None = None) -> tuple[Outlet, ...]:
    """Every receiver that a home's files state, or those of one plant.

    Raises:
        InputError: a file cannot be used, or there is none.
    """
    return tuple(
        Outlet(file.stem, stated.name, stated.kind, sink_of(stated, file.parent))
        for file in _files(home, plant)
        for stated in read_connections(file).sinks
    )


def _files(home: Path, plant: str | None) -> list[Path]:
    folder = home / "connections"
    found = [file for file in sorted(folder.glob("*.toml")) if plant is None or file.stem == plant]
    if not found:
        where = f"{folder}/{plant or 'PLANT'}.toml"
        raise InputError(plant or str(folder), "connections", f"a file {where} that states them")
    return found


def deliver(outlet: Outlet, outbox: Outbox, states: ConnectionStates, say: Say) -> ConnectionState:
    """Deliver what a receiver has not taken yet, in order, and look for acknowledgements.

    A receiver that is met for the first time gets what comes from then on. What it refuses is tried a few times, then
    is a dead letter; what does not answer is tried again later, and the rest waits its turn.
    """
    state = states.of(outlet.plant, outlet.name, f"{outlet.kind} out")
    try:
        if state.position is None:
            state = states.moved(state, {"after": outbox.newest(outlet.plant)}, 0, 0, None)
        sent, refused = 0, 0
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
        return states.failed(state, reason)


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
    rows, aside, newest = 0, 0, None
    if arrival.batch is not None:
        batch = arrival.batch
        kept = store.add(connection.plant, batch.log, batch.materials, batch.report)
        rows, aside = batch.report.rows_read, batch.report.rows_quarantined + len(batch.report.strays)
        times = batch.log.tapped_at[~np.isnat(batch.log.tapped_at)]
        newest = None if not len(times) else f"{times.max()}+00:00"
        say(
            f"{connection.plant}, {connection.name}: {batch.report.source}: {kept.added} new, {kept.changed} changed, "
            f"{kept.unchanged} known, {aside} rows in quarantine"
        )
    if arrival.problem:
        say(f"{connection.plant}, {connection.name}: {arrival.problem}")
    # The store comes first: whoever is killed here reads the same heats again, and they are known.
    state = states.moved(state, arrival.position, rows, aside, newest)
    connection.source.stored(arrival)
    return state


def run(
    connections: tuple[Connection, ...], outlets: tuple[Outlet, ...], store: HeatStore, ended: threading.Event, say: Say
) -> None:
    """Read every source and serve every receiver until it is ended."""
    states, outbox = ConnectionStates(store.database), Outbox(store.database)

    def keep_on(once: Callable[[], ConnectionState], every_s: float) -> None:
        while not ended.is_set():
            ended.wait(_wait_s(once(), every_s))

    turns = [(partial(turn, one, store, states, say), one.source.every_s) for one in connections]
    turns += [(partial(deliver, one, outbox, states, say), one.sink.every_s) for one in outlets]
    threads = [threading.Thread(target=keep_on, args=one, daemon=True) for one in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def statuses(states: ConnectionStates) -> tuple[ConnectionStatus, ...]:
    """How every connection is."""
    now = datetime.now(UTC)
    return tuple(
        ConnectionStatus(
            plant=one.plant, name=one.name, kind=one.kind, read_at=one.read_at, newest_at=one.newest_at,
            lag_s=None if one.newest_at is None else (now - datetime.fromisoformat(one.newest_at)).total_seconds(),
            rows=one.rows, quarantined=one.quarantined, failures=one.failures, problem=one.problem,
            next_try_at=one.next_try_at,
        )
        for one in states.every()
    )  # fmt: skip


def _wait_s(state: ConnectionState, every_s: float) -> float:
    if state.next_try_at is None:
        return every_s
    return max((datetime.fromisoformat(state.next_try_at) - datetime.now(UTC)).total_seconds(), 0.1)
