"""Heats, their revisions and corrections, materials, quarantine; recipes that were kept, and their outcomes."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None
METADATA = sa.MetaData()
"""The schema as it was before revisions were counted."""

sa.Table(
    "heats",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("heat_id", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("tapped_at", sa.String),
    sa.Column("grade", sa.String),
    sa.Column("tapped_t", sa.Float),
    sa.Column("energy_kwh_per_t", sa.Float),
    sa.Column("heel_t", sa.Float, nullable=False),
    sa.Column("heel_wt_pct", sa.JSON, nullable=False),
    sa.Column("charged_t", sa.JSON, nullable=False),
    sa.Column("process", sa.JSON, nullable=False),
    sa.Column("analysis_wt_pct", sa.JSON, nullable=False),
    sa.Index("heats_in_order", "plant", "position"),
)
sa.Table(
    "heat_revisions",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("heat_id", sa.String, nullable=False),
    sa.Column("replaced_at", sa.String, nullable=False),
    sa.Column("before", sa.JSON, nullable=False),
)
sa.Table(
    "materials",
    METADATA,
    sa.Column("plant", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("definition", sa.JSON, nullable=False),
)
sa.Table(
    "quarantine",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("ingested_at", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("heat_id", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("column_name", sa.String, nullable=False),
    sa.Column("value", sa.String, nullable=False),
    sa.Column("expected", sa.String, nullable=False),
    sa.Column("raw", sa.JSON, nullable=False),
)
sa.Table(
    "corrections",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("heat_id", sa.String, nullable=False),
    sa.Column("material", sa.String, nullable=False),
    sa.Column("mass_t", sa.Float, nullable=False),
)
sa.Table(
    "recipes",
    METADATA,
    sa.Column("recipe_id", sa.String, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("made_at", sa.String, nullable=False),
    sa.Column("model_version", sa.String, nullable=False),
    sa.Column("recipe", sa.JSON, nullable=False),
    sa.Column("claims", sa.JSON, nullable=False),
)
sa.Table(
    "outcomes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("recipe_id", sa.String, sa.ForeignKey("recipes.recipe_id"), nullable=False, unique=True),
    sa.Column("heat_id", sa.String, nullable=False),
    sa.Column("given_at", sa.String, nullable=False),
    sa.Column("analysis_wt_pct", sa.JSON, nullable=False),
)


def upgrade() -> None:
    """Make them all."""
    METADATA.create_all(op.get_bind())
