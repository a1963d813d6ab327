"""The REST routes under /v1, and the two health checks."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from api.answer_requests import PrioritiesRequest, RangesRequest, RankingRequest
from api.plan_requests import CampaignRequest, FrontRequest
from api.problems import Problem, UnknownResourceError, problem_response
from api.requests import PredictionRequest, RecipeRequest, ReviewRequest
from api.service import ChargePrediction, LoadedPlant, PlantService, problem_of
from optimizer.alternatives import alternatives as find_alternatives
from optimizer.campaign import plan_campaign
from optimizer.front import front as find_front
from optimizer.priorities import in_turn
from optimizer.problem import RecipeProblem
from optimizer.ranges import ranges as find_ranges
from optimizer.ranking import cheapest_different
from optimizer.review import review as review_charge
from steel import catalogue
from steel.answers import Ranges, RankedRecipe
from steel.campaigns import CampaignPlan
from steel.frozen import Frozen
from steel.grades import Grade
from steel.materials import Material
from steel.plants import Plant
from steel.recipes import Alternative, ConfidencePrice, FrontPoint, Recipe, Review

router = APIRouter()
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text, "content": {"application/problem+json": {}}}
    for status, text in (
        (404, "No such plant"),
        (409, "The order's requirements contradict one another"),
        (422, "A value cannot be used"),
        (503, "No answer at present: no recipe within the time limit, or no model yet"),
    )
}


class Health(Frozen):
    """Whether the service is up, and what it can answer for."""

    status: str
    plants: tuple[str, ...] = ()


class ModelCard(Frozen):
    """One registered surrogate."""

    plant: str
    version: str
    active: bool
    created_at: str
    parent: str | None
    data: dict[str, Any]
    metrics: dict[str, Any]
    sha256: str


def service_of(request: Request) -> PlantService:
    """The service of this application."""
    service = request.app.state.service
    if not isinstance(service, PlantService):
        raise TypeError("application without a plant service")
    return service


Service = Annotated[PlantService, Depends(service_of)]


def _loaded(service: PlantService, name: str) -> LoadedPlant:
    if name not in service.names():
        known = ", ".join(service.names()) or "none yet"
        raise UnknownResourceError(name, "plant", f"one of {known}")
    return service.plant(name)


def _today(service: PlantService, asked: RecipeRequest | CampaignRequest) -> tuple[LoadedPlant, Plant]:
    """The plant a request names, and the same with today's prices and stock."""
    loaded = _loaded(service, asked.plant)
    return loaded, asked.plant_today(loaded.plant)


def _problem(service: PlantService, asked: RecipeRequest) -> RecipeProblem:
    return problem_of(_loaded(service, asked.plant), asked)


@router.post("/v1/recipes", tags=["recipes"], responses={s: PROBLEMS[s] for s in (404, 409, 422, 503)})
def recommend(asked: RecipeRequest, service: Service) -> Recipe:
    """The cheapest recipe that meets an order with the asked confidence, explained."""
    loaded, plant = _today(service, asked)
    return service.recommend(loaded, asked.order(plant), asked.options, plant, asked.compare)


@router.post("/v1/alternatives", tags=["recipes"], responses={s: PROBLEMS[s] for s in (404, 409, 422, 503)})
def alternatives(asked: RecipeRequest, service: Service) -> tuple[Alternative, ...]:
    """The cheapest recipes without each material that the optimal one uses, cheapest first."""
    return find_alternatives(service.optimizer, _problem(service, asked))


@router.post("/v1/ranked-recipes", tags=["recipes"], responses={s: PROBLEMS[s] for s in (404, 409, 422, 503)})
def ranked(asked: RankingRequest, service: Service) -> tuple[RankedRecipe, ...]:
    """The cheapest recipes that differ in their materials, cheapest first."""
    return cheapest_different(service.optimizer, _problem(service, asked), asked.count, asked.within_pct / 100.0)


@router.post("/v1/ranges", tags=["recipes"], responses={s: PROBLEMS[s] for s in (404, 409, 422, 503)})
def ranges(asked: RangesRequest, service: Service) -> Ranges:
    """Over which range of each price and limit the recipe is made of the same materials, and what changes beyond."""
    return find_ranges(service.optimizer, _problem(service, asked), asked.time_limit_s)


@router.post("/v1/reviews", tags=["recipes"], responses={s: PROBLEMS[s] for s in (404, 409, 422, 503)})
def review(asked: ReviewRequest, service: Service) -> Review:
    """Why not this charge of mine? What it misses, and what it costs more than the optimal recipe."""
    problem = _problem(service, asked)
    return review_charge(problem, service.optimizer.solution(problem), asked.charged_t)


@router.post("/v1/fronts", tags=["recipes"], responses={s: PROBLEMS[s] for s in (404, 409, 422, 503)})
def front(asked: FrontRequest, service: Service) -> tuple[FrontPoint, ...]:
    """Recipes over the Pareto front of two to four objectives, the best in the first of them first."""
    return find_front(_problem(service, asked), asked.objectives, asked.points)


@router.post("/v1/priorities", tags=["recipes"], responses={s: PROBLEMS[s] for s in (404, 409, 422, 503)})
def priorities(asked: PrioritiesRequest, service: Service) -> tuple[FrontPoint, ...]:
    """One objective after another, each giving up little of those before; the last recipe is the answer."""
    return in_turn(_problem(service, asked), [(one.objective, one.give_pct / 100.0) for one in asked.priorities])


@router.post("/v1/confidence-prices", tags=["recipes"], responses={s: PROBLEMS[s] for s in (404, 422, 503)})
def confidence_prices(asked: RecipeRequest, service: Service) -> tuple[ConfidencePrice, ...]:
    """What more or less confidence in the order's limits would cost."""
    loaded, plant = _today(service, asked)
    return service.confidence_prices(loaded, asked.order(plant), asked.options, plant)


@router.post("/v1/campaigns", tags=["recipes"], responses={s: PROBLEMS[s] for s in (404, 409, 422, 503)})
def campaign(asked: CampaignRequest, service: Service) -> CampaignPlan:
    """The cheapest plan for many heats over one stock, with what arrives and can be bought meanwhile."""
    loaded, plant = _today(service, asked)
    return plan_campaign(plant, asked.campaign(plant), loaded.description, asked.options, asked.time_limit_s)


@router.post("/v1/predictions", tags=["predictions"], responses={s: PROBLEMS[s] for s in (404, 422)})
def predict(asked: PredictionRequest, service: Service) -> ChargePrediction:
    """What a given charge will give, with intervals."""
    return service.predict(_loaded(service, asked.plant), asked.charge)


@router.get("/v1/materials", tags=["catalogue"], responses={404: PROBLEMS[404]})
def materials(service: Service, plant: str | None = None) -> list[Material]:
    """The catalogue's materials, or a plant's yard."""
    if plant is None:
        return list(catalogue.materials().values())
    return [item.material for item in _loaded(service, plant).plant.yard]


@router.get("/v1/grades", tags=["catalogue"], responses={404: PROBLEMS[404]})
def grades(service: Service, plant: str | None = None) -> list[Grade]:
    """The catalogue's grades, or those a plant makes."""
    if plant is None:
        return list(catalogue.grades().values())
    return [catalogue.grade(name) for name in _loaded(service, plant).plant.grades]


@router.get("/v1/models", tags=["models"], responses={404: PROBLEMS[404]})
def models(service: Service, plant: str | None = None) -> list[ModelCard]:
    """Every registered surrogate, of all plants or one."""
    names = service.names() if plant is None else (_loaded(service, plant).plant.name,)
    return [
        ModelCard(
            plant=version.plant,
            version=version.version,
            active=version.active,
            created_at=version.manifest.created_at,
            parent=version.manifest.parent,
            data=version.manifest.data,
            metrics=version.manifest.metrics,
            sha256=version.manifest.sha256,
        )
        for name in names
        for version in service.registry.versions(name)
    ]


@router.get("/healthz", tags=["health"])
def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", tags=["health"], response_model=Health, responses={503: PROBLEMS[503]})
def readyz(service: Service) -> Health | JSONResponse:
    """At least one plant has a usable model."""
    names = service.names()
    if not names:
        detail = "no plant has a model yet; run `chargewise demo` or `chargewise train`"
        return problem_response(Problem(title="Not ready", status=503, detail=detail))
    for name in names:
        service.plant(name)
    return Health(status="ready", plants=names)
