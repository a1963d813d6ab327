"""The journal: every recipe with its inputs, what people decided of it, what was charged, and what came of the heat."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plant_adapters.store.clock import OUTCOMES as CLOCK
from plant_adapters.store.clock import tick
from plant_adapters.store.database import Database, stamp
from plant_adapters.store.journal_entries import (
    CHARGES,
    DECISIONS,
    OUTCOMES,
    PLANT_STATES,
    RECIPES,
    Charged,
    Decision,
    Entry,
    Inputs,
    Outcome,
    Verdict,
)
from plant_adapters.store.outbox import put
from plant_adapters.store.yard_book import NOTHING_T, YardBook
from steel.claims import LimitClaim
from steel.elements import Element
from steel.errors import InputError
from steel.recipes import Recipe
from steel.shift import together_t

MOST_KEPT = 64
"""Plants whose digests are kept."""


class Journal:
    """Recipes of all plants of one database.

    Args:
        database: whose.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._book = YardBook(database)
        self._states: set[str] = set()
        self._digests: dict[int, tuple[dict[str, Any], str]] = {}

    def write(
        self,
        plant: str,
        model_version: str,
        asked_by: str,
        recipe: Recipe,
        claims: tuple[LimitClaim, ...],
        inputs: Inputs,
    ) -> tuple[str, str]:
        """Write down a recipe; returns its number, under which all else is reported, and when that was."""  # fmt: skip
        number, now = uuid4().hex[:16], stamp()
        state = self._digest_of(inputs.plant)
        row = {
            "recipe_id": number,
            "plant": plant,
            "made_at": now,
            "model_version": model_version,
            "recipe": recipe.model_dump(mode="json"),
            "claims": [claim.model_dump(mode="json") for claim in claims],
            "asked": inputs.asked,
            "plant_state": state,
            "circumstances": {
                "heel_wt_pct": inputs.heel_wt_pct,
                "widths": inputs.widths,
                "rules_sha256": inputs.rules_sha256,
                "yard": inputs.yard,
            },
            "asked_by": asked_by,
        }
        with self._database.writing() as connection:
            if state not in self._states:
                known = connection.scalar(sa.select(PLANT_STATES.c.plant).where(PLANT_STATES.c.sha256 == state))
                if known is None:
                    self._add_state(connection, {"sha256": state, "plant": plant, "first_used_at": now,
                                                 "content": inputs.plant})  # fmt: skip
            connection.execute(sa.insert(RECIPES), row)
        self._states.add(state)
        return number, now

    def _digest_of(self, plant: dict[str, Any]) -> str:
        """The digest of a plant's content, worked out once for each that is handed over again and again."""
        kept = self._digests.get(id(plant))
        if kept is None or kept[0] is not plant:
            if len(self._digests) >= MOST_KEPT:
                self._digests.clear()
            kept = self._digests[id(plant)] = (plant, _digest(plant))
        return kept[1]

    def plant_of(self, recipe_id: str) -> str | None:
        """The plant that a recipe was made for; None where there is no such recipe."""
        with self._database.reading() as connection:
            return connection.scalar(sa.select(RECIPES.c.plant).where(RECIPES.c.recipe_id == recipe_id))

    def entry(self, plant: str, recipe_id: str) -> Entry:
        """A recipe with all that is known of it.

        Raises:
            InputError: the plant has no such recipe.
        """
        with self._database.reading() as connection:
            found = _entries(connection, _is(plant, recipe_id), 1)
        if not found:
            raise _unknown(plant, recipe_id)
        return found[0]

    def entries(self, plant: str, most: int, before: tuple[str, str] | None = None) -> list[Entry]:
        """A plant's recipes with all that is known of them, the newest first.

        Args:
            plant: whose.
            most: so many.
            before: when and number of the one after which to go on.
        """
        these = RECIPES.c.plant == plant
        if before is not None:
            these &= sa.tuple_(RECIPES.c.made_at, RECIPES.c.recipe_id) < sa.tuple_(*map(sa.literal, before))
        with self._database.reading() as connection:
            return _entries(connection, these, most)

    def plants(self) -> tuple[str, ...]:
        """Plants that recipes were made for."""
        with self._database.reading() as connection:
            return tuple(connection.scalars(sa.select(RECIPES.c.plant).distinct().order_by(RECIPES.c.plant)))

    def decide(
        self, plant: str, recipe_id: str, verdict: Verdict, by: str, reason: str, charged_t: dict[str, float] | None
    ) -> Decision:
        """Write down what a person decided of a recipe; a later decision takes the place of an earlier one.

        Raises:
            InputError: the plant has no such recipe, or it has been charged already.
        """
        decision = Decision(stamp(), by, verdict, reason, charged_t)
        with self._database.writing() as connection:
            self._known(connection, plant, recipe_id)
            charged = connection.scalar(sa.select(CHARGES.c.heat_id).where(CHARGES.c.recipe_id == recipe_id))
            if charged is not None:
                raise InputError(recipe_id, "recipe", f"one that is not charged yet; this one was, for heat {charged}")
            number = connection.execute(
                sa.insert(DECISIONS).returning(DECISIONS.c.id), {"recipe_id": recipe_id, **vars(decision)}
            ).scalar_one()
            if verdict != "rejected":
                recipe = connection.scalar(sa.select(RECIPES.c.recipe).where(RECIPES.c.recipe_id == recipe_id))
                content = {"recipe_id": recipe_id, "decision": vars(decision), "recipe": recipe}
                put(connection, plant, "recipe", f"{plant}/{recipe_id}/{number}", content)
        return decision

    def charge(
        self, plant: str, recipe_id: str, heat_id: str, by: str, charged_t: dict[str, float],
        additions_t: dict[str, float], approved_only: bool = False, lots_t: Mapping[str, float] | None = None,
    ) -> Charged:  # fmt: skip
        """Write down what was really charged of a recipe and draw it of the lots; the same report twice is one.

        Args:
            plant: whose.
            recipe_id: of the recipe.
            heat_id: the plant's number of the heat.
            by: who reports it.
            charged_t: by furnace material.
            additions_t: by tapping addition.
            approved_only: whether the plant charges only what a person has accepted or changed.
            lots_t: what is said to come from a lot, t by its number.

        Raises:
            InputError: the plant has no such recipe, it was charged already, or is not approved where it must be.
        """
        charged = Charged(heat_id, stamp(), by, charged_t, additions_t)
        with self._database.writing() as connection:
            self._known(connection, plant, recipe_id)
            before = connection.execute(sa.select(CHARGES).where(CHARGES.c.recipe_id == recipe_id)).mappings().first()
            if before is not None:
                same = (before["heat_id"], before["charged_t"], before["additions_t"])
                if same == (heat_id, charged_t, additions_t):
                    return Charged(**_without(before, "recipe_id"))
                expected = f"a recipe that is not charged yet; this one was, for heat {before['heat_id']}"
                raise InputError(recipe_id, "recipe", expected)
            if approved_only:
                self._approved(connection, recipe_id)
            connection.execute(sa.insert(CHARGES), {"recipe_id": recipe_id, **vars(charged)})
            drawn = self._book.draw(connection, plant, together_t((charged_t, additions_t)), heat_id, by, lots_t)
            content = {"recipe_id": recipe_id, **vars(charged), "movements": [vars(one) for one in drawn]}
            put(connection, plant, "charged", f"{plant}/{recipe_id}/charged", content)
        return charged

    def charge_more(
        self, plant: str, recipe_id: str, by: str, charged_t: dict[str, float], additions_t: dict[str, float],
        lots_t: Mapping[str, float],
    ) -> None:  # fmt: skip
        """What a heat came to after all, further charge and additions with it; the difference is drawn of the lots.

        Raises:
            InputError: the plant has no such recipe, or it was not charged yet.
        """
        with self._database.writing() as connection:
            self._known(connection, plant, recipe_id)
            this = CHARGES.c.recipe_id == recipe_id
            before = connection.execute(sa.select(CHARGES).where(this)).mappings().first()
            if before is None:
                raise InputError(recipe_id, "recipe", "one that is charged")
            now = {"charged_t": charged_t, "additions_t": additions_t}
            less = [{name: -mass for name, mass in before[which].items()} for which in now]
            more = {name: mass for name, mass in together_t((*less, *now.values())).items() if abs(mass) > NOTHING_T}
            if more:
                connection.execute(sa.update(CHARGES).where(this).values(now))
                content = {"recipe_id": recipe_id, "heat_id": before["heat_id"], "reported_by": by, **now}
                put(connection, plant, "charged", f"{plant}/{recipe_id}/charged/{uuid4().hex[:12]}", content)
                self._book.draw(connection, plant, more, str(before["heat_id"]), by, lots_t)

    def give_outcome(self, plant: str, recipe_id: str, heat_id: str, analysis_wt_pct: Mapping[Element, float]) -> None:
        """Write down what became of a recipe.

        Raises:
            InputError: the plant has no such recipe, its outcome is known already, or nothing was analysed.
        """
        if not analysis_wt_pct:
            raise InputError({}, "analysis_wt_pct", "the final analysis of one element or more")
        with self._database.writing() as connection:
            self._known(connection, plant, recipe_id)
            before = connection.execute(sa.select(OUTCOMES).where(OUTCOMES.c.recipe_id == recipe_id)).mappings().first()
            if before is not None:
                raise _given(recipe_id, str(before["heat_id"]))
            row = {
                "recipe_id": recipe_id,
                "heat_id": heat_id,
                "given_at": stamp(),
                "analysis_wt_pct": {element.value: value for element, value in analysis_wt_pct.items()},
            }
            try:
                connection.execute(sa.insert(OUTCOMES), row)
            except IntegrityError:
                raise _given(recipe_id, "another heat") from None
            tick(connection, plant, CLOCK)

    def additions(self, plant: str) -> dict[str, dict[str, float]]:
        """By heat, t of each tapping addition, as far as what was charged of a recipe was reported."""
        query = (
            sa.select(CHARGES.c.heat_id, CHARGES.c.additions_t)
            .join(RECIPES, RECIPES.c.recipe_id == CHARGES.c.recipe_id)
            .where(RECIPES.c.plant == plant)
        )
        with self._database.reading() as connection:
            return {str(heat_id): dict(masses) for heat_id, masses in connection.execute(query)}

    def outcomes(self, plant: str, after: int = 0) -> list[Outcome]:
        """Outcomes of a plant in the order they came, those after a number of one."""
        query = (
            sa.select(OUTCOMES, RECIPES.c.claims)
            .join(RECIPES, RECIPES.c.recipe_id == OUTCOMES.c.recipe_id)
            .where((RECIPES.c.plant == plant) & (OUTCOMES.c.id > after))
            .order_by(OUTCOMES.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [_outcome(row, tuple(LimitClaim.model_validate(claim) for claim in row["claims"])) for row in rows]

    def erase(self, plant: str, before: str) -> int:
        """Erase recipes made before a time with all that hangs on them; returns how many.

        Those whose outcome margins learn from stay.

        Args:
            plant: whose.
            before: ISO 8601, UTC.
        """
        old = (RECIPES.c.plant == plant) & (RECIPES.c.made_at < before)
        taught = sa.select(OUTCOMES.c.recipe_id)
        numbers = sa.select(RECIPES.c.recipe_id).where(old & RECIPES.c.recipe_id.not_in(taught)).scalar_subquery()
        with self._database.writing() as connection:
            for table in (DECISIONS, CHARGES):
                connection.execute(sa.delete(table).where(table.c.recipe_id.in_(numbers)))
            erased = connection.execute(sa.delete(RECIPES).where(old & RECIPES.c.recipe_id.not_in(taught))).rowcount
            used = sa.select(RECIPES.c.plant_state).where(RECIPES.c.plant_state.is_not(None))
            connection.execute(sa.delete(PLANT_STATES).where(PLANT_STATES.c.sha256.not_in(used)))
        self._states.clear()
        return int(erased)

    def _known(self, connection: sa.Connection, plant: str, recipe_id: str) -> None:
        if connection.scalar(sa.select(RECIPES.c.recipe_id).where(_is(plant, recipe_id))) is None:
            raise _unknown(plant, recipe_id)

    def _approved(self, connection: sa.Connection, recipe_id: str) -> None:
        of = DECISIONS.c.recipe_id == recipe_id
        verdict = connection.scalar(sa.select(DECISIONS.c.verdict).where(of).order_by(DECISIONS.c.id.desc()).limit(1))
        if verdict not in ("accepted", "changed"):
            expected = "a recipe that a person has accepted or changed: this plant charges no other"
            raise InputError(verdict or "not decided", "recipe", expected)

    def _add_state(self, connection: sa.Connection, row: dict[str, Any]) -> None:
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(PLANT_STATES), row)
        except IntegrityError:
            # Another process was first; its row says the same.
            return


def _entries(connection: sa.Connection, these: sa.ColumnElement[bool], most: int) -> list[Entry]:
    """Recipes, the newest first, with all that hangs on them; four questions, however many they are."""
    joined = RECIPES.outerjoin(PLANT_STATES, PLANT_STATES.c.sha256 == RECIPES.c.plant_state)
    order = (RECIPES.c.made_at.desc(), RECIPES.c.recipe_id.desc())
    query = sa.select(RECIPES, PLANT_STATES.c.content).select_from(joined).where(these).order_by(*order).limit(most)
    rows = connection.execute(query).mappings().all()
    numbers = [row["recipe_id"] for row in rows]
    hanging: list[dict[str, list[sa.RowMapping]]] = []
    for table in (DECISIONS, CHARGES, OUTCOMES):
        of: dict[str, list[sa.RowMapping]] = {}
        found = sa.select(table).where(table.c.recipe_id.in_(numbers)).order_by(*table.primary_key)
        for one in connection.execute(found).mappings():
            of.setdefault(one["recipe_id"], []).append(one)
        hanging.append(of)
    return [_entry(row, *(of.get(row["recipe_id"], []) for of in hanging)) for row in rows]


def _entry(
    row: "sa.RowMapping", decided: "list[sa.RowMapping]", charged: "list[sa.RowMapping]", outcome: "list[sa.RowMapping]"
) -> Entry:
    claims = tuple(LimitClaim.model_validate(claim) for claim in row["claims"])
    return Entry(
        recipe_id=row["recipe_id"],
        plant=row["plant"],
        made_at=row["made_at"],
        model_version=row["model_version"],
        asked_by=row["asked_by"] or "",
        recipe=Recipe.model_validate(row["recipe"]),
        claims=claims,
        inputs=_inputs(row),
        decisions=tuple(Decision(**_without(one, "id", "recipe_id")) for one in decided),
        charged=Charged(**_without(charged[0], "recipe_id")) if charged else None,
        outcome=_outcome(outcome[0], claims) if outcome else None,
    )


def _inputs(row: "sa.RowMapping") -> Inputs | None:
    if row["asked"] is None or row["content"] is None:
        return None
    circumstances = row["circumstances"] or {}
    widths = {symbol: (float(low), float(high)) for symbol, (low, high) in circumstances.get("widths", {}).items()}
    heel, rules = circumstances.get("heel_wt_pct", {}), circumstances.get("rules_sha256")
    return Inputs(row["asked"], row["content"], heel, widths, rules, circumstances.get("yard", {}))


def _outcome(row: "sa.RowMapping", claims: tuple[LimitClaim, ...]) -> Outcome:
    analysis = {Element(symbol): float(value) for symbol, value in row["analysis_wt_pct"].items()}
    return Outcome(row["id"], row["recipe_id"], row["heat_id"], claims, analysis)


def _without(row: "sa.RowMapping", *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _is(plant: str, recipe_id: str) -> sa.ColumnElement[bool]:
    return (RECIPES.c.recipe_id == recipe_id) & (RECIPES.c.plant == plant)


def _unknown(plant: str, recipe_id: str) -> InputError:
    return InputError(recipe_id, "recipe", f"the number of a recipe that was made for {plant}")


def _given(recipe_id: str, heat_id: str) -> InputError:
    expected = f"a recipe whose outcome is not known yet; it was given as that of {heat_id}"
    return InputError(recipe_id, "recipe", expected)


def _digest(content: dict[str, Any]) -> str:
    # Sorted keys: the same plant has the same digest in every process.
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
