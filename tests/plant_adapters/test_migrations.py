"""The database's schema: made from nothing, from a database of before, and refused where a newer one made it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import chargewise.app.access
import chargewise.app.audit
import chargewise.app.jobs.queue
import chargewise.app.repeats
import plant_adapters.store.heat_steps
import plant_adapters.store.journal
import plant_adapters.store.plant_versions
from plant_adapters.store.database import METADATA, SCHEMA, Database
from plant_adapters.store.journal import Journal
from plant_adapters.store.migrations.upgrade import newest
from plant_adapters.store.migrations.versions import v0001_first
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from steel.heats import HeatLog
from steel.materials import Material
from tests.conftest import database_urls

USED = (
    chargewise.app.access, chargewise.app.audit, chargewise.app.jobs.queue, chargewise.app.repeats,
    plant_adapters.store.journal, plant_adapters.store.plant_versions, plant_adapters.store.heat_steps,
)  # fmt: skip
"""Rooms whose tables the database has."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_urls(request.param, tmp_path) as found:
        yield found


def test_the_newest_migration_is_the_schema_that_is_used(url: str) -> None:
    assert newest() == SCHEMA
    assert all(module.__doc__ for module in USED)
    database = Database(url)
    with database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    database.close()
    assert differences == []


def test_a_filled_database_of_before_is_taken_over_whole(
    url: str, history: HeatLog, materials: tuple[Material, ...]
) -> None:
    engine = sa.create_engine(url)
    recipes = v0001_first.METADATA.tables["recipes"]
    # A database of before had no table that nobody had used yet.
    unused = v0001_first.METADATA.tables["outcomes"]
    v0001_first.METADATA.create_all(engine, tables=[t for t in v0001_first.METADATA.sorted_tables if t is not unused])
    with engine.begin() as connection:
        connection.execute(
            sa.insert(v0001_first.METADATA.tables["heats"]),
            {
                "plant": "works", "heat_id": "00123", "position": 0, "tapped_at": "2025-01-01T00:00:00", "grade": "X",
                "tapped_t": 100.0, "energy_kwh_per_t": 400.0, "heel_t": 0.0, "heel_wt_pct": {},
                "charged_t": {"E1 old thin": 110.0}, "process": {}, "analysis_wt_pct": {"Cu": 0.2},
            },
        )  # fmt: skip
        connection.execute(
            sa.insert(recipes),
            {
                "recipe_id": "0123456789ab", "plant": "works", "made_at": "2025-01-01T00:00:00+00:00",
                "model_version": "v0001", "recipe": {}, "claims": [],
            },
        )  # fmt: skip
    engine.dispose()
    store = HeatStore(url)
    assert store.log("works").heat_ids.tolist() == ["00123"]
    assert Journal(store.database).plant_of("0123456789ab") == "works"
    assert store.add("works", history.rows(slice(0, 3)), materials).added == 3
    store.close()
    again = HeatStore(url)
    assert again.count("works") == 4
    again.close()


def test_a_database_that_a_newer_version_has_changed_is_left_alone(url: str) -> None:
    Database(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="newer Chargewise"):
        Database(url)
    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999"
    engine.dispose()


def test_services_that_start_at_once_make_the_schema_once(url: str) -> None:
    problems: list[Exception] = []

    def start() -> None:
        try:
            Database(url).close()
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
