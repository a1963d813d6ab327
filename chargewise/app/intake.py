"""Heats that another system sends: stored with a verdict for each."""

from typing import Any, Literal
from uuid import uuid4

from chargewise.app.application import Application
from chargewise.app.audit import Audit
from plant_adapters.sources.sent_heats import read_sent
from plant_adapters.store.store import log_of
from steel.errors import InputError
from steel.frozen import Frozen

Verdict = Literal["added", "changed", "unchanged", "quarantined"]


class RowProblem(Frozen):
    """One reason against one row.

    Attributes:
        value: as it was sent.
        expected: what would have been right.
    """

    reason: str
    where: str
    value: str
    expected: str


class RowVerdict(Frozen):
    """What became of one row.

    Attributes:
        row: its place in what was sent, the first being 1.
        problems: why it is in quarantine.
    """

    row: int
    heat_id: str
    verdict: Verdict
    problems: tuple[RowProblem, ...] = ()


class HeatsStored(Frozen):
    """What became of heats that were sent.

    Attributes:
        rows: in the order they were sent.
    """

    plant: str
    added: int
    changed: int
    unchanged: int
    quarantined: int
    rows: tuple[RowVerdict, ...]


def store_heats(application: Application, plant: str, rows: list[Any], by: str) -> HeatsStored:
    """Store heats that were sent; wrong ones go to quarantine, and the others are stored all or none.

    Raises:
        InputError: there is no such plant, or nothing was sent.
    """
    if not rows:
        raise InputError([], "heats", "one heat or more")
    described, store = application.plants.described(plant), application.store
    # What the yard has now, and what any heat before was charged with.
    known = {item.material.name: item.material for item in described.charge_items()}
    materials = {material.name: material for material in store.materials(plant)} | known
    batch = read_sent(rows, tuple(materials), f"sent {uuid4().hex[:12]}")
    used = [materials[name] for name in dict.fromkeys(n for heat in batch.heats for n in heat.charge.charged_t)]
    stored = store.add(plant, log_of(plant, batch.heats, tuple(m.name for m in used)), tuple(used), batch.report)
    problems: dict[int, list[RowProblem]] = {}
    for one in batch.report.rejections:
        problem = RowProblem(reason=one.reason.value, where=one.column, value=one.value, expected=one.expected)
        problems.setdefault(one.row, []).append(problem)
    verdicts = [
        RowVerdict(row=at, heat_id=_named(row), verdict="quarantined", problems=tuple(problems[at]))
        if at in problems
        else RowVerdict(row=at, heat_id=_named(row), verdict=stored.verdicts[_named(row)])
        for at, row in enumerate(rows, start=1)
    ]
    if stored.added or stored.changed:
        counts = {"added": stored.added, "changed": stored.changed, "quarantined": len(problems)}
        Audit(application.database).note(by, "heats stored", plant, batch.report.source, **counts)
    return HeatsStored(
        plant=plant, added=stored.added, changed=stored.changed, unchanged=stored.unchanged,
        quarantined=len(problems), rows=tuple(verdicts),
    )  # fmt: skip


def _named(row: Any) -> str:
    return str(row.get("heat_id", ""))[:64] if isinstance(row, dict) else ""
