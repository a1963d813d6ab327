"""Heats in progress as they are kept: a step a row, never altered; who reads them after a restart knows all."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from plant_adapters.store.database import METADATA, Database
from plant_adapters.store.outbox import put
from steel.shift import HeatProgress, HeatStep, StepKind, progress_of

HEAT_STEPS = sa.Table(
    "heat_steps",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("heat_id", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
)
Check = Callable[[HeatProgress | None], None]
"""Looks at a heat before a step is taken, and refuses it."""


class HeatSteps:
    """Steps of the heats of one database.

    Args:
        database: whose.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(
        self, plant: str, heat_id: str, kind: StepKind, by: str, content: dict[str, Any], check: Check,
        tells: tuple[str, dict[str, Any]] | None = None,
    ) -> HeatProgress | None:  # fmt: skip
        """Take a step; of several who take one at once, each sees what the one before took.

        Args:
            plant: whose heat.
            heat_id: its number.
            kind: of the step.
            by: who takes it.
            content: what it says.
            check: raises where it may not be taken.
            tells: kind and content of the message to the plant's systems that goes out with it.

        Returns:
            The heat after it.
        """
        with self._database.writing(to=f"heat {heat_id} of {plant}") as connection:
            steps = self._steps(connection, plant, heat_id)
            check(progress_of(steps))
            step = HeatStep(number=len(steps) + 1, kind=kind, at=datetime.now(UTC), by=by, content=content)
            row = {"plant": plant, "heat_id": heat_id, **step.model_dump(mode="json")}
            connection.execute(sa.insert(HEAT_STEPS), row)
            if tells is not None:
                told, said = tells
                put(connection, plant, told, f"{plant}/{heat_id}/{step.number}", {"heat_id": heat_id, **said})
        return progress_of([*steps, step])

    def of(self, plant: str, heat_id: str) -> tuple[HeatStep, ...]:
        """A heat's steps in the order they were taken."""
        with self._database.reading() as connection:
            return tuple(self._steps(connection, plant, heat_id))

    def recent(self, plant: str, most: int) -> dict[str, HeatProgress]:
        """The heats of which a step was taken last, the newest first."""
        found = self._newest(HEAT_STEPS.c.plant == plant, plant, most)
        progress = {heat_id: progress_of(steps) for heat_id, steps in found.items()}
        known = {heat_id: one for heat_id, one in progress.items() if one is not None}
        return dict(sorted(known.items(), key=lambda heat: found[heat[0]][-1].at, reverse=True))

    def sampled(self, plant: str, most: int) -> dict[str, tuple[HeatStep, ...]]:
        """The steps of the newest heats of which there is a sample."""
        sampled = (HEAT_STEPS.c.plant == plant) & (HEAT_STEPS.c.kind == StepKind.SAMPLE.value)
        return self._newest(sampled, plant, most)

    def _newest(self, which: "sa.ColumnElement[bool]", plant: str, most: int) -> dict[str, tuple[HeatStep, ...]]:
        """All steps of the heats of which such a step was taken last."""
        newest = (
            sa.select(HEAT_STEPS.c.heat_id).where(which).group_by(HEAT_STEPS.c.heat_id)
            .order_by(sa.func.max(HEAT_STEPS.c.at).desc()).limit(most)
        )  # fmt: skip
        of = (HEAT_STEPS.c.plant == plant) & HEAT_STEPS.c.heat_id.in_(newest)
        found: dict[str, list[HeatStep]] = {}
        with self._database.reading() as connection:
            rows = connection.execute(
                sa.select(HEAT_STEPS).where(of).order_by(HEAT_STEPS.c.heat_id, HEAT_STEPS.c.number)
            )
            for row in rows.mappings():
                step = HeatStep(**{name: row[name] for name in HeatStep.model_fields})
                found.setdefault(str(row["heat_id"]), []).append(step)
        return {heat_id: tuple(steps) for heat_id, steps in found.items()}

    def _steps(self, connection: sa.Connection, plant: str, heat_id: str) -> list[HeatStep]:
        of = (HEAT_STEPS.c.plant == plant) & (HEAT_STEPS.c.heat_id == heat_id)
        query = sa.select(HEAT_STEPS).where(of).order_by(HEAT_STEPS.c.number)
        rows = connection.execute(query).mappings()
        return [HeatStep(**{name: row[name] for name in HeatStep.model_fields}) for row in rows]
