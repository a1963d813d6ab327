import math
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application
from plant_adapters.store.store import HeatStore
from tests.conftest import Installation

METALS = (
    "E1 old thin", "E3 old thick", "E40 shredded", "E46 incinerated", "E5M turnings", "EHRB rebar",
    "E8 new thin", "E2 new thick", "Returns", "Pig iron", "HBI",
)  # fmt: skip
ORDER = {"plant": "northmill", "grade": "B500B", "compare": False}


@pytest.fixture(scope="module")
def client(installation: Installation) -> TestClient:
    return TestClient(create_app(installation.service, pages=False))


def post(client: TestClient, **changes: Any) -> httpx.Response:
    answer: httpx.Response = client.post("/v1/recipes", json={**ORDER, **changes})
    return answer


def test_a_recipe_meets_its_order_and_explains_itself(client: TestClient) -> None:
    answer = post(client, compare=True)
    assert answer.status_code == 200
    recipe = answer.json()
    assert recipe["tapped_t"] == pytest.approx(100.0)
    for line in recipe["analysis"]:
        if line["maximum_wt_pct"] is not None:
            assert line["met_with"] >= 0.95 - 1e-4
            assert line["predicted"]["mean"] <= line["maximum_wt_pct"]
    baskets = [sum(line["baskets_t"]) for line in recipe["lines"] if line["stage"] == "furnace"]
    assert baskets == pytest.approx([line["mass_t"] for line in recipe["lines"] if line["stage"] == "furnace"])
    assert recipe["bindings"][0]["worth_eur_per_t"] > 0
    assert {other["name"].split(",")[0] for other in recipe["comparisons"]} == {"plant practice", "catalogue figures"}
    costs = recipe["costs_eur_per_t"]
    assert recipe["comparisons"][0]["cost_eur_per_t"] > sum(costs.values())


def test_alternatives_do_without_one_material_each_and_cost_more(client: TestClient) -> None:
    best = post(client).json()
    found = client.post("/v1/alternatives", json=ORDER).json()
    used = {line["material"] for line in best["lines"]}
    assert found
    assert {one["without"] for one in found} <= used
    for one in found:
        if one["recipe"] is not None:
            assert one["dearer_by_eur_per_t"] >= 0
            assert one["without"] not in {line["material"] for line in one["recipe"]["lines"]}


def test_a_charge_of_ones_own_is_checked_and_priced(client: TestClient) -> None:
    own = {"E3 old thick": 55, "E1 old thin": 55, "lime": 3.2, "dolime": 1.4, "anthracite": 0.9}
    answer = client.post("/v1/reviews", json={**ORDER, "maximum_wt_pct": {"Cu": 0.30}, "charged_t": own})
    assert answer.status_code == 200
    found = answer.json()
    assert any(miss.startswith("Cu ≤ 0.3 wt%") for miss in found["misses"])
    assert any("stock" in miss for miss in found["misses"])
    assert {"E1 old thin", "E40 shredded"} <= {line["material"] for line in found["lines"]}
    unknown = client.post("/v1/reviews", json={**ORDER, "charged_t": {"gold": 1}})
    assert unknown.status_code == 422


def test_a_dearer_material_is_used_less(client: TestClient) -> None:
    before = {line["material"]: line["mass_t"] for line in post(client).json()["lines"]}
    used = max((name for name in before if name.startswith("E")), key=lambda name: before[name])
    after = {line["material"]: line["mass_t"] for line in post(client, prices_eur_per_t={used: 900}).json()["lines"]}
    assert after.get(used, 0.0) < before[used]


def test_a_surer_recipe_costs_more(client: TestClient) -> None:
    costs = [
        sum(post(client, grade="SAE1018", options={"confidence": c}).json()["costs_eur_per_t"].values())
        for c in (0.8, 0.95, 0.99)
    ]
    assert costs[0] < costs[1] < costs[2]


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"prices_eur_per_t": {"E40 shredded": -1e6}}, 422, "-1000000"),
        ({"maximum_wt_pct": {"Xx": 0.1}}, 422, "Xx"),
        ({"maximum_wt_pct": {"Cu": 0.02}}, 409, "Cu ≤ 0.02"),
        ({"minimum_wt_pct": {"C": 0.5}}, 409, "C ≥ 0.5 wt%"),
        ({"plant": "atlantis"}, 404, "northmill"),
        ({"grade": "B501"}, 422, "B500B"),
        ({"available_t": {"gold": 3}}, 422, "gold"),
        ({"mass_t": 0}, 422, "mass_t"),
        ({"options": {"confidence": 1.0}}, 422, "confidence"),
        ({"tonnes": 4}, 422, "tonnes"),
        ({"available_t": dict.fromkeys(METALS, 0)}, 409, "stock 0 t"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_gets_a_problem_document(
    client: TestClient, changes: dict[str, Any], status: int, says: str
) -> None:
    answer = post(client, **changes)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert says in problem["detail"]
    assert problem["errors"]


def test_a_nan_is_refused_as_a_number(client: TestClient) -> None:
    body = '{"plant": "northmill", "grade": "B500B", "prices_eur_per_t": {"E40 shredded": NaN}}'
    answer = client.post("/v1/recipes", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_prediction_has_intervals_and_names_its_model(client: TestClient) -> None:
    charge = {"charged_t": {"E3 old thick": 60, "E40 shredded": 47, "lime": 3, "anthracite": 0.9}}
    found = client.post("/v1/predictions", json={"plant": "northmill", "charge": charge}).json()
    copper = found["analysis_wt_pct"]["Cu"]
    assert copper["low"] < copper["mean"] < copper["high"]
    assert found["model_version"] == "v0001"
    assert 90 < found["tapped_t"] < 105
    assert math.isfinite(found["energy_kwh_per_t"]["mean"])
    refused = client.post("/v1/predictions", json={"plant": "northmill", "charge": {"charged_t": {"gold": 5}}})
    assert refused.status_code == 422
    assert "gold" in refused.json()["detail"]
    nothing = client.post("/v1/predictions", json={"plant": "northmill", "charge": {"charged_t": {"lime": 5}}})
    assert nothing.status_code == 422


def test_catalogues_and_models_can_be_listed(client: TestClient) -> None:
    assert len(client.get("/v1/materials").json()) > 20
    yard = client.get("/v1/materials", params={"plant": "northmill"}).json()
    assert "E40 shredded" in {material["name"] for material in yard}
    assert {grade["name"] for grade in client.get("/v1/grades", params={"plant": "northmill"}).json()} >= {"B500B"}
    (model,) = client.get("/v1/models").json()
    assert model["plant"] == "northmill"
    assert model["active"]
    assert len(model["sha256"]) == 64
    assert client.get("/v1/models", params={"plant": "atlantis"}).status_code == 404


@pytest.mark.parametrize("path", ["/v1/materials", "/v1/grades?plant=northmill", "/v1/models", "/v1/scenarios"])
def test_what_a_client_has_already_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    tag = first.headers["ETag"]
    again = client.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).json() == first.json()
    assert "ETag" not in client.get("/v1/grades", params={"plant": "atlantis"}).headers


def test_unknown_paths_and_methods_are_problems_too(client: TestClient) -> None:
    answer = client.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_health_tells_alive_from_ready(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json() == {"status": "ready", "plants": ["northmill"]}
    empty = Application(tmp_path / "plants", tmp_path / "models", HeatStore(f"sqlite:///{tmp_path / 'h.db'}"))
    bare = TestClient(create_app(empty, pages=False))
    assert bare.get("/healthz").status_code == 200
    assert bare.get("/readyz").status_code == 503
    assert bare.get("/readyz").headers["content-type"] == "application/problem+json"


def test_the_api_describes_itself_with_examples(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    schemas = described["components"]["schemas"]
    example = schemas["RecipeRequest"]["examples"][0]
    assert client.post("/v1/recipes", json=example).status_code == 200
    example = schemas["PredictionRequest"]["examples"][0]
    assert client.post("/v1/predictions", json=example).status_code == 200


def test_surer_limits_have_a_price(client: TestClient) -> None:
    found = client.post("/v1/confidence-prices", json={**ORDER, "grade": "SAE1018"}).json()
    costs = [one["cost_eur_per_t"] for one in found if one["cost_eur_per_t"] is not None]
    assert costs == sorted(costs)
    assert costs[-1] > costs[0] + 0.1


def test_one_objective_alone_is_refused(client: TestClient) -> None:
    twice = ["cost_eur_per_t", "cost_eur_per_t"]
    answer = client.post("/v1/fronts", json={"plant": "northmill", "grade": "SAE1018", "objectives": twice})
    assert answer.status_code == 422
    assert "two to four different" in answer.json()["detail"]


def test_an_offer_of_what_the_campaign_does_not_share_is_refused(client: TestClient) -> None:
    offer = {"material": "E8 new thin", "most_t": 100, "breaks": [{"from_t": 10, "price_eur_per_t": 380}]}
    asked = {"plant": "northmill", "heats": [{"grade": "B500B"}], "offers": [offer]}
    answer = client.post("/v1/campaigns", json=asked)
    assert answer.status_code == 422
    assert "E8 new thin" in answer.json()["detail"]


def test_the_cheapest_different_recipes_are_ranked(client: TestClient) -> None:
    found = client.post("/v1/ranked-recipes", json={**ORDER, "count": 3, "within_pct": 20}).json()
    assert [one["rank"] for one in found] == [1, 2, 3]
    best = sum(post(client).json()["costs_eur_per_t"].values())
    costs = [sum(one["recipe"]["costs_eur_per_t"].values()) for one in found]
    assert costs == sorted(costs)
    assert costs[0] == pytest.approx(best, rel=1e-4)
    for one in found[1:]:
        assert not set(one["without"]) & {line["material"] for line in one["recipe"]["lines"]}


def test_a_recipe_stands_over_ranges_of_what_was_asked(client: TestClient) -> None:
    asked = {"plant": "northmill", "grade": "SAE1018", "time_limit_s": 4}
    found = client.post("/v1/ranges", json=asked).json()
    of = [one["of"] for one in found["found"]] + found["left_out"]
    lines = client.post("/v1/recipes", json={**ORDER, "grade": "SAE1018"}).json()["lines"]
    assert {f"price of {line['material']}" for line in lines if line["mass_t"] > 5} <= set(of)
    assert {"price of electricity", "Cu ≤", "Mn ≥"} <= set(of)
    for one in found["found"]:
        assert one["low"] is None or (one["low"]["value"] <= one["value"] and one["low"]["change"])
        assert one["high"] is None or (one["high"]["value"] >= one["value"] and one["high"]["change"])


def test_objectives_in_turn_over_the_wire(client: TestClient) -> None:
    turns = [{"objective": "cost_eur_per_t", "give_pct": 0.5}, {"objective": "emissions_kgco2e_per_t"}]
    asked = {"plant": "northmill", "grade": "SAE1018", "priorities": turns}
    first, last = (one["objectives"] for one in client.post("/v1/priorities", json=asked).json())
    assert last["emissions_kgco2e_per_t"] < 0.95 * first["emissions_kgco2e_per_t"]
    assert last["cost_eur_per_t"] <= first["cost_eur_per_t"] * 1.00501
    refused = client.post("/v1/priorities", json={**asked, "priorities": [turns[0], turns[0]]})
    assert refused.status_code == 422


def test_a_tolerance_and_an_aim_over_the_wire(client: TestClient) -> None:
    fixed = post(client, grade="SAE1018").json()
    aims = {"Mn": {"wt_pct": 0.8, "eur_per_t_per_wt_pct": 1000}}
    loose = post(client, grade="SAE1018", tolerance_t=4, options={"aims": aims}).json()
    assert 96 - 1e-6 <= loose["tapped_t"] <= 104 + 1e-6
    manganese = next(line for line in loose["analysis"] if line["element"] == "Mn")
    assert manganese["predicted"]["mean"] == pytest.approx(0.8, abs=1e-3)
    assert (
        sum(post(client, grade="SAE1018", tolerance_t=4).json()["costs_eur_per_t"].values())
        <= sum(fixed["costs_eur_per_t"].values()) + 1e-6
    )
    refused = post(client, tolerance_t=100)
    assert refused.status_code == 422
    assert "tolerance_t" in refused.json()["detail"]


def test_many_charges_are_predicted_as_each_is(client: TestClient) -> None:
    charges = [{"charged_t": {"E3 old thick": 60 + at, "E40 shredded": 45, "lime": 3.2}} for at in range(5)]
    many = client.post("/v1/bulk-predictions", json={"plant": "northmill", "charges": charges}).json()
    alone = [client.post("/v1/predictions", json={"plant": "northmill", "charge": one}).json() for one in charges]
    assert many == alone
    wrong = client.post(
        "/v1/bulk-predictions", json={"plant": "northmill", "charges": [charges[0], {"charged_t": {"gold": 1}}]}
    )
    assert wrong.status_code == 422
    assert "charges.1" in wrong.json()["errors"][0]["where"]
