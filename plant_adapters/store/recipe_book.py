"""Recipes that were made, what they claimed, and what became of them: in the heat store's database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plant_adapters.store.store import METADATA, HeatStore
from steel.claims import LimitClaim
from steel.elements import Element
from steel.errors import InputError
from steel.recipes import Recipe

RECIPES = sa.Table(
    "recipes",
    METADATA,
    sa.Column("recipe_id", sa.String, primary_key=True),
    sa.Column("plant", sa.String, nullable=False),
    sa.Column("made_at", sa.String, nullable=False),
    sa.Column("model_version", sa.String, nullable=False),
    sa.Column("recipe", sa.JSON, nullable=False),
    sa.Column("claims", sa.JSON, nullable=False),
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


class RecipeBook:
    """Recipes and outcomes of all plants of a store.

    Args:
        store: whose database.
    """

    def __init__(self, store: HeatStore) -> None:
        self._engine = store.engine
        METADATA.create_all(self._engine)

    def keep(self, plant: str, model_version: str, recipe: Recipe, claims: tuple[LimitClaim, ...]) -> str:
        """Keep a recipe; returns the number that its outcome is given under."""
        number = uuid4().hex[:12]
        row = {
            "recipe_id": number,
            "plant": plant,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "model_version": model_version,
            "recipe": recipe.model_dump(mode="json"),
            "claims": [claim.model_dump(mode="json") for claim in claims],
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(RECIPES), row)
        return number

    def give_outcome(self, plant: str, recipe_id: str, heat_id: str, analysis_wt_pct: Mapping[Element, float]) -> None:
        """Keep what became of a recipe.

        Raises:
            InputError: the plant has no such recipe, its outcome is known already, or nothing was analysed.
        """
        if not analysis_wt_pct:
            raise InputError({}, "analysis_wt_pct", "the final analysis of one element or more")
        with self._engine.begin() as connection:
            query = sa.select(RECIPES.c.claims).where((RECIPES.c.recipe_id == recipe_id) & (RECIPES.c.plant == plant))
            claims = connection.scalar(query)
            if claims is None:
                raise InputError(recipe_id, "recipe", f"the number of a recipe that was kept for {plant}")
            before = connection.execute(sa.select(OUTCOMES).where(OUTCOMES.c.recipe_id == recipe_id)).mappings().first()
            if before is not None:
                raise _given(recipe_id, str(before["heat_id"]))
            row = {
                "recipe_id": recipe_id,
                "heat_id": heat_id,
                "given_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "analysis_wt_pct": {element.value: value for element, value in analysis_wt_pct.items()},
            }
            try:
                connection.execute(sa.insert(OUTCOMES), row)
            except IntegrityError:
                raise _given(recipe_id, "another heat") from None

    def outcomes(self, plant: str, after: int = 0) -> list[Outcome]:
        """Outcomes of a plant in the order they came, those after a number of one."""
        query = (
            sa.select(OUTCOMES, RECIPES.c.claims)
            .join(RECIPES, RECIPES.c.recipe_id == OUTCOMES.c.recipe_id)
            .where((RECIPES.c.plant == plant) & (OUTCOMES.c.id > after))
            .order_by(OUTCOMES.c.id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Outcome(
                row["id"],
                row["recipe_id"],
                row["heat_id"],
                tuple(LimitClaim.model_validate(claim) for claim in row["claims"]),
                {Element(symbol): float(value) for symbol, value in row["analysis_wt_pct"].items()},
            )
            for row in rows
        ]

    def recipe(self, plant: str, recipe_id: str) -> Recipe:
        """A recipe as it was made.

        Raises:
            InputError: the plant has no such recipe.
        """
        query = sa.select(RECIPES.c.recipe).where((RECIPES.c.recipe_id == recipe_id) & (RECIPES.c.plant == plant))
        with self._engine.connect() as connection:
            found = connection.scalar(query)
        if found is None:
            raise InputError(recipe_id, "recipe", f"the number of a recipe that was kept for {plant}")
        return Recipe.model_validate(found)


def _given(recipe_id: str, heat_id: str) -> InputError:
    expected = f"a recipe whose outcome is not known yet; it was given as that of {heat_id}"
    return InputError(recipe_id, "recipe", expected)
