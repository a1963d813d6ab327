"""Plants made and changed by systems: a version each, what it replaces kept, who did it in the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from chargewise.app.audit import noted
from chargewise.app.plants import Plants
from optimizer.model.rule_check import checked_rules
from plant_adapters.plants.plant_content import checked_content, content_text, read_content
from plant_adapters.plants.plant_file import PlantFile
from plant_adapters.store.database import Database
from plant_adapters.store.plant_versions import PlantVersion, PlantVersions, digest_of
from steel.errors import InputError
from steel.names import checked_name, folded
from steel.whole_files import write_whole


class OutdatedError(Exception):
    """A change to a plant that somebody else has changed meanwhile."""


@dataclass(frozen=True)
class Described:
    """A plant file as it is now.

    Attributes:
        sha256: of its text; who changes it says which one they saw.
    """

    content: PlantFile
    sha256: str


class PlantChanges:
    """The plant files of one installation.

    Args:
        plants: whose.
        database: that keeps versions.
    """

    def __init__(self, plants: Plants, database: Database) -> None:
        self._plants, self._database = plants, database
        self._versions = PlantVersions(database)

    def described(self, name: str) -> Described:
        """A plant file's content.

        Raises:
            InputError: there is none, or it cannot be used.
        """
        path = self._plants.file_of(name)
        return Described(read_content(path), digest_of(path.read_text("utf-8-sig")))

    def make(self, content: PlantFile, by: str, reason: str = "") -> PlantVersion:
        """A new plant; it answers once it has heats and a model.

        Raises:
            InputError: there is one of that name, or one that differs from it in capitals only, or a value cannot be
                used.
        """
        name = checked_name(content.name, "name")
        with self._changing(name) as connection:
            alike = [known for known in self._plants.all_described() if folded(known) == folded(name)]
            if alike:
                raise InputError(name, "name", f"a name of its own; there is a plant {alike[0]}")
            return self._write(connection, name, content, None, by, "plant made", reason)

    def change(self, name: str, content: PlantFile, seen_sha256: str, by: str, reason: str = "") -> PlantVersion:
        """A plant changed as a whole; what its file said before is kept as a version.

        Args:
            name: of the plant.
            content: all that its file is to say.
            seen_sha256: of the file that whoever changes it saw.
            by: who changes it.
            reason: why.

        Raises:
            OutdatedError: somebody has changed it since.
            InputError: there is no such plant, or a value cannot be used.
        """
        with self._changing(name) as connection:
            now = self.described(name)
            if now.sha256 != seen_sha256:
                raise OutdatedError(f"plant {name} was changed meanwhile; look at it again")
            text = self._plants.file_of(name).read_text("utf-8-sig")
            self._versions.note(connection, name, text, "whoever edited the file")
            return self._write(connection, name, content, now.content, by, "plant changed", reason)

    def versions(self, name: str) -> list[PlantVersion]:
        """Versions that were made here, and what they replaced, the newest first."""
        return self._versions.all(name)

    def version_text(self, name: str, number: int) -> str | None:
        """The plant file as a version has it; None where there is none of that number."""
        return self._versions.text(name, number)

    @contextmanager
    def _changing(self, name: str) -> Iterator[sa.Connection]:
        with self._database.writing(to=f"plant file of {folded(name)}") as connection:
            yield connection

    def _write(
        self, connection: sa.Connection, name: str, content: PlantFile, before: PlantFile | None, by: str,
        action: str, reason: str,
    ) -> PlantVersion:  # fmt: skip
        path = self._plants.file_of(name)
        checked_rules(checked_content(content, name, before, path.parent))
        text = content_text(content)
        made = self._versions.note(connection, name, text, by, reason)
        noted(connection, by, action, name, f"version {made.number}", reason=reason)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
        return made
