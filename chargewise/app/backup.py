"""A whole installation in one file, taken while it runs, and put back anywhere: into SQLite or PostgreSQL alike."""

import hashlib
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa

from chargewise.app import access, audit, repeats
from chargewise.app.jobs import queue
from chargewise.app.settings import Settings
from plant_adapters.store import heat_steps, journal_entries, plant_versions
from plant_adapters.store.database import METADATA, SCHEMA, Database
from steel.errors import InputError

Progress = Callable[[str, float], None]
TABLES_OF = (access, audit, repeats, queue, journal_entries, plant_versions, heat_steps)
"""Modules whose tables a database has beside the heat store's."""
AT_A_TIME = 500
MANIFEST, DATABASE = "manifest.json", "database.db"
FOLDERS = ("models", "plants")


def back_up(settings: Settings, file: Path, progress: Progress | None = None) -> dict[str, int]:
    """Write an installation to a file: its database as it is at this moment, its models and plant files.

    Args:
        settings: of the installation.
        file: to write, `.tar.gz`; written beside and then put in place, whole or not at all.
        progress: called with a stage and the share done.

    Returns:
        How many rows and files.

    Raises:
        InputError: the file is there already or its folder is not.
    """
    if file.exists() or not file.parent.is_dir():
        raise InputError(str(file), "file", "a file that is not there yet, in a folder that is")
    say, hashes = progress or (lambda stage, share: None), dict[str, str]()
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as place:
        copy = Path(place) / DATABASE
        source, target = Database(settings.store_url()), Database(f"sqlite:///{copy}")
        rows = _copy(source, target, say)
        source.close()
        target.close()
        partial = Path(place) / "partial"
        say("models and plant files", 0.8)
        with tarfile.open(partial, "w:gz") as bundle:
            for name, path in _files(settings, copy):
                content = path.read_bytes()
                hashes[name] = hashlib.sha256(content).hexdigest()
                bundle.add(path, name, recursive=False)
            made = {
                "chargewise": version("chargewise"), "schema": SCHEMA, "files": hashes,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }  # fmt: skip
            manifest = Path(place) / MANIFEST
            manifest.write_text(json.dumps(made, indent=1), "utf-8")
            bundle.add(manifest, MANIFEST)
        partial.rename(file)
    say("done", 1.0)
    return {"rows": rows, "files": len(hashes)}


def restore(settings: Settings, file: Path, progress: Progress | None = None) -> dict[str, int]:
    """Put a backup back into an installation that holds nothing yet.

    Raises:
        InputError: the file is no whole backup, a newer Chargewise made it, or the installation holds something.
    """
    say = progress or (lambda stage, share: None)
    for name in FOLDERS:
        folder = settings.home / name
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(str(folder), "home", "an installation that holds nothing yet")
    with tempfile.TemporaryDirectory(prefix="chargewise-restore-") as unpacked:
        place = Path(unpacked)
        names = _unpacked(file, place)
        say("database", 0.2)
        source, target = Database(f"sqlite:///{place / DATABASE}"), Database(settings.store_url())
        _check_empty(target)
        rows = _copy(source, target, say)
        source.close()
        target.close()
        say("models and plant files", 0.9)
        for name in names:
            if name != DATABASE:
                path = settings.home / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes((place / name).read_bytes())
    say("done", 1.0)
    return {"rows": rows, "files": len(names)}


def _copy(source: Database, target: Database, say: Progress) -> int:
    """Copy every table, all of one moment; how many rows."""
    count, tables = 0, METADATA.sorted_tables
    isolation = {} if source.is_file else {"isolation_level": "REPEATABLE READ"}
    with source.reading().execution_options(**isolation) as read, target.writing() as written:
        for at, table in enumerate(tables):
            say(f"table {table.name}", 0.8 * at / len(tables))
            for some in read.execute(sa.select(table)).mappings().partitions(AT_A_TIME):
                written.execute(sa.insert(table), [dict(row) for row in some])
                count += len(some)
            numbered = [c for c in table.primary_key if isinstance(c.type, sa.Integer)]
            if numbered and not target.is_file:
                # Numbers given from now on come after those that were copied.
                name = numbered[0].name
                last = sa.select(sa.func.coalesce(sa.func.max(numbered[0]), 0)).scalar_subquery()
                sequence = sa.func.pg_get_serial_sequence(table.name, name)
                written.execute(sa.select(sa.func.setval(sequence, last + 1, False)))
    return count


def _check_empty(target: Database) -> None:
    with target.reading() as connection:
        for table in METADATA.sorted_tables:
            if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None:
                raise InputError(table.name, "database", "one that holds nothing yet")


def _files(settings: Settings, database: Path) -> Iterator[tuple[str, Path]]:
    yield DATABASE, database
    for name in FOLDERS:
        folder = settings.home / name
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(settings.home)), path


def _unpacked(file: Path, place: Path) -> list[str]:
    """Unpack a backup and check that it is whole; names of its files."""
    wrong = InputError(str(file), "backup", "a whole file that `chargewise backup` wrote")
    try:
        with tarfile.open(file, "r:gz") as bundle:
            bundle.extractall(place, filter="data")
        made = json.loads((place / MANIFEST).read_text("utf-8"))
        hashes, schema = dict(made["files"]), str(made["schema"])
    except (OSError, tarfile.TarError, EOFError, ValueError, KeyError, TypeError):
        raise wrong from None
    if schema > SCHEMA:
        raise InputError(schema, "backup", f"a schema up to {SCHEMA}; a newer Chargewise made this one: use that")
    for name, digest in hashes.items():
        path = place / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise InputError(name, f"backup {file}", "the file as it was written; this one is missing or altered")
    return list(hashes)
