"""Bring a database to a revision of the schema; one that was made before revisions were counted is taken over."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from steel.errors import InputError

UNCOUNTED = "0001"
"""The schema of databases that do not say which they have."""


def configuration() -> Config:
    """Alembic's, without a file."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent))
    return found


def newest() -> str:
    """The newest revision there is a migration to."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def upgraded(connection: sa.Connection, revision: str) -> None:
    """Migrate within a transaction that the caller commits.

    Raises:
        InputError: the database is at a revision that this version of Chargewise does not know.
    """
    config = configuration()
    config.attributes["connection"] = connection
    inspector = sa.inspect(connection)
    if inspector.has_table("alembic_version"):
        now = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if now not in known:
            expected = f"a schema up to {newest()}; a newer Chargewise has changed this database: use that one"
            raise InputError(now, "database", expected)
    elif inspector.has_table("heats"):
        command.stamp(config, UNCOUNTED)
        _complete(connection)
    command.upgrade(config, revision)


def _complete(connection: sa.Connection) -> None:
    """Tables that a database of before lacks where nobody used them."""
    from plant_adapters.store.migrations.versions.v0001_first import METADATA  # noqa: PLC0415

    METADATA.create_all(connection)
