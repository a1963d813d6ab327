"""Who changed what and when: written with each change, never altered."""

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from plant_adapters.store.database import METADATA, Database

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("principal", sa.String, nullable=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("subject", sa.String, nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
)


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        number: of changes, in the order they were made.
        at: seconds since 1970, UTC.
        principal: who made it.
        action: such as "key made".
        plant: whose; empty where it is no plant's.
        subject: what was changed, such as a model's version.
    """

    number: int
    at: float
    principal: str
    action: str
    plant: str
    subject: str
    details: dict[str, Any]


def noted(
    connection: sa.Connection, principal: str, action: str, plant: str = "", subject: str = "", **details: Any
) -> None:
    """Write down a change in the transaction that makes it."""
    row = {
        "at": time.time(), "principal": principal, "action": action, "plant": plant, "subject": subject,
        "details": details,
    }  # fmt: skip
    connection.execute(sa.insert(AUDIT), row)


class Audit:
    """The audit log of one installation.

    Args:
        database: that keeps it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, principal: str, action: str, plant: str = "", subject: str = "", **details: Any) -> None:
        """Write down a change."""
        with self._database.writing() as connection:
            noted(connection, principal, action, plant, subject, **details)

    def changes(self, most: int, before: int | None = None) -> list[Change]:
        """The newest changes, the newest first; those before a number of one."""
        query = sa.select(AUDIT).order_by(AUDIT.c.id.desc()).limit(most)
        if before is not None:
            query = query.where(AUDIT.c.id < before)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [Change(row["id"], *(row[name] for name in list(row)[1:])) for row in rows]
