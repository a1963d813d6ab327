"""Connections: how far each was read, which files were, what goes out and to whom it went."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "connections",
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
    op.create_table(
        "connection_files",
        sa.Column("plant", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("sha256", sa.String, primary_key=True),
        sa.Column("file", sa.String, nullable=False),
        sa.Column("read_at", sa.String, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("quarantined", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plant", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("put_at", sa.String, nullable=False),
        sa.Index("outbox_of_plants", "plant", "id"),
    )
    op.create_table(
        "deliveries",
        sa.Column("message", sa.Integer, sa.ForeignKey("outbox.id"), primary_key=True),
        sa.Column("sink", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("changed_at", sa.String, nullable=False),
    )
