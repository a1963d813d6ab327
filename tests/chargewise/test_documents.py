"""Every command in README and docs: run as it stands there, or, where it takes machines of its own, known so."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer.main
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from chargewise.commands.cli import app
from tests.conftest import Installation, beside_checkout

ROOT = Path(__file__).parents[2]
README, DOCS = ROOT / "README.md", ROOT / "docs"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`(chargewise [^`]*)`")


def commands(document: Path) -> list[str]:
    """Commands of a document's console blocks, a line each."""
    text = "\n".join(BLOCK.findall(document.read_text("utf-8"))).replace("\\\n", " ")
    lines = [line.removeprefix("$ ").strip() for line in text.splitlines()]
    return [line for line in lines if line.startswith("chargewise ")]


def words(command: str) -> list[str]:
    """A command's arguments, its comment left out."""
    return shlex.split(command, comments=True)[1:]


def run(command: str) -> str:
    done = CliRunner().invoke(app, words(command))
    assert done.exit_code == 0, f"{command}\n{done.output}\n{done.exception!r}"
    return done.output


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the examples in it, as a clone has them, and a home of its own."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHARGEWISE_HOME", str(tmp_path / "chargewise-data"))
    return tmp_path


@pytest.mark.slow
def test_the_readmes_commands_work_to_the_letter_on_an_own_plant(workplace: Path) -> None:
    own = [command for command in commands(README) if "works" in command]
    assert len(own) >= 15
    told = {command: run(command) for command in own}
    assert (workplace / "chargewise-data" / "plants" / "works.toml").is_file()
    assert all((workplace / picture).is_file() for picture in ("front.png", "week.png", "scrap.png"))
    assert "60 new heats" in next(said for command, said in told.items() if command.startswith("chargewise update"))


@pytest.mark.slow
def test_the_data_scientists_commands_work_in_their_order(workplace: Path) -> None:
    for command in commands(DOCS / "tutorial-data-scientist.md"):
        if "federation" not in command:
            run(command)


@pytest.mark.slow
def test_the_engineers_commands_work(
    workplace: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEWISE_HOME", str(installation.home))
    text = (DOCS / "tutorial-engineer.md").read_text("utf-8")
    week = re.search(r"```toml\n(plant = .*?)```", text, re.DOTALL)
    assert week is not None
    (workplace / "week.toml").write_text(week[1], "utf-8")
    found = [" ".join(command.split()) for command in INLINE.findall(text)]
    assert len(found) >= 6
    for command in found:
        run(command)


@pytest.mark.slow
def test_a_shifts_commands_work_in_their_order(
    workplace: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(installation.home, workplace / "home")
    monkeypatch.setenv("CHARGEWISE_HOME", str(workplace / "home"))
    works = "examples/works"
    for command in (
        f"chargewise ingest --heats {works}/heats.csv --mapping {works}/mapping.toml --plant works",
        "chargewise plant new works",
        "chargewise train --plant works",
    ):
        run(command)
    number = ""
    for command in commands(DOCS / "shift.md"):
        said = run(re.sub(r"-r [0-9a-f]{16}", f"-r {number}", command))
        kept = re.search(r"Kept as ([0-9a-f]{16})", said)
        number = kept[1] if kept else number
    assert number
    assert all((workplace / f"carbon.{form}").stat().st_size > 1000 for form in ("html", "xlsx", "csv"))


PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
WITH_PYTHON = [path for path in sorted(DOCS.glob("*.md")) if PYTHON.search(path.read_text("utf-8"))]


@pytest.mark.slow
@pytest.mark.parametrize("document", WITH_PYTHON, ids=lambda path: path.name)
def test_the_python_of_a_document_runs_from_top_to_bottom(document: Path, workplace: Path) -> None:
    there: dict[str, Any] = {}
    for block in PYTHON.findall(document.read_text("utf-8")):
        exec(compile(block, document.name, "exec"), there)


@pytest.mark.slow
def test_the_documented_rules_and_what_checks_them_work_at_a_bundled_plant(
    workplace: Path, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (DOCS / "own-rules.md").read_text("utf-8")
    home = workplace / "own"
    shutil.copytree(installation.home, home)
    monkeypatch.setenv("CHARGEWISE_HOME", str(home))
    plant = home / "plants" / "northmill.toml"
    stated = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert stated is not None
    plant.write_text(f"{plant.read_text('utf-8')}\n{stated[1]}", "utf-8")
    (home / "plants" / "rules.py").write_text(PYTHON.findall(text)[0], "utf-8")
    assert "can be used" in run("chargewise plant check northmill")
    told = {command: run(command) for command in commands(DOCS / "own-rules.md")}
    assert len(told) == 3
    assert any("they agree" in said for said in told.values())
    assert (workplace / "recipe.lp").is_file()
    recipe = json.loads(run("chargewise recommend --plant northmill --grade B500B --json"))
    charged = {line["material"]: line for line in recipe["lines"]}
    weights = [sum(line["baskets_t"][b] for line in charged.values() if line["baskets_t"]) for b in (0, 1)]
    assert weights[0] >= weights[1] - 1e-6
    if "E5M turnings" in charged:
        assert charged["E3 old thick"]["mass_t"] >= 15 - 1e-6


def test_the_mes_developers_request_works(installation: Installation) -> None:
    block = re.search(r"-d '(\{.*?\})'", (DOCS / "tutorial-mes.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    client = TestClient(create_app(installation.service, pages=False))
    assert client.post("/v1/recipes", json=json.loads(block[1])).status_code == 200


def test_the_readmes_request_works(installation: Installation) -> None:
    block = re.search(r"-d '(\{.*?\})'", README.read_text("utf-8"), re.DOTALL)
    assert block is not None
    client = TestClient(create_app(installation.service, pages=False))
    assert client.post("/v1/recipes", json=json.loads(block[1])).status_code == 200


@pytest.mark.slow
def test_the_foundrys_commands_work(workplace: Path) -> None:
    table = beside_checkout("foundry") / "castIron2_product3_frequency.xlsx"
    for name in (table.name, "today.xlsx"):
        (workplace / name).symlink_to(table)
    for command in commands(DOCS / "tutorial-foundry.md"):
        run(command.replace("castIron*_frequency.xlsx", table.name))


@pytest.mark.parametrize("document", [README, *sorted(DOCS.glob("*.md"))], ids=lambda path: path.name)
def test_every_command_written_down_is_one_that_there_is(document: Path) -> None:
    text = document.read_text("utf-8")
    inline = [" ".join(command.split()) for command in INLINE.findall(text)]
    whole = [command for command in [*commands(document), *inline] if "…" not in command]
    for command in whole:
        _parse(words(command))


def _parse(arguments: list[str]) -> None:
    """Find a command and read its options, without running it."""
    found: Any = typer.main.get_command(app)
    context = found.make_context("chargewise", list(arguments[:1]) or ["--help"], resilient_parsing=True)
    rest = list(arguments)
    while hasattr(found, "get_command"):
        if not rest:
            return
        name, *rest = rest
        below = found.get_command(context, name)
        assert below is not None, arguments
        found = below
        context = found.make_context(name, list(rest), resilient_parsing=True, parent=context)
    known = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in rest:
        if word.startswith("-"):
            assert word.partition("=")[0] in known | {"--help"}, (arguments, word)
