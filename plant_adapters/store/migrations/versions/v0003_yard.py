"""The yard: lots, stocks, movements, price lists; versions of plant files; heats in progress; clocks."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "plant_clocks",
        sa.Column("plant", sa.String, primary_key=True),
        sa.Column("part", sa.String, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "plant_versions",
        sa.Column("plant", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "lots",
        sa.Column("plant", sa.String, primary_key=True),
        sa.Column("lot_id", sa.String, primary_key=True),
        sa.Column("material", sa.String, nullable=False),
        sa.Column("bay", sa.String, nullable=False),
        sa.Column("delivered_at", sa.String, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("drawn_t", sa.Float, nullable=False),
        sa.Column("remaining_t", sa.Float, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Index("lots_in_order", "plant", "material", "is_open", "delivered_at"),
    )
    op.create_table(
        "stocks",
        sa.Column("plant", sa.String, primary_key=True),
        sa.Column("material", sa.String, primary_key=True),
        sa.Column("bay", sa.String, primary_key=True),
        sa.Column("unticketed_t", sa.Float, nullable=False),
        sa.Column("book_t", sa.Float, nullable=False),
        sa.Column("weighed_t", sa.Float, nullable=False),
        sa.Column("drawn_t", sa.Float, nullable=False),
        sa.Column("counted_sd_t", sa.Float, nullable=False),
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plant", sa.String, nullable=False),
        sa.Column("material", sa.String, nullable=False),
        sa.Column("bay", sa.String, nullable=False),
        sa.Column("lot_id", sa.String),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("mass_t", sa.Float, nullable=False),
        sa.Column("heat_id", sa.String),
        sa.Column("moved_at", sa.String, nullable=False),
        sa.Column("booked_by", sa.String, nullable=False),
        sa.Index("stock_movements_of_heats", "plant", "heat_id"),
    )
    op.create_table(
        "listed_prices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plant", sa.String, nullable=False),
        sa.Column("material", sa.String, nullable=False),
        sa.Column("supplier", sa.String, nullable=False),
        sa.Column("price_eur_per_t", sa.Float, nullable=False),
        sa.Column("valid_from", sa.String, nullable=False),
        sa.Column("valid_until", sa.String),
        sa.Column("written_at", sa.String, nullable=False),
        sa.Column("written_by", sa.String, nullable=False),
        sa.Index("listed_prices_in_order", "plant", "material", "valid_from"),
    )
    op.create_table(
        "heat_steps",
        sa.Column("plant", sa.String, primary_key=True),
        sa.Column("heat_id", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
