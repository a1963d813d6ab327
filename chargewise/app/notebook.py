"""What a data scientist does in ten lines: read heats, learn from them, judge, predict, recommend, plan, adopt."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargewise.app.plants import describe_plant
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from optimizer.explain.recommend import Optimizer
from optimizer.plan.campaign import plan_campaign
from optimizer.plan.front import front as find_front
from optimizer.problem.options import Objective, RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from plant_adapters.mapping.mapping import read_mapping
from plant_adapters.plants.plant_file import plant_from
from plant_adapters.plants.plant_file import read_plant as read_plant_file
from plant_adapters.plants.plant_template import plant_template
from plant_adapters.sources.protocol import HeatBatch
from plant_adapters.sources.table import TableAdapter
from steel.campaigns import Campaign, CampaignPlan
from steel.grades import Order
from steel.heats import Charge, FloatArray
from steel.plants import Plant
from steel.recipes import FrontPoint, Interval, Recipe
from surrogate.model.description import Description
from surrogate.model.model import Surrogate, one_heat
from surrogate.model.stated_model import stated_description

if TYPE_CHECKING:
    import pandas as pd

    from surrogate.judge.scores import OutputEvaluation

Progress = Callable[[str, float], None]
COVERAGE = 0.90
_optimizer = Optimizer()


def open_workplace(home: str | Path = "chargewise-data") -> Workplace:
    """The store, models and plants of one installation.

    Args:
        home: its folder; it is made when something is first kept there.

    Examples:
        >>> import tempfile
        >>> open_workplace(tempfile.mkdtemp()).application().names()
        ()
    """
    return Workplace(settings=Settings(home=Path(home)))


def read_heats(file: str | Path, mapping: str | Path) -> HeatBatch:
    """Heats from a CSV, Excel or Parquet file.

    Args:
        file: the plant's record.
        mapping: a mapping file, or the name of one that is shipped.

    Returns:
        Heats that passed, the materials they name, and a report on everything that was set aside.

    Raises:
        InputError: the file or the mapping as a whole cannot be read.
    """
    return TableAdapter(Path(file), read_mapping(str(mapping))).read_heats()


def read_plant(file: str | Path) -> Plant:
    """A plant out of its plant file.

    Raises:
        InputError: the file is missing, a key is unknown or a value cannot be used.
    """
    return read_plant_file(Path(file))


def plant_of(heats: HeatBatch, name: str = "own") -> Plant:
    """A plant as its heats show it, as `chargewise plant new` writes it: their materials, the usual ferro-alloys.

    Args:
        heats: as they were read.
        name: of the plant.

    Returns:
        The plant with indicative prices; `read_plant` reads a plant file with yours.
    """
    return plant_from(tomllib.loads(plant_template(name, heats.log, heats.materials)), f"heats of {name}")


def train(heats: HeatBatch, progress: Progress | None = None) -> Surrogate:
    """A surrogate fitted to all heats.

    Args:
        heats: in the order of their record.
        progress: called with a stage and the share done.

    Raises:
        InputError: there are fewer than ten heats.
    """
    # torch takes seconds to import, and a recipe needs none of it.
    from surrogate.fit.fit import fit  # noqa: PLC0415

    return fit(heats.log, heats.materials, progress=progress)


def evaluate(
    heats: HeatBatch, train_fraction: float = 0.7, progress: Progress | None = None
) -> "tuple[OutputEvaluation, ...]":
    """The surrogate beside plain regressions, on heats later than those each has learned from.

    Args:
        heats: in the order of their record.
        train_fraction: share of them to learn from.
        progress: called with a stage and the share done.
    """
    from surrogate.judge.baselines import BASELINES  # noqa: PLC0415
    from surrogate.judge.evaluation import evaluate as evaluate_log  # noqa: PLC0415

    _, judged = evaluate_log(heats.log, heats.materials, train_fraction, baselines=tuple(BASELINES), progress=progress)
    return tuple(judged)


def scores(judged: "tuple[OutputEvaluation, ...]") -> "pd.DataFrame":
    """An evaluation as a table: one row an output."""
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame(
        [
            {"output": one.output, "heats": one.heats, "mae": one.surrogate.mae, "r2": one.surrogate.r2,
             "coverage_90": one.coverage_90}
            for one in judged
        ]
    ).set_index("output")  # fmt: skip


def describe(plant: Plant, model: Surrogate, heats: HeatBatch) -> Description:
    """What the optimizer sees of a surrogate: the plant's usual process, and the newest analysed heat as heel."""
    return describe_plant(plant, model, heats.log)


def predict(
    model: Surrogate, charged_t: Mapping[str, float], process: Mapping[str, float] | None = None
) -> dict[str, Interval]:
    """What a charge will give, with two-sided 90 % intervals, by output: element symbols and `energy_kwh_per_t`.

    Args:
        model: a surrogate.
        charged_t: t of each material.
        process: process inputs by name, such as `oxygen_nm3_per_t`.

    Raises:
        InputError: it charges a material the model does not know, or nothing that yields steel.
    """
    charge = Charge(charged_t=dict(charged_t), process=dict(process or {}))
    found = model.predict(one_heat(charge, model.schema.elements))

    def interval(name: str) -> Interval:
        low, high = model.interval(name, found, COVERAGE)
        return Interval(mean=float(found.mean[name][0]), low=max(0.0, float(low[0])), high=float(high[0]))

    return {name: interval(name) for name in found.mean}


def problem(plant: Plant, order: Order, description: Description | None = None, **options: Any) -> RecipeProblem:
    """An order as the optimizer takes it.

    Args:
        plant: furnace, yard and prices.
        order: a grade and a mass.
        description: what a surrogate knows; without one, materials are taken at their word.
        options: of `RecipeOptions`, such as `confidence=0.99`.

    Raises:
        InputError: a value cannot be used.
    """
    if description is None:
        asked = RecipeOptions(**options)
        elements = dict.fromkeys((*order.grade.elements(), *asked.aims))
        description = stated_description([item.material for item in plant.charge_items()], elements)
    return build_problem(plant, order, description, RecipeOptions(**options))


def recommend(plant: Plant, order: Order, description: Description | None = None, **options: Any) -> Recipe:
    """The cheapest recipe that meets an order.

    Args:
        plant: furnace, yard and prices.
        order: a grade and a mass.
        description: what a surrogate knows; without one, materials are taken at their word.
        options: of `RecipeOptions`, such as `confidence=0.99`.

    Raises:
        ImpossibleOrderError: no recipe does; it names the requirements that contradict one another.
        InputError: a value cannot be used.
        SolverError: time ran out before any recipe was found.
    """
    return _optimizer.solve(problem(plant, order, description, **options))


def front(
    plant: Plant,
    order: Order,
    description: Description | None = None,
    objectives: tuple[Objective | str, ...] = (Objective.COST, Objective.EMISSIONS),
    points: int = 30,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> tuple[FrontPoint, ...]:
    """Recipes that can be bettered in no objective without losing in another, best in the first one first.

    Args:
        plant: furnace, yard and prices.
        order: a grade and a mass.
        description: what a surrogate knows; without one, materials are taken at their word.
        objectives: two to four.
        points: about how many recipes.
        progress: called with the share done.
        options: of `RecipeOptions`.
    """
    chosen = tuple(Objective(one) for one in objectives)
    return find_front(problem(plant, order, description, **options), chosen, points, progress=progress)


def campaign(
    plant: Plant,
    orders: Campaign,
    description: Description,
    time_limit_s: float = 30.0,
    workers: int = 1,
    progress: Progress | None = None,
    **options: Any,
) -> CampaignPlan:
    """The cheapest plan for many heats over one stock, with its proven gap.

    Args:
        plant: with the stock of the first heat.
        orders: heats in order, arrivals, offers.
        description: what a surrogate knows.
        time_limit_s: after which the best plan so far is returned.
        workers: processes to solve with.
        progress: called with a stage and the share done.
        options: of `RecipeOptions`, for every heat.
    """
    return plan_campaign(plant, orders, description, RecipeOptions(**options), time_limit_s, workers, progress)


def adopt(models: Mapping[str, Any], yields: FloatArray, held_back: HeatBatch) -> Description:
    """Fitted models of one's own, as the optimizer takes them.

    Args:
        models: by output: element symbols and `energy_kwh_per_t`, which a recipe needs; each predicts it from t charged
            per t tapped, in the order of the heats' materials.
        yields: (n,) t of steel per t of each material.
        held_back: heats that no model was fitted on; their residuals make the intervals.

    Raises:
        InputError: a model is of a kind that cannot be described exactly.
    """
    from surrogate.fit.adoption import adopt as adopt_models  # noqa: PLC0415

    return adopt_models(models, held_back.materials, yields, held_back.log)
