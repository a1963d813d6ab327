"""What every adapter does, whatever the plant's system speaks."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from plant_adapters.reading.quarantine import IngestReport
from steel.heats import HeatLog
from steel.materials import Material
from steel.recipes import Recipe


@dataclass(frozen=True)
class HeatBatch:
    """Heats that passed, and the report on everything that was read.

    Attributes:
        log: valid heats in the order of the record.
        materials: the furnace materials of the log, with their classes.
        report: what was read, what was set aside and why.
        replaced: numbers of heats whose place others of these take.
    """

    log: HeatLog
    materials: tuple[Material, ...]
    report: IngestReport
    replaced: tuple[str, ...] = ()

    def split(self, first_fraction: float) -> tuple["HeatBatch", "HeatBatch"]:
        """Earlier and later heats, so that nothing leaks from the future."""
        early, late = self.log.split(first_fraction)
        return replace(self, log=early), replace(self, log=late)


class PlantAdapter(Protocol):
    """A plant's system, read and answered."""

    def read_heats(self) -> HeatBatch:
        """Read the plant's heats; wrong rows go to the report, never to an exception.

        Raises:
            InputError: the source as a whole cannot be read.
        """
        ...

    def write_recipe(self, recipe: Recipe) -> Path:
        """Hand a recipe back to the plant; returns where it went."""
        ...
