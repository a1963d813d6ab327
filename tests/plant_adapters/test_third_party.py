"""A package of somebody else's is installed, and its kind of source is read like ours; the one the documents show."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chargewise.app.connect import connected, turn
from plant_adapters.store.connection_states import ConnectionStates
from plant_adapters.store.store import HeatStore

DOCUMENT = Path(__file__).parents[2] / "docs" / "adapters.md"
MOST_LINES = 30


def shown(name: str) -> str:
    """A file that the document shows, by the comment it begins with."""
    found = re.search(rf"```\w+\n# {re.escape(name)}\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert found is not None, name
    return found[1]


def test_the_adapter_that_the_documents_show_is_installed_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, installed, home = tmp_path / "package", tmp_path / "installed", tmp_path / "home"
    package.mkdir()
    code = shown("works_scada.py")
    assert len(code.splitlines()) <= MOST_LINES
    (package / "works_scada.py").write_text(code, "utf-8")
    (package / "pyproject.toml").write_text(shown("pyproject.toml"), "utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--target", str(installed), str(package)], check=True, timeout=120)
    monkeypatch.syspath_prepend(str(installed))
    (home / "connections").mkdir(parents=True)
    (home / "connections" / "northmill.toml").write_text(shown("connections/northmill.toml"), "utf-8")
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    states = ConnectionStates(store.database)
    (connection,) = connected(home, states).connections
    said: list[str] = []
    state = turn(connection, store, states, said.append)
    assert state.failures == 0, said
    assert store.log("northmill").heat_ids.tolist() == ["S1", "S2"]
    turn(connection, store, states, said.append)
    assert store.count("northmill") == 2
    store.close()
