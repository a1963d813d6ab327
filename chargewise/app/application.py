"""The application: every question to a plant behind one object, which page, REST and command share."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargewise.app.findings import Findings
from chargewise.app.jobs.queue import JobQueue
from chargewise.app.month import MonthOrder, plan_month
from chargewise.app.orders import CampaignOrder, HeatOrder
from chargewise.app.plants import LoadedPlant, Plants
from chargewise.app.questions import loosened, question
from chargewise.app.sequences import SequenceOrder, planned_sequence
from chargewise.app.stock_doubt import stock_doubt
from optimizer.explain.alternatives import alternatives
from optimizer.explain.claims import claims_of
from optimizer.explain.comparison import compare_catalogue, compare_practice
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import INTERVAL_COVERAGE, outcome_of
from optimizer.explain.ranges import ranges
from optimizer.explain.ranking import cheapest_different
from optimizer.explain.recommend import Optimizer, recipe_from
from optimizer.explain.review import review
from optimizer.explain.substitutes import substitutes
from optimizer.plan.basket_count import basket_choices
from optimizer.plan.campaign import plan_campaign
from optimizer.plan.front import check_objectives, front
from optimizer.plan.lots_apart import with_lots_apart
from optimizer.plan.priorities import in_turn
from optimizer.plan.supply import check_supply
from optimizer.problem.options import Objective, RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.interruption import within
from plant_adapters.store.store import HeatStore
from scenarios.what_if.scenario import Scenario
from scenarios.what_if.study import WhatIf, what_if
from steel.answers import BasketChoices, Ranges, RankedRecipe, Substitutes
from steel.buying import MonthAdvice
from steel.campaigns import CampaignPlan
from steel.claims import LimitClaim
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Order
from steel.heats import Charge
from steel.plants import Plant
from steel.recipes import Alternative, Comparison, ConfidencePrice, FrontPoint, Interval, Recipe, Review
from steel.sequences import SequencePlan
from surrogate.fit.suppliers import supplier_effects
from surrogate.model.model import one_heat
from surrogate.model.schema import ENERGY
from surrogate.store.registry import Registry

MOST_ANSWERS = 256
Share = Callable[[float], None]
"""Is called with the share done."""
USUAL_CONFIDENCES = (0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995)


class ChargePrediction(Frozen):
    """What a given charge will give, with two-sided 90 % intervals.

    Attributes:
        tapped_t: furnace steel from the charge, t.
        analysis_wt_pct: bath at tap.
        energy_kwh_per_t: electricity per t tapped.
    """

    plant: str
    model_version: str
    tapped_t: float
    analysis_wt_pct: dict[Element, Interval]
    energy_kwh_per_t: Interval


@dataclass(frozen=True)
class Answer:
    """A recipe, what it claims, and what it was made from.

    Attributes:
        loaded: model, margins and heel.
        plant: as the order found it, before the order's own prices and stock.
    """

    recipe: Recipe
    claims: tuple[LimitClaim, ...]
    loaded: LoadedPlant
    plant: Plant


class Application:
    """Plants, their models and every question about them; safe to share between threads.

    Args:
        plants: folder of plant files.
        models: folder of the registry.
        store: the heat store.
    """

    def __init__(self, plants: Path, models: Path, store: HeatStore) -> None:
        self.registry = Registry(models)
        self.optimizer = Optimizer()
        self.plants = Plants(plants, self.registry, store)
        self.store, self.database = store, store.database
        self.jobs = JobQueue(self.database)
        self.findings = Findings(self.plants, store)
        self._answered: OrderedDict[Hashable, tuple[Recipe, tuple[LimitClaim, ...]]] = OrderedDict()
        self._lock = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """Plants that have a plant file and a model."""
        return self.plants.names()

    def plant(self, name: str) -> LoadedPlant:
        """A plant ready for questions.

        Raises:
            InputError: there is no such plant.
            NotReadyError: its plant file or model cannot be used.
        """
        return self.plants.loaded(name)

    def problem(self, asked: HeatOrder, plant: Plant | None = None) -> RecipeProblem:
        """An order with today's prices and stock as a problem.

        Args:
            asked: the order.
            plant: the plant to take instead of its file's, such as one with a price list.

        Raises:
            InputError: there is no such plant, or a value cannot be used.
        """
        loaded = self.plant(asked.plant)
        today = asked.plant_today(plant or loaded.plant)
        return build_problem(today, asked.order(today), loaded.description, asked.options)

    def recipe(self, asked: HeatOrder, compare: bool = True, plant: Plant | None = None) -> Recipe:
        """The cheapest recipe of an order, with what it saves.

        Args:
            asked: the order.
            compare: whether to price the plant's practice and a catalogue calculation too.
            plant: the plant to take instead of its file's, such as one with a price list.

        Raises:
            ImpossibleOrderError: no recipe meets the order.
            InputError: there is no such plant, or a value cannot be used.
        """
        return self.answer(asked, compare, plant).recipe

    def answer(self, asked: HeatOrder, compare: bool = True, plant: Plant | None = None) -> Answer:
        """The same with what it was made from and what it claims."""
        loaded = self.plant(asked.plant)
        base = plant or loaded.plant
        today = asked.plant_today(base)
        recipe, claims = self._recommend(loaded, asked.order(today), asked.options, today, compare)
        return Answer(recipe, claims, loaded, base)

    def alternatives(self, asked: HeatOrder) -> tuple[Alternative, ...]:
        """The cheapest recipes without each material that the optimal one uses, cheapest first."""
        return alternatives(self.optimizer, self.problem(asked))

    def substitutes(self, asked: HeatOrder, unavailable: tuple[str, ...], bay: str | None = None) -> Substitutes:
        """What takes the place of materials that are not to be had after all, or of all that a bay holds.

        Raises:
            ImpossibleOrderError: no recipe meets the order even with them.
            InputError: a material is not in the recipe, or the bay holds none.
        """
        if bay is not None:
            held = self.plants.book.materials_in(asked.plant, bay)
            if not held:
                raise InputError(bay, "bay", "one that holds a material, by the yard's books")
            unavailable = (*unavailable, *(name for name in held if name not in unavailable))
        return substitutes(self.optimizer, self.problem(asked), unavailable)

    def basket_choices(self, asked: HeatOrder) -> BasketChoices:
        """How many baskets an order should be charged in, and what the last of them may cost.

        Raises:
            ImpossibleOrderError: no number of baskets makes the order.
            InputError: the plant does not state its baskets.
        """
        loaded = self.plant(asked.plant)
        today = asked.plant_today(loaded.plant)
        return basket_choices(self.optimizer, today, asked.order(today), loaded.description, asked.options)

    def lot_recipe(self, asked: HeatOrder) -> Recipe:
        """The cheapest recipe of an order that chooses among the yard's open lots, not only materials.

        Raises:
            ImpossibleOrderError: no recipe meets the order.
            InputError: a value cannot be used, or the plant's model cannot tell lots apart.
        """
        loaded = self.plant(asked.plant)
        today = asked.plant_today(loaded.plant)
        supplied = self.plants.book.supplied(asked.plant)
        effects = supplier_effects(loaded.model, loaded.history, supplied) if supplied else None
        lots = self.plants.book.lots(asked.plant)
        plant, description = with_lots_apart(today, loaded.description, lots, effects)
        return self.optimizer.recommend(plant, asked.order(plant), description, asked.options)

    def ranked(self, asked: HeatOrder, count: int, dearer_by: float) -> tuple[RankedRecipe, ...]:
        """The cheapest recipes that differ in their materials, up to a share dearer than the cheapest."""
        return cheapest_different(self.optimizer, self.problem(asked), count, dearer_by)

    def ranges(self, asked: HeatOrder, time_limit_s: float, progress: Share | None = None) -> Ranges:
        """Over which range of each price and limit the recipe is made of the same materials."""
        return ranges(self.optimizer, self.problem(asked), time_limit_s, progress)

    def review(self, asked: HeatOrder, charged_t: dict[str, float]) -> Review:
        """What a person's own charge misses, and what it costs more than the optimal recipe."""
        problem = self.problem(asked)
        return review(problem, self.optimizer.solution(problem), charged_t)

    def front(
        self, asked: HeatOrder, objectives: tuple[Objective, ...], points: int, progress: Share | None = None
    ) -> tuple[FrontPoint, ...]:
        """Recipes over the Pareto front of two to four objectives."""
        return front(self.problem(asked), objectives, points, progress=progress)

    def check_front(self, asked: HeatOrder, objectives: tuple[Objective, ...]) -> None:
        """Refuse what no front can be made of, without making one.

        Raises:
            InputError: there is no such plant, a value cannot be used, or the objectives are not different.
        """
        check_objectives(objectives)
        self.problem(asked)

    def check_campaign(self, asked: CampaignOrder) -> None:
        """Refuse what no campaign can be planned of, without planning one.

        Raises:
            InputError: there is no such plant, or a value cannot be used.
        """
        today = asked.plant_today(self.plant(asked.plant).plant)
        check_supply(today, asked.campaign(today))

    def priorities(self, asked: HeatOrder, turns: list[tuple[Objective, float]]) -> tuple[FrontPoint, ...]:
        """One objective after another, each with the share of its best value that later ones may cost."""
        return in_turn(self.problem(asked), turns)

    def campaign(
        self, asked: CampaignOrder, workers: int = 1, progress: Callable[[str, float], None] | None = None
    ) -> CampaignPlan:
        """The cheapest plan for many heats over one stock."""
        loaded = self.plant(asked.plant)
        today = asked.plant_today(loaded.plant)
        heats = asked.campaign(today)
        limit_s = asked.time_limit_s
        return plan_campaign(today, heats, loaded.description, asked.options, limit_s, workers, progress)

    def sequence(self, asked: SequenceOrder) -> SequencePlan:
        """The heats that are left of a cast sequence, each with what the one before leaves.

        Raises:
            ImpossibleOrderError: one of the orders could not be made.
            InputError: there is no such plant, or a value cannot be used.
        """
        return planned_sequence(self.optimizer, self.plant(asked.plant), asked)

    def month(
        self, asked: MonthOrder, workers: int = 1, progress: Callable[[str, float], None] | None = None
    ) -> MonthAdvice:
        """Which offers to take for a month's order book, and up to which price each pays."""
        return plan_month(self.plants, asked, workers, progress)

    def recommend(
        self,
        loaded: LoadedPlant,
        order: Order,
        options: RecipeOptions,
        plant: Plant | None = None,
        compare: bool = True,
    ) -> Recipe:
        """The cheapest recipe, with what it saves.

        Args:
            loaded: whose model and past.
            order: grade and mass of one heat.
            options: confidence and rules.
            plant: the plant with today's prices and stock; the plant file's unless given.
            compare: whether to price the plant's practice and a catalogue calculation too.

        Raises:
            ImpossibleOrderError: no recipe meets the order. InputError: a value cannot be used.
        """
        return self._recommend(loaded, order, options, plant or loaded.plant, compare)[0]

    def _recommend(
        self, loaded: LoadedPlant, order: Order, options: RecipeOptions, plant: Plant, compare: bool
    ) -> tuple[Recipe, tuple[LimitClaim, ...]]:
        asked = question(loaded, plant, order, options, compare)
        with self._lock:
            # Optima within the gap of one another differ by where a search began: who asks the same is told the same.
            if asked in self._answered:
                self._answered.move_to_end(asked)
                return self._answered[asked]
        problem = build_problem(plant, order, loaded.description, options)
        others: tuple[Comparison, ...] = ()
        with within(options.time_limit_s):
            solution = self.optimizer.solution(problem)
            if compare:
                ways = (compare_practice(problem, loaded.history), compare_catalogue(problem))
                others = tuple(way for way in ways if way is not None)
        recipe = recipe_from(problem, solution, outcome_of(problem, solution.columns_t), others)
        notes = (*recipe.notes, *loosened(loaded.plant, order))
        limited = [(line.element, "maximum") for line in recipe.analysis if line.maximum_wt_pct is not None]
        limited += [(line.element, "minimum") for line in recipe.analysis if line.minimum_wt_pct is not None]
        kept = tuple(one for one in loaded.feedback.kept() if (one.element, one.side) in limited)
        surely_t, told_t = loaded.yard.surely_t, loaded.yard.stocks_t
        doubt = stock_doubt(self.optimizer, problem, solution.columns_t, surely_t, told_t) if surely_t else None
        notes = notes if doubt is None else (*notes, doubt.in_words())
        recipe = recipe.model_copy(update={"notes": notes, "kept_claims": kept, "stock_doubt": doubt})
        found = (recipe, claims_of(problem, solution.columns_t))
        with self._lock:
            # Two who ask at once are told the same, too.
            found = self._answered.setdefault(asked, found)
            while len(self._answered) > MOST_ANSWERS:
                self._answered.popitem(last=False)
        return found

    def what_if(
        self,
        plant: str,
        scenario: Scenario,
        grades: tuple[str, ...] = (),
        options: RecipeOptions | None = None,
        workers: int = 1,
        progress: Callable[[str, float], None] | None = None,
    ) -> WhatIf:
        """What a scenario comes to at a plant.

        Raises:
            InputError: there is no such plant or grade, or the scenario names a material that the yard does not have.
        """
        loaded = self.plant(plant)
        return what_if(loaded.plant, loaded.description, scenario, grades, options, workers, progress)

    def confidence_prices(self, asked: HeatOrder) -> tuple[ConfidencePrice, ...]:
        """What the order costs at every usual confidence, the others of its options as they are.

        Raises:
            InputError: a value cannot be used.
            SolverError: time ran out before any recipe was found.
        """
        loaded = self.plant(asked.plant)
        today = asked.plant_today(loaded.plant)
        order, found = asked.order(today), []
        for level in USUAL_CONFIDENCES:
            options = asked.options.model_copy(update={"confidence": level})
            problem = build_problem(today, order, loaded.description, options)
            try:
                with within(options.time_limit_s / len(USUAL_CONFIDENCES)):
                    columns = self.optimizer.solution(problem, explain=False).columns_t
                cost = outcome_of(problem, columns).costs_eur_per_t.total
            except ImpossibleOrderError:
                cost = None
            found.append(ConfidencePrice(confidence=level, cost_eur_per_t=cost))
        return tuple(found)

    def predict(self, plant: str, charge: Charge) -> ChargePrediction:
        """What a charge will give.

        Raises:
            InputError: there is no such plant, or it charges a material the model does not know, or no steel.
        """
        loaded = self.plant(plant)
        model = loaded.model
        heat = one_heat(_at_usual(charge, loaded), model.schema.elements)
        found = model.predict(heat, planned=True)

        def interval(name: str) -> Interval:
            low, high = model.interval(name, found, INTERVAL_COVERAGE)
            return Interval(mean=float(found.mean[name][0]), low=max(0.0, float(low[0])), high=float(high[0]))

        return ChargePrediction(
            plant=loaded.plant.name,
            model_version=loaded.version.version,
            tapped_t=float(found.tapped_t[0]),
            analysis_wt_pct={element: interval(element.value) for element in model.schema.elements},
            energy_kwh_per_t=interval(ENERGY),
        )


def _at_usual(charge: Charge, loaded: LoadedPlant) -> Charge:
    """The charge with the plant's usual process inputs and newest heel where it names none."""
    update: dict[str, Any] = {"process": {**loaded.plant.furnace.process, **charge.process}}
    if charge.heel_t == 0.0 and loaded.plant.furnace.heel_t > 0:
        update |= {"heel_t": loaded.plant.furnace.heel_t, "heel_wt_pct": loaded.description.heel_wt_pct}
    return charge.model_copy(update=update)
