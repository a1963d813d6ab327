"""The service against its own OpenAPI description, with generated requests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig

from api.app import create_app
from api.gate import FREE
from chargewise.app.access import AccessKeys, Role
from chargewise.app.application import Application
from chargewise.app.identity import Access
from plant_adapters.store.store import HeatStore
from tests.conftest import Installation

FAILED = 500
"""Described, for it can happen, but never right; 503, no recipe in time, is."""
CONFIGURATION = SchemathesisConfig.from_path(Path(__file__).with_name("schemathesis.toml"))
MANY_RECIPES = (
    "POST /v1/alternatives", "POST /v1/ranked-recipes", "POST /v1/ranges", "POST /v1/priorities",
    "POST /v1/confidence-prices", "POST /v1/substitutes",
)  # fmt: skip
"""Operations that solve many recipes a request."""
OWN_TIME = ("POST /v1/ranges",)
"""Operations with a time limit beside that of one recipe."""

LABELS = (
    "POST /v1/recipes", "POST /v1/alternatives", "POST /v1/reviews", "POST /v1/fronts",
    "POST /v1/ranked-recipes", "POST /v1/ranges", "POST /v1/priorities",
    "POST /v1/confidence-prices", "POST /v1/campaigns", "POST /v1/predictions", "GET /v1/materials",
    "GET /v1/recipes", "GET /v1/recipes/{recipe_id}", "GET /v1/recipes/{recipe_id}/reproduction",
    "POST /v1/recipes/{recipe_id}/decisions", "PUT /v1/recipes/{recipe_id}/charge",
    "POST /v1/recipes/{recipe_id}/outcome", "GET /v1/claims", "GET /v1/scenarios", "POST /v1/scenarios",
    "POST /v1/trainings", "POST /v1/evaluations", "POST /v1/shadow-reports", "GET /v1/jobs",
    "GET /v1/jobs/{job_id}", "POST /v1/heats",
    "POST /v1/models/activations", "GET /v1/keys", "DELETE /v1/keys/{key_id}", "GET /v1/audit", "POST /v1/keys",
    "GET /v1/jobs/{job_id}/result", "POST /v1/jobs/{job_id}/cancel", "GET /v1/jobs/{job_id}/events",
    "GET /v1/grades", "GET /v1/models", "GET /healthz", "GET /readyz", "GET /v1/plants", "POST /v1/plants",
    "GET /v1/plants/{plant}", "PUT /v1/plants/{plant}", "GET /v1/plants/{plant}/versions",
    "GET /v1/plants/{plant}/versions/{number}", "GET /v1/plants/{plant}/yard", "POST /v1/plants/{plant}/lots",
    "GET /v1/plants/{plant}/lots/{lot_id}", "PUT /v1/plants/{plant}/stock", "PUT /v1/plants/{plant}/prices",
    "GET /v1/plants/{plant}/movements", "GET /v1/plants/{plant}/characterisation", "GET /v1/plants/{plant}/drift",
    "GET /v1/federation", "POST /v1/substitutes", "POST /v1/bulk-predictions", "POST /v1/basket-choices",
    "POST /v1/lot-recipes", "POST /v1/sequences", "POST /v1/months", "GET /v1/connections",
    "POST /v1/heats/{heat_id}/additions-orders", "GET /v1/inbox", "POST /v1/inbox/{number}/corrections",
    "GET /v1/heat-orders",
    "GET /v1/plants/{plant}/carbon-sheet",
    "PUT /v1/heats/{heat_id}/plan", "GET /v1/heats/{heat_id}",
    "POST /v1/heats/{heat_id}/baskets/{number}", "POST /v1/heats/{heat_id}/missing", "POST /v1/heats/{heat_id}/grade",
    "POST /v1/heats/{heat_id}/charged", "POST /v1/heats/{heat_id}/stages", "POST /v1/heats/{heat_id}/samples",
    "POST /v1/heats/{heat_id}/trims", "GET /v1/plants/{plant}/recoveries",
)  # fmt: skip
"""Every operation that there is."""


@pytest.fixture(scope="module")
def web_app(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """A service of its own, for generated requests change stock, prices and plants too."""
    home = Path(shutil.copytree(installation.home, tmp_path_factory.mktemp("schema") / "home"))
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    keys = AccessKeys(store.database)
    web = create_app(Application(home / "plants", home / "models", store), pages=False, access=Access(keys))
    web.state.key = keys.make("schemathesis", Role.ADMIN, None, "a test")[0]
    yield web
    store.close()


def _key(web_app: FastAPI) -> dict[str, str]:
    return {"Authorization": f"Bearer {web_app.state.key}"}


def operations(web_app: FastAPI) -> dict[str, schemathesis.schemas.APIOperation]:
    described = schemathesis.openapi.from_asgi("/openapi.json", web_app, config=CONFIGURATION, headers=_key(web_app))
    return {found.ok().label: found.ok() for found in described.get_all_operations()}


@pytest.mark.parametrize("label", LABELS)
def test_generated_requests_get_described_answers(web_app: FastAPI, label: str) -> None:
    @given(case=operations(web_app)[label].as_strategy())
    @settings(max_examples=5 if label in MANY_RECIPES else 25, deadline=None, suppress_health_check=list(HealthCheck))
    def answered_as_described(case: schemathesis.Case) -> None:
        if label in MANY_RECIPES and isinstance(case.body, dict) and isinstance(case.body.get("options", {}), dict):
            # As long as it is given it takes, with trees.
            case.body["options"] = {**case.body.get("options", {}), "time_limit_s": 0.5}
            if label in OWN_TIME:
                case.body["time_limit_s"] = 0.5
        assert case.call_and_validate(headers=_key(web_app)).status_code != FAILED

    answered_as_described()


def test_every_operation_is_tried(web_app: FastAPI) -> None:
    assert set(operations(web_app)) == set(LABELS)


def test_the_description_names_key_licence_and_every_operation(web_app: FastAPI) -> None:
    described = web_app.openapi()
    assert described["info"]["license"]["identifier"] == "Apache-2.0"
    ids = []
    for path, operations in described["paths"].items():
        for operation in operations.values():
            ids.append(operation["operationId"])
            assert operation["tags"]
            assert operation["summary"]
            assert operation["description"]
            assert ("401" in operation["responses"]) == (path not in FREE)
            assert operation.get("security", described["security"]) == (
                [] if path in FREE else [{"bearer": []}, {"apiKey": []}]
            )
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                named = described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
                assert named["examples"], path
    assert len(ids) == len(set(ids))
