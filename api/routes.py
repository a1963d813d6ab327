"""The REST routes under /v1, and the two health checks."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from api.answer_requests import PrioritiesRequest, RangesRequest, RankingRequest
from api.plan_requests import CampaignRequest, FrontRequest
from api.plants import LoadedPlant
from api.problems import Problem, UnknownResourceError, problem_response
from api.requests import PredictionRequest, RecipeRequest, ReviewRequest
from api.service import ChargePrediction, PlantService, problem_of
from optimizer.explain.alternatives import alternatives as find_alternatives
from optimizer.explain.ranges import ranges as find_ranges
from optimizer.explain.ranking import cheapest_different
from optimizer.explain.review import review as review_charge
from optimizer.plan.campaign import plan_campaign
from optimizer.plan.front import front as find_front
from optimizer.plan.priorities import in_turn
from optimizer.problem.recipe_problem import RecipeProblem
from steel import catalogue
from steel.answers import Ranges, RankedRecipe
from steel.campaigns import CampaignPlan
from steel.frozen import Frozen
from steel.grades import Grade
from steel.jsonable import without_nan
from steel.materials import Material
from steel.plants import Plant
from steel.recipes import Alternative, ConfidencePrice, FrontPoint, Recipe, Review
from surrogate.registry import Spoilt, Version

router = APIRouter()
NO_PLANT: dict[int | str, dict[str, Any]] = {404: {"description": "No such plant"}}
NO_RECIPE = NO_PLANT | {409: {"description": "The order's requirements contradict one another"}}


class Health(Frozen):
    """Whether the service is up, and what it can answer for.

    Attributes:
        plants: that can be answered for.
        not_ready: others, and why they cannot.
    """

    status: str
    plants: tuple[str, ...] = ()
    not_ready: dict[str, str] = {}


class ModelCard(Frozen):
    """One registered surrogate.

    Attributes:
        problem: why it must not be used; None for one that may be.
    """

    plant: str
    version: str
    active: bool
    created_at: str | None = None
    parent: str | None = None
    data: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    sha256: str | None = None
    problem: str | None = None

    @classmethod
    def of(cls, version: Version | Spoilt) -> "ModelCard":
        """What is known of a version."""
        known = {"plant": version.plant, "version": version.version, "active": version.active}
        if isinstance(version, Spoilt):
            return cls(**known, problem=version.reason)
        made = version.manifest
        return cls(
            **known, created_at=made.created_at, parent=made.parent, data=made.data, metrics=without_nan(made.metrics),
            sha256=made.sha256,
        )  # fmt: skip


def service_of(request: Request) -> PlantService:
    """The service of this application."""
    service = request.app.state.service
    if not isinstance(service, PlantService):
        raise TypeError("application without a plant service")
    return service


Service = Annotated[PlantService, Depends(service_of)]


def _loaded(service: PlantService, name: str) -> LoadedPlant:
    return service.plant(_known(service, name))


def _known(service: PlantService, name: str) -> str:
    if name not in service.names():
        told = f"one of {', '.join(service.names())}" if service.names() else "one that is set up; there is none yet"
        raise UnknownResourceError(name[:100], "plant", told)
    return name


def _today(service: PlantService, asked: RecipeRequest | CampaignRequest) -> tuple[LoadedPlant, Plant]:
    """The plant a request names, and the same with today's prices and stock."""
    loaded = _loaded(service, asked.plant)
    return loaded, asked.plant_today(loaded.plant)


def _problem(service: PlantService, asked: RecipeRequest) -> RecipeProblem:
    return problem_of(_loaded(service, asked.plant), asked)


@router.post("/v1/recipes", tags=["recipes"], responses=NO_RECIPE)
def recommend(asked: RecipeRequest, service: Service) -> Recipe:
    """The cheapest recipe that meets an order with the asked confidence, explained."""
    loaded, plant = _today(service, asked)
    return service.recommend(loaded, asked.order(plant), asked.options, plant, asked.compare)


@router.post("/v1/alternatives", tags=["recipes"], responses=NO_RECIPE)
def alternatives(asked: RecipeRequest, service: Service) -> tuple[Alternative, ...]:
    """The cheapest recipes without each material that the optimal one uses, cheapest first."""
    return find_alternatives(service.optimizer, _problem(service, asked))


@router.post("/v1/ranked-recipes", tags=["recipes"], responses=NO_RECIPE)
def ranked(asked: RankingRequest, service: Service) -> tuple[RankedRecipe, ...]:
    """The cheapest recipes that differ in their materials, cheapest first."""
    return cheapest_different(service.optimizer, _problem(service, asked), asked.count, asked.within_pct / 100.0)


@router.post("/v1/ranges", tags=["recipes"], responses=NO_RECIPE)
def ranges(asked: RangesRequest, service: Service) -> Ranges:
    """Over which range of each price and limit the recipe is made of the same materials, and what changes beyond."""
    return find_ranges(service.optimizer, _problem(service, asked), asked.time_limit_s)


@router.post("/v1/reviews", tags=["recipes"], responses=NO_RECIPE)
def review(asked: ReviewRequest, service: Service) -> Review:
    """Why not this charge of mine? What it misses, and what it costs more than the optimal recipe."""
    problem = _problem(service, asked)
    return review_charge(problem, service.optimizer.solution(problem), asked.charged_t)


@router.post("/v1/fronts", tags=["recipes"], responses=NO_RECIPE)
def front(asked: FrontRequest, service: Service) -> tuple[FrontPoint, ...]:
    """Recipes over the Pareto front of two to four objectives, the best in the first of them first."""
    return find_front(_problem(service, asked), asked.objectives, asked.points)


@router.post("/v1/priorities", tags=["recipes"], responses=NO_RECIPE)
def priorities(asked: PrioritiesRequest, service: Service) -> tuple[FrontPoint, ...]:
    """One objective after another, each giving up little of those before; the last recipe is the answer."""
    return in_turn(_problem(service, asked), [(one.objective, one.give_pct / 100.0) for one in asked.priorities])


@router.post("/v1/confidence-prices", tags=["recipes"], responses=NO_PLANT)
def confidence_prices(asked: RecipeRequest, service: Service) -> tuple[ConfidencePrice, ...]:
    """What more or less confidence in the order's limits would cost."""
    loaded, plant = _today(service, asked)
    return service.confidence_prices(loaded, asked.order(plant), asked.options, plant)


@router.post("/v1/campaigns", tags=["recipes"], responses=NO_RECIPE)
def campaign(asked: CampaignRequest, service: Service) -> CampaignPlan:
    """The cheapest plan for many heats over one stock, with what arrives and can be bought meanwhile."""
    loaded, plant = _today(service, asked)
    return plan_campaign(plant, asked.campaign(plant), loaded.description, asked.options, asked.time_limit_s)


@router.post("/v1/predictions", tags=["predictions"], responses=NO_PLANT)
def predict(asked: PredictionRequest, service: Service) -> ChargePrediction:
    """What a given charge will give, with intervals."""
    return service.predict(_loaded(service, asked.plant), asked.charge)


@router.get("/v1/materials", tags=["catalogue"], responses=NO_PLANT)
def materials(service: Service, plant: str | None = None) -> list[Material]:
    """The catalogue's materials, or a plant's yard."""
    if plant is None:
        return list(catalogue.materials().values())
    return [item.material for item in _loaded(service, plant).plant.yard]


@router.get("/v1/grades", tags=["catalogue"], responses=NO_PLANT)
def grades(service: Service, plant: str | None = None) -> list[Grade]:
    """The catalogue's grades, or those a plant makes."""
    if plant is None:
        return list(catalogue.grades().values())
    asked = _loaded(service, plant).plant
    return [asked.grade(name) for name in asked.made()]


@router.get("/v1/models", tags=["models"], responses=NO_PLANT)
def models(service: Service, plant: str | None = None) -> list[ModelCard]:
    """Every registered surrogate, of all plants or one."""
    names = service.names() if plant is None else (_known(service, plant),)
    return [ModelCard.of(version) for name in names for version in service.registry.versions(name)]


@router.get("/healthz", tags=["health"])
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", tags=["health"], response_model=Health, response_model_exclude_defaults=True)
def readyz(service: Service) -> Health | JSONResponse:
    """At least one plant can be answered for; those that cannot are named, with the reason."""
    found = service.plants.readiness()
    ready = tuple(name for name, reason in found.items() if reason is None)
    rest = {name: reason for name, reason in found.items() if reason is not None}
    if ready:
        return Health(status="ready", plants=ready, not_ready=rest)
    told = "; ".join(f"{name}: {reason}" for name, reason in rest.items())
    detail = told or "no plant has a model yet; run `chargewise demo` or `chargewise train`"
    return problem_response(Problem(title="Not ready", status=503, detail=detail))
