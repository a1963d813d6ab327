"""Messages of plants' systems: what came in, and the heats that planning orders."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "inbox",
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
    op.create_table(
        "heat_orders",
        sa.Column("plant", sa.String, primary_key=True),
        sa.Column("heat_id", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("due_at", sa.String),
        sa.Column("is_cancelled", sa.Boolean, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("told_by", sa.String, nullable=False),
        sa.Column("changed_at", sa.String, nullable=False),
    )
