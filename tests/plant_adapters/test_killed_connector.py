"""`chargewise connect` killed again and again while heats come: none lost, none twice."""

from pathlib import Path

import pytest

from benchmarks.connections_killed import broker_killed, database_killed, folder_killed, scale_killed
from benchmarks.connections_out import SINKS, receivers_killed
from tests.conftest import database_urls

pytestmark = pytest.mark.slow


def test_files_of_a_folder(tmp_path: Path) -> None:
    found = folder_killed(tmp_path / "home", 800, 4)
    assert (found["folder_records"], found["folder_lost"], found["folder_twice"]) == (800, 0, 0)


def test_rows_of_a_database(tmp_path: Path) -> None:
    with database_urls("postgresql", tmp_path) as url:
        found = database_killed(tmp_path / "home", url, 800, 4, "level2")
    assert (found["level2_records"], found["level2_lost"], found["level2_twice"]) == (800, 0, 0)


def test_messages_of_a_broker(tmp_path: Path) -> None:
    found = broker_killed(tmp_path / "home", 400, 3, 1)
    assert (found["mqtt_records"], found["mqtt_lost"], found["mqtt_twice"]) == (400, 0, 0)


def test_registrations_of_a_scale(tmp_path: Path) -> None:
    found = scale_killed(tmp_path / "home", 120, 3, 1)
    assert (found["opcua_records"], found["opcua_lost"], found["opcua_twice"]) == (120, 0, 0)


def test_receivers_of_every_kind(tmp_path: Path) -> None:
    found = receivers_killed(tmp_path / "home", 60, 3)
    wrong = ("lost", "twice", "out_of_order", "unacknowledged")
    assert {f"{name} {what}": found[f"out_{name}_{what}"] for name in SINKS for what in wrong} == {
        f"{name} {what}": 0 for name in SINKS for what in wrong
    }
