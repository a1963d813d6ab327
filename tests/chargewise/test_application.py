"""The application: plants are loaded apart from one another, and nothing is listed to answer a question."""

import shutil
import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import chargewise.app.plants
from api.app import create_app
from chargewise.app.orders import HeatOrder
from chargewise.app.workplace import Workplace
from plant_adapters.plants.plant_file import read_plant_named
from steel.plants import Plant
from tests.conftest import Installation

ORDER = HeatOrder(plant="northmill", grade="B500B")


@pytest.fixture
def two_plants(installation: Installation, tmp_path: Path) -> Workplace:
    """The demo plant, and another with the same files under a name of its own."""
    shutil.copytree(installation.home, tmp_path / "home")
    plants = tmp_path / "home" / "plants"
    text = (plants / "northmill.toml").read_text("utf-8").replace('name = "northmill"', 'name = "second"', 1)
    (plants / "second.toml").write_text(text, "utf-8")
    return Workplace(settings=Workplace().settings.model_copy(update={"home": tmp_path / "home", "database_url": None}))


def test_a_plant_that_takes_long_to_load_keeps_no_other_waiting(
    two_plants: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = two_plants.store.log("northmill")
    two_plants.store.add("second", log, two_plants.store.materials("northmill"))
    model, _ = two_plants.registry.active("northmill")
    two_plants.registry.publish(model, "second", log)
    app = two_plants.application()
    begun, may_go_on = threading.Event(), threading.Event()

    def slow(folder: Path, name: str) -> Plant:
        if name == "second":
            begun.set()
            assert may_go_on.wait(30)
        return read_plant_named(folder, name)

    monkeypatch.setattr(chargewise.app.plants, "read_plant_named", slow)
    waiting = threading.Thread(target=lambda: app.plant("second"))
    waiting.start()
    try:
        assert begun.wait(30)
        assert app.recipe(ORDER, compare=False).lines
        assert waiting.is_alive()
    finally:
        may_go_on.set()
        waiting.join(30)
    assert app.plant("second").plant.name == "second"


def test_no_folder_is_listed_to_answer_a_question(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    client = TestClient(create_app(installation.service, pages=False))
    assert client.post("/v1/recipes", json={"plant": "northmill", "grade": "B500B"}).status_code == 200
    listed: list[Path] = []

    def listing(folder: Path) -> None:
        listed.append(folder)
        raise AssertionError(f"{folder} was listed")

    monkeypatch.setattr(Path, "iterdir", listing)
    monkeypatch.setattr("os.scandir", listing)
    answer = client.post("/v1/recipes", json={"plant": "northmill", "grade": "B500B", "mass_t": 99})
    assert answer.status_code == 200
    assert not listed


def test_changed_rules_are_served_at_once(two_plants: Workplace) -> None:
    plants = two_plants.settings.plants
    text = (plants / "northmill.toml").read_text("utf-8")
    (plants / "northmill.toml").write_text(f'{text}\n[rules]\nfile = "rules.py"\n', "utf-8")
    rule = 'from chargewise import rule\n@rule("shredded", unit="t")\ndef shredded(model):\n'
    (plants / "rules.py").write_text(f'{rule}    return model.charged_t["E40 shredded"] >= 11\n', "utf-8")
    app = two_plants.application()
    for least in (11, 23):
        (plants / "rules.py").write_text(f'{rule}    return model.charged_t["E40 shredded"] >= {least}\n', "utf-8")
        assert app.recipe(ORDER, compare=False).charged_t()["E40 shredded"] >= least - 1e-6


def test_a_slip_in_the_rules_takes_the_plant_out_of_service_and_says_why(two_plants: Workplace) -> None:
    plants = two_plants.settings.plants
    text = (plants / "northmill.toml").read_text("utf-8")
    (plants / "northmill.toml").write_text(f'{text}\n[rules]\nfile = "rules.py"\n', "utf-8")
    rule = 'from chargewise import rule\n@rule("shredded", unit="t")\ndef shredded(model):\n'
    (plants / "rules.py").write_text(f'{rule}    return model.charged_t["E40 shreded"] <= 11\n', "utf-8")
    client = TestClient(create_app(two_plants.application(), pages=False))
    answer = client.post("/v1/recipes", json={"plant": "northmill", "grade": "B500B"})
    assert answer.status_code == 503
    ready = client.get("/readyz")
    assert "E40 shredded" in ready.text
    assert "rule shredded of rules.py" in ready.text
    (plants / "rules.py").write_text(f'{rule}    return model.charged_t["E40 shredded"] <= 11\n', "utf-8")
    assert client.post("/v1/recipes", json={"plant": "northmill", "grade": "B500B"}).status_code == 200


def test_a_rule_may_speak_of_a_material_that_the_surrogate_does_not_know_yet(two_plants: Workplace) -> None:
    plants = two_plants.settings.plants
    text = (plants / "northmill.toml").read_text("utf-8")
    new = '\n[[yard]]\nname = "Brand new"\nclass = "E40"\nprice_eur_per_t = 1\n\n[rules]\nfile = "rules.py"\n'
    (plants / "northmill.toml").write_text(text + new, "utf-8")
    (plants / "rules.py").write_text(
        'from chargewise import rule\n@rule("new with old", unit="t")\ndef new_with_old(model):\n'
        '    return [model.charged_t["Brand new"] <= 0.5 * model.charged_t["E40 shredded"],\n'
        '            model.charged_t["Brand new"] <= 5]\n',
        "utf-8",
    )
    recipe = two_plants.application().recipe(ORDER, compare=False)
    assert "Brand new" not in recipe.charged_t()
