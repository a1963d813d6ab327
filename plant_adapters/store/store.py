"""The plant's heat store: heats, their revisions, corrections and quarantine, in SQLite or PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import sqlalchemy as sa

from plant_adapters.reading.quarantine import IngestReport
from plant_adapters.store import clock
from plant_adapters.store.clock import tick
from plant_adapters.store.database import METADATA, Database
from steel.elements import Element
from steel.errors import InputError
from steel.heats import Heat, HeatLog, time_order
from steel.materials import Material
from steel.names import checked_name, folded

AT_A_TIME = 500
"""Heats asked for in one query."""
Verdict = Literal["added", "changed", "unchanged"]
GONE = "gone"
"""Marks the revision of a heat whose place others took."""
BELOW = "<"
"""Begins a content that lies below a limit of detection, which follows it."""

HEATS = sa.Table(
    "heats",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("heat_id", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("tapped_at", sa.String),
    sa.Column("grade", sa.String),
    sa.Column("tapped_t", sa.Float),
    sa.Column("energy_kwh_per_t", sa.Float),
    sa.Column("heel_t", sa.Float, nullable=False),
    sa.Column("heel_wt_pct", sa.JSON, nullable=False),
    sa.Column("charged_t", sa.JSON, nullable=False),
    sa.Column("process", sa.JSON, nullable=False),
    sa.Column("analysis_wt_pct", sa.JSON, nullable=False),
    sa.Index("heats_in_order", "plant", "position"),
)
REVISIONS = sa.Table(
    "heat_revisions",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("heat_id", sa.String, nullable=False),
    sa.Column("replaced_at", sa.String, nullable=False),
    sa.Column("before", sa.JSON, nullable=False),
)
MATERIALS = sa.Table(
    "materials",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("definition", sa.JSON, nullable=False),
)
QUARANTINE = sa.Table(
    "quarantine",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("ingested_at", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("heat_id", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("column_name", sa.String, nullable=False),
    sa.Column("value", sa.String, nullable=False),
    sa.Column("expected", sa.String, nullable=False),
    sa.Column("raw", sa.JSON, nullable=False),
)
CORRECTIONS = sa.Table(
    "corrections",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("heat_id", sa.String, nullable=False),
    sa.Column("material", sa.String, nullable=False),
    sa.Column("mass_t", sa.Float, nullable=False),
)


@dataclass(frozen=True)
class Stored:
    """What storing a batch did: heats added, changed (the earlier values kept as a revision), already there.

    Attributes:
        verdicts: which of these each heat is, by its number.
    """

    verdicts: dict[str, Verdict]

    @property
    def added(self) -> int:
        """How many were added."""
        return list(self.verdicts.values()).count("added")

    @property
    def changed(self) -> int:
        """How many were changed."""
        return list(self.verdicts.values()).count("changed")

    @property
    def unchanged(self) -> int:
        """How many were there already."""
        return list(self.verdicts.values()).count("unchanged")


class HeatStore:
    """Heats of one or more plants in one database.

    Args:
        url: SQLAlchemy URL, such as `sqlite:///store.db` or `postgresql+psycopg://…`.
    """

    def __init__(self, url: str) -> None:
        self.database = Database(url)

    def absolute_url(self) -> str:
        """The database's URL as another process can open it from any folder, password included."""
        return self.database.absolute_url()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def add(
        self, plant: str, log: HeatLog, materials: tuple[Material, ...], report: IngestReport | None = None,
        replaced: Sequence[str] = (),
    ) -> Stored:  # fmt: skip
        """Store heats, materials and what was quarantined, all or nothing.

        Args:
            plant: whose.
            log: its heats.
            materials: what these were charged with.
            report: what was set aside.
            replaced: numbers of heats whose place others take; they are kept as revisions, and do not come back.

        Raises:
            InputError: the plant's name cannot be a file's, or differs from a known one's in capitals only.
        """
        checked_name(plant, "plant")
        alike = [known for known in self.plants() if known != plant and folded(known) == folded(plant)]
        if alike:
            raise InputError(plant, "plant", f"another name, or {alike[0]} as it is written already")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self.database.writing(to=f"heats of {plant}") as connection:
            stored = self._add_heats(connection, plant, log, now)
            self._replace(connection, plant, [one for one in replaced if one not in stored.verdicts], now)
            self._add_materials(connection, plant, materials)
            if report is not None:
                self._add_report(connection, plant, report, now)
            if stored.added or stored.changed:
                tick(connection, plant, clock.HEATS)
        return stored

    def log(self, plant: str) -> HeatLog:
        """The plant's heats in the order they were tapped, whatever the order they came in.

        Raises:
            InputError: the plant has none.
        """
        with self.database.reading() as connection:
            query = sa.select(HEATS).where(HEATS.c.plant == plant).order_by(HEATS.c.position)
            rows = [dict(row) for row in connection.execute(query).mappings()]
        if not rows:
            raise InputError(plant, "plant", f"one with stored heats: {', '.join(self.plants()) or 'none yet'}")
        log = _log_of(rows, tuple(material.name for material in self.materials(plant)))
        return log.rows(time_order(log.tapped_at))

    def materials(self, plant: str) -> tuple[Material, ...]:
        """Every furnace material that the plant's heats ever came with, each as it was last described."""
        with self.database.reading() as connection:
            query = sa.select(MATERIALS.c.definition).where(MATERIALS.c.plant == plant).order_by(MATERIALS.c.position)
            return tuple(Material.model_validate(row) for row in connection.scalars(query))

    def plants(self) -> tuple[str, ...]:
        """Plants with stored heats."""
        found: list[str] = []
        with self.database.reading() as connection:
            # One look into the index for each plant: all heats would be gone through to tell their plants apart.
            query = sa.select(sa.func.min(HEATS.c.plant))
            while (plant := connection.scalar(query)) is not None:
                found.append(str(plant))
                query = sa.select(sa.func.min(HEATS.c.plant)).where(HEATS.c.plant > plant)
        return tuple(found)

    def quarantined(self, plant: str) -> list[dict[str, Any]]:
        """Every reason against every row of a plant ever set aside."""
        with self.database.reading() as connection:
            query = sa.select(QUARANTINE).where(QUARANTINE.c.plant == plant).order_by(QUARANTINE.c.id)
            return [dict(row) for row in connection.execute(query).mappings()]

    def set_right(self, plant: str, source: str, row: int) -> None:
        """A row that was set aside is stored after all: nothing is against it any more."""
        this = (QUARANTINE.c.plant == plant) & (QUARANTINE.c.source == source) & (QUARANTINE.c.row == row)
        with self.database.writing() as connection:
            connection.execute(sa.delete(QUARANTINE).where(this))

    def revisions(self, plant: str) -> list[dict[str, Any]]:
        """Earlier values of heats that were sent again differently."""
        with self.database.reading() as connection:
            query = sa.select(REVISIONS).where(REVISIONS.c.plant == plant).order_by(REVISIONS.c.id)
            return [dict(row) for row in connection.execute(query).mappings()]

    def count(self, plant: str) -> int:
        """How many heats of a plant are stored."""
        with self.database.reading() as connection:
            query = sa.select(sa.func.count()).select_from(HEATS).where(HEATS.c.plant == plant)
            return int(connection.scalar(query) or 0)

    def _add_heats(self, connection: sa.Connection, plant: str, log: HeatLog, now: str) -> Stored:
        verdicts: dict[str, Verdict] = {}
        for start in range(0, len(log), AT_A_TIME):
            some = log.rows(slice(start, start + AT_A_TIME))
            verdicts |= self._add_some(connection, plant, some, now)
        return Stored(verdicts)

    def _add_some(self, connection: sa.Connection, plant: str, log: HeatLog, now: str) -> dict[str, Verdict]:
        """Store as many heats as one question asks for, so that a record of any length takes no more memory."""
        known = self._known(connection, plant, log.heat_ids.tolist())
        gone = self._gone(connection, plant, log.heat_ids.tolist())
        last = connection.scalar(sa.select(sa.func.max(HEATS.c.position)).where(HEATS.c.plant == plant))
        next_position = 0 if last is None else int(last) + 1
        fresh: list[dict[str, Any]] = []
        changed: list[tuple[dict[str, Any], dict[str, Any]]] = []
        verdicts: dict[str, Verdict] = {}
        for index in range(len(log)):
            row = _row(plant, log.heat(index))
            before = known.get(row["heat_id"])
            if row["heat_id"] in gone:
                verdicts[row["heat_id"]] = "unchanged"
            elif before is None:
                fresh.append({**row, "position": next_position + len(fresh)})
                verdicts[row["heat_id"]] = "added"
            elif any(before[key] != value for key, value in row.items()):
                changed.append((before, row))
                verdicts[row["heat_id"]] = "changed"
            else:
                verdicts[row["heat_id"]] = "unchanged"
        if fresh:
            connection.execute(sa.insert(HEATS), fresh)
        for before, row in changed:
            connection.execute(
                sa.insert(REVISIONS), {"plant": plant, "heat_id": row["heat_id"], "replaced_at": now, "before": before}
            )
            same = (HEATS.c.plant == plant) & (HEATS.c.heat_id == row["heat_id"])
            connection.execute(sa.update(HEATS).where(same).values(row))
        return verdicts

    def _replace(self, connection: sa.Connection, plant: str, heat_ids: list[str], now: str) -> None:
        """Take heats out whose place others take."""
        for start in range(0, len(heat_ids), AT_A_TIME):
            for heat_id, before in self._known(connection, plant, heat_ids[start : start + AT_A_TIME]).items():
                row = {"plant": plant, "heat_id": heat_id, "replaced_at": now, "before": {**before, GONE: True}}
                connection.execute(sa.insert(REVISIONS), row)
                this = (HEATS.c.plant == plant) & (HEATS.c.heat_id == heat_id)
                connection.execute(sa.delete(HEATS).where(this))

    def _gone(self, connection: sa.Connection, plant: str, heat_ids: list[str]) -> set[str]:
        """Heats of these whose place others have taken."""
        of = (REVISIONS.c.plant == plant) & REVISIONS.c.heat_id.in_(heat_ids)
        rows = connection.execute(sa.select(REVISIONS.c.heat_id, REVISIONS.c.before).where(of))
        return {str(heat_id) for heat_id, before in rows if before.get(GONE)}

    def _known(self, connection: sa.Connection, plant: str, heat_ids: list[str]) -> dict[str, dict[str, Any]]:
        """Heats of these that are stored already, and no others: a day's heats need not read the history."""
        query = sa.select(HEATS).where((HEATS.c.plant == plant) & HEATS.c.heat_id.in_(heat_ids))
        return {row["heat_id"]: dict(row) for row in connection.execute(query).mappings()}

    def _add_materials(self, connection: sa.Connection, plant: str, materials: tuple[Material, ...]) -> None:
        """Describe materials anew or for the first time; those of earlier files stay, for their heats do."""
        query = sa.select(MATERIALS.c.name, MATERIALS.c.position).where(MATERIALS.c.plant == plant)
        known = {row.name: int(row.position) for row in connection.execute(query)}
        behind = max(known.values(), default=-1) + 1
        fresh = [material.name for material in materials if material.name not in known]
        places = {**known, **{name: behind + at for at, name in enumerate(fresh)}}
        named = [material.name for material in materials]
        connection.execute(sa.delete(MATERIALS).where((MATERIALS.c.plant == plant) & MATERIALS.c.name.in_(named)))
        rows = [
            {"plant": plant, "name": m.name, "position": places[m.name], "definition": m.model_dump(mode="json")}
            for m in materials
        ]
        if rows:
            connection.execute(sa.insert(MATERIALS), rows)

    def _add_report(self, connection: sa.Connection, plant: str, report: IngestReport, now: str) -> None:
        if not report.goes_on:
            for table in (QUARANTINE, CORRECTIONS):
                again = (table.c.plant == plant) & (table.c.source == report.source)
                connection.execute(sa.delete(table).where(again))
        if report.rejections or report.strays:
            connection.execute(
                sa.insert(QUARANTINE),
                [
                    {
                        "plant": plant, "ingested_at": now, "source": report.source, "row": r.row,
                        "heat_id": r.heat_id, "reason": r.reason.value, "column_name": r.column,
                        "value": r.value, "expected": r.expected, "raw": raw,
                    }
                    for r, raw in (
                        *((r, report.raw[r.row]) for r in report.rejections),
                        *((r, {"cells": r.value}) for r in report.strays),
                    )
                ],
            )  # fmt: skip
        if report.corrections:
            connection.execute(
                sa.insert(CORRECTIONS),
                [
                    {"plant": plant, "source": report.source, **c.model_dump(include={"heat_id", "material", "mass_t"})}
                    for c in report.corrections
                ],
            )


def log_of(plant: str, heats: Sequence[Heat], materials: tuple[str, ...]) -> HeatLog:
    """Heats as columns, as they would be stored.

    Args:
        plant: whose.
        heats: in order.
        materials: their columns, a superset of what they charge.
    """
    return _log_of([_row(plant, heat) for heat in heats], materials)


def _row(plant: str, heat: Heat) -> dict[str, Any]:
    record = heat.model_dump(mode="json")
    charge, below = record.pop("charge"), record.pop("below_wt_pct")
    record["analysis_wt_pct"] |= {element: f"{BELOW}{limit!r}" for element, limit in below.items()}
    return {"plant": plant, **record, **charge}


def _measured(stored: float | str) -> float:
    """A stored content as learning takes it: half the limit where it lies below one."""
    return float(stored.removeprefix(BELOW)) / 2.0 if isinstance(stored, str) else stored


def _limit(stored: float | str) -> float:
    return float(stored.removeprefix(BELOW)) if isinstance(stored, str) else np.nan


def _log_of(rows: list[dict[str, Any]], materials: tuple[str, ...]) -> HeatLog:
    elements = tuple(e for e in Element if any(e.value in row["analysis_wt_pct"] for row in rows))
    process = sorted({name for row in rows for name in row["process"]})
    used = tuple(dict.fromkeys([*materials, *(name for row in rows for name in row["charged_t"])]))

    def column(key: str, names: tuple[str, ...] | list[str], absent: float) -> "np.ndarray[Any, np.dtype[np.float64]]":
        return np.array([[row[key].get(name, absent) for name in names] for row in rows], dtype=np.float64)

    def scalar(key: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
        return np.array([np.nan if row[key] is None else row[key] for row in rows], dtype=np.float64)

    symbols = [element.value for element in elements]
    analyses = [{symbol: _measured(value) for symbol, value in row["analysis_wt_pct"].items()} for row in rows]
    limits = [{symbol: _limit(value) for symbol, value in row["analysis_wt_pct"].items()} for row in rows]
    below = np.array([[limit.get(symbol, np.nan) for symbol in symbols] for limit in limits], dtype=np.float64)
    inputs = column("process", process, np.nan)
    return HeatLog(
        heat_ids=np.array([row["heat_id"] for row in rows], dtype=np.str_),
        tapped_at=np.array([row["tapped_at"] or "NaT" for row in rows], dtype="datetime64[s]"),
        grades=np.array([row["grade"] or "" for row in rows], dtype=np.str_),
        materials=used,
        charged_t=column("charged_t", used, 0.0),
        elements=elements,
        analysis_wt_pct=np.array([[a.get(symbol, np.nan) for symbol in symbols] for a in analyses], dtype=np.float64),
        tapped_t=scalar("tapped_t"),
        energy_kwh_per_t=scalar("energy_kwh_per_t"),
        heel_t=scalar("heel_t"),
        heel_wt_pct=column("heel_wt_pct", symbols, np.nan),
        process={name: inputs[:, position] for position, name in enumerate(process)},
        below_wt_pct=below if np.isfinite(below).any() else None,
    )
