"""Who decides what is charged: Chargewise, a linear programme on catalogue figures, the plant's practice."""

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from optimizer.explain.claims import claims_of
from optimizer.explain.comparison import complete_at_tapping
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.errors import InfeasibleError, SolverError
from optimizer.solve.solver import solve_recipe
from scenarios.closed_loop.future import Future
from scenarios.practice import RESIDUAL_RULES, attractiveness, metal_charge_t, usual_t
from scenarios.virtual_plant import BELIEF_ERROR, VirtualPlant
from scenarios.world import ANALYSED, stable_rng
from steel.claims import LimitClaim
from steel.elements import Element
from steel.grades import Grade, Order
from steel.heats import FloatArray, HeatLog
from steel.plants import Plant, YardItem
from surrogate.fit.update import update
from surrogate.judge.deliveries import ChangedDelivery, DeliveryWatch, moved_to
from surrogate.judge.feedback import Feedback
from surrogate.model.catalogue_model import catalogue_description
from surrogate.model.description import Description
from surrogate.model.model import Surrogate

LESS_SURE = (0.9, 0.8, 0.65, 0.5)
"""Confidences that are tried in turn where nothing holds the one asked for."""


@dataclass(frozen=True)
class Day:
    """What a policy knows when it decides on a heat.

    Attributes:
        heat: its number, counted from 0.
        plant: with the day's prices and stock.
        order: what is to be made.
        heel_wt_pct: steel of the heat before, as analysed.
    """

    heat: int
    plant: Plant
    order: Order
    heel_wt_pct: dict[Element, float]

    @property
    def heel_share(self) -> float:
        """Share of the bath that is heel."""
        furnace = self.plant.furnace
        return furnace.heel_t / (furnace.heel_t + furnace.tap_weight_t)


@dataclass(frozen=True)
class Decided:
    """What a policy charges, and what it claims of that.

    Attributes:
        charged_t: furnace materials by name.
        additions_t: tapping additions by name.
        claims: of its limits; none where it claims nothing.
    """

    charged_t: dict[str, float]
    additions_t: dict[str, float]
    claims: tuple[LimitClaim, ...] = ()


class Policy(Protocol):
    """Decides heat by heat, and learns from what came of it."""

    def decide(self, day: Day) -> Decided:
        """What to charge."""
        ...

    def learn(self, heat: HeatLog, claims: tuple[LimitClaim, ...], final_wt_pct: dict[Element, float]) -> None:
        """Take in one heat as the plant recorded it, and its final analysis."""
        ...


def decided(problem: RecipeProblem, columns_t: FloatArray, claims: tuple[LimitClaim, ...] = ()) -> Decided:
    """A recipe (n + m,) by names."""
    return Decided(*problem.charge_of(columns_t), claims)


@dataclass
class Chargewise:
    """Recipes by a surrogate that learns on.

    Attributes:
        model: what it knows.
        confidence: of each limit.
        with_feedback: whether outcomes move its margins, and changed deliveries the model at once.
        dearest: share by which sureness may make a recipe dearer than even odds, before less sure is good enough; a
            plant that knows nothing yet cannot pay for certainty.
        options: everything else that is asked of its recipes.
    """

    model: Surrogate
    confidence: float = 0.95
    with_feedback: bool = False
    dearest: float | None = None
    options: RecipeOptions = field(default_factory=RecipeOptions)
    feedback: Feedback = field(default_factory=Feedback)
    watch: DeliveryWatch = field(default_factory=DeliveryWatch)
    told: dict[str, ChangedDelivery] = field(default_factory=dict)
    optimizer: Optimizer = field(default_factory=Optimizer)

    def described(self, day: Day) -> Description:
        """The model on a day."""
        found = self.model.describe(day.plant.furnace.process, day.heel_share, day.heel_wt_pct)
        return replace(found, widths=self.feedback.widths()) if self.with_feedback else found

    def problem(self, day: Day, confidence: float) -> RecipeProblem:
        """The day's order."""
        options = self.options.model_copy(update={"confidence": confidence})
        return build_problem(day.plant, day.order, self.described(day), options)

    def decide(self, day: Day) -> Decided:
        """The cheapest recipe at the asked confidence, or at the next one that any recipe holds."""
        limit = None if self.dearest is None else self._cost_eur_per_t(day, LESS_SURE[-1], self.dearest)
        for confidence in (self.confidence, *(less for less in LESS_SURE if less < self.confidence)):
            problem = self.problem(day, confidence)
            try:
                found = self.optimizer.solution(problem, explain=False)
            except (ImpossibleOrderError, SolverError):
                continue
            if limit is None or found.objective_eur_per_t <= limit or confidence == LESS_SURE[-1]:
                return decided(problem, found.columns_t, claims_of(problem, found.columns_t))
        return made_right(problem)

    def _cost_eur_per_t(self, day: Day, confidence: float, dearer: float) -> float | None:
        """What a recipe costs, and so much more; None where there is none."""
        try:
            found = self.optimizer.solution(self.problem(day, confidence), explain=False)
        except (ImpossibleOrderError, SolverError):
            return None
        return (1.0 + dearer) * found.objective_eur_per_t

    def learn(self, heat: HeatLog, claims: tuple[LimitClaim, ...], final_wt_pct: dict[Element, float]) -> None:
        """Add the heat to the surrogate's sums, and its outcome to the feedback."""
        foresaw = self.model
        self.model = update(foresaw, heat)
        if self.with_feedback:
            self.feedback = self.feedback.after(claims, final_wt_pct)
            self.watch, changed = self.watch.after(foresaw, heat)
            if changed is not None:
                self.told[heat.heat_ids[0]] = changed
                self.model = moved_to(self.model, changed)


def made_right(problem: RecipeProblem) -> Decided:
    """Where nothing holds the order at any confidence: its cleanest metal, and the ladle made right."""
    n, wanted = problem.furnace_columns, problem.order.mass_t
    residuals = [row for row in problem.rows if row.element in RESIDUAL_RULES and row.maximum is not None]
    metal = problem.counted[:n] > 0
    dirt = sum((row.linear[:n] / (row.maximum or 1.0) for row in residuals), start=np.zeros(n)) / np.maximum(
        problem.yields[:n], 1e-9
    )
    columns, missing = np.zeros(len(problem.items)), wanted
    for column in np.argsort(np.where(metal, dirt, np.inf)):
        if not metal[column] or missing <= 0:
            break
        columns[column] = min(problem.most[column], missing / problem.yields[column])
        missing -= columns[column] * problem.yields[column]
    for column in range(n):
        if not metal[column]:
            columns[column] = problem.least[column]
    return decided(problem, complete_at_tapping(problem, columns))


@dataclass
class CatalogueProgramme:
    """A linear programme on catalogue figures that keeps a margin to every limit; the ladle is made right after it.

    What its additions must mend is known from the surrogate: a melt shop would know it from a sample.

    Attributes:
        ladle: who makes the ladle right.
        margin: share of every residual's limit that it keeps free.
    """

    ladle: Chargewise
    margin: float

    def decide(self, day: Day) -> Decided:
        """The cheapest charge by catalogue figures, with as much of the margin as any charge can keep."""
        right = self.ladle.problem(day, self.ladle.confidence)
        description = catalogue_description(right.description)
        for share in (1.0, 0.75, 0.5, 0.25, 0.0):
            order = day.order.model_copy(update={"grade": _cautious(day.order.grade, share * self.margin)})
            try:
                problem = build_problem(day.plant, order, description, self.ladle.options)
                columns = solve_recipe(problem).columns_t
            except (InfeasibleError, SolverError):
                continue
            furnace = np.where(np.arange(len(columns)) < problem.furnace_columns, columns, 0.0)
            return decided(right, complete_at_tapping(right, furnace))
        return made_right(right)

    def learn(self, heat: HeatLog, claims: tuple[LimitClaim, ...], final_wt_pct: dict[Element, float]) -> None:
        """Nothing is learned but what the ladle needs."""
        self.ladle.learn(heat, claims, final_wt_pct)


def _cautious(grade: Grade, margin: float) -> Grade:
    """A grade whose maxima are lower by a margin where its minima leave room."""
    return Grade(
        name=grade.name,
        maximum_wt_pct={
            element: max(limit * (1.0 - margin), grade.minimum_wt_pct.get(element, 0.0))
            for element, limit in grade.maximum_wt_pct.items()
        },
        minimum_wt_pct=grade.minimum_wt_pct,
    )


@dataclass
class MeltShop:
    """The melt shop's own way: cheap scrap as far as its rule of thumb allows; the ladle is made right after it.

    Attributes:
        virtual: whose practice.
        ladle: who makes the ladle right.
    """

    virtual: VirtualPlant
    ladle: Chargewise
    seed: int = 0

    def decide(self, day: Day) -> Decided:
        """As its history was charged."""
        rng = stable_rng("practice", self.seed, day.plant.name, day.heat)
        metal = [item for item in day.plant.charge_items() if item.material.metallic_yield > 0]
        usual = {item.material.name: item.available_t for item in self.virtual.plant.charge_items()}
        stock = np.array([(item.available_t or 1.0) / (usual[item.material.name] or 1.0) for item in metal])
        liked = attractiveness(self.virtual.plant, np.array([item.price_eur_per_t for item in metal]), stock)
        grade, wanted_t = day.order.grade, day.order.mass_t
        masses = metal_charge_t(day.plant, grade, self._believed(metal), liked, wanted_t, rng)
        charged = {item.material.name: mass for item, mass in zip(metal, masses.tolist(), strict=True)}
        habits = [item for item in day.plant.charge_items() if item.material.metallic_yield <= 0]
        charged |= {item.material.name: usual_t(item, day.plant) for item in habits}
        problem = self.ladle.problem(day, self.ladle.confidence)
        columns = np.array([charged.get(item.material.name, 0.0) for item in problem.items])
        return decided(problem, complete_at_tapping(problem, columns))

    def _believed(self, metal: list[YardItem]) -> FloatArray:
        """(m, R) wt% in the steel of each material alone, as the melt shop has come to believe."""
        residuals = [ANALYSED.index(element) for element in RESIDUAL_RULES]
        names = self.virtual.material_names
        truth = np.array(
            [self.virtual.truth[names.index(item.material.name)].contents_wt_pct[residuals] for item in metal]
        )
        wrong = np.exp(BELIEF_ERROR * stable_rng("belief", self.virtual.plant.name).standard_normal(truth.shape))
        return np.asarray(truth * wrong / np.array([[item.material.metallic_yield] for item in metal]))

    def learn(self, heat: HeatLog, claims: tuple[LimitClaim, ...], final_wt_pct: dict[Element, float]) -> None:
        """Nothing is learned but what the ladle needs."""
        self.ladle.learn(heat, claims, final_wt_pct)


def day_of(future: Future, heat: int, heel_wt_pct: dict[Element, float]) -> Day:
    """One heat to come, as whoever decides sees it."""
    plant = future.plant(heat)
    grade = plant.grade(str(future.grades[heat]))
    return Day(heat, plant, Order(grade=grade, mass_t=plant.furnace.tap_weight_t), heel_wt_pct)
