"""Folders and databases that are read on and on: nothing lost, nothing twice, what is wrong said with its place."""

import os
import re
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from chargewise.app.connect import Connection, connected, turn
from chargewise.app.connection_status import statuses
from plant_adapters.connections.connection_file import ConnectionFile, read_connections
from plant_adapters.connections.sql_query import SqlSource
from plant_adapters.mapping.mapping import Mapping
from plant_adapters.store.connection_states import ConnectionState, ConnectionStates
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from tests.conftest import database_urls

MAPPING = """
name = "works"
heat_id = "heat"
tapped_at = "tapped"
[analysis]
elements = ["Cu"]
[materials]
pattern = "{code}_kg"
unit = "kg"
max_per_heat = 120000
[materials.codes]
SHR = { class = "E40" }
HMS = { class = "E3" }
"""
USUAL = "../mappings/works.toml"
HEAD = "heat,tapped,Cu,SHR_kg,HMS_kg\n"


def heat(number: int, copper: float = 0.3) -> str:
    return f"H{number},2026-03-{1 + number // 24:02d}T{number % 24:02d}:10:00Z,{copper},50000,60000\n"


@dataclass
class Home:
    """A home with a store, one connection file, and what was said."""

    path: Path
    store: HeatStore
    states: ConnectionStates
    said: list[str]

    def connection(self, text: str, mapping: str = MAPPING) -> Connection:
        folder = self.path / "connections"
        folder.mkdir(exist_ok=True)
        (folder / "works.toml").write_text(text, "utf-8")
        mappings = self.path / "mappings"
        mappings.mkdir(exist_ok=True)
        (mappings / "works.toml").write_text(mapping, "utf-8")
        (one,) = connected(self.path, self.states).connections
        return one

    def turn(self, connection: Connection) -> ConnectionState:
        return turn(connection, self.store, self.states, self.said.append)

    def heats(self) -> list[str]:
        return self.store.log("works").heat_ids.tolist() if self.store.count("works") else []


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    with database_urls(request.param, tmp_path) as url:
        store = HeatStore(url)
        yield Home(tmp_path, store, ConnectionStates(store.database), [])
        store.close()


def test_every_connection_that_the_document_shows_is_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "connections.md").read_text("utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 5
    kinds = {one.kind for block in blocks for one in ConnectionFile.model_validate(tomllib.loads(block)).connections}
    assert kinds >= {"folder", "sql", "messages", "mqtt", "opcua", "b2mml"}


def test_one_bad_file_stops_no_other_plant(home: Home) -> None:
    (home.path / "in").mkdir()
    home.connection(
        f'[[connections]]\nkind = "folder"\nname = "x"\nfolder = "{home.path / "in"}"\nmapping = "{USUAL}"\n'
    )
    (home.path / "connections" / "other.toml").write_text('[[connections]]\nkind = "folder"\n', "utf-8")
    found = connected(home.path, home.states)
    assert [one.plant for one in found.connections] == ["works"]
    assert "other.toml" in found.problems["other"]
    with pytest.raises(InputError, match=r"other\.toml"):
        connected(home.path, home.states, "other")


def folder_of(home: Home, **more: Any) -> tuple[Connection, Path]:
    watched = home.path / "in"
    watched.mkdir(exist_ok=True)
    said = "".join(f"{key} = {orjson.dumps(value).decode()}\n" for key, value in {"settle_s": 0, **more}.items())
    text = f'[[connections]]\nkind = "folder"\nname = "exports"\nfolder = "{watched}"\nmapping = "{USUAL}"\n{said}'
    return home.connection(text), watched


def test_a_file_is_read_once_and_moved_with_its_report_beside(home: Home) -> None:
    connection, watched = folder_of(home)
    (watched / "a.csv").write_text(HEAD + heat(1) + heat(2) + "H3,2026-03-01T03:00:00Z,0.3,-5,60000\n")
    state = home.turn(connection)
    assert home.heats() == ["H1", "H2"]
    assert (state.rows, state.quarantined, state.problem) == (3, 1, "")
    assert not (watched / "a.csv").exists()
    report = orjson.loads((watched / "done" / "a.csv.report.json").read_bytes())
    assert report["report"]["rejections"][0]["heat_id"] == "H3"
    # The same content again, by another name, is known.
    (watched / "b.csv").write_text(HEAD + heat(1) + heat(2) + "H3,2026-03-01T03:00:00Z,0.3,-5,60000\n")
    assert home.turn(connection).rows == 3
    assert (watched / "done" / "b.csv").exists()


def test_what_was_corrected_later_takes_the_place_of_what_was_sent_first(home: Home) -> None:
    connection, watched = folder_of(home)
    for name, copper in (("a.csv", 0.30), ("b.csv", 0.41)):
        (watched / name).write_text(HEAD + heat(1, copper) + heat(2))
        home.turn(connection)
    log = home.store.log("works")
    assert log.heat_ids.tolist() == ["H1", "H2"]
    assert log.analysis_wt_pct[0, 0] == pytest.approx(0.41)
    assert len(home.store.revisions("works")) == 1


def test_a_file_that_is_no_table_is_set_aside_and_the_next_is_read(home: Home) -> None:
    connection, watched = folder_of(home, pattern="*")
    (watched / "a.csv").write_text("what is this\n1\n2\n")
    (watched / "b.xlsx").write_bytes(b"PK\x03\x04 half a workbook")
    (watched / "c.csv").write_text(HEAD + heat(4))
    home.turn(connection)
    assert home.heats() == ["H4"]
    aside = {path.name for path in (watched / "quarantine").iterdir()}
    assert aside == {"a.csv", "a.csv.report.json", "b.xlsx", "b.xlsx.report.json"}
    assert "heat" in orjson.loads((watched / "quarantine" / "a.csv.report.json").read_bytes())["problem"]


def test_a_file_that_is_still_written_waits(home: Home) -> None:
    connection, watched = folder_of(home, settle_s=5)
    file = watched / "a.csv"
    file.write_text(HEAD + heat(1))
    home.turn(connection)
    assert home.heats() == []
    old = time.time() - 60
    os.utime(file, (old, old))
    home.turn(connection)
    assert home.heats() == []  # it changed since it was looked at last
    home.turn(connection)
    assert home.heats() == ["H1"]


def test_a_folder_that_is_gone_is_tried_again_ever_later(home: Home) -> None:
    connection, watched = folder_of(home)
    watched.rmdir()
    with pytest.raises(InputError, match="a folder that is there"):
        connection.source.check()
    watched.mkdir()
    assert "0 files" in connection.source.check()


@pytest.fixture(params=["sqlite", "postgresql"])
def level2(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, sa.Engine]]:
    """A plant's database with heats in long format."""
    folder = tmp_path / "level2"
    folder.mkdir()
    with database_urls(request.param, folder) as url:
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE heats (heat VARCHAR(20), tapped TIMESTAMP, cu FLOAT, changed INTEGER)"
            )
            connection.exec_driver_sql("CREATE TABLE lifts (heat VARCHAR(20), code VARCHAR(9), kg FLOAT)")
        yield url, engine
        engine.dispose()


LONG = (
    MAPPING.replace("{code}_kg", "{code}")
    + """
[[tables]]
file = "lifts"
heat_id = "heat"
material = "code"
mass = "kg"
"""
)


def level2_of(home: Home, url: str, **more: Any) -> Connection:
    said = {
        "url_env": "LEVEL2_URL", "mapping": USUAL, "watermark": "changed", "start": 0, "overlap": 3,
        "query": "SELECT heat, tapped, cu AS \"Cu\", changed FROM heats WHERE changed > :since ORDER BY changed",
        **more,
    }  # fmt: skip
    os.environ["LEVEL2_URL"] = url
    lines = "".join(f"{key} = {orjson.dumps(value).decode()}\n" for key, value in said.items() if value is not None)
    parts = "SELECT l.heat, l.code, l.kg FROM lifts l JOIN heats h ON h.heat = l.heat WHERE h.changed > :since"
    text = f'[[connections]]\nkind = "sql"\nname = "level2"\n{lines}\n[connections.parts]\nlifts = "{parts}"\n'
    return home.connection(text, LONG)


def tap(engine: sa.Engine, numbers: range, copper: float = 0.3, first: int = 1) -> None:
    with engine.begin() as connection:
        for at, number in enumerate(numbers):
            said = {"h": f"H{number}", "t": f"2026-03-01 {number % 24:02d}:00:00", "c": copper, "n": first + at}
            connection.execute(sa.text("DELETE FROM heats WHERE heat = :h"), {"h": said["h"]})
            connection.execute(sa.text("INSERT INTO heats VALUES (:h, :t, :c, :n)"), said)
            connection.execute(sa.text("DELETE FROM lifts WHERE heat = :h"), {"h": said["h"]})
            for code, kg in (("SHR", 30_000), ("SHR", 22_000), ("HMS", 58_000)):
                connection.execute(
                    sa.text("INSERT INTO lifts VALUES (:h, :c, :k)"), {"h": said["h"], "c": code, "k": kg}
                )


def test_a_database_is_read_on_from_where_it_was_left(home: Home, level2: tuple[str, sa.Engine]) -> None:
    url, engine = level2
    tap(engine, range(1, 11))
    connection = level2_of(home, url, most_rows=4)
    first = home.turn(connection)
    assert first.problem == "", first.problem
    assert home.heats() == [f"H{number}" for number in range(1, 11)]
    log = home.store.log("works")
    assert log.charged_t.sum(axis=1).tolist() == pytest.approx([110.0] * 10)
    # Heats that come later, and one that is corrected, are read in the next turn; the others are known.
    tap(engine, range(11, 13), first=11)
    tap(engine, range(2, 3), copper=0.44, first=20)
    home.turn(connection)
    log = home.store.log("works")
    assert len(log) == 12
    assert log.analysis_wt_pct[log.heat_ids.tolist().index("H2"), 0] == pytest.approx(0.44)
    assert home.turn(connection).position == {"number": 20.0}


def test_what_a_database_may_not_be_asked_is_refused(home: Home, level2: tuple[str, sa.Engine]) -> None:
    url, engine = level2
    with pytest.raises(InputError, match="it only reads"):
        level2_of(home, url, query="DELETE FROM heats")
    tap(engine, range(1, 3))
    sneaky = "WITH gone AS (DELETE FROM heats RETURNING heat) SELECT heat FROM gone"
    assert home.turn(level2_of(home, url, query=sneaky, watermark=None)).problem
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM heats")) == 2


def test_a_column_that_vanished_and_a_wrong_password_are_told_without_the_password(
    home: Home, level2: tuple[str, sa.Engine]
) -> None:
    url, engine = level2
    tap(engine, range(1, 3))
    connection = level2_of(home, url)
    assert "the first 2 rows" in connection.source.check()
    with engine.begin() as to:
        to.exec_driver_sql("ALTER TABLE heats DROP COLUMN cu")
    state = home.turn(connection)
    assert "cu" in state.problem
    assert state.failures == 1
    assert home.turn(connection).failures == 2
    shown = statuses(home.store.database)
    assert [one.failures for one in shown] == [2]
    wrong = level2_of(home, "postgresql+psycopg://works:s3cret@127.0.0.1:1/level2", timeout_s=1)
    said = home.turn(wrong).problem
    assert said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[connections]]\nkind = "folder"\nname = "a"\nmapping = "m"\n', "folder"),
        ('[[connections]]\nkind = "folder"\nname = "a"\nfolder = "x"\nmapping = "m"\nevry_s = 3\n', "evry_s"),
        ('[[connections]]\nkind = "sql"\nname = "a"\nquery = "SELECT 1"\nmapping = "m"\n', "url"),
        ('[[connections]]\nkind = "carrier-pigeon"\nname = "a"\n', "carrier-pigeon"),
    ],
)
def test_what_cannot_be_connected_is_refused(home: Home, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        home.connection(text)


def test_names_stand_once(tmp_path: Path) -> None:
    one = '[[connections]]\nkind = "folder"\nname = "a"\nfolder = "x"\nmapping = "m"\n'
    (tmp_path / "works.toml").write_text(one + one)
    with pytest.raises(InputError, match="named twice"):
        read_connections(tmp_path / "works.toml")


PARTS = """
name = "works"
heat_id = "heat"
tapped_at = "tapped"
replaces = "instead_of"
[analysis]
elements = ["Cu"]
[materials]
pattern = "{code}"
unit = "kg"
max_per_heat = 120000
[materials.codes]
SHR = { class = "E40" }
[[tables]]
file = "lab-*.txt"
heat_id = "heat"
element = "el"
value = "val"
"""
PARTS_HEAD = "heat,tapped,instead_of,SHR\n"


def test_an_analysis_that_comes_two_days_later_makes_its_heat(home: Home) -> None:
    watched = home.path / "in"
    watched.mkdir()
    (watched / "lab-1.txt").write_text("heat,el,val\nH1,Cu,0.3\n", "utf-8")
    (watched / "heats.csv").write_text(
        f"{PARTS_HEAD}H1,2026-03-01T06:00:00Z,,50000\nH2,2026-03-01T07:00:00Z,,51000\n", "utf-8"
    )
    text = f'[[connections]]\nkind = "folder"\nname = "x"\nfolder = "{watched}"\nmapping = "{USUAL}"\nsettle_s = 0\n'
    connection = home.connection(text, PARTS)
    home.turn(connection)
    assert home.heats() == ["H1"]
    home.turn(connection)
    (watched / "lab-2.txt").write_text("heat,el,val\nH2,Cu,0.31\nH1,Cu,0.33\n", "utf-8")
    home.turn(connection)
    assert home.heats() == ["H1", "H2"]
    assert home.store.log("works").analysis_wt_pct[:, 0].tolist() == [0.33, 0.31]
    assert len(home.store.revisions("works")) == 1
    before = len(home.said)
    home.turn(connection)
    assert len(home.said) == before


def test_a_heat_that_was_split_in_two_makes_room_and_does_not_come_back(home: Home) -> None:
    watched = home.path / "in"
    watched.mkdir()
    (watched / "lab-1.txt").write_text("heat,el,val\nH1,Cu,0.3\nH1A,Cu,0.3\nH1B,Cu,0.3\n", "utf-8")
    text = f'[[connections]]\nkind = "folder"\nname = "x"\nfolder = "{watched}"\nmapping = "{USUAL}"\nsettle_s = 0\n'
    connection = home.connection(text, PARTS)
    whole = f"{PARTS_HEAD}H1,2026-03-01T06:00:00Z,,50000\n"
    (watched / "a.csv").write_text(whole, "utf-8")
    home.turn(connection)
    halves = f"{PARTS_HEAD}H1A,2026-03-01T06:00:00Z,H1,26000\nH1B,2026-03-01T06:20:00Z,H1,24000\n"
    (watched / "b.csv").write_text(halves, "utf-8")
    home.turn(connection)
    assert home.heats() == ["H1A", "H1B"]
    assert [one["heat_id"] for one in home.store.revisions("works")] == ["H1"]
    (watched / "c.csv").write_text(whole + "\n", "utf-8")
    home.turn(connection)
    assert home.heats() == ["H1A", "H1B"]


def test_a_database_that_answers_slowly_is_given_up_and_tried_again(tmp_path: Path) -> None:
    with database_urls("postgresql", tmp_path) as url:
        mapping = Mapping.model_validate(tomllib.loads(MAPPING))
        query = "SELECT 'H1' AS heat, pg_sleep(30)::text AS tapped"
        slow = SqlSource("level2", url, query, {}, mapping, None, None, 0.0, 1.0, 1.0, 10)
        began = time.monotonic()
        with pytest.raises(ConnectionError, match="statement timeout"):
            list(slow.arrivals(None))
        assert time.monotonic() - began < 10.0
