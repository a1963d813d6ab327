"""What the database keeps of a yard: lots, stocks, what moved, and price lists."""

import sqlalchemy as sa

from plant_adapters.store.database import METADATA

LOTS = sa.Table(
    "lots",
    METADATA,
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
STOCKS = sa.Table(
    "stocks",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("material", sa.String, primary_key=True),
    sa.Column("bay", sa.String, primary_key=True),
    # What no lot accounts for: counted, or drawn beyond what was booked in.
    sa.Column("unticketed_t", sa.Float, nullable=False),
    sa.Column("book_t", sa.Float, nullable=False),
    sa.Column("weighed_t", sa.Float, nullable=False),
    sa.Column("drawn_t", sa.Float, nullable=False),
    sa.Column("counted_sd_t", sa.Float, nullable=False),
)
MOVEMENTS = sa.Table(
    "stock_movements",
    METADATA,
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
PRICES = sa.Table(
    "listed_prices",
    METADATA,
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
