"""`chargewise connect` killed again and again while heats come: none lost, none twice."""

from pathlib import Path

import pytest

from benchmarks.connections import database_killed, folder_killed
from tests.conftest import database_urls

pytestmark = pytest.mark.slow


def test_files_of_a_folder(tmp_path: Path) -> None:
    found = folder_killed(tmp_path / "home", 800, 4)
    assert (found["folder_records"], found["folder_lost"], found["folder_twice"]) == (800, 0, 0)


def test_rows_of_a_database(tmp_path: Path) -> None:
    with database_urls("postgresql", tmp_path) as url:
        found = database_killed(tmp_path / "home", url, 800, 4, "level2")
    assert (found["level2_records"], found["level2_lost"], found["level2_twice"]) == (800, 0, 0)
