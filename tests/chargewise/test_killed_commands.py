"""Commands killed at any moment: heats are stored all or none, a model is whole or not there, a database opens."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from plant_adapters.store.database import METADATA, SCHEMA, Database
from plant_adapters.store.migrations.versions import v0001_first
from plant_adapters.store.store import HeatStore
from scenarios.virtual_plant import VirtualPlant
from surrogate.store.registry import Spoilt
from tests.conftest import Installation

KILLS = 9
"""Of each of three commands."""
ROWS = 3000
MAPPING = """
name = "killed"
heat_id = "heat"
tapped = {{ column = "tapped", unit = "t" }}
[analysis]
pattern = "{{element}}"
unit = "wt%"
elements = {elements}
[materials]
pattern = "M{{code}}"
unit = "t"
max_per_heat = 200
[materials.codes]
{codes}"""


def killed(home: Path, *arguments: str, after_s: float) -> bool:
    """Run a command and kill it after a time; whether it was done before."""
    environment = {**os.environ, "CHARGEWISE_HOME": str(home), "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-m", "chargewise.commands.cli", *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.wait(after_s) == 0
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return False
    return True


def took_s(home: Path, *arguments: str) -> float:
    started = time.monotonic()
    assert killed(home, *arguments, after_s=120)
    return time.monotonic() - started


def at_moments(whole_s: float, seed: int) -> list[float]:
    """Times at which a command that takes so long is killed; most while it works, not while Python starts."""
    rng = random.Random(seed)
    return [rng.uniform(0.4 * whole_s, 1.05 * whole_s) for _ in range(KILLS)]


@pytest.mark.slow
def test_an_ingest_stores_all_or_none_and_the_next_one_finishes(northmill: VirtualPlant, tmp_path: Path) -> None:
    log = northmill.history(ROWS)
    codes = {name: f"M{100 + at}" for at, name in enumerate(log.materials)}
    symbols = [element.value for element in log.elements]
    table = pd.DataFrame(log.charged_t, columns=[*codes.values()])
    table[symbols] = log.analysis_wt_pct
    table["heat"], table["tapped"] = log.heat_ids, log.tapped_t
    table.to_csv(tmp_path / "heats.csv", index=False)
    classes = {material.name: material.material_class for material in northmill.materials}
    listed = "".join(f'{code[1:]} = {{ class = "{classes[name]}", name = "{name}" }}\n' for name, code in codes.items())
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING.format(elements=symbols, codes=listed), "utf-8")
    asked = ("ingest", "--heats", str(tmp_path / "heats.csv"), "--mapping", str(mapping), "-p", "killed")
    whole_s = took_s(tmp_path / "first", *asked)
    home = tmp_path / "home"
    counts = []
    for after_s in at_moments(whole_s, 1):
        killed(home, *asked, after_s=after_s)
        if (home / "heats.db").is_file():
            store = HeatStore(f"sqlite:///{home / 'heats.db'}")
            counts.append(store.count("killed"))
            store.close()
    assert set(counts) <= {0, ROWS}
    assert killed(home, *asked, after_s=120)
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    assert store.count("killed") == ROWS
    assert not store.revisions("killed")
    store.close()


@pytest.mark.slow
def test_a_training_leaves_a_whole_model_in_service(installation: Installation, tmp_path: Path) -> None:
    home = Path(shutil.copytree(installation.home, tmp_path / "home"))
    asked = ("train", "-p", "northmill", "--newest", "300")
    whole_s = took_s(Path(shutil.copytree(home, tmp_path / "first")), *asked)
    for after_s in at_moments(whole_s, 2):
        killed(home, *asked, after_s=after_s)
        place = Workplace(settings=Settings(home=home))
        _, active = place.registry.active("northmill")
        assert not [one for one in place.registry.versions("northmill") if isinstance(one, Spoilt)]
        assert active.active
        place.store.close()


@pytest.mark.slow
def test_an_upgrade_of_the_database_is_done_or_not_begun(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    engine = sa.create_engine(f"sqlite:///{old / 'heats.db'}")
    v0001_first.METADATA.create_all(engine)
    heats = v0001_first.METADATA.tables["heats"]
    row = {
        "plant": "works", "position": 0, "tapped_t": 100.0, "heel_t": 0.0, "heel_wt_pct": {},
        "charged_t": {"E1 old thin": 110.0}, "process": {}, "analysis_wt_pct": {"Cu": 0.2},
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(sa.insert(heats), [{**row, "heat_id": f"{at:05d}", "position": at} for at in range(5000)])
    engine.dispose()
    asked = ("recipes", "list", "-p", "works")
    whole_s = took_s(Path(shutil.copytree(old, tmp_path / "first")), *asked)
    home = Path(shutil.copytree(old, tmp_path / "home"))
    for after_s in at_moments(whole_s, 3):
        killed(home, *asked, after_s=after_s)
        engine = sa.create_engine(f"sqlite:///{home / 'heats.db'}")
        with engine.connect() as connection:
            assert connection.scalar(sa.text("PRAGMA integrity_check")) == "ok"
            inspector = sa.inspect(connection)
            version = None
            if inspector.has_table("alembic_version"):
                version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            assert version in (None, SCHEMA)
            if version is not None:
                assert set(METADATA.tables) <= set(inspector.get_table_names())
        engine.dispose()
    Database(f"sqlite:///{home / 'heats.db'}").close()
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    assert store.count("works") == 5000
    store.close()
