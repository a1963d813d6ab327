"""Recipes that are written down: made, decided on, charged, judged by their heat, and made again later."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from chargewise.app.application import Answer, Application
from chargewise.app.audit import Audit
from chargewise.app.orders import HeatOrder
from chargewise.app.yard_today import YardToday
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from plant_adapters.store.database import stamp
from plant_adapters.store.journal_entries import Charged, Decision, Entry, Inputs, Verdict
from steel.claims import KeptClaim
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.plants import Plant
from steel.recipes import Interval, Recipe

SAME = 1e-6
"""Relative difference of two predictions, or costs, that is none."""


class RecipeRecord(Recipe):
    """A recipe as the journal has it.

    Attributes:
        recipe_id: under which it is fetched, decided on, charged and judged.
        model_version: of the surrogate that foresaw it.
        made_at: ISO 8601, UTC.
        cost_eur_per_t: everything its objective pays for.
    """

    recipe_id: str
    plant: str
    model_version: str
    made_at: str
    cost_eur_per_t: float


class Foreseen(Frozen):
    """One element as it was predicted and as it was analysed, wt%.

    Attributes:
        inside: whether the analysis lies in the two-sided 90 % interval.
    """

    predicted: Interval
    analysed: float
    inside: bool


class RecipeStory(Frozen):
    """A recipe and all that came of it.

    Attributes:
        asked_by: who asked for it.
        asked: the order, as it was asked; None of a recipe that was kept before orders were.
        decisions: what people decided of it; the last one counts.
        charged: what was really charged.
        heat_id: the heat that was made of it.
        foreseen: prediction against analysis, once its outcome is known.
    """

    recipe: RecipeRecord
    asked_by: str
    asked: dict[str, Any] | None
    decisions: tuple[Decision, ...]
    charged: Charged | None
    heat_id: str | None
    foreseen: dict[Element, Foreseen]


class Reproduction(Frozen):
    """A recipe made again from what the journal has of it.

    Attributes:
        same: whether its predictions are the same, and its cost as near to the optimum as was proven.
        predictions_differ_by: relative, the most of any of them, of the masses that were recommended.
        cost_eur_per_t: as it was recommended, today's total of the same sums.
        solved_again_eur_per_t: what the same order costs when it is solved again.
        optimality_gap: that was proven for it.
        masses_differ_by_t: the most of any material; recipes that cost the same can differ.
    """

    recipe_id: str
    same: bool
    predictions_differ_by: float
    cost_eur_per_t: float
    solved_again_eur_per_t: float
    optimality_gap: float
    masses_differ_by_t: float


class Records:
    """The journal of an application's recipes.

    Args:
        application: that makes them.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._journal = application.plants.journal
        self._audit = Audit(application.database)

    def make(self, asked: HeatOrder, by: str, compare: bool = True, plant: Plant | None = None) -> RecipeRecord:
        """The cheapest recipe of an order, written down.

        Args:
            asked: the order.
            by: who asks.
            compare: whether to price the plant's practice and a catalogue calculation too.
            plant: the plant to take instead of its file's, such as one with a price list.

        Raises:
            ImpossibleOrderError: no recipe meets the order.
            InputError: there is no such plant, or a value cannot be used.
        """
        answer = self._application.answer(asked, compare, plant)
        version = answer.loaded.version.version
        inputs = _inputs(asked, answer)
        number, now = self._journal.write(asked.plant, version, by, answer.recipe, answer.claims, inputs)
        return _record(answer.recipe, number, asked.plant, version, now)

    def plant_of(self, recipe_id: str) -> str | None:
        """The plant that a recipe was made for; None where there is no such recipe."""
        return self._journal.plant_of(recipe_id)

    def story(self, plant: str, recipe_id: str) -> RecipeStory:
        """A recipe and all that came of it.

        Raises:
            InputError: the plant has no such recipe.
        """
        return _story(self._journal.entry(plant, recipe_id))

    def stories(self, plant: str, most: int, before: tuple[str, str] | None = None) -> list[RecipeStory]:
        """A plant's recipes and all that came of them, the newest first; before when and number of one."""
        return [_story(entry) for entry in self._journal.entries(plant, most, before)]

    def erase(self, plant: str, before: datetime, by: str) -> int:
        """Erase recipes made before a time, but not those whose outcome margins learn from; returns how many."""
        erased = self._journal.erase(plant, stamp(before))
        if erased:
            self._audit.note(by, "recipes erased", plant, f"before {before:%Y-%m-%d %H:%M} UTC", recipes=erased)
        return erased

    def decide(
        self, plant: str, recipe_id: str, verdict: Verdict, by: str, reason: str = "",
        charged_t: dict[str, float] | None = None,
    ) -> Decision:  # fmt: skip
        """What a person decides of a recipe.

        Raises:
            InputError: there is no such recipe, it is charged already, something is changed to nothing, rejected
                without a reason, or a material is not in the yard.
        """
        if verdict == "changed" and not charged_t:
            raise InputError(charged_t, "charged_t", "what is charged in its place, t by material")
        if verdict != "changed" and charged_t:
            raise InputError(verdict, "verdict", "changed, where a charge of one's own is given")
        if verdict == "rejected" and not reason.strip():
            raise InputError(reason, "reason", "why it is rejected")
        self._known(plant, charged_t or {})
        found = self._journal.decide(plant, recipe_id, verdict, by, reason, charged_t)
        self._audit.note(by, f"recipe {verdict}", plant, recipe_id, reason=reason)
        return found

    def charge(
        self, plant: str, recipe_id: str, heat_id: str, by: str, charged_t: dict[str, float],
        additions_t: dict[str, float],
    ) -> Charged:  # fmt: skip
        """What was really charged of a recipe; the same report twice is one.

        Raises:
            InputError: there is no such recipe, something else was charged of it already, a material is not in the
                yard, or the plant charges only what is approved.
        """
        self._known(plant, {**charged_t, **additions_t})
        approved_only = self._application.plant(plant).plant.approval_required
        return self._journal.charge(plant, recipe_id, heat_id, by, charged_t, additions_t, approved_only)

    def give_outcome(
        self, plant: str, recipe_id: str, heat_id: str, analysis_wt_pct: Mapping[Element, float]
    ) -> tuple[KeptClaim, ...]:
        """What became of a recipe; margins follow, so that what is claimed is kept in the long run.

        Returns:
            How every limit's claims were kept so far.

        Raises:
            InputError: there is no such plant or recipe, or its outcome is known already.
        """
        self._application.plant(plant)
        self._journal.give_outcome(plant, recipe_id, heat_id, analysis_wt_pct)
        return self._application.plant(plant).feedback.kept()

    def reproduce(self, plant: str, recipe_id: str) -> Reproduction:
        """Make a recipe again from the journal alone: its order, plant, model, heel and margins as they were.

        Raises:
            InputError: there is no such recipe, its inputs were not kept, its model is gone, or the plant's own rules
                are others now.
        """
        entry = self._journal.entry(plant, recipe_id)
        problem = self._problem_of(entry)
        names = [item.material.name for item in problem.items]
        masses = {line.material: line.mass_t for line in entry.recipe.lines}
        then = np.array([masses.get(name, 0.0) for name in names])
        solution = Optimizer().solution(problem)
        again, outcome = outcome_of(problem, solution.columns_t), outcome_of(problem, then)
        now = {line.element: line.predicted.mean for line in outcome.analysis}
        pairs = [(line.predicted.mean, now[line.element]) for line in entry.recipe.analysis]
        pairs += [
            (entry.recipe.costs_eur_per_t.total, outcome.costs_eur_per_t.total),
            (entry.recipe.energy_kwh_per_t.mean, outcome.energy_kwh_per_t.mean),
        ]
        differ = max(abs(a - b) / max(abs(a), abs(b), SAME) for a, b in pairs)
        cost, best = outcome.costs_eur_per_t.total, again.costs_eur_per_t.total
        near = abs(cost - best) <= (entry.recipe.optimality_gap + solution.gap + SAME) * abs(cost)
        return Reproduction(
            recipe_id=recipe_id,
            same=differ <= SAME and near,
            predictions_differ_by=differ,
            cost_eur_per_t=cost,
            solved_again_eur_per_t=best,
            optimality_gap=entry.recipe.optimality_gap,
            masses_differ_by_t=float(np.abs(then - solution.columns_t).max()),
        )

    def _problem_of(self, entry: Entry) -> RecipeProblem:
        inputs = entry.inputs
        if inputs is None:
            raise InputError(entry.recipe_id, "recipe", "one that was made since inputs are kept")
        plant = Plant.model_validate(inputs.plant)
        if inputs.rules_sha256 is not None:
            rules = self._application.plant(entry.plant).plant.rules
            if rules is None or _sha256(rules.text) != inputs.rules_sha256:
                raise InputError(entry.recipe_id, "recipe", "a plant whose own rules are the ones it was made under")
            plant = plant.model_copy(update={"rules": rules})
        plant = YardToday(inputs.yard).on(plant)
        asked = HeatOrder.model_validate(inputs.asked)
        today = asked.plant_today(plant)
        model, _ = self._application.registry.version(entry.plant, entry.model_version)
        furnace = plant.furnace
        share = furnace.heel_t / (furnace.heel_t + furnace.tap_weight_t)
        heel = {Element(symbol): value for symbol, value in inputs.heel_wt_pct.items()}
        widths = {Element(symbol): width for symbol, width in inputs.widths.items()}
        description = replace(model.describe(furnace.process, share, heel), widths=widths)
        return build_problem(today, asked.order(today), description, asked.options)

    def _known(self, plant: str, masses_t: dict[str, float]) -> None:
        yard = [item.material.name for item in self._application.plant(plant).plant.yard]
        strange = sorted(masses_t.keys() - set(yard))
        if strange:
            raise InputError(strange, "charged_t", f"materials of the yard: {', '.join(yard)}")


def _story(entry: Entry) -> RecipeStory:
    return RecipeStory(
        recipe=_record(entry.recipe, entry.recipe_id, entry.plant, entry.model_version, entry.made_at),
        asked_by=entry.asked_by,
        asked=None if entry.inputs is None else entry.inputs.asked,
        decisions=entry.decisions,
        charged=entry.charged,
        heat_id=entry.outcome.heat_id if entry.outcome else entry.charged.heat_id if entry.charged else None,
        foreseen={} if entry.outcome is None else _foreseen(entry.recipe, entry.outcome.analysis_wt_pct),
    )


def _inputs(asked: HeatOrder, answer: Answer) -> Inputs:
    loaded, rules = answer.loaded, answer.plant.rules
    description, today = loaded.description, answer.plant is loaded.plant
    return Inputs(
        asked=asked.model_dump(mode="json", include=set(HeatOrder.model_fields), exclude_defaults=True),
        plant=loaded.described_content if today else answer.plant.model_dump(mode="json"),
        heel_wt_pct={element.value: value for element, value in description.heel_wt_pct.items()},
        widths={element.value: width for element, width in description.widths.items()},
        rules_sha256=None if rules is None else _sha256(rules.text),
        yard=loaded.yard.changes if today else {},
    )


def _record(recipe: Recipe, number: str, plant: str, version: str, made_at: str) -> RecipeRecord:
    return RecipeRecord.model_construct(
        **dict(recipe), recipe_id=number, plant=plant, model_version=version, made_at=made_at,
        cost_eur_per_t=recipe.costs_eur_per_t.total,
    )  # fmt: skip


def _foreseen(recipe: Recipe, analysis_wt_pct: Mapping[Element, float]) -> dict[Element, Foreseen]:
    predicted = {line.element: line.predicted for line in recipe.analysis}
    return {
        element: Foreseen(
            predicted=predicted[element],
            analysed=value,
            inside=predicted[element].low <= value <= predicted[element].high,
        )
        for element, value in analysis_wt_pct.items()
        if element in predicted
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
