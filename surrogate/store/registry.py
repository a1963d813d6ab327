"""Where a plant's surrogates live: one folder a version, one version active."""

import itertools
import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steel.errors import InputError
from steel.heats import HeatLog
from steel.names import checked_name, is_name
from surrogate.model.model import Surrogate
from surrogate.store.artifact import Manifest, data_summary, load_surrogate, save_surrogate
from surrogate.store.sealed import MANIFEST, ArtifactError

_VERSION = re.compile(r"v\d{4,}")
_APPROVALS = "approvals.jsonl"
"""The last whole line says which version is served."""


@dataclass(frozen=True)
class Approval:
    """One version let into service: who or what approved it, and when (ISO, UTC)."""

    version: str
    by: str
    at: str


@dataclass(frozen=True)
class Version:
    """One registered surrogate."""

    plant: str
    version: str
    active: bool
    manifest: Manifest


@dataclass(frozen=True)
class Spoilt:
    """A registered surrogate that must not be used, and why."""

    plant: str
    version: str
    active: bool
    reason: str


@dataclass(frozen=True)
class Registry:
    """Surrogates of many plants under one folder."""

    root: Path

    def plants(self) -> tuple[str, ...]:
        """Plants with at least one version."""
        if not self.root.is_dir():
            return ()
        return tuple(
            sorted(path.name for path in self.root.iterdir() if is_name(path.name) and self._versions(path.name))
        )

    def has(self, plant: str) -> bool:
        """Whether a plant has any version; reads no listing where one is in service."""
        return (self._folder(plant) / _APPROVALS).is_file() or bool(self._versions(plant))

    def publish(
        self,
        model: Surrogate,
        plant: str,
        log: HeatLog,
        metrics: dict[str, Any] | None = None,
        parent: str | None = None,
        approved_by: str = "training",
    ) -> str:
        """Save a surrogate as the plant's next version, make it active, and return the version."""
        version = self._reserved(plant)
        save_surrogate(model, self._folder(plant) / version, plant, data_summary(log), metrics, parent)
        self.activate(plant, version, approved_by)
        return version

    def activate(self, plant: str, version: str, approved_by: str) -> None:
        """Serve this version from now on; an older one is a rollback. Who approved it is kept for good.

        Raises:
            InputError: the plant has no such version.
        """
        if version not in self._versions(plant):
            known = ", ".join(self._versions(plant)) or "none"
            raise InputError(version, f"model version of {plant}", f"one of {known}")
        approval = Approval(version, approved_by, datetime.now(UTC).isoformat(timespec="seconds"))
        path = self._folder(plant) / _APPROVALS
        torn = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
        # One write approves and switches: what a crash left of a line is a line of its own, and switches nothing.
        line = "\n" * torn + json.dumps(asdict(approval), ensure_ascii=False) + "\n"
        with path.open("ab", buffering=0) as file:
            file.write(line.encode())
            os.fsync(file.fileno())

    def approvals(self, plant: str) -> tuple[Approval, ...]:
        """Every time a version of a plant was let into service, oldest first, but for lines that a crash left torn."""
        path = self._folder(plant) / _APPROVALS
        lines = path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []
        return tuple(approval for line in lines if (approval := _approval(line)) is not None)

    def active_version(self, plant: str) -> str:
        """The version being served.

        Raises:
            InputError: the plant has none yet.
            ArtifactError: what says which one it is cannot be read.
        """
        approvals = self.approvals(plant)
        if not approvals:
            if (self._folder(plant) / _APPROVALS).is_file():
                raise ArtifactError(_APPROVALS, f"models of {plant}", "the version in service; activate one again")
            raise InputError(
                plant, "plant", f"one with a trained surrogate; run `chargewise train --plant {plant}` first"
            )
        version = approvals[-1].version
        if not _VERSION.fullmatch(version):
            raise ArtifactError(version, f"{_APPROVALS} of {plant}", "a version such as v0001")
        return version

    def active(self, plant: str) -> tuple[Surrogate, Version]:
        """The surrogate being served.

        Raises:
            InputError: the plant has none yet.
            ArtifactError: its files were altered, or are of another plant.
        """
        version = self.active_version(plant)
        model, manifest = self._loaded(plant, version)
        return model, Version(plant, version, True, manifest)

    def version(self, plant: str, version: str) -> tuple[Surrogate, Version]:
        """One version of a plant, served or not.

        Raises:
            InputError: the plant has no such version.
            ArtifactError: its files were altered, or are of another plant.
        """
        known = self._versions(plant)
        if version not in known:
            raise InputError(version, f"model version of {plant}", f"one of {', '.join(known) or 'none'}")
        model, manifest = self._loaded(plant, version)
        return model, Version(plant, version, version == self.active_version(plant), manifest)

    def versions(self, plant: str) -> tuple[Version | Spoilt, ...]:
        """Every version of a plant, oldest first; one that must not be used says why."""
        try:
            active = self.active_version(plant)
        except ArtifactError:
            active = ""
        return tuple(self._listed(plant, version, version == active) for version in self._versions(plant))

    def _listed(self, plant: str, version: str, active: bool) -> Version | Spoilt:
        try:
            return Version(plant, version, active, self._loaded(plant, version)[1])
        except ArtifactError as error:
            return Spoilt(plant, version, active, error.expected)

    def _loaded(self, plant: str, version: str) -> tuple[Surrogate, Manifest]:
        model, manifest = load_surrogate(self._folder(plant) / version)
        if manifest.plant != plant:
            raise ArtifactError(manifest.plant, f"model {version} of {plant}", "a model of the plant's own")
        return model, manifest

    def _folder(self, plant: str) -> Path:
        return self.root / checked_name(plant, "plant")

    def _versions(self, plant: str) -> list[str]:
        folder = self._folder(plant)
        if not folder.is_dir():
            return []
        known = (child.name for child in folder.iterdir() if (child / MANIFEST).is_file())
        return sorted((name for name in known if _VERSION.fullmatch(name)), key=_number)

    def _reserved(self, plant: str) -> str:
        """The next version, whose folder is this call's alone, however many publish at once."""
        known = self._versions(plant)
        for number in itertools.count(_number(known[-1]) + 1 if known else 1):
            try:
                (self._folder(plant) / f"v{number:04d}").mkdir(parents=True)
            except FileExistsError:
                continue
            return f"v{number:04d}"
        raise AssertionError("there is always a next number")


def _number(version: str) -> int:
    return int(version[1:])


def _approval(line: str) -> Approval | None:
    try:
        return Approval(**json.loads(line))
    except (ValueError, TypeError):
        return None
