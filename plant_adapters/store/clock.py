"""How often each part of what is kept of a plant was written: who remembers a count sees whether it has to look."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from plant_adapters.store.database import METADATA, Database

CLOCKS = sa.Table(
    "plant_clocks",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("part", sa.String, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)
HEATS, OUTCOMES, YARD = "heats", "outcomes", "yard"
"""Parts that are counted."""
_READ = sa.select(CLOCKS.c.part, CLOCKS.c.count).where(CLOCKS.c.plant == sa.bindparam("plant"))


def tick(connection: sa.Connection, plant: str, part: str) -> None:
    """Count one more writing of a part, in the transaction that writes it."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = insert(CLOCKS).values(plant=plant, part=part, count=1)
    connection.execute(row.on_conflict_do_update(index_elements=["plant", "part"], set_={"count": CLOCKS.c.count + 1}))


def clock_of(database: Database, plant: str) -> dict[str, int]:
    """How often each part of a plant was written; parts that never were are left out."""
    with database.reading() as connection:
        return {str(part): int(count) for part, count in connection.execute(_READ, {"plant": plant})}
