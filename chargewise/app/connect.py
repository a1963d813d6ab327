"""Sources of heats, read on and on: each in a thread of its own, stored before it is told, tried again later."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from plant_adapters.connections.connection_file import read_connections, source_of
from plant_adapters.connections.protocol import Arrival, HeatSource
from plant_adapters.store.connection_states import ConnectionState, ConnectionStates
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from steel.frozen import Frozen

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


def connections_of(home: Path, states: ConnectionStates, plant: str | None = None) -> tuple[Connection, ...]:
    """Every connection that a home's files state, or those of one plant.

    Raises:
        InputError: a file cannot be used, or there is none.
    """
    folder = home / "connections"
    files = sorted(folder.glob("*.toml"))
    found = tuple(
        Connection(file.stem, stated.name, stated.kind, source_of(file.stem, stated, folder, states))
        for file in files if plant is None or file.stem == plant
        for stated in read_connections(file).connections
    )  # fmt: skip
    if not found:
        where = f"{folder}/{plant or 'PLANT'}.toml"
        raise InputError(plant or str(folder), "connections", f"a file {where} that states them")
    return found


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
    connections: tuple[Connection, ...], store: HeatStore, states: ConnectionStates, ended: threading.Event, say: Say
) -> None:
    """Read every source until it is ended."""

    def keep_on(connection: Connection) -> None:
        while not ended.is_set():
            state = turn(connection, store, states, say)
            ended.wait(_wait_s(state, connection.source.every_s))

    threads = [threading.Thread(target=keep_on, args=(one,), daemon=True) for one in connections]
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
