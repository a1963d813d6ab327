"""Where a plant's surrogates live: one folder a version, one version active."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steel.errors import InputError
from steel.heats import HeatLog
from surrogate.artifact import Manifest, data_summary, load_surrogate, save_surrogate
from surrogate.model import Surrogate
from surrogate.sealed import MANIFEST

_ACTIVE, _APPROVALS = "active.json", "approvals.jsonl"


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
class Registry:
    """Surrogates of many plants under one folder."""

    root: Path

    def plants(self) -> tuple[str, ...]:
        """Plants with at least one version."""
        if not self.root.is_dir():
            return ()
        return tuple(sorted(folder.name for folder in self.root.iterdir() if self._versions(folder.name)))

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
        known = self._versions(plant)
        version = f"v{int(known[-1][1:]) + 1 if known else 1:04d}"
        save_surrogate(model, self.root / plant / version, plant, data_summary(log), metrics, parent)
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
        with (self.root / plant / _APPROVALS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(approval), ensure_ascii=False) + "\n")
        part = self.root / plant / f"{_ACTIVE}.part"
        part.write_text(json.dumps({"version": version}), "utf-8")
        os.replace(part, self.root / plant / _ACTIVE)

    def approvals(self, plant: str) -> tuple[Approval, ...]:
        """Every time a version of a plant was let into service, oldest first."""
        path = self.root / plant / _APPROVALS
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        return tuple(Approval(**json.loads(line)) for line in lines)

    def active_version(self, plant: str) -> str:
        """The version being served.

        Raises:
            InputError: the plant has none yet.
        """
        path = self.root / plant / _ACTIVE
        if not path.is_file():
            raise InputError(plant, "plant", "one with a trained surrogate; run `chargewise train` first")
        return str(json.loads(path.read_text("utf-8"))["version"])

    def active(self, plant: str) -> tuple[Surrogate, Version]:
        """The surrogate being served.

        Raises:
            InputError: the plant has none yet. ArtifactError: its files were altered.
        """
        version = self.active_version(plant)
        model, manifest = load_surrogate(self.root / plant / version)
        return model, Version(plant, version, True, manifest)

    def versions(self, plant: str) -> tuple[Version, ...]:
        """Every version of a plant, oldest first; altered ones raise ArtifactError."""
        active = self.active_version(plant)
        return tuple(
            Version(plant, version, version == active, load_surrogate(self.root / plant / version)[1])
            for version in self._versions(plant)
        )

    def _versions(self, plant: str) -> list[str]:
        folder = self.root / plant
        if not folder.is_dir():
            return []
        return sorted(child.name for child in folder.iterdir() if (child / MANIFEST).is_file())
