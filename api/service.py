"""Plants, their models and recipes behind one object: what the routes, the page and the command share."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from api.requests import RecipeRequest
from optimizer.comparison import compare_catalogue, compare_practice
from optimizer.conflicts import ImpossibleOrderError
from optimizer.options import RecipeOptions
from optimizer.outcome import INTERVAL_COVERAGE, outcome_of
from optimizer.problem import RecipeProblem, build_problem
from optimizer.recommend import Optimizer, recipe_from
from optimizer.stopping import within
from plant_adapters.plant_file import read_plant
from plant_adapters.store import HeatStore
from steel.elements import Element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Order
from steel.heats import Charge, HeatLog
from steel.plants import Plant
from steel.recipes import Comparison, ConfidencePrice, Interval, Recipe
from surrogate.description import Description
from surrogate.model import Surrogate, one_heat
from surrogate.registry import Registry, Version
from surrogate.schema import ENERGY

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


@dataclass(frozen=True)
class LoadedPlant:
    """A plant with its model and its past.

    Attributes:
        description: the model at the plant's usual process and newest heel.
    """

    plant: Plant
    model: Surrogate
    version: Version
    history: HeatLog
    description: Description


def problem_of(loaded: LoadedPlant, asked: RecipeRequest) -> RecipeProblem:
    """An order with today's prices and stock as a problem.

    Raises:
        InputError: a value cannot be used.
    """
    today = asked.plant_today(loaded.plant)
    return build_problem(today, asked.order(today), loaded.description, asked.options)


class PlantService:
    """Loads plants on first use and again when their active model changes; safe to share between threads.

    Args:
        plants: folder of plant files. models: folder of the registry. store: the heat store.
    """

    def __init__(self, plants: Path, models: Path, store: HeatStore) -> None:
        self.registry = Registry(models)
        self.store = store
        self.optimizer = Optimizer()
        self._plants = plants
        self._loaded: dict[str, LoadedPlant] = {}
        self._lock = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """Plants that have a plant file and a model."""
        return tuple(name for name in self.registry.plants() if (self._plants / f"{name}.toml").is_file())

    def plant(self, name: str) -> LoadedPlant:
        """A plant ready for questions.

        Raises:
            InputError: there is no such plant. ArtifactError: its model was altered.
        """
        if name not in self.names():
            raise InputError(
                name, "plant", f"one of {', '.join(self.names()) or 'none yet; run `chargewise demo` or `train`'}"
            )
        with self._lock:
            version = self.registry.active_version(name)
            known = self._loaded.get(name)
            if known is None or known.version.version != version:
                self._loaded[name] = known = self._load(name)
            return known

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
        problem = build_problem(plant or loaded.plant, order, loaded.description, options)
        others: tuple[Comparison, ...] = ()
        with within(options.time_limit_s):
            solution = self.optimizer.solution(problem)
            if compare:
                ways = (compare_practice(problem, loaded.history), compare_catalogue(problem))
                others = tuple(way for way in ways if way is not None)
        return recipe_from(problem, solution, outcome_of(problem, solution.columns_t), others)

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

    def _load(self, name: str) -> LoadedPlant:
        plant = read_plant(self._plants / f"{name}.toml")
        model, version = self.registry.active(name)
        history = self.store.log(name)
        return LoadedPlant(plant, model, version, history, describe_plant(plant, model, history))


def describe_plant(plant: Plant, model: Surrogate, history: HeatLog) -> Description:
    """The model at the plant's usual process, with the newest analysed heat as heel."""
    furnace = plant.furnace
    heel: dict[Element, float] = {}
    if furnace.heel_t > 0:
        known = np.isfinite(history.analysis_wt_pct).any(axis=1)
        newest = history.analysis_wt_pct[np.flatnonzero(known)[-1]] if known.any() else []
        heel = {e: float(w) for e, w in zip(history.elements, newest, strict=False) if np.isfinite(w)}
    return model.describe(furnace.process, furnace.heel_t / (furnace.heel_t + furnace.tap_weight_t), heel)


def _at_usual(charge: Charge, loaded: LoadedPlant) -> Charge:
    """The charge with the plant's usual process inputs and newest heel where it names none."""
    update: dict[str, Any] = {"process": {**loaded.plant.furnace.process, **charge.process}}
    if charge.heel_t == 0.0 and loaded.plant.furnace.heel_t > 0:
        update |= {"heel_t": loaded.plant.furnace.heel_t, "heel_wt_pct": loaded.description.heel_wt_pct}
    return charge.model_copy(update=update)
