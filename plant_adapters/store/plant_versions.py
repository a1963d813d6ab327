"""Every version of a plant file that was changed from outside: its text, by whom, and why."""

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from plant_adapters.store.database import METADATA, Database, stamp

PLANT_VERSIONS = sa.Table(
    "plant_versions",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("made_at", sa.String, nullable=False),
    sa.Column("made_by", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)


@dataclass(frozen=True)
class PlantVersion:
    """One version of a plant file.

    Attributes:
        number: of the plant's versions, from 1.
        made_at: ISO 8601, UTC; of one that was edited in its file, when that was found.
        sha256: of its text.
    """

    number: int
    made_at: str
    made_by: str
    reason: str
    sha256: str


class PlantVersions:
    """Versions of the plant files of one installation.

    Args:
        database: that keeps them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, connection: sa.Connection, plant: str, text: str, by: str, reason: str = "") -> PlantVersion:
        """Keep a version, in a transaction of the caller's; one that is the newest already is not kept twice."""
        newest = sa.select(PLANT_VERSIONS).where(PLANT_VERSIONS.c.plant == plant)
        last = connection.execute(newest.order_by(PLANT_VERSIONS.c.number.desc()).limit(1)).mappings().first()
        digest = digest_of(text)
        if last is not None and last["sha256"] == digest:
            return _version(last)
        found = PlantVersion(
            number=1 if last is None else last["number"] + 1,
            made_at=stamp(), made_by=by, reason=reason, sha256=digest,
        )  # fmt: skip
        connection.execute(sa.insert(PLANT_VERSIONS), {"plant": plant, "text": text, **vars(found)})
        return found

    def all(self, plant: str) -> list[PlantVersion]:
        """A plant's versions, the newest first."""
        query = (
            sa.select(PLANT_VERSIONS).where(PLANT_VERSIONS.c.plant == plant).order_by(PLANT_VERSIONS.c.number.desc())
        )
        with self._database.reading() as connection:
            return [_version(row) for row in connection.execute(query).mappings()]

    def text(self, plant: str, number: int) -> str | None:
        """What a version says; None where there is none of that number."""
        this = (PLANT_VERSIONS.c.plant == plant) & (PLANT_VERSIONS.c.number == number)
        with self._database.reading() as connection:
            return connection.scalar(sa.select(PLANT_VERSIONS.c.text).where(this))


def digest_of(text: str) -> str:
    """By which two versions are told apart."""
    return hashlib.sha256(text.encode()).hexdigest()


def _version(row: "sa.RowMapping") -> PlantVersion:
    return PlantVersion(**{name: row[name] for name in PlantVersion.__dataclass_fields__})
