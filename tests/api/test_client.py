"""A Python client that is made from the OpenAPI document alone, at a real server."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest


@pytest.fixture(scope="module")
def made(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("client")
    document = httpx.get(f"{address}/openapi.json", timeout=30).json()
    (folder / "openapi.json").write_text(json.dumps(document), "utf-8")
    (folder / "config.yml").write_text("post_hooks: []\npackage_name_override: made_client\n", "utf-8")
    command = [
        str(Path(sys.executable).parent / "openapi-python-client"), "generate", "--path", "openapi.json",
        "--meta", "none", "--output-path", "made_client", "--config", "config.yml", "--fail-on-warning",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_generated_client_reads_recipes_and_every_error(
    made: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(made))

    def of(name: str) -> Any:
        return importlib.import_module(f"made_client.{name}")

    client = of("client").Client(base_url=address, timeout=httpx.Timeout(60))
    models, recommend = of("models"), of("api.recipes.recommend")
    asked = models.RecipeRequest(plant="northmill", grade="B500B", compare=False)
    recipe = recommend.sync(client=client, body=asked)
    assert recipe.cost_eur_per_t > 0
    story = of("api.journal.get_recipe").sync(client=client, recipe_id=recipe.recipe_id)
    assert story.recipe.to_dict() == recipe.to_dict()
    for changes, status in (({"plant": "atlantis"}, 404), ({"grade": "NOPE"}, 422), ({"minimum_wt_pct": 9.0}, 409)):
        wrong = asked.to_dict() | changes
        if status == 409:
            wrong["minimum_wt_pct"] = {"Mn": 2.0}
        answer = recommend.sync_detailed(client=client, body=models.RecipeRequest.from_dict(wrong))
        assert answer.status_code == status
        assert type(answer.parsed).__name__ == "Problem"
        assert answer.parsed.status == status
        assert answer.parsed.request_id == answer.headers["x-request-id"]


def test_operations_are_named_for_people_and_their_groups_are_described(address: str) -> None:
    document = httpx.get(f"{address}/openapi.json", timeout=30).json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert not [name for name in names if "v1" in name]
    described = {tag["name"] for tag in document["tags"]}
    assert {tag for operation in operations for tag in operation["tags"]} == described
    assert all(operation["description"] for operation in operations)
