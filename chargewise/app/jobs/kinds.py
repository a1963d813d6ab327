"""What can be asked for as a job, and how each is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from chargewise.app.application import Application
from chargewise.app.month import MonthOrder
from chargewise.app.orders import CampaignOrder, HeatOrder
from chargewise.app.workplace import Workplace
from optimizer.problem.options import Objective, RecipeOptions
from plant_adapters.plants.plant_file import read_plant_named
from scenarios.what_if.scenario import Scenario, gallery, read_scenario
from scenarios.what_if.study import on_cluster
from steel.complaints import meant
from steel.errors import InputError
from steel.frozen import Frozen
from steel.jsonable import plain
from steel.quantities import Number, WholeNumber

Progress = Callable[[str, float], None]
Lane = Literal["quick", "long"]
"""Jobs of one lane wait for one another, and not for those of the other."""
MOST_GRADES = 20


def _example(**asked: JsonValue) -> ConfigDict:
    """What shows how something is asked for."""
    return ConfigDict(json_schema_extra={"examples": [asked]})


class FrontOrder(HeatOrder):
    """An order, and the objectives between which its recipes are to be spread.

    Attributes:
        objectives: two to four different ones.
        points: about how many recipes.
    """

    objectives: Annotated[tuple[Objective, ...], Field(min_length=2, max_length=4)] = (
        Objective.COST,
        Objective.EMISSIONS,
    )
    points: Annotated[WholeNumber, Field(ge=2, le=200)] = 30


class ScenarioOrder(Frozen):
    """A scenario for a plant.

    Attributes:
        scenario: one of the gallery by its name, or one's own.
        grades: to be made; all that the plant makes unless given.
        options: what is asked of each recipe.
    """

    plant: str
    scenario: str | Scenario
    grades: Annotated[tuple[str, ...], Field(max_length=MOST_GRADES)] = ()
    options: RecipeOptions = RecipeOptions()

    def stated(self) -> Scenario:
        """The scenario itself.

        Raises:
            InputError: the gallery has none of that name.
        """
        if not isinstance(self.scenario, str):
            return self.scenario
        if self.scenario not in gallery():
            # A path is a file of the service's machine, which is nobody's to read from outside.
            expected = f"one of {', '.join(gallery())}{meant(self.scenario, gallery())}"
            raise InputError(self.scenario[:100], "scenario", expected)
        return read_scenario(self.scenario)


class TrainingOrder(Frozen):
    """A surrogate to be learned.

    Attributes:
        how: fit anew and serve; refit and serve only what is surely better; or take the newest heats in.
        newest: so many heats; all unless given.
    """

    model_config = _example(plant="northmill", how="update")

    plant: str
    how: Literal["train", "retrain", "update"] = "train"
    newest: Annotated[WholeNumber, Field(ge=10)] | None = None


class EvaluationOrder(Frozen):
    """The surrogate beside plain regressions, on heats later than those each has learned from."""

    model_config = _example(plant="northmill", train_fraction=0.7)

    plant: str
    train_fraction: Annotated[Number, Field(ge=0.1, le=0.95)] = 0.7


class ShadowOrder(Frozen):
    """Recorded heats beside what would have been charged.

    Attributes:
        first: day of the first heat; the newest three tenths unless given.
        last: day of the last one.
        confidence: of each limit.
    """

    model_config = _example(plant="northmill", first="2026-10-01", last="2026-10-31")

    plant: str
    first: date | None = None
    last: date | None = None
    confidence: Annotated[Number, Field(ge=0.5, lt=1.0)] = 0.95


@dataclass(frozen=True)
class Kind:
    """One kind of job.

    Attributes:
        asked: what is asked for.
        run: does it, given the workplace, what is asked, the job's number and whom to tell; returns what JSON can say.
    """

    asked: type[Frozen]
    lane: Lane
    run: Callable[[Workplace, Any, str, Progress], Any]


def _workers(place: Workplace) -> int:
    """Processes at a time: one here, where recipes are asked for beside it; all that a cluster has."""
    return 1 if place.settings.cluster is None else -1


def _front(place: Workplace, asked: FrontOrder, job_id: str, progress: Progress) -> Any:
    application = place.application()
    return plain(application.front(asked, asked.objectives, asked.points, lambda share: progress("recipes", share)))


def _campaign(place: Workplace, asked: CampaignOrder, job_id: str, progress: Progress) -> Any:
    with on_cluster(place.settings.cluster):
        return plain(place.application().campaign(asked, _workers(place), progress))


def _month(place: Workplace, asked: MonthOrder, job_id: str, progress: Progress) -> Any:
    with on_cluster(place.settings.cluster):
        return place.application().month(asked, _workers(place), progress).model_dump(mode="json")


def _scenario(place: Workplace, asked: ScenarioOrder, job_id: str, progress: Progress) -> Any:
    application: Application = place.application()
    with on_cluster(place.settings.cluster):
        answer = application.what_if(
            asked.plant, asked.stated(), asked.grades, asked.options, _workers(place), progress
        )  # fmt: skip
        return plain(answer)


def _training(place: Workplace, asked: TrainingOrder, job_id: str, progress: Progress) -> Any:
    # torch takes seconds to import, and no other job needs it.
    from chargewise.app.training import retrain_plant, train_plant, update_plant  # noqa: PLC0415

    by = f"job {job_id}"
    before = [one.version for one in place.registry.approvals(asked.plant) if one.by == by]
    if before:
        # A worker was lost after it had published and before it could say so.
        return {"version": before[-1]}
    log, materials = place.heats(asked.plant, asked.newest)
    if asked.how == "update":
        return plain(update_plant(place.registry, asked.plant, log, materials))
    if asked.how == "retrain":
        return plain(retrain_plant(place.registry, asked.plant, log, materials, progress))
    version, judged = train_plant(place.registry, asked.plant, log, materials, progress, by)
    return {"version": version, "outputs": plain(judged)}


def _evaluation(place: Workplace, asked: EvaluationOrder, job_id: str, progress: Progress) -> Any:
    from surrogate.judge.baselines import BASELINES  # noqa: PLC0415
    from surrogate.judge.evaluation import evaluate  # noqa: PLC0415

    log, materials = place.heats(asked.plant)
    _, judged = evaluate(log, materials, asked.train_fraction, baselines=tuple(BASELINES), progress=progress)
    return {"heats": len(log), "outputs": plain(judged)}


def _shadow(place: Workplace, asked: ShadowOrder, job_id: str, progress: Progress) -> Any:
    from chargewise.app.shadow import QUICK, shadow  # noqa: PLC0415
    from chargewise.app.stretches import between  # noqa: PLC0415

    log, materials = place.heats(asked.plant)
    works = read_plant_named(place.settings.plants, asked.plant)
    options = RecipeOptions(confidence=asked.confidence, **QUICK)
    stretch = between(log, asked.first, asked.last)
    found = shadow(works, log, materials, stretch, options=options, progress=progress)
    return plain(found) | {"saving_eur_per_t": plain(found.saving_eur_per_t), "figures": plain(found.figures)}


KINDS: dict[str, Kind] = {
    "front": Kind(FrontOrder, "quick", _front),
    "scenario": Kind(ScenarioOrder, "quick", _scenario),
    "campaign": Kind(CampaignOrder, "long", _campaign),
    "month": Kind(MonthOrder, "long", _month),
    "training": Kind(TrainingOrder, "long", _training),
    "evaluation": Kind(EvaluationOrder, "long", _evaluation),
    "shadow": Kind(ShadowOrder, "long", _shadow),
}
"""Every kind by its name."""


def kinds_of(lane: Lane) -> tuple[str, ...]:
    """Names of the kinds of a lane."""
    return tuple(name for name, kind in KINDS.items() if kind.lane == lane)
