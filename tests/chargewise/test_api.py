"""The public Python API: what it offers is there, its examples run, and importing it takes no time."""

import doctest
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import chargewise as cw
from steel import catalogue

ROOT = Path(__file__).parents[2]
WORKS = ROOT / "examples" / "works"
DOCUMENTED = ("chargewise.app.notebook", "surrogate.model.stated_model")


@pytest.mark.parametrize("name", cw.__all__)
def test_everything_offered_is_there_and_documented(name: str) -> None:
    found = getattr(cw, name)
    assert isinstance(found, str) or found.__doc__


def test_what_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = cw.nothing_like_it
    assert set(cw.__all__) <= set(dir(cw))


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = "import sys, chargewise; print([m for m in ('torch', 'pyomo', 'pandas', 'highspy') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("module", DOCUMENTED)
def test_the_examples_in_docstrings_run(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0
    assert failed == 0


@pytest.mark.slow
@pytest.mark.parametrize("example", ["own_plant.py", "own_model.py"])
def test_an_example_runs_from_anywhere(example: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / example)],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert " t\n" in done.stdout


def test_an_order_without_a_surrogate_takes_materials_at_their_word() -> None:
    plant = cw.Plant(
        name="blend",
        furnace=cw.Furnace(tap_weight_t=10.0),
        yard=(
            cw.YardItem(material=catalogue.material("E8"), price_eur_per_t=400.0),
            cw.YardItem(material=catalogue.material("E40"), price_eur_per_t=300.0),
        ),
        emission_factors=catalogue.emission_factors(),
    )
    clean, dirty = (catalogue.material(name).recovered_content(cw.Element.CU) for name in ("E8", "E40"))
    limit = (clean + dirty) / 2.0
    order = cw.Order(grade=cw.Grade(name="low copper", maximum_wt_pct={cw.Element.CU: limit}), mass_t=10.0)
    recipe = cw.recommend(plant, order, confidence=0.5)
    assert {line.material for line in recipe.lines} == {"E8", "E40"}
    copper = next(line for line in recipe.analysis if line.element is cw.Element.CU)
    assert copper.predicted.mean == pytest.approx(limit, rel=1e-4)


def test_heats_are_split_in_order() -> None:
    heats = cw.read_heats(WORKS / "heats.csv", WORKS / "mapping.toml")
    early, late = heats.split(0.75)
    assert (len(early.log), len(late.log)) == (300, 100)
    assert early.log.heat_ids[-1] < late.log.heat_ids[0]


def test_a_workplace_of_ones_own_keeps_apart_from_the_environment(tmp_path: Path) -> None:
    place = cw.open_workplace(tmp_path)
    assert place.application().names() == ()
    assert str(tmp_path) in str(place.settings.models)
