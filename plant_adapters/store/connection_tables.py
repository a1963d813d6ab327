"""What the database keeps of a plant's connections: how far each was read, which files were, what goes out."""

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
INBOX = sa.Table(
    "inbox",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("connection", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("record_id", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    sa.Column("raw", sa.JSON, nullable=False),
    sa.Column("content", sa.JSON),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("received_at", sa.String, nullable=False),
    sa.Column("changed_at", sa.String, nullable=False),
    sa.Index("inbox_by_record", "plant", "connection", "kind", "record_id"),
    sa.Index("inbox_by_state", "plant", "state", "id"),
)
HEAT_ORDERS = sa.Table(
    "heat_orders",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("heat_id", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("due_at", sa.String),
    sa.Column("is_cancelled", sa.Boolean, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("told_by", sa.String, nullable=False),
    sa.Column("changed_at", sa.String, nullable=False),
)
OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("key", sa.String, nullable=False, unique=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("put_at", sa.String, nullable=False),
    sa.Index("outbox_of_plants", "plant", "id"),
)
DELIVERIES = sa.Table(
    "deliveries",
    METADATA,
    sa.Column("message", sa.Integer, sa.ForeignKey("outbox.id"), primary_key=True),
    sa.Column("sink", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("changed_at", sa.String, nullable=False),
)
