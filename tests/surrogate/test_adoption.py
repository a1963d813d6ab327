"""Models of one's own: described exactly, and optimised as they predict."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from scenarios.bundled import virtual_plant
from steel import catalogue
from steel.elements import Element
from steel.errors import InputError
from steel.grades import Order
from steel.heats import FloatArray, HeatLog
from steel.plants import Plant
from surrogate.fit.adoption import adopt, output_pieces
from surrogate.fit.convex import MaxAffine
from surrogate.model.schema import ENERGY

HEATS, FRACTION = 600, 0.7


@pytest.fixture(scope="module")
def plant() -> Plant:
    return virtual_plant("northmill").plant


@pytest.fixture(scope="module")
def logs() -> tuple[HeatLog, HeatLog]:
    return virtual_plant("northmill").history(HEATS).split(FRACTION)


def yields_of(plant: Plant) -> FloatArray:
    return np.array([item.material.metallic_yield for item in plant.charge_items()])


def shares(plant: Plant, log: HeatLog) -> FloatArray:
    return np.asarray(log.charged_t / (log.charged_t @ yields_of(plant))[:, None])


def max_affine(features: int) -> MaxAffine:
    module = MaxAffine(1, 3, features, seed=3)
    with torch.no_grad():
        module.offset.copy_(torch.tensor([[380.0, 381.0, 382.0]], dtype=torch.float64))
    return module


MODELS: dict[str, Any] = {
    "linear": Ridge(),
    "stump": DecisionTreeRegressor(max_leaf_nodes=2),
    "tree": DecisionTreeRegressor(max_depth=4, random_state=0),
    "forest": RandomForestRegressor(n_estimators=7, max_depth=3, random_state=0),
    "boosting": GradientBoostingRegressor(n_estimators=12, max_depth=2, random_state=0),
}


@pytest.mark.parametrize("kind", MODELS)
def test_the_description_predicts_what_the_model_predicts(
    kind: str, plant: Plant, logs: tuple[HeatLog, HeatLog]
) -> None:
    train, later = logs
    model = MODELS[kind].fit(shares(plant, train), train.energy_kwh_per_t)
    pieces = output_pieces(model, yields_of(plant))
    x = shares(plant, later)
    told = [pieces.value(row * 100.0, float(yields_of(plant) @ row) * 100.0) for row in x]
    assert told == pytest.approx(model.predict(x), rel=1e-9)


def torch_network(features: int) -> torch.nn.Sequential:
    torch.manual_seed(0)
    first = (torch.nn.Linear(features, 8), torch.nn.ReLU(), torch.nn.Dropout())
    module = torch.nn.Sequential(*first, torch.nn.Linear(8, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    return module.double().eval()


def test_networks_are_described_as_they_predict(plant: Plant, logs: tuple[HeatLog, HeatLog]) -> None:
    train, later = logs
    x, known = shares(plant, later), shares(plant, train)
    fitted = MLPRegressor(hidden_layer_sizes=(6, 5), max_iter=50, random_state=0)
    fitted.fit(known, train.energy_kwh_per_t / 100.0)
    module = torch_network(x.shape[1])
    for model, expected in (
        (fitted, fitted.predict(x)),
        (module, module(torch.from_numpy(x)).detach().numpy()[:, 0]),
    ):
        pieces = output_pieces(model, yields_of(plant))
        assert [pieces.value(3.0 * row, 3.0) for row in x] == pytest.approx(expected, rel=1e-6)


def test_a_recipe_with_an_adopted_network_is_as_its_network_predicts(
    plant: Plant, logs: tuple[HeatLog, HeatLog]
) -> None:
    train, later = logs
    x = shares(plant, train)
    network = MLPRegressor(hidden_layer_sizes=(8, 8), max_iter=400, random_state=0).fit(x, train.energy_kwh_per_t)
    copper = Ridge(alpha=1e-3).fit(x, train.analysis_wt_pct[:, train.elements.index(Element.CU)])
    materials = tuple(item.material for item in plant.charge_items())
    description = adopt({ENERGY: network, "Cu": copper}, materials, yields_of(plant), later)
    grade = catalogue.grade("B500B")
    problem = build_problem(plant, Order(grade=grade, mass_t=100.0), description, RecipeOptions(confidence=0.9))
    solution = Optimizer().solution(problem)
    charged = solution.columns_t[: problem.furnace_columns]
    told = problem.energy_kwh(solution.columns_t) / float(yields_of(plant) @ charged)
    assert told == pytest.approx(network.predict(charged[None] / float(yields_of(plant) @ charged))[0], rel=1e-6)
    assert solution.gap <= 1e-3


def test_a_maximum_of_affine_pieces_is_described(plant: Plant, logs: tuple[HeatLog, HeatLog]) -> None:
    x = shares(plant, logs[1])
    module = max_affine(x.shape[1])
    pieces = output_pieces(module, yields_of(plant))
    expected = module(torch.from_numpy(x)).detach().numpy()[:, 0]
    assert [pieces.value(row, 1.0) for row in x] == pytest.approx(expected, rel=1e-9)


def test_a_recipe_with_adopted_models_is_optimal_by_these_models(plant: Plant, logs: tuple[HeatLog, HeatLog]) -> None:
    train, later = logs
    x, grade = shares(plant, train), catalogue.grade("B500B")
    models: dict[str, Any] = {ENERGY: MODELS["boosting"].fit(x, train.energy_kwh_per_t)}
    for element in grade.maximum_wt_pct:
        if element in train.elements:
            content = train.analysis_wt_pct[:, train.elements.index(element)]
            models[element.value] = Ridge(alpha=1e-3).fit(x, content)
    materials = tuple(item.material for item in plant.charge_items())
    description = adopt(models, materials, yields_of(plant), later)
    problem = build_problem(plant, Order(grade=grade, mass_t=100.0), description, RecipeOptions(confidence=0.9))
    solution = Optimizer().solution(problem)
    outcome = outcome_of(problem, solution.columns_t)
    charged = solution.columns_t[: problem.furnace_columns]
    share = charged / (yields_of(plant) @ charged)
    assert outcome.energy_kwh_per_t.mean == pytest.approx(models[ENERGY].predict(share[None])[0], rel=1e-6)
    for line in outcome.analysis:
        if line.maximum_wt_pct is not None:
            assert line.met_with >= 0.9 - 1e-3
    # Of many charges that keep every limit none is cheaper.
    rng = np.random.default_rng(0)
    for _ in range(300):
        other = charged * rng.uniform(0.7, 1.3, len(charged))
        columns = np.concatenate([other, solution.columns_t[problem.furnace_columns :]])
        columns *= 100.0 / float(problem.yields @ columns)
        fits = (columns <= problem.most + 1e-9).all() and (columns >= problem.least - 1e-9).all()
        kept = outcome_of(problem, columns)
        if fits and all(line.met_with >= 0.9 for line in kept.analysis if line.maximum_wt_pct is not None):
            assert problem.objective_eur(columns) >= solution.objective_eur * (1 - 2e-4)


def test_its_intervals_cover_later_heats(plant: Plant, logs: tuple[HeatLog, HeatLog]) -> None:
    train, rest = logs
    held_back, later = rest.rows(slice(0, 90)), rest.rows(slice(90, None))
    copper = train.analysis_wt_pct[:, train.elements.index(Element.CU)]
    x = shares(plant, train)
    models = {"Cu": Ridge(alpha=1e-3).fit(x, copper), ENERGY: Ridge().fit(x, train.energy_kwh_per_t)}
    materials = tuple(item.material for item in plant.charge_items())
    description = adopt(models, materials, yields_of(plant), held_back)
    upper = description.energy.quantiles.at(0.95)
    inside = [
        heat <= description.energy.value(row, 1.0) + upper * description.energy.sd(row, 1.0)
        for row, heat in zip(shares(plant, later), later.energy_kwh_per_t, strict=True)
    ]
    assert 0.88 <= float(np.mean(inside)) <= 1.0


def fitted_as(model: Any, x: FloatArray, target: FloatArray) -> Any:
    if isinstance(model, torch.nn.Module):
        return model
    return Ridge().fit(x[:, :3], target) if model == "narrow" else model.fit(x, target)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({"Cu": Ridge()}, "energy_kwh_per_t"),
        ({ENERGY: SVR()}, "SVR"),
        ({ENERGY: MLPRegressor(activation="tanh", max_iter=5)}, "tanh"),
        ({ENERGY: Ridge(), "Xx": Ridge()}, "Xx"),
        ({ENERGY: DecisionTreeRegressor(max_depth=12)}, "max_depth"),
        ({ENERGY: "narrow"}, "one a material"),
        ({ENERGY: torch.nn.Sequential(torch.nn.Linear(15, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))}, "Linear, ReLU"),
        ({ENERGY: torch.nn.Linear(15, 2)}, "one; give each output its own"),
    ],
)
def test_what_cannot_be_described_is_refused(
    models: dict[str, Any], message: str, plant: Plant, logs: tuple[HeatLog, HeatLog]
) -> None:
    x, target = shares(plant, logs[0]), logs[0].energy_kwh_per_t
    fitted = {name: fitted_as(model, x, target) for name, model in models.items()}
    materials = tuple(item.material for item in plant.charge_items())
    with pytest.raises(InputError, match=message):
        adopt(fitted, materials, yields_of(plant), logs[1])
