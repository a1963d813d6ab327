"""What a service keeps: each recipe's inputs, who decided what of it, jobs, access keys, what was changed by whom."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Add them; recipes that were kept before have no inputs."""
    op.create_table(
        "plant_states",
        sa.Column("sha256", sa.String, primary_key=True),
        sa.Column("plant", sa.String, nullable=False),
        sa.Column("first_used_at", sa.String, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
    with op.batch_alter_table("recipes") as recipes:
        recipes.add_column(sa.Column("asked", sa.JSON))
        recipes.add_column(sa.Column("plant_state", sa.String))
        recipes.add_column(sa.Column("circumstances", sa.JSON))
        recipes.add_column(sa.Column("asked_by", sa.String))
        recipes.create_foreign_key("recipes_plant_state", "plant_states", ["plant_state"], ["sha256"])
        recipes.create_index("recipes_in_order", ["plant", "made_at", "recipe_id"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recipe_id", sa.String, sa.ForeignKey("recipes.recipe_id"), nullable=False, index=True),
        sa.Column("decided_at", sa.String, nullable=False),
        sa.Column("decided_by", sa.String, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("charged_t", sa.JSON),
    )
    op.create_table(
        "charges",
        sa.Column("recipe_id", sa.String, sa.ForeignKey("recipes.recipe_id"), primary_key=True),
        sa.Column("heat_id", sa.String, nullable=False),
        sa.Column("charged_at", sa.String, nullable=False),
        sa.Column("reported_by", sa.String, nullable=False),
        sa.Column("charged_t", sa.JSON, nullable=False),
        sa.Column("additions_t", sa.JSON, nullable=False),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("principal", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("made_at", sa.Float, nullable=False),
        sa.Column("request_sha256", sa.String, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", sa.JSON),
        sa.Column("body", sa.LargeBinary),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("plant", sa.String, nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("asked_by", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("started_at", sa.Float),
        sa.Column("ended_at", sa.Float),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("share", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease", sa.String),
        sa.Column("lease_until", sa.Float),
        sa.Column("cancel_asked", sa.Boolean, nullable=False),
        sa.Column("problem", sa.JSON),
        sa.Column("result", sa.JSON),
        sa.Index("jobs_in_order", "created_at", "job_id"),
        sa.Index("jobs_waiting", "state", "created_at"),
    )
    op.create_table(
        "access_keys",
        sa.Column("key_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False, unique=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("plants", sa.JSON),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("expires_at", sa.Float),
        sa.Column("revoked_at", sa.Float),
        sa.Column("last_used_at", sa.Float),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("principal", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("plant", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
    )
