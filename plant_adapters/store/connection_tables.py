"""What the database keeps of a plant's connections: how far each source was read, and which files were."""

import sqlalchemy as sa

from plant_adapters.store.database import METADATA

CONNECTIONS = sa.Table(
    "connections",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("position", sa.JSON),
    sa.Column("read_at", sa.String),
    sa.Column("newest_at", sa.String),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("quarantined", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("next_try_at", sa.String),
)
FILES = sa.Table(
    "connection_files",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("sha256", sa.String, primary_key=True),
    sa.Column("file", sa.String, nullable=False),
    sa.Column("read_at", sa.String, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("quarantined", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
)
