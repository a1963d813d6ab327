"""Backup, restore and a look over: whole, anywhere, and said in words."""

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chargewise.app.access import AccessKeys, Role
from chargewise.app.backup import back_up, restore
from chargewise.app.checkup import checkup
from chargewise.app.orders import HeatOrder
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from chargewise.commands.cli import app
from chargewise.commands.console.output import EXIT_SYSTEM
from steel.errors import InputError
from tests.conftest import Installation, database_urls

ORDER = HeatOrder(plant="northmill", grade="B500B")


@pytest.fixture
def settings(installation: Installation, tmp_path: Path) -> Settings:
    return Settings(home=Path(shutil.copytree(installation.home, tmp_path / "home")))


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    with database_urls(request.param, tmp_path) as url:
        yield Settings(home=tmp_path / "elsewhere", database_url=url)


def test_what_is_backed_up_while_it_runs_is_whole_anywhere(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    place = Workplace(settings=settings)
    records, keys = place.records(), AccessKeys(place.store.database)
    number = records.make(ORDER, "a test", compare=False).recipe_id
    key, _ = keys.make("mes", Role.MES, None, "a test")
    ending = threading.Event()

    def keep_on() -> None:
        while not ending.is_set():
            records.make(ORDER, "somebody else", compare=False)

    other = threading.Thread(target=keep_on)
    other.start()
    try:
        back_up(settings, tmp_path / "all.tar.gz")
    finally:
        ending.set()
        other.join()
    restore(elsewhere, tmp_path / "all.tar.gz")
    again = Workplace(settings=elsewhere)
    assert again.store.count("northmill") == place.store.count("northmill")
    assert again.records().story("northmill", number) == records.story("northmill", number)
    assert again.records().reproduce("northmill", number).same
    assert AccessKeys(again.store.database).principal(key) is not None
    later = again.records().make(ORDER, "a test", compare=False).recipe_id
    again.records().give_outcome("northmill", later, "H1", {next(iter(again.store.log("northmill").elements)): 0.1})
    for one in (place, again):
        one.store.close()


def test_a_backup_goes_only_into_what_is_empty_and_only_if_it_is_whole(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "all.tar.gz"
    back_up(settings, file)
    with pytest.raises(InputError, match="not there yet"):
        back_up(settings, file)
    with pytest.raises(InputError, match="holds nothing yet"):
        restore(settings, file)
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(file.read_bytes()[:-2000])
    empty = Settings(home=tmp_path / "empty")
    with pytest.raises(InputError, match="whole file"):
        restore(empty, cut)
    assert not empty.home.exists() or not any(empty.home.iterdir())
    (tmp_path / "no.tar.gz").write_bytes(b"nothing")
    with pytest.raises(InputError, match="whole file"):
        restore(empty, tmp_path / "no.tar.gz")
    assert [path.name for path in tmp_path.glob(".backup-*")] == []


def test_a_look_over_says_what_is_broken_and_what_mends_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {one.state for one in checkup(settings)} <= {"well", "look"}
    plant = settings.plants / "northmill.toml"
    plant.write_text(plant.read_text("utf-8").replace("available_t", "availible_t", 1), "utf-8")
    broken = [one for one in checkup(settings) if one.state == "broken"]
    assert [one.what for one in broken] == ["plant northmill"]
    assert "available_t" in broken[0].found
    monkeypatch.setenv("CHARGEWISE_HOME", str(settings.home))
    told = CliRunner().invoke(app, ["doctor", "--json"])
    assert told.exit_code == EXIT_SYSTEM
    assert any(one["state"] == "broken" for one in json.loads(told.stdout))


def test_a_database_that_is_none_is_a_finding_and_no_trace(settings: Settings) -> None:
    file = settings.home / "heats.db"
    for path in settings.home.glob("heats.db*"):
        path.unlink()
    file.write_bytes(b"this is no database at all" * 100)
    broken = [one for one in checkup(settings) if one.state == "broken"]
    assert "database" in {one.what for one in broken}


def test_a_home_that_is_open_to_every_user_is_worth_a_look(settings: Settings) -> None:
    settings.home.chmod(0o755)
    assert next(one for one in checkup(settings) if one.what == "permissions").state == "look"
    settings.home.chmod(0o700)
    assert next(one for one in checkup(settings) if one.what == "permissions").state == "well"


def test_readers_of_the_database_wait_for_no_writer(settings: Settings) -> None:
    with sqlite3.connect(settings.home / "heats.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
