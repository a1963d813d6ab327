"""Recipes that are kept, and what became of them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from chargewise.app.application import Application
from chargewise.app.orders import HeatOrder
from chargewise.app.records import Records
from chargewise.commands.cli import app
from plant_adapters.store.store import HeatStore
from steel.elements import Element
from steel.errors import InputError
from tests.conftest import Installation

ORDER = HeatOrder(plant="northmill", grade="SAE1008")


@pytest.fixture
def home(installation: Installation, tmp_path: Path) -> Path:
    """An installation of its own: outcomes move margins for good."""
    return Path(shutil.copytree(installation.home, tmp_path / "own"))


@pytest.fixture
def application(home: Path) -> Application:
    return Application(home / "plants", home / "models", HeatStore(f"sqlite:///{home / 'heats.db'}"))


@pytest.fixture
def records(application: Application) -> Records:
    return Records(application)


@pytest.fixture
def command(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("CHARGEWISE_HOME", str(home))

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def test_misses_widen_the_margin_of_the_limit_that_was_missed_and_the_recipe_says_so(
    application: Application, records: Records
) -> None:
    first = application.recipe(ORDER, compare=False)
    limit = next(line for line in first.analysis if line.element is Element.CU).maximum_wt_pct or 0.0
    for heat in range(3):
        number = records.make(ORDER, "a test", compare=False).recipe_id
        kept = records.give_outcome("northmill", number, f"H{heat}", {Element.CU: limit * 1.1})
    told = next(one for one in kept if one.element is Element.CU)
    assert (told.recipes, told.missed) == (3, 1.0)
    assert told.width > 1.5
    later = application.recipe(ORDER, compare=False)
    before, after = (next(line for line in of.analysis if line.element is Element.CU) for of in (first, later))
    assert after.predicted.mean < before.predicted.mean
    assert later.costs_eur_per_t.total > first.costs_eur_per_t.total
    assert [one for one in later.kept_claims if one.element is Element.CU] == [told]
    # The surrogate's own quantiles stay what they are.
    own = application.registry.active("northmill")[0].outputs["Cu"].quantiles.values
    assert (application.plant("northmill").model.outputs["Cu"].quantiles.values == own).all()


def test_what_was_heard_is_heard_by_the_next_service_too(records: Records, home: Path) -> None:
    number = records.make(ORDER, "a test", compare=False).recipe_id
    kept = records.give_outcome("northmill", number, "H1", {Element.CU: 0.01})
    again = Application(home / "plants", home / "models", HeatStore(f"sqlite:///{home / 'heats.db'}"))
    assert again.plant("northmill").feedback.kept() == kept
    assert Records(again).story("northmill", number).recipe.grade == "SAE1008"


def test_outcomes_that_cannot_be_are_refused_and_nothing_is_lost(application: Application, records: Records) -> None:
    number = records.make(ORDER, "a test", compare=False).recipe_id
    with pytest.raises(InputError, match="made for northmill"):
        records.give_outcome("northmill", "0123456789ab", "H1", {Element.CU: 0.1})
    with pytest.raises(InputError, match="one element or more"):
        records.give_outcome("northmill", number, "H1", {})
    kept = records.give_outcome("northmill", number, "H1", {Element.CU: 0.1})
    with pytest.raises(InputError, match="given as that of H1"):
        records.give_outcome("northmill", number, "H2", {Element.CU: 0.9})
    assert application.plant("northmill").feedback.kept() == kept
    with pytest.raises(InputError, match="made for northmill"):
        records.story("northmill", "nothing")


def test_the_commands_keep_hear_and_show(command: Any) -> None:
    shown = command("claims", "-p", "northmill")
    assert "No outcome" in shown.stdout
    found = json.loads(command("recommend", "-p", "northmill", "-g", "SAE1008", "--keep", "--json").stdout)
    number = found["recipe_id"]
    told = command("outcome", "-p", "northmill", "--recipe", number, "--heat", "H1", "-a", "Cu=0.12", "-a", "mn=0.4")
    assert told.exit_code == 0, told.output
    assert "Cu maximum" in told.stdout
    twice = command("outcome", "-p", "northmill", "--recipe", number, "--heat", "H1", "-a", "Cu=0.12")
    assert twice.exit_code == 2
    assert "given as that of H1" in " ".join(twice.output.split())
    strange = command("outcome", "-p", "northmill", "--recipe", number, "--heat", "H1", "-a", "Xx=0.12")
    assert strange.exit_code == 2
    assert {one["element"] for one in json.loads(command("claims", "-p", "northmill", "--json").stdout)} >= {"Cu", "Mn"}


def test_the_card_says_whether_claims_were_kept(command: Any, records: Records, tmp_path: Path) -> None:
    number = records.make(ORDER, "a test", compare=False).recipe_id
    records.give_outcome("northmill", number, "H1", {Element.CU: 0.1})
    assert command("card", "-p", "northmill", "--out", str(tmp_path / "card")).exit_code == 0
    card = (tmp_path / "card" / "model-card.md").read_text("utf-8")
    assert "## Whether recipes kept what they claimed" in card
    assert "| Cu maximum | 1 |" in card


def test_the_service_keeps_and_hears(application: Application) -> None:
    client = TestClient(create_app(application, pages=False))
    kept = client.post("/v1/recipes", json={"plant": "northmill", "grade": "SAE1008"}).json()
    path, outcome = f"/v1/recipes/{kept['recipe_id']}/outcome", {"heat_id": "H1", "analysis_wt_pct": {"cu": 0.1}}
    answer = client.post(path, json=outcome)
    assert answer.status_code == 201, answer.text
    assert client.get("/v1/claims", params={"plant": "northmill"}).json() == answer.json()
    twice = client.post(path, json=outcome)
    assert twice.status_code == 422
    assert "H1" in twice.text
    unknown = client.post("/v1/recipes/0123456789abcdef/outcome", json=outcome)
    assert unknown.status_code == 404
    assert "0123456789abcdef" in unknown.text


def test_scenarios_as_a_user_types_them(command: Any, tmp_path: Path) -> None:
    assert "carbon-price" in command("scenario", "list").stdout
    picture, table = tmp_path / "carbon.png", tmp_path / "carbon.csv"
    shown = command(
        "scenario", "run", "carbon-price", "-p", "northmill", "-g", "B500B", "--picture", str(picture), "--export",
        str(table),
    )  # fmt: skip
    assert shown.exit_code == 0, shown.output
    assert "as it is" in shown.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    lines = table.read_text("utf-8").splitlines()
    assert len(lines) == 9
    assert lines[1].startswith("as it is,B500B,")
    tornado = tmp_path / "shock.png"
    asked = ("scenario", "run", "scrap-price-shock", "-p", "northmill", "-g", "B500B", "--picture", str(tornado))
    assert command(*asked).exit_code == 0
    assert tornado.read_bytes().startswith(b"\x89PNG")
    own = tmp_path / "own.toml"
    own.write_text('title = "x"\n[[case]]\nname = "a"\nprice = 3\n')
    wrong = command("scenario", "run", str(own), "-p", "northmill")
    assert wrong.exit_code == 2
    assert "price" in wrong.output
    assert command("scenario", "run", "carbon-price").exit_code == 2


def test_bays_and_suppliers_are_watched(command: Any) -> None:
    shown = command("watch", "-p", "northmill", "--newest", "60")
    assert shown.exit_code == 0, shown.output
    assert "heats" in shown.stdout or "that it held" in shown.stdout
    found = json.loads(command("watch", "-p", "northmill", "--newest", "60", "--probability", "0.01", "--json").stdout)
    assert found["heats"] == 60
    assert all(0.01 <= one["probability"] <= 1 for one in found["wrongly_booked"])
    assert command("watch", "-p", "northmill", "--probability", "2").exit_code == 2


@pytest.mark.slow
def test_a_scenario_on_ray_is_as_it_is_on_this_machine(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("scenario", "run", "scrap-price-shock", "-p", "northmill", "-g", "B500B", "--json")
    here = json.loads(command(*asked).stdout)
    monkeypatch.setenv("CHARGEWISE_CLUSTER", "local")
    there = json.loads(command(*asked).stdout)
    for one, other in zip(here["cases"], there["cases"], strict=True):
        assert one["case"] == other["case"]
        assert one["cost_eur_per_t"] == pytest.approx(other["cost_eur_per_t"], rel=2e-4)


@pytest.mark.slow
def test_the_closed_loop_as_a_user_types_it_goes_on_where_it_was_stopped(command: Any, tmp_path: Path) -> None:
    asked = ("scenario", "run", "closed-loop", "--heats", "4", "--out", str(tmp_path / "loops"), "--json")
    first = json.loads(command(*asked).stdout)
    files = sorted((tmp_path / "loops").glob("*.json"))
    times = [file.stat().st_mtime_ns for file in files]
    again = json.loads(command(*asked).stdout)
    assert again == first
    assert [file.stat().st_mtime_ns for file in files] == times
    assert {one["policy"] for one in first} >= {"Chargewise, federated", "oracle that knows the truth"}
