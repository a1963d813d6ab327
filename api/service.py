"""Plants, their models and recipes behind one object: what the routes, the page and the command share."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from api.plants import LoadedPlant, Plants
from api.requests import RecipeRequest
from optimizer.explain.comparison import compare_catalogue, compare_practice
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import INTERVAL_COVERAGE, outcome_of
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.recommend import Optimizer, recipe_from
from optimizer.solve.interruption import within
from plant_adapters.store import HeatStore
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Order
from steel.heats import Charge
from steel.plants import Plant
from steel.recipes import Comparison, ConfidencePrice, Interval, Recipe
from surrogate.model import one_heat
from surrogate.registry import Registry
from surrogate.schema import ENERGY

MOST_ANSWERS = 256
USUAL_CONFIDENCES = (0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995)


class ChargePrediction(Frozen):
    """What a given charge will give, with two-sided 90 % intervals.

    Attributes:
        tapped_t: furnace steel from the charge, t.
        analysis_wt_pct: bath at tap. energy_kwh_per_t: electricity per t tapped.
    """

    plant: str
    model_version: str
    tapped_t: float
    analysis_wt_pct: dict[Element, Interval]
    energy_kwh_per_t: Interval


def problem_of(loaded: LoadedPlant, asked: RecipeRequest) -> RecipeProblem:
    """An order with today's prices and stock as a problem.

    Raises:
        InputError: a value cannot be used.
    """
    today = asked.plant_today(loaded.plant)
    return build_problem(today, asked.order(today), loaded.description, asked.options)


class PlantService:
    """Every question to a plant's optimizer; safe to share between threads.

    Args:
        plants: folder of plant files.
        models: folder of the registry.
        store: the heat store.
    """

    def __init__(self, plants: Path, models: Path, store: HeatStore) -> None:
        self.registry = Registry(models)
        self.optimizer = Optimizer()
        self.plants = Plants(plants, self.registry, store)
        self._answered: OrderedDict[Hashable, Recipe] = OrderedDict()
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
        plant = plant or loaded.plant
        asked = _question(loaded, plant, order, options, compare)
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
        recipe = recipe.model_copy(update={"notes": (*recipe.notes, *_loosened(loaded.plant, order))})
        with self._lock:
            # Two who ask at once are told the same, too.
            recipe = self._answered.setdefault(asked, recipe)
            while len(self._answered) > MOST_ANSWERS:
                self._answered.popitem(last=False)
        return recipe

    def confidence_prices(
        self, loaded: LoadedPlant, order: Order, options: RecipeOptions, plant: Plant
    ) -> tuple[ConfidencePrice, ...]:
        """What the order costs at every usual confidence, the others of its options as they are.

        Raises:
            InputError: a value cannot be used.
            SolverError: time ran out before any recipe was found.
        """
        found = []
        for level in USUAL_CONFIDENCES:
            asked = options.model_copy(update={"confidence": level})
            problem = build_problem(plant, order, loaded.description, asked)
            try:
                with within(options.time_limit_s / len(USUAL_CONFIDENCES)):
                    columns = self.optimizer.solution(problem, explain=False).columns_t
                cost = outcome_of(problem, columns).costs_eur_per_t.total
            except ImpossibleOrderError:
                cost = None
            found.append(ConfidencePrice(confidence=level, cost_eur_per_t=cost))
        return tuple(found)

    def predict(self, loaded: LoadedPlant, charge: Charge) -> ChargePrediction:
        """What a charge will give.

        Raises:
            InputError: it charges a material the model does not know, or nothing that yields steel.
        """
        model = loaded.model
        heat = one_heat(_at_usual(charge, loaded), model.schema.elements)
        found = model.predict(heat)

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


def _loosened(plant: Plant, order: Order) -> tuple[str, ...]:
    """Limits of an order that allow what its grade does not."""
    try:
        grade = plant.grade(order.grade.name)
    except InputError:
        return ()
    asked = order.grade
    above = [
        f"{element} ≤ {limit:g} wt% is looser than the {grade.maximum_wt_pct[element]:g} wt% of {grade.name}"
        for element, limit in asked.maximum_wt_pct.items()
        if grade.is_above(element, limit)
    ]
    below = [
        f"{element} ≥ {limit:g} wt% is looser than the {grade.minimum_wt_pct[element]:g} wt% of {grade.name}"
        for element, limit in asked.minimum_wt_pct.items()
        if grade.is_below(element, limit)
    ]
    return (*above, *below)


def _question(loaded: LoadedPlant, plant: Plant, order: Order, options: RecipeOptions, compare: bool) -> Hashable:
    """Everything that an answer depends on."""
    yard = tuple(
        (id(item.material), item.price_eur_per_t, item.available_t, item.min_t, item.max_t, item.min_lot_t, item.lift_t)
        for item in plant.yard
    )
    # The loaded plant keeps alive, and stands for, what is the same on all days; a changed one is told by its content.
    kept = loaded.plant
    same = plant.furnace is kept.furnace and plant.groups is kept.groups and plant.notes is kept.notes
    rest = "" if same else plant.model_dump_json(exclude={"yard"})
    return (loaded, yard, plant.prices, rest, order.model_dump_json(), options.model_dump_json(), compare)


def _at_usual(charge: Charge, loaded: LoadedPlant) -> Charge:
    """The charge with the plant's usual process inputs and newest heel where it names none."""
    update: dict[str, Any] = {"process": {**loaded.plant.furnace.process, **charge.process}}
    if charge.heel_t == 0.0 and loaded.plant.furnace.heel_t > 0:
        update |= {"heel_t": loaded.plant.furnace.heel_t, "heel_wt_pct": loaded.description.heel_wt_pct}
    return charge.model_copy(update=update)
