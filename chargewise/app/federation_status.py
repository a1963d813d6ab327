"""What an installation knows of its federation: models that came of it, the ledger, and who is connected."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from chargewise.app.plants import NotReadyError, Plants
from federation.folder import DOOR, LEDGER
from federation.ledger.errors import EngineError
from federation.ledger.ledger import LedgerError, read_ledger
from steel.frozen import Frozen
from steel.jsonable import plain

NEWEST = 20
"""Entries of the ledger that are told."""


class FederatedModel(Frozen):
    """A model in service that came of the federation.

    Attributes:
        ledger_head: of the ledger as the plant saw it when it took the model.
    """

    plant: str
    version: str
    ledger_head: str


class LedgerEntry(Frozen):
    """One entry of the ledger, without its body."""

    index: int
    at: str
    kind: str
    sha256: str


class Coordinator(Frozen):
    """The coordinator that runs on this machine.

    Attributes:
        plants: by name, whether each is connected.
        runs: there were, the newest first.
    """

    plants: dict[str, str]
    runs: tuple[dict[str, Any], ...]


class FederationStatus(Frozen):
    """What an installation knows of its federation.

    Attributes:
        models: in service that came of it.
        entries: how many the ledger has; None where no ledger is here.
        newest: of them, the newest first.
        problem: why the ledger cannot be trusted.
        coordinator: None where none answers on this machine.
    """

    models: tuple[FederatedModel, ...]
    entries: int | None = None
    newest: tuple[LedgerEntry, ...] = ()
    problem: str | None = None
    coordinator: Coordinator | None = None


def federated_models(plants: Plants, names: tuple[str, ...]) -> tuple[FederatedModel, ...]:
    """Models in service that came of the federation; those of plants that are not ready are left out."""
    found = []
    for name in names:
        with suppress(NotReadyError):
            version = plants.loaded(name).version
            head = version.manifest.metrics.get("ledger_head")
            if head is not None:
                found.append(FederatedModel(plant=name, version=version.version, ledger_head=str(head)))
    return tuple(found)


def federation_status(models: tuple[FederatedModel, ...], folder: Path) -> FederationStatus:
    """The federation as this machine sees it.

    Args:
        models: in service that came of it.
        folder: of the coordinator, where one runs here.
    """
    ledger = folder / LEDGER
    status = FederationStatus(models=models, coordinator=_coordinator(folder))
    if not ledger.is_file():
        return status
    try:
        entries = read_ledger(ledger)
    except LedgerError as error:
        return status.model_copy(update={"problem": str(error)})
    newest = tuple(
        LedgerEntry(index=one.index, at=one.at, kind=one.kind, sha256=one.sha256) for one in entries[: -NEWEST - 1 : -1]
    )
    return status.model_copy(update={"entries": len(entries), "newest": newest})


def _coordinator(folder: Path) -> Coordinator | None:
    if not (folder / DOOR).is_file():
        return None
    # Flower takes seconds to import, and no recipe needs it.
    from federation.flower.operator import Operator  # noqa: PLC0415

    try:
        operator = Operator.of(folder)
        plants = {node.plant: node.status for node in operator.nodes()}
        return Coordinator(plants=plants, runs=tuple(plain(run) for run in operator.runs()))
    except (EngineError, OSError):
        return None
