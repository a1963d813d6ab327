"""The whole service against its own description, by schemathesis' own command: every check, over both databases."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from chargewise.app.access import AccessKeys, Role
from chargewise.app.application import Application
from chargewise.app.identity import Access
from tests.api.conftest import serving

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
SECONDS = 100
LONG = "fronts|campaigns|scenarios|ranked|alternat|ranges|confidence|priorities|substitut|trainings|evaluations|shadow"
"""Operations that take as long as they are allowed to; `test_schema` tries each with less time."""


@pytest.fixture
def served(application: Application) -> Iterator[tuple[str, str]]:
    """The address of a service over either database, and an administrator's key."""
    keys = AccessKeys(application.database)
    key, made = keys.make("schemathesis", Role.ADMIN, None, "a test")
    web = create_app(application, pages=False, access=Access(keys))
    with serving(web) as found:
        yield found, key
    keys.revoke(made.key_id)


@pytest.mark.slow
def test_generated_requests_of_any_kind_find_no_violation(served: tuple[str, str], tmp_path: Path) -> None:
    address, key = served
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(CONFIGURATION), "run",
        f"{address}/openapi.json", "--header", f"Authorization: Bearer {key}", "--checks", "all",
        "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "4", "--max-time", str(SECONDS),
        "--seed", "1", "--suppress-health-check", "all", "--exclude-path-regex", LONG, "--no-color",
    ]  # fmt: skip
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=4 * SECONDS, check=False)
    told = "\n".join(line[:500] for line in run.stdout.splitlines())
    assert run.returncode == 0, told[-6000:]
    assert "Tested" in told
