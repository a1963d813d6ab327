"""How a plant's connections are, by the database: newest record, lag, rows, what waits and what was set aside."""

from datetime import UTC, datetime

from plant_adapters.store.connection_states import ConnectionStates
from plant_adapters.store.database import Database
from plant_adapters.store.inbox import Inbox
from steel.frozen import Frozen


class ConnectionStatus(Frozen):
    """How a connection is, as a page shows it.

    Attributes:
        lag_s: since its newest heat was tapped; None where nothing came yet.
        rows: that came, over all time.
        quarantined: of these, and of further tables' rows.
        problem: why it failed last; empty while it works.
        next_try_at: when it is tried again after a failure.
        waiting: messages that wait for their heat or their code.
        set_aside: messages that were set aside, and that nobody has corrected yet.
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
    waiting: int = 0
    set_aside: int = 0


def statuses(database: Database) -> tuple[ConnectionStatus, ...]:
    """How every connection is."""
    now, inbox = datetime.now(UTC), Inbox(database)
    found = []
    for one in ConnectionStates(database).every():
        messages = inbox.counts(one.plant, one.name)
        lag_s = None if one.newest_at is None else (now - datetime.fromisoformat(one.newest_at)).total_seconds()
        found.append(ConnectionStatus(
            plant=one.plant, name=one.name, kind=one.kind, read_at=one.read_at, newest_at=one.newest_at, lag_s=lag_s,
            rows=one.rows, quarantined=one.quarantined, failures=one.failures, problem=one.problem,
            next_try_at=one.next_try_at, waiting=messages["waiting"], set_aside=messages["quarantined"],
        ))  # fmt: skip
    return tuple(found)
