"""What the journal of recipes holds: its tables, and the entries made of them."""

from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from plant_adapters.store.database import METADATA
from steel.claims import LimitClaim
from steel.elements import Element
from steel.recipes import Recipe

Verdict = Literal["accepted", "changed", "rejected"]

PLANT_STATES = sa.Table(
    "plant_states",
    METADATA,
    sa.Column("sha256", sa.String, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("first_used_at", sa.String, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
)
RECIPES = sa.Table(
    "recipes",
    METADATA,
    sa.Column("recipe_id", sa.String, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("made_at", sa.String, nullable=False),
    sa.Column("model_version", sa.String, nullable=False),
    sa.Column("recipe", sa.JSON, nullable=False),
    sa.Column("claims", sa.JSON, nullable=False),
    sa.Column("asked", sa.JSON),
    sa.Column("plant_state", sa.String, sa.ForeignKey("plant_states.sha256", name="recipes_plant_state")),
    sa.Column("circumstances", sa.JSON),
    sa.Column("asked_by", sa.String),
    sa.Index("recipes_in_order", "plant", "made_at", "recipe_id"),
)
DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("recipe_id", sa.String, sa.ForeignKey("recipes.recipe_id"), nullable=False, index=True),
    sa.Column("decided_at", sa.String, nullable=False),
    sa.Column("decided_by", sa.String, nullable=False),
    sa.Column("verdict", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("charged_t", sa.JSON),
)
CHARGES = sa.Table(
    "charges",
    METADATA,
    sa.Column("recipe_id", sa.String, sa.ForeignKey("recipes.recipe_id"), primary_key=True),
    sa.Column("heat_id", sa.String, nullable=False),
    sa.Column("charged_at", sa.String, nullable=False),
    sa.Column("reported_by", sa.String, nullable=False),
    sa.Column("charged_t", sa.JSON, nullable=False),
    sa.Column("additions_t", sa.JSON, nullable=False),
)
OUTCOMES = sa.Table(
    "outcomes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("recipe_id", sa.String, sa.ForeignKey("recipes.recipe_id"), nullable=False, unique=True),
    sa.Column("heat_id", sa.String, nullable=False),
    sa.Column("given_at", sa.String, nullable=False),
    sa.Column("analysis_wt_pct", sa.JSON, nullable=False),
)


@dataclass(frozen=True)
class Inputs:
    """What a recipe was made from, enough to make it again.

    Attributes:
        asked: the order, as it was asked.
        plant: the plant's file as it was.
        heel_wt_pct: steel that the heat before left, by element symbol.
        widths: what outcomes had made of margins below and above, by element symbol.
        rules_sha256: of the file of the plant's own rules, which is run and so never kept here.
        yard: prices and stocks that were others than in its file, by material.
    """

    asked: dict[str, Any]
    plant: dict[str, Any]
    heel_wt_pct: dict[str, float]
    widths: dict[str, tuple[float, float]]
    rules_sha256: str | None = None
    yard: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What a person decided of a recipe.

    Attributes:
        charged_t: what is charged in its place, where it was changed.
    """

    decided_at: str
    decided_by: str
    verdict: Verdict
    reason: str
    charged_t: dict[str, float] | None = None


@dataclass(frozen=True)
class Charged:
    """What was really charged of a recipe, t by material."""

    heat_id: str
    charged_at: str
    reported_by: str
    charged_t: dict[str, float]
    additions_t: dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """What became of a recipe.

    Attributes:
        number: of outcomes, in the order they came.
        claims: of the recipe.
        analysis_wt_pct: final analysis of its heat.
    """

    number: int
    recipe_id: str
    heat_id: str
    claims: tuple[LimitClaim, ...]
    analysis_wt_pct: dict[Element, float]


@dataclass(frozen=True)
class Entry:
    """One recipe of the journal.

    Attributes:
        inputs: None of a recipe that was kept before inputs were.
        decisions: the first first; the last one counts.
    """

    recipe_id: str
    plant: str
    made_at: str
    model_version: str
    asked_by: str
    recipe: Recipe
    claims: tuple[LimitClaim, ...]
    inputs: Inputs | None
    decisions: tuple[Decision, ...] = ()
    charged: Charged | None = None
    outcome: Outcome | None = None
