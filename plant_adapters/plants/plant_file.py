"""The plant file: one TOML that describes a plant's furnace, yard, prices and own grades.

Yard entries name a catalogue class and say what differs; see the bundled plants for examples.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator

from plant_adapters.mapping.entries import YardEntry
from plant_adapters.reading.toml_files import read_toml, validated
from steel import catalogue
from steel.complaints import input_error
from steel.elements import by_element
from steel.emissions import EmissionFactors, FactorSource
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Grade
from steel.names import checked_name
from steel.plants import Furnace, MaterialGroup, Plant, Prices, RulesFile
from steel.quantities import KgCo2ePerUnit, WtPct, YesNo
from steel.texts import Line, NameLine


class GradeEntry(Frozen):
    """A grade of the plant's own, wt% by element symbol."""

    name: NameLine
    title: Line = ""
    maximum_wt_pct: dict[str, WtPct] = {}
    minimum_wt_pct: dict[str, WtPct] = {}

    def grade(self, where: str) -> Grade:
        """The grade.

        Raises:
            InputError: an element is none or stands twice, or a minimum lies above its maximum.
        """
        place = f"{where}: grade {self.name}"
        found = Grade(
            name=self.name,
            title=self.title,
            maximum_wt_pct=by_element(self.maximum_wt_pct, f"{place}: maximum_wt_pct"),
            minimum_wt_pct=by_element(self.minimum_wt_pct, f"{place}: minimum_wt_pct"),
        )
        for element in found.crossed():
            low, high = found.minimum_wt_pct[element], found.maximum_wt_pct[element]
            raise InputError(low, f"{place}: minimum of {element}", f"no more than its maximum {high:g} wt%")
        return found


class EmissionFactorChanges(Frozen):
    """Emission factors that differ from the catalogue's."""

    electricity_kgco2e_per_kwh: KgCo2ePerUnit | None = None
    natural_gas_kgco2e_per_nm3: KgCo2ePerUnit | None = None
    oxygen_kgco2e_per_nm3: KgCo2ePerUnit | None = None
    electrode_direct_kgco2e_per_kg: KgCo2ePerUnit | None = None
    electrode_upstream_kgco2e_per_kg: KgCo2ePerUnit | None = None
    sources: dict[str, FactorSource] = {}

    def factors(self) -> EmissionFactors:
        """The catalogue's factors with these."""
        return EmissionFactors(**{**catalogue.emission_factors().model_dump(), **self.model_dump(exclude_none=True)})


class RulesEntry(Frozen):
    """Where a plant's own rules are.

    Attributes:
        file: name of a Python file beside the plant file.
    """

    file: str

    def read(self, folder: Path, where: str) -> RulesFile:
        """The rules as their file states them.

        Raises:
            InputError: the file is not beside the plant file, or cannot be read.
        """
        path = folder / self.file
        beside = f"the name of a Python file in {folder}, such as rules.py"
        if Path(self.file).name != self.file or path.suffix != ".py" or path.resolve().parent != folder.resolve():
            raise InputError(self.file, f"{where}: rules.file", beside)
        try:
            return RulesFile(name=self.file, text=path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(self.file, f"{where}: rules.file", f"{beside}; it cannot be read: {error}") from error


class PlantFile(Frozen):
    """A plant file's content, key by key.

    Attributes:
        rules: its own.
        grade: one table each of `[[grade]]`.
        group: one table each of `[[group]]`.
    """

    name: str
    title: Line = ""
    grades: tuple[str, ...] = ()
    notes: tuple[Line, ...] = ()
    approval_required: YesNo = False
    furnace: Furnace
    prices: Prices = Prices()
    emission_factors: EmissionFactorChanges = EmissionFactorChanges()
    yard: tuple[YardEntry, ...] = ()
    grade: tuple[GradeEntry, ...] = ()
    group: tuple[MaterialGroup, ...] = ()
    rules: RulesEntry | None = None

    @field_validator("name")
    @classmethod
    def _usable(cls, name: str) -> str:
        return checked_name(name, "name")


def read_plant(path: Path) -> Plant:
    """Return the plant a plant file describes.

    Raises:
        InputError: the file is missing or not TOML, a key is unknown or a value cannot be used; the message names it.
    """
    return plant_from(read_toml(path), str(path), path.parent)


def read_plant_named(folder: Path, name: str) -> Plant:
    """The plant of a name, out of its file in a folder.

    Raises:
        InputError: its file cannot be used, or is another plant's.
    """
    path = folder / f"{checked_name(name, 'plant')}.toml"
    found = read_plant(path)
    if found.name != name:
        raise InputError(found.name, f"{path}: name", f"{name!r}, as the file is called")
    return found


def plant_from(raw: dict[str, Any], where: str, folder: Path | None = None) -> Plant:
    """Return the plant of a plant file's content.

    Args:
        raw: the content.
        where: for messages.
        folder: that the file lies in, and so its rules; none where rules cannot be.

    Raises:
        InputError: a key is unknown or a value cannot be used.
    """
    read = validated(PlantFile, raw, where)
    try:
        return Plant(
            name=read.name,
            title=read.title,
            furnace=read.furnace,
            yard=tuple(entry.item(f"{where}: yard.{at}") for at, entry in enumerate(read.yard)),
            prices=read.prices,
            emission_factors=read.emission_factors.factors(),
            grades=read.grades,
            own_grades=tuple(entry.grade(where) for entry in read.grade),
            groups=read.group,
            notes=read.notes,
            approval_required=read.approval_required,
            rules=_rules(read, folder, where),
        )
    except ValidationError as error:
        raise input_error(error, where, Plant) from error


def _rules(read: PlantFile, folder: Path | None, where: str) -> RulesFile | None:
    if read.rules is None:
        return None
    if folder is None:
        raise InputError(read.rules.file, f"{where}: rules.file", "a plant file in a folder of its own")
    return read.rules.read(folder, where)
