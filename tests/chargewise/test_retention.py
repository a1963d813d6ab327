"""What is kept for how long, and the journal as a file for others' tools."""

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from chargewise.app.audit import AUDIT, Audit
from chargewise.app.export import export_recipes
from chargewise.app.jobs.queue import JOBS
from chargewise.app.orders import HeatOrder
from chargewise.app.retention import BY, sweep
from chargewise.app.settings import Retention, Settings
from chargewise.app.workplace import Workplace
from plant_adapters.store.journal_entries import CHARGES, DECISIONS, OUTCOMES, RECIPES
from steel.elements import Element
from steel.errors import InputError
from tests.conftest import Installation

ORDER = HeatOrder(plant="northmill", grade="B500B")


@pytest.fixture
def place(installation: Installation, tmp_path: Path) -> Iterator[Workplace]:
    home = Path(shutil.copytree(installation.home, tmp_path / "home"))
    found = Workplace(settings=Settings(home=home))
    # Other tests have asked the same installation.
    with found.store.database.writing() as connection:
        for table in (DECISIONS, CHARGES, OUTCOMES, RECIPES, JOBS, AUDIT):
            connection.execute(sa.delete(table))
    yield found
    found.store.close()


def aged(place: Workplace, recipe_id: str, days: float) -> None:
    then = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
    with place.store.database.writing() as connection:
        connection.execute(sa.update(RECIPES).where(RECIPES.c.recipe_id == recipe_id).values(made_at=then))


def test_old_recipes_and_jobs_go_by_policy_and_what_margins_learn_from_stays(place: Workplace) -> None:
    records = place.records()
    old, taught, fresh = (records.make(ORDER.model_copy(update={"mass_t": 95.0 + at}), "mes") for at in range(3))
    records.give_outcome("northmill", taught.recipe_id, "H1", {Element.CU: 0.2})
    jobs = place.application().jobs
    job = jobs.ask("evaluation", "northmill", {"plant": "northmill"}, "mes")
    jobs.cancel(job.job_id)
    for recipe in (old, taught):
        aged(place, recipe.recipe_id, 40)
    with place.store.database.writing() as connection:
        connection.execute(sa.update(JOBS).values(ended_at=0.0))
    assert sweep(place, Retention()) == {"recipes": 0, "jobs": 0}
    assert sweep(place, Retention(recipes_days=30, jobs_days=30)) == {"recipes": 1, "jobs": 1}
    assert sweep(place, Retention(recipes_days=30, jobs_days=30)) == {"recipes": 0, "jobs": 0}
    left = {story.recipe.recipe_id for story in records.stories("northmill", 9)}
    assert left == {taught.recipe_id, fresh.recipe_id}
    told = Audit(place.store.database).changes(9)
    assert {(one.principal, one.action) for one in told} == {(BY, "recipes erased"), (BY, "jobs erased")}


def test_the_journal_as_a_file_says_all_and_runs_nothing(place: Workplace, tmp_path: Path) -> None:
    records = place.records()
    made = [records.make(ORDER.model_copy(update={"mass_t": 95.0 + at}), '=HYPERLINK("x")') for at in range(3)]
    records.decide("northmill", made[0].recipe_id, "rejected", "anna", '@SUM(1+1)*cmd|" /C calc"!A0')
    lines, table = tmp_path / "all.jsonl", tmp_path / "all.csv"
    assert export_recipes(records, "northmill", lines) == 3
    assert [json.loads(line)["recipe"]["recipe_id"] for line in lines.read_text("utf-8").splitlines()] == [
        one.recipe_id for one in reversed(made)
    ]
    assert export_recipes(records, "northmill", table) == 3
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    assert [float(row["cost_eur_per_t"]) for row in rows] == [one.cost_eur_per_t for one in reversed(made)]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "@", "+"))]
    with pytest.raises(InputError, match="jsonl"):
        export_recipes(records, "northmill", tmp_path / "all.xls")
